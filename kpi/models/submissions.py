"""What a department says about one indicator for one period."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.models.fields import FigureField, PeriodCodeField
from kpi.models.indicators import Indicator
from kpi.models.periods import Period
from kpi.models.querysets import SubmissionQuerySet

# FOR SHARE makes a write wait for a lock of the period that is just being taken, and see it afterwards.
PERIOD_GUARD = """
    PERFORM 1 FROM kpi_period WHERE id IN (NEW.period_id, OLD.period_id) FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM kpi_period WHERE id IN (NEW.period_id, OLD.period_id) AND locked_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'period_closed' USING ERRCODE = 'check_violation', CONSTRAINT = 'period_closed';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""

# The same for rows that hang on a submission: its period must be open when they are written.
PERIOD_GUARD_OF_SUBMISSION = """
    PERFORM 1 FROM kpi_period WHERE id = (SELECT period_id FROM kpi_submission WHERE id = NEW.submission_id) FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM kpi_period p JOIN kpi_submission s ON s.period_id = p.id
        WHERE s.id = NEW.submission_id AND p.locked_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'period_closed' USING ERRCODE = 'check_violation', CONSTRAINT = 'period_closed';
    END IF;
    RETURN NEW;
"""


@pghistory.track()
class Submission(models.Model):
    """The filing of one indicator for one period, from draft to approved.

    ``value`` is the figure in the indicator's unit (per cent for a ratio, covered units for coverage, completed
    nodes for milestones, position for a rank, events for a bottom line, 0–4 for a stage); ``None`` is “nothing
    said”, which is neither 0 nor “no progress”; ``is_unpublished`` says that the figure does not exist yet.
    ``version`` grows by one with every write; a write names the version it was made from.
    ``cycle`` grows with every return, so that reminders start afresh.
    ``typed`` holds the form's fields as they were typed, only while a draft has some that cannot be read yet.
    ``editor`` is the open form that wrote last; a decision clears it. It makes a retry harmless: the version a
    form holds may be behind by its own writes, never by another's.
    """

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="submissions", verbose_name=_("指标任务"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="submissions", verbose_name=_("报告期"))
    state = models.CharField(_("状态"), max_length=12, choices=labels.choices(labels.SUBMISSION_STATE))
    version = models.PositiveIntegerField(_("版本"), default=1)
    cycle = models.PositiveSmallIntegerField(_("轮次"), default=1)
    value = FigureField(_("完成值"), null=True, blank=True)
    numerator = FigureField(_("分子"), null=True, blank=True)
    denominator = FigureField(_("分母"), null=True, blank=True)
    covered_units = models.JSONField(_("已覆盖"), default=list, blank=True)
    completed_nodes = models.JSONField(_("已完成节点"), default=dict, blank=True)
    no_progress = models.BooleanField(_("本月没有新进展"), default=False)
    is_unpublished = models.BooleanField(_("数据尚未公布"), default=False)
    is_correction = models.BooleanField(_("数据更正"), default=False)
    narrative = models.TextField(_("进展说明"), blank=True)
    deviation_reasons = models.JSONField(_("偏差原因"), default=list, blank=True)
    measures = models.TextField(_("下一步措施"), blank=True)
    catch_up_period = PeriodCodeField(_("预计追平"), blank=True)
    outlook = models.CharField(_("年底能否完成"), max_length=12, blank=True, choices=labels.choices(labels.OUTLOOK))
    source_note = models.CharField(_("数据来源"), max_length=200, blank=True)
    typed = models.JSONField(_("原样文字"), default=dict, blank=True)
    editor = models.UUIDField(_("填报页"), null=True, blank=True, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("填报人"))
    updated_at = models.DateTimeField(_("更新"))
    first_submitted_at = models.DateTimeField(_("首次提交"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("提交"), null=True, blank=True)
    signed_off_at = models.DateTimeField(_("审签"), null=True, blank=True)
    approved_at = models.DateTimeField(_("审定"), null=True, blank=True)
    is_sample = models.BooleanField(_("示例数据"), default=False)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("填报")
        verbose_name_plural = _("填报")
        ordering = ("indicator", "period")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "period"], name="submission_once_per_period"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(first_submitted_at__isnull=False), name="submission_filed_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_at__isnull=False), name="submission_approved_has_time"
            ),
            models.CheckConstraint(
                condition=Q(denominator__isnull=True) | Q(denominator__gt=0), name="submission_denominator_positive"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="period_stays_closed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=PERIOD_GUARD,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.period_id} v{self.version}"
