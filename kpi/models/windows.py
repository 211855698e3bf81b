"""Changes of a period's window: more time for one department or for all, closing early, reopening a locked period."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.models.periods import Period


@pghistory.track()
class Extension(models.Model):
    """More time to report for one department in one period: asked for, then granted or refused.

    ``until`` is set when it is granted. The supervision office may grant without being asked. Granted before the due
    moment it moves the due moment, later it only opens the door (``kpi.domain.window``).
    """

    period = models.ForeignKey(Period, models.PROTECT, related_name="extensions", verbose_name=_("报告期"))
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, related_name="extensions", verbose_name=_("单位")
    )
    reason = models.TextField(_("理由"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申请人"))
    asked_at = models.DateTimeField(_("申请时间"))
    until = models.DateTimeField(_("延至"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("办理人")
    )
    decided_at = models.DateTimeField(_("办理时间"), null=True, blank=True)
    answer = models.TextField(_("答复"), blank=True)

    class Meta:
        verbose_name = _("延期与补报")
        verbose_name_plural = _("延期与补报")
        ordering = ("period", "asked_at", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["period", "department"], condition=Q(decided_at__isnull=True), name="extension_asked_once"
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="extension_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("decided_at")), name="extension_until_after_decision"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="extension_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.department_id}"


@pghistory.track()
class Unlock(models.Model):
    """Reopening a locked period: asked for by one person of the office, confirmed or refused by another.

    ``relocked_at`` ends it: until then the period may be open. The trigger on ``Period`` looks for a confirmed row.
    """

    period = models.ForeignKey(Period, models.PROTECT, related_name="unlocks", verbose_name=_("报告期"))
    reason = models.TextField(_("理由"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申请人"))
    asked_at = models.DateTimeField(_("申请时间"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("确认人")
    )
    decided_at = models.DateTimeField(_("办理时间"), null=True, blank=True)
    is_confirmed = models.BooleanField(_("已确认"), default=False)
    relocked_at = models.DateTimeField(_("重新锁定"), null=True, blank=True)

    class Meta:
        verbose_name = _("解锁")
        verbose_name_plural = _("解锁")
        ordering = ("period", "asked_at", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["period"],
                condition=Q(decided_at__isnull=True) | Q(is_confirmed=True, relocked_at__isnull=True),
                name="unlock_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")), name="unlock_takes_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(is_confirmed=False) | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="unlock_confirmed_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="unlock_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.asked_at:%Y-%m-%d}"


# Of what is on record only one thing is added later, once: that it was taken back.
CHANGE_GUARD = """
    IF TG_OP = 'UPDATE' AND OLD.undone_at IS NULL
        AND to_jsonb(NEW) - 'undone_at' - 'undone_by_id' - 'undone_because'
            = to_jsonb(OLD) - 'undone_at' - 'undone_by_id' - 'undone_because'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'window_change_is_kept: Cannot % a window change', lower(TG_OP);
"""


class WindowChange(models.Model):
    """The office moved a period's window for everybody (提前开放、整期延期、提前关闭): from which moments to which.

    The period itself holds the moments in force; the latest change that was not undone led to them.
    """

    period = models.ForeignKey(Period, models.PROTECT, related_name="window_changes", verbose_name=_("报告期"))
    act = models.CharField(_("办理"), max_length=10, choices=labels.choices(labels.WINDOW_ACT))
    was_opens_at = models.DateTimeField(_("原开放"))
    was_due_at = models.DateTimeField(_("原截止"))
    was_grace_ends_at = models.DateTimeField(_("原宽限截止"))
    opens_at = models.DateTimeField(_("开放"))
    due_at = models.DateTimeField(_("截止"))
    grace_ends_at = models.DateTimeField(_("宽限截止"))
    reason = models.TextField(_("理由"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("办理人"))
    at = models.DateTimeField(_("办理时间"))
    undone_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("撤回人")
    )
    undone_because = models.TextField(_("撤回理由"), blank=True)

    class Meta:
        verbose_name = _("报送时限变更")
        verbose_name_plural = _("报送时限变更")
        ordering = ("period", "-id")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="window_change_has_reason"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True, undone_because="")
                | (Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undone_because="")),
                name="window_change_undone_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="window_change_is_kept",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=CHANGE_GUARD,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.act} {self.at:%Y-%m-%d}"
