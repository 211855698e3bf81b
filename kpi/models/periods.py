"""Reporting periods, the rule that dates them, and the city's own changes to the working calendar."""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.models.fields import PeriodCodeField
from kpi.models.reports import Report


class DueRule(models.Model):
    """When a month's report is due. The due date may fall in a later month than the period reported."""

    day = models.PositiveSmallIntegerField(_("日"), default=5)
    month_offset = models.PositiveSmallIntegerField(_("顺延月数"), default=1)
    at = models.TimeField(_("时刻"))
    roll = models.CharField(_("遇节假日"), max_length=10, choices=labels.choices(labels.ROLL))
    grace_workdays = models.PositiveSmallIntegerField(_("宽限工作日"), default=2)
    opens_day = models.PositiveSmallIntegerField(_("开放日"), default=25)
    effective_from = models.DateField(_("起用日期"), unique=True)

    class Meta:
        verbose_name = _("报送时限规则")
        verbose_name_plural = _("报送时限规则")
        ordering = ("effective_from",)
        constraints = [
            models.CheckConstraint(
                condition=Q(day__gte=1, day__lte=31, opens_day__gte=1, opens_day__lte=31), name="due_rule_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.effective_from}: {self.day} (+{self.month_offset})"


class WorkdayOverride(models.Model):
    """One day that is not what its weekday says: a holiday, a make-up workday, a local festival."""

    day = models.DateField(_("日期"), unique=True)
    is_workday = models.BooleanField(_("上班"))
    name = models.CharField(_("名称"), max_length=60)
    source = models.CharField(_("依据"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("工作日调整")
        verbose_name_plural = _("工作日调整")
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


# Nothing about a locked period changes, whatever path writes, but the lock itself where two persons agreed to lift it.
LOCK_GUARD = """
    IF TG_OP = 'UPDATE' AND NEW.locked_at IS NULL
        AND to_jsonb(NEW) - 'locked_at' = to_jsonb(OLD) - 'locked_at'
        AND EXISTS (
            SELECT 1 FROM kpi_unlock
            WHERE period_id = OLD.id AND is_confirmed AND relocked_at IS NULL AND decided_by_id <> asked_by_id
        )
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'locked_period_stays_locked: Cannot % a locked period', lower(TG_OP);
"""


@pghistory.track()
class Period(models.Model):
    """A reporting month with its window. Once locked it stays locked until two persons reopen it (``Unlock``)."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="periods", verbose_name=_("报告"))
    code = PeriodCodeField(_("报告期"))
    opens_at = models.DateTimeField(_("开放"))
    due_at = models.DateTimeField(_("截止"))
    grace_ends_at = models.DateTimeField(_("宽限截止"))
    locked_at = models.DateTimeField(_("锁定"), null=True, blank=True)

    class Meta:
        verbose_name = _("报告期")
        verbose_name_plural = _("报告期")
        ordering = ("code",)
        constraints = [
            models.UniqueConstraint(fields=["report", "code"], name="period_code_once_per_report"),
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("due_at"), due_at__lte=F("grace_ends_at")), name="period_window_ordered"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="locked_period_stays_locked",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__locked_at__isnull=False),
                func=LOCK_GUARD,
            ),
        ]

    def __str__(self) -> str:
        return self.code
