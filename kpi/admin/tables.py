"""Columns of the tables of a year: indicators, their plans, targets, milestones, and results of years before.

A row names its indicator by year and code; where it also gives the name, the two must fit, so that a shifted row is
found. Lamps that were published stay explained: nothing a locked month rests on is changed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from import_export import fields, widgets

from accounts import audit, clock
from accounts.models import Department, Post
from accounts.tables import AuditedResource, CodesWidget, CodeWidget
from kpi import refusals
from kpi.domain.errors import DomainError
from kpi.domain.periods import Period as Month
from kpi.domain.values import Kind, parse_number
from kpi.models import Indicator, Milestone, PastResult, Report, Target
from kpi.models.fields import FIGURE_DECIMALS
from kpi.selectors import planning
from kpi.services import plans

MONTHS = tuple(f"{month:02d}" for month in range(1, 13))


class FigureWidget(widgets.Widget):
    """A figure: read by the product's one parser, written without an exponent and without idle zeros."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        text = str(value if value is not None else "").strip()
        if not text:
            return None
        try:
            return parse_number(text, decimals=FIGURE_DECIMALS)
        except DomainError as problem:
            raise ValueError(refusals.refusal(problem.code, problem.params)) from problem

    def render(self, value: Decimal | None, obj: object = None, **kwargs: Any) -> Decimal | str:
        if value is None:
            return ""
        plain = Decimal(f"{value.normalize():f}")
        return plain if kwargs.get("force_native_type") else f"{plain:f}"


class IndicatorWidget(CodeWidget):
    """An indicator by the code in its own column and the year in another."""

    def __init__(self, year_column: str = "year"):
        super().__init__(Indicator, "code")
        self.year_column = year_column
        self._years: dict[int, dict[str, models.Model]] = {}

    def known(self, row: Any) -> dict[str, models.Model]:
        year = _year(row, self.year_column)
        if year not in self._years:
            found = Indicator.objects.filter(report__year=year).select_related("report")
            self._years[year] = {each.code: each for each in found}
        return self._years[year]


def _year(row: Mapping[str, Any], column: str) -> int:
    text = str(row.get(column, "")).strip()
    if not (text.isdecimal() and len(text) == 4):
        raise ValueError(_("年度应写成 2025 的样子"))
    return int(text)


class YearResource(AuditedResource):
    """Tables whose rows name an indicator by year and code. Without a year's column the latest report's is meant."""

    year_column = "year"

    class Meta(AuditedResource.Meta):
        abstract = True

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        latest = Report.objects.order_by("-year").values_list("year", flat=True).first()
        if self.year_column not in (dataset.headers or ()) and latest:
            dataset.append_col([str(latest)] * len(dataset), header=self.year_column)

    def before_import_row(self, row: Mapping[str, Any], **kwargs: Any) -> None:
        code = str(row.get("code", "")).strip()
        name = self._names.get((_year(row, self.year_column), code))
        if name is None:
            raise ValueError(_("找不到任务编号 %(code)s") % {"code": code})
        self.check_name(code, name, row)

    @cached_property
    def _names(self) -> Mapping[tuple[int, str], str]:
        """Names of all indicators by year and code (1 query)."""
        rows = Indicator.objects.values_list("report__year", "code", "name")
        return {(year, code): name for year, code, name in rows}

    def check_name(self, code: str, name: str, row: Mapping[str, Any]) -> None:
        """Refuse a row whose name is another indicator's."""
        given = row.get("name")
        if given and given != name:
            words = {"code": code, "name": name, "given": given}
            raise ValueError(_("%(code)s 是“%(name)s”，表里写的是“%(given)s”") % words)


class IndicatorResource(YearResource):
    """Who leads what, and by when. Only indicators that exist are changed: new ones need a sentence of the report."""

    year = fields.Field("report__year", "year", widgets.IntegerWidget(), readonly=True)
    lead_department = fields.Field("lead_department", "lead_department", CodeWidget(Department, "code"))
    accountable_post = fields.Field("accountable_post", "accountable_post", CodeWidget(Post, "code"))
    supporting_departments = fields.Field("supporting_departments", "supporting_departments", CodesWidget(Department))

    class Meta(YearResource.Meta):
        model = Indicator
        import_id_fields = ("year", "code")
        fields = (
            "year",
            "code",
            "name",
            "lead_department",
            "supporting_departments",
            "accountable_post",
            "final_due_on",
            "frequency",
            "definition",
            "evidence_required",
            "needs_cosign",
            "is_lead_proposed",
            "is_active",
        )

    def get_queryset(self) -> models.QuerySet:
        found = super().get_queryset().select_related("report", "lead_department", "accountable_post")
        return found.prefetch_related("supporting_departments")

    @classmethod
    def get_display_name(cls) -> str:
        return str(Indicator._meta.verbose_name)

    def filter_export(self, queryset: models.QuerySet, **kwargs: Any) -> models.QuerySet:
        found = queryset.select_related("report", "lead_department", "accountable_post")
        return found.prefetch_related("supporting_departments")

    def check_name(self, code: str, name: str, row: Mapping[str, Any]) -> None:
        """The name is one of the columns that may be changed."""


class PlanField(fields.Field):
    """The planned value of one month; blank is “not due”."""

    def __init__(self, month: str):
        super().__init__(attribute=month, column_name=month, widget=FigureWidget())
        self.month = month

    def get_value(self, instance: Indicator) -> Decimal | None:
        return plan_of(instance).get(self._code(instance))

    def save(self, instance: Indicator, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        code, value = self._code(instance), self.clean(row, **kwargs)
        if value is None:
            plan_of(instance).pop(code, None)
        else:
            plan_of(instance)[code] = value

    def _code(self, instance: Indicator) -> str:
        return f"{instance.report.year}-{self.month}"


def plan_of(indicator: Indicator) -> dict[str, Decimal]:
    """The curve as it stands at the instance, read once and changed with it."""
    if not hasattr(indicator, "plan_values"):
        indicator.plan_values = {point.period: point.value for point in indicator.plan_points.all()}
    return indicator.plan_values


class PlanResource(YearResource):
    """The twelve months of each indicator's planned curve (序时计划)."""

    year = fields.Field("report__year", "year", widgets.IntegerWidget(), readonly=True)
    name = fields.Field("name", "name", readonly=True)
    month_01 = PlanField("01")
    month_02 = PlanField("02")
    month_03 = PlanField("03")
    month_04 = PlanField("04")
    month_05 = PlanField("05")
    month_06 = PlanField("06")
    month_07 = PlanField("07")
    month_08 = PlanField("08")
    month_09 = PlanField("09")
    month_10 = PlanField("10")
    month_11 = PlanField("11")
    month_12 = PlanField("12")

    class Meta(YearResource.Meta):
        model = Indicator
        import_id_fields = ("year", "code")
        fields = ("year", "code", "name", *(f"month_{month}" for month in MONTHS))

    @classmethod
    def get_display_name(cls) -> str:
        return _("序时计划（十二个月）")

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().select_related("report").prefetch_related("plan_points")

    def filter_export(self, queryset: models.QuerySet, **kwargs: Any) -> models.QuerySet:
        return queryset.select_related("report").prefetch_related("plan_points")

    def after_init_instance(self, instance: Indicator, new: bool, row: object, **kwargs: object) -> None:
        # Before the library copies the instance, which would forget what was read with it.
        plan_of(instance)

    def validate_instance(
        self,
        instance: Indicator,
        import_validation_errors: Mapping[str, Any] | None = None,
        validate_unique: bool = True,
    ) -> None:
        """Only the plan is looked at: nothing else of the indicator is written."""
        stored, wanted = planning.points_of(instance), plan_of(instance)
        errors = dict(import_validation_errors or {})
        locked = planning.locked_months(instance)
        for code in sorted(stored.keys() | wanted.keys()):
            if stored.get(code) == wanted.get(code):
                continue
            problem = _problem(Kind(instance.kind), wanted.get(code))
            if code in locked:
                problem = _("%(period)s 期已锁定，计划不能再改") % {"period": code}
            if problem:
                errors[code[5:]] = ValidationError(problem)
        if errors:
            raise ValidationError(errors)

    def do_instance_save(self, instance: Indicator, is_create: bool) -> None:
        plans.write_points(instance, plan_of(instance))

    def before_save_instance(self, instance: Indicator, row: object, **kwargs: object) -> None:
        instance.plan_before = planning.points_of(instance)

    def after_save_instance(self, instance: Indicator, row: object, **kwargs: object) -> None:
        if not kwargs.get("dry_run"):
            _record("plan.imported", instance, instance.plan_before, plan_of(instance), kwargs.get("user"))


def _problem(kind: Kind, value: Decimal | None) -> str:
    """What is wrong with a planned value; empty where nothing is."""
    if value is None:
        return ""
    if value < 0:
        return refusals.refusal("number_negative", {})
    if kind is Kind.STAGE and value not in range(5):
        return refusals.refusal("stage_out_of_range", {})
    return refusals.refusal("rank_starts_at_one", {}) if kind is Kind.RANK and value < 1 else ""


def _record(
    action: str, indicator: Indicator, before: Mapping[str, Decimal], after: Mapping[str, Decimal], user: Any
) -> None:
    said = [{code: str(value) for code, value in sorted(plan.items())} for plan in (before, after)]
    audit.record(action=action, obj=indicator, actor=user, now=clock.now(), before=said[0], after=said[1])


class PartResource(YearResource):
    """A table of an indicator's parts: each row names the indicator, and what it says is kept from locked months."""

    year = fields.Field("indicator__report__year", "year", widgets.IntegerWidget(), readonly=True)
    indicator = fields.Field("indicator", "code", IndicatorWidget())
    name = fields.Field("indicator__name", "name", readonly=True)

    class Meta(YearResource.Meta):
        abstract = True

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().select_related("indicator__report")

    def filter_export(self, queryset: models.QuerySet, **kwargs: Any) -> models.QuerySet:
        return queryset.select_related("indicator__report").order_by("indicator__report__year", "indicator__code", "pk")


def _refuse_locked(indicator: Indicator, field: str, *days: date | None) -> None:
    """Raise ``ValidationError`` at ``field`` where one of the days falls in or before a locked month."""
    last = max(planning.locked_months(indicator), default="")
    if any(day is not None and str(Month.of(day)) <= last for day in days):
        raise ValidationError({field: _("%(period)s 期已锁定，这一天及以前的不能再改") % {"period": last}})


class TargetResource(PartResource):
    """Full-year targets by the day they begin to hold. One that a locked month rests on stays as it is, and another one
    beside it is a case (目标调整), which keeps what held before.
    """

    value = fields.Field("value", "value", FigureWidget())

    class Meta(PartResource.Meta):
        model = Target
        import_id_fields = ("indicator", "effective_on")
        fields = ("year", "indicator", "name", "effective_on", "value", "reason")

    def validate_instance(
        self,
        instance: Target,
        import_validation_errors: Mapping[str, Any] | None = None,
        validate_unique: bool = True,
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        stored = Target.objects.filter(pk=instance.pk).first()
        if stored is None and Target.objects.filter(indicator=instance.indicator).exists():
            raise ValidationError({"effective_on": _("这项任务已有目标，另定目标请办理目标调整")})
        if stored is None or stored.value != instance.value:
            _refuse_locked(instance.indicator, "effective_on", instance.effective_on)


class MilestoneResource(PartResource):
    """Nodes of deliverables by their place; the planned curve follows from their days."""

    node = fields.Field("name", "node")

    class Meta(PartResource.Meta):
        model = Milestone
        import_id_fields = ("indicator", "ordinal")
        fields = ("year", "indicator", "name", "ordinal", "node", "due_on")

    def validate_instance(
        self,
        instance: Milestone,
        import_validation_errors: Mapping[str, Any] | None = None,
        validate_unique: bool = True,
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        if instance.indicator.kind != Kind.MILESTONE:
            raise ValidationError({"indicator": _("这项任务不按节点考核")})
        stored = Milestone.objects.filter(pk=instance.pk).first()
        if stored is None or stored.due_on != instance.due_on:
            _refuse_locked(instance.indicator, "due_on", instance.due_on, stored.due_on if stored else None)

    def after_save_instance(self, instance: Milestone, row: object, **kwargs: object) -> None:
        plans.follow_nodes(instance.indicator)
        super().after_save_instance(instance, row, **kwargs)


class PastResultResource(PartResource):
    """Results of years before the report's; ``month`` is blank for a whole year."""

    year_column = "report_year"
    year = fields.Field("year", "year", widgets.IntegerWidget())
    report_year = fields.Field("indicator__report__year", "report_year", widgets.IntegerWidget(), readonly=True)
    indicator = fields.Field("indicator", "code", IndicatorWidget("report_year"))
    month = fields.Field("month", "month", widgets.IntegerWidget())
    value = fields.Field("value", "value", FigureWidget())

    class Meta(PartResource.Meta):
        model = PastResult
        import_id_fields = ("indicator", "year", "month")
        fields = ("report_year", "indicator", "name", "year", "month", "value", "unit", "source", "note")
