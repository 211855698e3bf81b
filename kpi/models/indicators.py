"""Indicators (KPIs) with their targets, planned curves and milestones, and the lamp rules as dated data."""

from functools import cached_property
from typing import Any

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.models.fields import FigureField, PeriodCodeField
from kpi.models.querysets import IndicatorQuerySet
from kpi.models.reports import Commitment, Report


class RuleSet(models.Model):
    """A lamp rule and the day it takes effect. A changed rule is a new row, never an edited one."""

    code = models.SlugField(_("规则"), max_length=40)
    name = models.CharField(_("名称"), max_length=100)
    version = models.CharField(_("版本"), max_length=20)
    basis = models.CharField(_("算法"), max_length=30, choices=labels.choices(labels.BASIS))
    thresholds = models.JSONField(_("界限"), help_text=_('小数写成文本，如 {"green_from": "0.95"}'))
    effective_from = models.DateField(_("起用日期"))
    is_default = models.BooleanField(_("默认规则"), default=False)
    source = models.TextField(_("依据"), blank=True)

    class Meta:
        verbose_name = _("亮灯规则")
        verbose_name_plural = _("亮灯规则")
        ordering = ("code", "-effective_from")
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="ruleset_version_once"),
            models.UniqueConstraint(
                fields=["effective_from"], condition=Q(is_default=True), name="ruleset_one_default_per_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


def with_deletions() -> tuple[pghistory.RowEvent, ...]:
    """What is taken out of a plan is on record too, so that an earlier plan can be put together again."""
    return pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent()


PREDECESSOR_GUARD = """
    IF NEW.predecessor_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM kpi_indicator earlier
        JOIN kpi_report theirs ON theirs.id = earlier.report_id
        JOIN kpi_report ours ON ours.id = NEW.report_id
        WHERE earlier.id = NEW.predecessor_id AND theirs.year < ours.year
    ) THEN
        RAISE EXCEPTION 'indicator_predecessor_is_earlier: the predecessor must be of an earlier year'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'indicator_predecessor_is_earlier';
    END IF;
    RETURN NEW;
"""


@pghistory.track()
class Indicator(models.Model):
    """One accountable figure or deliverable: the unit that is filed, signed, approved and lit.

    ``predecessor`` is the indicator of an earlier year that this one continues; ``ended_because`` why one has no
    successor (empty while that is open).
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="indicators", verbose_name=_("报告"))
    commitment = models.ForeignKey(Commitment, models.PROTECT, related_name="indicators", verbose_name=_("承诺事项"))
    code = models.CharField(_("编号"), max_length=4)
    name = models.CharField(_("指标任务"), max_length=60)
    kind = models.CharField(_("类型"), max_length=20, choices=labels.choices(labels.KIND))
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    decimals = models.PositiveSmallIntegerField(_("小数位"), default=0)
    comparator = models.CharField(_("比较符"), max_length=8, choices=labels.choices(labels.COMPARATOR))
    polarity = models.CharField(_("方向"), max_length=10, choices=labels.choices(labels.POLARITY))
    accumulation = models.CharField(_("累计方式"), max_length=20, choices=labels.choices(labels.ACCUMULATION))
    strength = models.CharField(_("力度"), max_length=10, choices=labels.choices(labels.STRENGTH))
    frequency = models.CharField(_("报送频率"), max_length=15, choices=labels.choices(labels.FREQUENCY))
    lead_department = models.ForeignKey(
        "accounts.Department", models.PROTECT, related_name="led_indicators", verbose_name=_("牵头单位")
    )
    supporting_departments = models.ManyToManyField(
        "accounts.Department", related_name="supported_indicators", verbose_name=_("配合单位"), blank=True
    )
    accountable_post = models.ForeignKey(
        "accounts.Post", models.PROTECT, related_name="indicators", verbose_name=_("分管领导（职务）")
    )
    baseline_value = FigureField(_("基期值"), null=True, blank=True)
    baseline_unit = models.CharField(_("基期单位"), max_length=20, blank=True)
    baseline_quote = models.TextField(_("基期原文"), blank=True)
    baseline_note = models.TextField(_("基期说明"), blank=True)
    definition = models.TextField(_("口径"), blank=True)
    peer_set = models.TextField(_("同类城市"), blank=True)
    coverage_scope = models.CharField(
        _("覆盖范围"), max_length=20, blank=True, choices=labels.choices(labels.COVERAGE_SCOPE)
    )
    final_due_on = models.DateField(_("完成时限"))
    evidence_required = models.BooleanField(_("须附佐证"), default=False)
    needs_cosign = models.BooleanField(_("须会签"), default=False, help_text=_("配合单位各自确认后，督查室才能审定"))
    rule_set = models.ForeignKey(
        RuleSet, models.PROTECT, null=True, blank=True, related_name="indicators", verbose_name=_("专用亮灯规则")
    )
    is_lead_proposed = models.BooleanField(_("牵头单位为建议"), default=True)
    is_active = models.BooleanField(_("启用"), default=True)
    predecessor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="successors", verbose_name=_("去年对应任务")
    )
    ended_because = models.CharField(_("为何不再延续"), max_length=200, blank=True)
    notes = models.TextField(_("说明"), blank=True)

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        verbose_name = _("指标任务")
        verbose_name_plural = _("指标任务")
        ordering = ("commitment__start", "code")
        constraints = [
            models.UniqueConstraint(fields=["report", "code"], name="indicator_code_once_per_report"),
            models.CheckConstraint(condition=Q(code__regex=r"^[A-Z]\d{2,3}$"), name="indicator_code_shape"),
            models.CheckConstraint(condition=Q(decimals__lte=4), name="indicator_decimals_at_most_4"),
            models.CheckConstraint(
                condition=~Q(kind="coverage") | ~Q(coverage_scope=""), name="indicator_coverage_has_scope"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="indicator_predecessor_is_earlier",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("predecessor_id"),
                func=PREDECESSOR_GUARD,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @cached_property
    def node_rows(self) -> list[dict[str, Any]]:
        """Its milestones as ``with_nodes`` has them; asked for here (1 query) where it did not come ``for_board``."""
        return Indicator.objects.with_nodes().values_list("node_rows", flat=True).get(pk=self.pk)

    @cached_property
    def former_rows(self) -> list[dict[str, Any]]:
        """What it was held to before, as ``with_plan`` has it; asked for here (1 query) where it did not come so."""
        return Indicator.objects.with_plan().values_list("former_rows", flat=True).get(pk=self.pk)


@pghistory.track()
class Target(models.Model):
    """A full-year target from a given day. The first one is the report's; later ones are approved changes."""

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="targets", verbose_name=_("指标任务"))
    value = FigureField(_("目标值"))
    effective_on = models.DateField(_("起用日期"))
    reason = models.TextField(_("依据"))

    class Meta:
        verbose_name = _("目标值")
        verbose_name_plural = _("目标值")
        ordering = ("indicator", "effective_on")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "effective_on"], name="target_once_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.value}"


@pghistory.track(*with_deletions())
class PlanPoint(models.Model):
    """Planned value at the end of a month (序时进度), as it is now. A month without a row is not due.

    What was planned before a change of target is a ``FormerPlan``.
    """

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="plan_points", verbose_name=_("指标任务"))
    period = PeriodCodeField(_("报告期"))
    value = FigureField(_("计划值"))

    class Meta:
        verbose_name = _("序时计划")
        verbose_name_plural = _("序时计划")
        ordering = ("indicator", "period")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "period"], name="plan_point_once_per_month"),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.value}"


@pghistory.track(*with_deletions())
class Milestone(models.Model):
    """A node of a deliverable: what must exist by which day, as it is now."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="milestones", verbose_name=_("指标任务"))
    ordinal = models.PositiveSmallIntegerField(_("序号"))
    name = models.CharField(_("节点"), max_length=80)
    due_on = models.DateField(_("计划日期"))

    class Meta:
        verbose_name = _("节点")
        verbose_name_plural = _("节点")
        ordering = ("indicator", "ordinal")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "ordinal"], name="milestone_ordinal_once"),
        ]

    def __str__(self) -> str:
        return f"{self.ordinal}. {self.name}"

    @property
    def key(self) -> str:
        """Its name in ``Submission.completed_nodes``."""
        return str(self.ordinal)


class FormerPlan(models.Model):
    """All an indicator was held to until a change of target took its place (原计划): kept whole, never rewritten.

    It holds for the months before ``replaced_from``, back to the change before it; what holds now are the rows of
    ``Target``, ``PlanPoint`` and ``Milestone`` and the indicator's final date. ``plan`` is month to planned value as
    text, ``nodes`` are the milestones as ``with_nodes`` has them. ``stays_yardstick``: the change that replaced it was
    asked for too late, so that scores go on measuring by this. ``recorded_at`` is the database's clock, the same as
    that of the history rows written in the same transaction.
    """

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="former_plans", verbose_name=_("指标任务"))
    replaced_from = PeriodCodeField(_("自何期起被替代"))
    target = FigureField(_("目标值"), null=True, blank=True)
    final_due_on = models.DateField(_("完成时限"))
    plan = models.JSONField(_("序时计划"))
    nodes = models.JSONField(_("节点"))
    stays_yardstick = models.BooleanField(_("考核仍按此计"), default=False)
    replaced_at = models.DateTimeField(_("调整时间"))
    recorded_at = models.DateTimeField(_("入库时间"), db_default=TransactionNow(), editable=False)

    class Meta:
        verbose_name = _("原计划")
        verbose_name_plural = _("原计划")
        ordering = ("indicator", "replaced_from")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "replaced_from"], name="former_plan_once_per_month"),
        ]
        triggers = [
            pgtrigger.Protect(name="former_plan_is_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} → {self.replaced_from}"


@pghistory.track(*with_deletions())
class UnitTarget(models.Model):
    """A district's or township's share of the target (分解目标). The shares need not add up to it: leaders often leave
    a margin, and the difference is shown."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="unit_targets", verbose_name=_("指标任务"))
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, related_name="unit_targets", verbose_name=_("单位")
    )
    value = FigureField(_("分解目标"))

    class Meta:
        verbose_name = _("分解目标")
        verbose_name_plural = _("分解目标")
        ordering = ("indicator", "department__ordinal")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "department"], name="unit_target_once_per_unit"),
            models.CheckConstraint(condition=Q(value__gte=0), name="unit_target_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.department_id} {self.value}"


@pghistory.track()
class Handover(models.Model):
    """The lead passes from one unit to another on a day (牵头单位变更): decided, then done or withdrawn.

    ``done_at`` is when the indicator really changed hands: on ``effective_on``, or at once where that day has come.
    """

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="handovers", verbose_name=_("指标任务"))
    from_department = models.ForeignKey(
        "accounts.Department", models.PROTECT, related_name="+", verbose_name=_("原牵头单位")
    )
    to_department = models.ForeignKey(
        "accounts.Department", models.PROTECT, related_name="+", verbose_name=_("新牵头单位")
    )
    effective_on = models.DateField(_("起"))
    keeps_supporting = models.BooleanField(_("原牵头单位转为配合单位"), default=True)
    reason = models.CharField(_("事由"), max_length=200)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    decided_at = models.DateTimeField(_("登记时间"))
    done_at = models.DateTimeField(_("移交时间"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("牵头单位变更")
        verbose_name_plural = _("牵头单位变更")
        ordering = ("-effective_on", "-id")
        constraints = [
            models.CheckConstraint(condition=~Q(to_department=F("from_department")), name="handover_to_another_unit"),
            models.CheckConstraint(condition=~Q(reason=""), name="handover_has_reason"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(withdrawn_at__isnull=True), name="handover_done_or_withdrawn"
            ),
            models.UniqueConstraint(
                fields=["indicator"],
                condition=Q(done_at__isnull=True, withdrawn_at__isnull=True),
                name="handover_one_ahead",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.from_department_id} → {self.to_department_id} {self.effective_on}"
