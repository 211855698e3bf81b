"""A head lends the signature of one department to a colleague, from day to day (委托代签)."""

from __future__ import annotations

from datetime import date

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.departments import Department
from accounts.models.memberships import HELD, Membership, Role


class DelegationQuerySet(models.QuerySet):
    def in_force_on(self, day: date) -> DelegationQuerySet:
        """What may be signed by on ``day``: the head still is the head, the delegate still is of the department.

        Business roles exclude administrators' (see ``Membership``), so that a delegate never is one.
        """
        held = Membership.objects.active_on(day).filter(department=OuterRef("department"))
        return self.filter(
            Exists(held.filter(user=OuterRef("head"), role=Role.HEAD)),
            Exists(held.filter(user=OuterRef("delegate"), role__in=(Role.STAFF, Role.HEAD))),
            revoked_at__isnull=True,
            starts_on__lte=day,
            ends_on__gt=day,
            head__is_active=True,
            delegate__is_active=True,
        )


@pghistory.track()
class Delegation(models.Model):
    """``ends_on`` is the first day it no longer holds. A revoked one stays on record.

    A head's signature for a department is in one other hand at a time; who received it cannot pass it on.
    """

    head = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="delegations_given", verbose_name=_("委托人")
    )
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="delegations_received", verbose_name=_("代签人")
    )
    department = models.ForeignKey(Department, models.PROTECT, related_name="delegations", verbose_name=_("单位"))
    starts_on = models.DateField(_("起"))
    ends_on = models.DateField(_("止"))
    reason = models.CharField(_("事由"), max_length=200)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人"))
    created_at = models.DateTimeField(_("登记时间"))
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("撤销人")
    )
    revoked_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        verbose_name = _("委托代签")
        verbose_name_plural = _("委托代签")
        ordering = ("-starts_on", "-id")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="delegation_ends_after_start"),
            models.CheckConstraint(condition=~Q(delegate=F("head")), name="delegation_not_to_oneself"),
            models.CheckConstraint(condition=~Q(reason=""), name="delegation_has_reason"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="delegation_revoked_by_someone",
            ),
            ExclusionConstraint(
                name="delegation_one_hand_at_a_time",
                expressions=[
                    ("head", RangeOperators.EQUAL),
                    ("department", RangeOperators.EQUAL),
                    (HELD, RangeOperators.OVERLAPS),
                ],
                condition=Q(revoked_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.head} → {self.delegate} {self.starts_on}–{self.ends_on}"
