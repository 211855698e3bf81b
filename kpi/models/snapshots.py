"""The lamps as they were published: frozen when a period locks, never repainted afterwards."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.models.fields import FigureField, PeriodCodeField
from kpi.models.indicators import Indicator
from kpi.models.periods import Period
from kpi.models.reviews import RagOverride
from kpi.models.submissions import Submission


class AssessmentSnapshot(models.Model):
    """The lamp of one indicator at the lock of one period, with the inputs and the rule that gave it.

    ``source_period`` is the month whose approved figure was assessed: an earlier one when this month was missing
    or not asked for, empty when there never was a figure. ``rag`` is the computed lamp; ``override`` holds the one the
    office set in its place, if any: both were published. ``edition`` grows when a period was reopened and locked
    again: what was published first stays beside it. ``is_unpublished``: the month's report was approved without a
    figure, because there is none yet. ``original_rag`` is the lamp by the plan the year began with, empty where that
    plan still holds.
    """

    period = models.ForeignKey(Period, models.PROTECT, related_name="snapshots", verbose_name=_("报告期"))
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="snapshots", verbose_name=_("指标任务"))
    submission = models.ForeignKey(
        Submission, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("填报")
    )
    source_period = PeriodCodeField(_("数据所属期"), blank=True)
    is_asked = models.BooleanField(_("本期应报"))
    timeliness = models.CharField(_("报送"), max_length=10, blank=True, choices=labels.choices(labels.TIMELINESS))
    rag = models.CharField(_("亮灯"), max_length=10, choices=labels.choices(labels.RAG))
    original_rag = models.CharField(
        _("按原目标亮灯"), max_length=10, blank=True, default="", choices=labels.choices(labels.RAG)
    )
    override = models.ForeignKey(
        RagOverride, models.PROTECT, null=True, blank=True, related_name="snapshots", verbose_name=_("亮灯调整")
    )
    reason = models.CharField(_("理由"), max_length=40)
    params = models.JSONField(_("理由参数"), default=dict)
    actual = FigureField(_("完成值"), null=True, blank=True)
    expected = FigureField(_("序时计划"), null=True, blank=True)
    target = FigureField(_("全年目标"), null=True, blank=True)
    ratio = models.DecimalField(_("完成序时比例"), max_digits=15, decimal_places=6, null=True, blank=True)
    gap = FigureField(_("差距"), null=True, blank=True)
    to_green = FigureField(_("转绿尚需"), null=True, blank=True)
    is_ahead = models.BooleanField(_("超序时"), default=False)
    rule_code = models.CharField(_("规则"), max_length=40)
    rule_version = models.CharField(_("规则版本"), max_length=20)
    is_unpublished = models.BooleanField(_("数据尚未公布"), default=False)
    edition = models.PositiveSmallIntegerField(_("版次"), default=1)
    taken_at = models.DateTimeField(_("冻结时间"))

    class Meta:
        verbose_name = _("亮灯快照")
        verbose_name_plural = _("亮灯快照")
        ordering = ("period", "indicator", "edition")
        constraints = [
            models.UniqueConstraint(fields=["period", "indicator", "edition"], name="snapshot_once_per_edition"),
        ]
        triggers = [
            pgtrigger.Protect(name="snapshot_is_frozen", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.indicator_id} {self.rag}"
