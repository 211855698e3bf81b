"""A period's scores: computed from its snapshots, answered by the units they judge, then frozen."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.domain.score_runs import UNDER_WAY
from kpi.models.periods import Period
from kpi.models.scoring import ScoringScheme

# Final stays final but for being followed by another edition; what a run rests on never changes; and only a locked
# month gets before the units.
STANDS = """
    IF OLD.state IN ('superseded', 'discarded') OR (OLD.state = 'final' AND (
        NEW.state <> 'superseded'
        OR to_jsonb(NEW) - ARRAY['state', 'superseded_by_id'] <> to_jsonb(OLD) - ARRAY['state', 'superseded_by_id']
    )) THEN
        RAISE EXCEPTION 'score_run_is_final' USING ERRCODE = 'check_violation', CONSTRAINT = 'score_run_is_final';
    END IF;
    IF (NEW.period_id, NEW.scheme_id, NEW.edition, NEW.snapshot_edition, NEW.prepared_by_id)
        IS DISTINCT FROM (OLD.period_id, OLD.scheme_id, OLD.edition, OLD.snapshot_edition, OLD.prepared_by_id)
    THEN
        RAISE EXCEPTION 'score_run_rests' USING ERRCODE = 'check_violation', CONSTRAINT = 'score_run_rests';
    END IF;
    IF NEW.state <> OLD.state AND NEW.state IN ('opinion', 'final') THEN
        PERFORM 1 FROM kpi_period WHERE id = NEW.period_id AND locked_at IS NOT NULL FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'score_period_open' USING ERRCODE = 'check_violation', CONSTRAINT = 'score_period_open';
        END IF;
    END IF;
    RETURN NEW;
"""
BEGINS_AS_DRAFT = """
    IF NEW.state <> 'draft' THEN
        RAISE EXCEPTION 'score_run_begins_as_draft'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'score_run_begins_as_draft';
    END IF;
    RETURN NEW;
"""
# A sheet or a line may be written while its run is in one of the states.
WRITABLE = """
    IF NOT EXISTS (SELECT 1 FROM kpi_scorerun run {join} WHERE {key} AND run.state IN ({states})) THEN
        RAISE EXCEPTION 'score_is_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'score_is_frozen';
    END IF;
    RETURN NEW;
"""
UNDER_WAY_SQL = "'draft', 'opinion'"
OPEN_STATES = sorted(str(state) for state in UNDER_WAY)


def guard(name: str, operation: pgtrigger.Operation, func: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(name=name, when=pgtrigger.Before, operation=operation, func=func)


class ScoreRun(models.Model):
    """One edition of one locked month's scores, by the scheme in force on the month's last day.

    ``snapshot_edition`` is the edition of the month's snapshots it was computed from. ``version`` grows with whatever
    is done to it, so that nobody makes final what they have not seen. ``reason`` says why there is a further edition
    where the snapshots are the same.
    """

    period = models.ForeignKey(Period, models.PROTECT, related_name="score_runs", verbose_name=_("报告期"))
    edition = models.PositiveSmallIntegerField(_("版次"), default=1)
    scheme = models.ForeignKey(ScoringScheme, models.PROTECT, related_name="runs", verbose_name=_("考核方案"))
    snapshot_edition = models.PositiveSmallIntegerField(_("快照版次"))
    state = models.CharField(_("状态"), max_length=12, choices=labels.choices(labels.SCORE_STATE))
    version = models.PositiveIntegerField(_("版本"), default=1)
    reason = models.CharField(_("编制新版的原因"), max_length=500, blank=True)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("编制人")
    )
    prepared_at = models.DateTimeField(_("编制时间"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("送出人")
    )
    opened_at = models.DateTimeField(_("征求意见起"), null=True, blank=True)
    answers_until = models.DateTimeField(_("征求意见至"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("定稿人")
    )
    finalised_at = models.DateTimeField(_("定稿时间"), null=True, blank=True)
    superseded_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("被替代")
    )
    is_sample = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("考核得分")
        verbose_name_plural = _("考核得分")
        ordering = ("-period__code", "-edition")
        constraints = [
            models.UniqueConstraint(fields=["period", "edition"], name="score_run_edition_once"),
            models.UniqueConstraint(
                fields=["period"], condition=Q(state__in=OPEN_STATES), name="score_run_one_under_way"
            ),
            models.UniqueConstraint(fields=["period"], condition=Q(state="final"), name="score_run_one_in_force"),
            models.CheckConstraint(
                condition=Q(
                    opened_at__isnull=True,
                    opened_by__isnull=True,
                    answers_until__isnull=True,
                    state__in=["draft", "discarded", "superseded"],
                )
                | Q(
                    opened_at__isnull=False,
                    opened_by__isnull=False,
                    answers_until__gt=F("opened_at"),
                    state__in=["opinion", "final", "superseded"],
                ),
                name="score_run_opened_to_units",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, finalised_at__isnull=True)
                | Q(approved_by__isnull=False, finalised_at__isnull=False, opened_at__isnull=False),
                name="score_run_final_whole",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=False, state__in=["final", "superseded"])
                | Q(approved_by__isnull=True, state__in=["draft", "opinion", "discarded", "superseded"]),
                name="score_run_final_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("prepared_by")) & ~Q(approved_by=F("opened_by"))),
                name="score_run_takes_two",
            ),
            # What was never final is named by nobody: its month was reopened, and it made way for the next edition.
            models.CheckConstraint(
                condition=Q(state="superseded", approved_by__isnull=False, superseded_by__isnull=False)
                | Q(superseded_by__isnull=True) & (~Q(state="superseded") | Q(approved_by__isnull=True)),
                name="score_run_superseded_by_another",
            ),
        ]
        triggers = [
            guard("score_run_stands", pgtrigger.Update, STANDS),
            guard("score_run_begins_as_draft", pgtrigger.Insert, BEGINS_AS_DRAFT),
            pgtrigger.Protect(name="score_run_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} #{self.edition}"


class ScoreSheet(models.Model):
    """What one department, or one leader's post, scored: results of its lines, corrections included.

    ``base`` and ``total`` are ``None`` where nothing could be measured; all points are rounded for reading, ``total``
    from the exact sum.
    """

    run = models.ForeignKey(ScoreRun, models.PROTECT, related_name="sheets", verbose_name=_("考核得分"))
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("单位")
    )
    post = models.ForeignKey(
        "accounts.Post", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("分管领导（职务）")
    )
    base = models.DecimalField(_("基础分"), max_digits=7, decimal_places=2, null=True, blank=True)
    deduction = models.DecimalField(_("扣分"), max_digits=7, decimal_places=2)
    bonus = models.DecimalField(_("加分"), max_digits=7, decimal_places=2)
    total = models.DecimalField(_("得分"), max_digits=7, decimal_places=2, null=True, blank=True)
    measured_weight = models.DecimalField(_("计入权重"), max_digits=12, decimal_places=4)
    left_out_weight = models.DecimalField(_("不计权重"), max_digits=12, decimal_places=4)

    class Meta:
        verbose_name = _("得分表")
        verbose_name_plural = _("得分表")
        ordering = ("run", "department__ordinal", "post__ordinal")
        constraints = [
            models.UniqueConstraint(fields=["run", "department"], name="score_sheet_once_per_department"),
            models.UniqueConstraint(fields=["run", "post"], name="score_sheet_once_per_post"),
            models.CheckConstraint(
                condition=Q(department__isnull=False, post__isnull=True)
                | Q(department__isnull=True, post__isnull=False),
                name="score_sheet_judges_one",
            ),
            models.CheckConstraint(
                condition=Q(base__isnull=True, total__isnull=True) | Q(base__isnull=False, total__gte=0),
                name="score_sheet_not_below_zero",
            ),
        ]
        triggers = [
            guard(
                "score_sheet_begins_in_draft",
                pgtrigger.Insert,
                WRITABLE.format(join="", key="run.id = NEW.run_id", states="'draft'"),
            ),
            guard(
                "score_sheet_stands",
                pgtrigger.Update,
                WRITABLE.format(join="", key="run.id = OLD.run_id AND run.id = NEW.run_id", states=UNDER_WAY_SQL),
            ),
            pgtrigger.Protect(name="score_sheet_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return str(self.unit)

    @property
    def unit(self) -> models.Model:
        """The department or the post it judges."""
        return self.department or self.post


class ScoreStep(models.Model):
    """One step of a run, or of one sheet of it: a unit's answer, the office's reply."""

    run = models.ForeignKey(ScoreRun, models.PROTECT, related_name="steps", verbose_name=_("考核得分"))
    sheet = models.ForeignKey(
        ScoreSheet, models.PROTECT, null=True, blank=True, related_name="steps", verbose_name=_("得分表")
    )
    verb = models.CharField(_("动作"), max_length=12, choices=labels.choices(labels.SCORE_VERB))
    to_state = models.CharField(_("状态"), max_length=12, choices=labels.choices(labels.SCORE_STATE))
    text = models.TextField(_("意见"), blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("考核办理记录")
        verbose_name_plural = _("考核办理记录")
        ordering = ("run", "id")
        constraints = [
            models.CheckConstraint(
                condition=~Q(verb__in=["accept", "object", "reply", "correct", "add"]) | Q(sheet__isnull=False),
                name="score_step_of_a_sheet",
            ),
            models.CheckConstraint(
                condition=~Q(verb__in=["object", "reply"]) | ~Q(text=""), name="score_step_says_what"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="score_step_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.verb}"
