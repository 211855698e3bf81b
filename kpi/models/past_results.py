"""What was reached in years before the system, as published then: the yardstick people ask for first."""

import pghistory
import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpi.models.fields import FigureField
from kpi.models.indicators import Indicator

EARLIEST = 1980

PAST_GUARD = """
    IF NEW.year >= (
        SELECT report.year FROM kpi_report report
        JOIN kpi_indicator indicator ON indicator.report_id = report.id WHERE indicator.id = NEW.indicator_id
    ) THEN
        RAISE EXCEPTION 'past_result_is_past: the year must be before the report''s'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'past_result_is_past';
    END IF;
    RETURN NEW;
"""


@pghistory.track()
class PastResult(models.Model):
    """One figure of an earlier year: to date at the end of ``month``, or of the whole year where that is empty.

    ``unit`` is empty where it is the indicator's own; another one is shown and never compared with. Nothing here
    touches a lamp.
    """

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="past_results", verbose_name=_("指标任务"))
    year = models.PositiveSmallIntegerField(_("年份"), validators=[MinValueValidator(EARLIEST)])
    month = models.PositiveSmallIntegerField(
        _("月份"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text=_("空为全年"),
    )
    value = FigureField(_("完成值"))
    unit = models.CharField(_("单位"), max_length=20, blank=True, help_text=_("空为与任务相同"))
    source = models.CharField(_("来源"), max_length=200)
    note = models.TextField(_("说明"), blank=True)

    class Meta:
        verbose_name = _("往年结果")
        verbose_name_plural = _("往年结果")
        ordering = ("indicator", "year", "month")
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "year", "month"], nulls_distinct=False, name="past_result_once_per_month"
            ),
            models.CheckConstraint(
                condition=Q(month__isnull=True) | Q(month__gte=1, month__lte=12), name="past_result_month"
            ),
            models.CheckConstraint(condition=Q(year__gte=EARLIEST), name="past_result_year"),
            models.CheckConstraint(condition=~Q(source=""), name="past_result_has_source"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="past_result_is_past",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=PAST_GUARD,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.year}-{self.month or 12:02d}"

    def clean(self) -> None:
        if self.indicator_id and self.year and self.year >= self.indicator.report.year:
            raise ValidationError({"year": _("应早于报告年度")}, code="past_result_is_past")

    @property
    def is_whole_year(self) -> bool:
        return self.month is None

    @property
    def is_in_own_unit(self) -> bool:
        return self.unit in ("", self.indicator.unit)
