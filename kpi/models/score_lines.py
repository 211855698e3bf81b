"""The lines of a score sheet as they were computed, and what the office put in place of one."""

from __future__ import annotations

from fractions import Fraction

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.domain.scoring import BY_HAND, ScoreReason
from kpi.models.fields import FigureField, PeriodCodeField
from kpi.models.indicators import Indicator
from kpi.models.reviews import Review
from kpi.models.scores import UNDER_WAY_SQL, WRITABLE, ScoreSheet, guard
from kpi.models.snapshots import AssessmentSnapshot

OF_LINE = """
    JOIN kpi_scoresheet sheet ON sheet.run_id = run.id
    JOIN kpi_scoreline line ON line.sheet_id = sheet.id
"""
# While the units answer, only what a person puts on record by hand may still be added.
ADDED = """
    IF NOT EXISTS (
        SELECT 1 FROM kpi_scorerun run JOIN kpi_scoresheet sheet ON sheet.run_id = run.id
        WHERE sheet.id = NEW.sheet_id AND (run.state = 'draft' OR (run.state = 'opinion' AND NEW.basis <> ''))
    ) THEN
        RAISE EXCEPTION 'score_is_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'score_is_frozen';
    END IF;
    RETURN NEW;
"""
HAND = sorted(str(reason) for reason in BY_HAND)
FROM_SNAPSHOT = sorted(str(reason) for reason in set(ScoreReason) - BY_HAND - {ScoreReason.RETURNED})


class ScoreLine(models.Model):
    """One line of a sheet, as it was computed: what a task earns of its weight, or one case taken off or added.

    A task (no ``reason``) has the exact ``share`` as a fraction (“2/3”), or says in ``left_out`` why its weight does
    not count; ``actual`` and ``yardstick`` are the snapshot's, with the ``kind`` and ``polarity`` by which they were
    compared. A case has its ``points`` (of an excess: per cent of the task's own, whose ``weight`` it holds) and the
    record it was found in: a snapshot, the office's return, or for what is put down by hand the document (``basis``).
    """

    sheet = models.ForeignKey(ScoreSheet, models.PROTECT, related_name="lines", verbose_name=_("得分表"))
    indicator = models.ForeignKey(
        Indicator, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("指标任务")
    )
    role = models.CharField(_("角色"), max_length=12, blank=True, choices=labels.choices(labels.SCORE_ROLE))
    kind = models.CharField(_("类型"), max_length=20, blank=True, choices=labels.choices(labels.KIND))
    polarity = models.CharField(_("方向"), max_length=10, blank=True, choices=labels.choices(labels.POLARITY))
    weight = models.DecimalField(_("权重"), max_digits=12, decimal_places=4, null=True, blank=True)
    against = models.CharField(_("对照"), max_length=8, blank=True, choices=labels.choices(labels.YARDSTICK))
    yardstick = FigureField(_("对照值"), null=True, blank=True)
    actual = FigureField(_("完成值"), null=True, blank=True)
    share = models.CharField(_("份额"), max_length=80, blank=True)
    left_out = models.CharField(
        _("不计原因"), max_length=16, blank=True, choices=labels.choices(labels.SCORE_UNMEASURED)
    )
    reason = models.CharField(_("事由"), max_length=12, blank=True, choices=labels.choices(labels.SCORE_REASON))
    points = models.DecimalField(_("分值"), max_digits=8, decimal_places=2, null=True, blank=True)
    month = PeriodCodeField(_("报告期"), blank=True)
    snapshot = models.ForeignKey(
        AssessmentSnapshot, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("亮灯快照")
    )
    review = models.ForeignKey(
        Review, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("办理记录")
    )
    basis = models.CharField(_("依据文件"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("得分行")
        verbose_name_plural = _("得分行")
        ordering = ("sheet", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    reason="", indicator__isnull=False, weight__gte=0, points__isnull=True, snapshot__isnull=False
                )
                & (Q(share="") ^ Q(left_out=""))
                | Q(share="", left_out="", points__gt=0) & ~Q(reason=""),
                name="score_line_is_task_or_case",
            ),
            # The closed list again, with the record each reason must rest on.
            models.CheckConstraint(
                condition=Q(reason="")
                | Q(reason__in=FROM_SNAPSHOT, snapshot__isnull=False)
                | Q(reason="returned", review__isnull=False)
                | Q(reason__in=HAND) & ~Q(basis=""),
                name="score_line_rests_on_record",
            ),
            models.CheckConstraint(condition=Q(basis="") | Q(reason__in=HAND), name="score_line_basis_by_hand"),
        ]
        triggers = [
            guard("score_line_begins_in_time", pgtrigger.Insert, ADDED),
            pgtrigger.Protect(name="score_line_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.sheet_id} {self.indicator_id or ''} {self.reason}"

    # The correction that counts, where the selector attached one.
    in_force: ScoreCorrection | None = None

    @property
    def fraction(self) -> Fraction | None:
        """The share as it was computed, exact."""
        return Fraction(self.share) if self.share else None


class ScoreCorrection(models.Model):
    """What the office put in place of a line, beside which the computed value stays. The last one counts.

    For a task a new ``share``, or ``is_left_out``; for a case the new ``points``, 0 for none.
    """

    line = models.ForeignKey(ScoreLine, models.PROTECT, related_name="corrections", verbose_name=_("得分行"))
    share = models.CharField(_("份额"), max_length=80, blank=True)
    is_left_out = models.BooleanField(_("不计"), default=False)
    points = models.DecimalField(_("分值"), max_digits=8, decimal_places=2, null=True, blank=True)
    reason = models.CharField(_("更正原因"), max_length=20, choices=labels.choices(labels.SCORE_CORRECTION))
    words = models.CharField(_("说明"), max_length=500)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("得分更正")
        verbose_name_plural = _("得分更正")
        ordering = ("line", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(is_left_out=True, share="", points__isnull=True)
                | Q(is_left_out=False, points__isnull=True) & ~Q(share="")
                | Q(is_left_out=False, share="", points__gte=0),
                name="score_correction_says_one_thing",
            ),
            models.CheckConstraint(condition=~Q(words=""), name="score_correction_has_words"),
        ]
        triggers = [
            guard(
                "score_correction_in_time",
                pgtrigger.Insert,
                WRITABLE.format(join=OF_LINE, key="line.id = NEW.line_id", states=UNDER_WAY_SQL),
            ),
            pgtrigger.Protect(name="score_correction_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.reason}"

    @property
    def fraction(self) -> Fraction | None:
        return Fraction(self.share) if self.share else None
