"""Who holds which role where, from when to when."""

from __future__ import annotations

from datetime import date

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models.departments import Department, Post


class Role(models.TextChoices):
    STAFF = "staff", _("填报人")
    HEAD = "head", _("部门负责人")
    LEADER = "leader", _("市领导")
    SUPERVISOR = "supervisor", _("督查人员")
    SYSTEM_ADMIN = "system_admin", _("系统管理员")
    SECURITY_ADMIN = "security_admin", _("安全管理员")
    AUDITOR = "auditor", _("审计管理员")


ADMINISTRATORS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)

# 三员分立: each administrator is a camp of its own, all business roles together are a fourth.
BUSINESS_CAMP = 0
CAMP = Case(
    *(When(role=role, then=Value(camp)) for camp, role in enumerate(ADMINISTRATORS, start=1)),
    default=Value(BUSINESS_CAMP),
    output_field=models.IntegerField(),
)
HELD = Func(F("starts_on"), F("ends_on"), Value("[)"), function="DATERANGE", output_field=DateRangeField())


class MembershipQuerySet(models.QuerySet):
    def active_on(self, day: date) -> MembershipQuerySet:
        """Held on ``day``: the first day counts, the day it ends does not."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), starts_on__lte=day)


@pghistory.track()
class Membership(models.Model):
    """One role of one person in one department or post. ``ends_on`` is the first day it is no longer held."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships", verbose_name=_("用户")
    )
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name=_("单位")
    )
    post = models.ForeignKey(
        Post, models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name=_("职务")
    )
    starts_on = models.DateField(_("起"))
    ends_on = models.DateField(_("止"), null=True, blank=True)
    # The unit's contact (联络员): hears of reminders beside whoever files.
    is_contact = models.BooleanField(_("联络员"), default=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        ordering = ("user", "starts_on")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")), name="membership_ends_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(role__in=[Role.STAFF, Role.HEAD]) | Q(department__isnull=False),
                name="membership_department_named",
            ),
            models.CheckConstraint(
                condition=~Q(role=Role.LEADER) | Q(post__isnull=False), name="membership_leader_has_post"
            ),
            ExclusionConstraint(
                name="membership_administrators_disjoint",
                expressions=[("user", RangeOperators.EQUAL), (CAMP, "<>"), (HELD, RangeOperators.OVERLAPS)],
                violation_error_message=_("系统、安全、审计管理员与业务角色不能由同一人兼任"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()} {self.department or self.post or ''}".strip()
