"""Indicators, plans, rules and the calendar, kept by the supervision office."""

from __future__ import annotations

from django.contrib import admin

from accounts.administration import ReadOnlyAdmin, RoleAdmin
from accounts.models import Role
from accounts.tables import TableAdmin
from kpi.admin.tables import (
    IndicatorResource,
    MilestoneResource,
    PastResultResource,
    PlanResource,
    TargetResource,
)
from kpi.models import (
    Commitment,
    Directive,
    DirectiveEntry,
    DueRule,
    FormerPlan,
    Handover,
    Indicator,
    Milestone,
    PastResult,
    Period,
    PlanPoint,
    Report,
    RuleSet,
    Target,
    TargetChange,
    TargetChangeEntry,
    TargetChangeWindow,
    UnitTarget,
    WorkdayOverride,
)

OFFICE = frozenset({Role.SUPERVISOR})
READERS = frozenset({Role.SYSTEM_ADMIN, Role.AUDITOR})


class PartInline(admin.TabularInline):
    """A part of an indicator follows the rights on the indicator."""

    extra = 0

    def has_view_permission(self, request, obj=None) -> bool:
        return True

    def has_add_permission(self, request, obj=None) -> bool:
        return request.actor.is_supervisor

    def has_change_permission(self, request, obj=None) -> bool:
        return request.actor.is_supervisor

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class TargetInline(PartInline):
    """A slip is put right here; another target is a case (目标调整), which keeps what held before."""

    model = Target
    fields = ("value", "effective_on", "reason")

    def has_add_permission(self, request, obj=None) -> bool:
        return False


class KeptInline(admin.TabularInline):
    """What is on record, to look at only."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request, obj=None) -> bool:
        return True

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


class FormerPlanInline(KeptInline):
    model = FormerPlan


class PlanPointInline(PartInline):
    model = PlanPoint
    fields = ("period", "value")


class MilestoneInline(PartInline):
    model = Milestone
    fields = ("ordinal", "name", "due_on")


@admin.register(Indicator)
class IndicatorAdmin(TableAdmin):
    resource_classes = [IndicatorResource, PlanResource]
    editors, viewers = OFFICE, READERS
    fields = (
        "report",
        "commitment",
        "code",
        "name",
        "kind",
        "unit",
        "decimals",
        "comparator",
        "polarity",
        "accumulation",
        "strength",
        "frequency",
        "lead_department",
        "supporting_departments",
        "accountable_post",
        "baseline_value",
        "baseline_unit",
        "baseline_quote",
        "baseline_note",
        "definition",
        "peer_set",
        "coverage_scope",
        "final_due_on",
        "evidence_required",
        "needs_cosign",
        "rule_set",
        "is_lead_proposed",
        "is_active",
        "predecessor",
        "ended_because",
        "notes",
    )
    list_display = ("code", "name", "kind", "lead_department", "final_due_on", "is_lead_proposed", "is_active")
    list_filter = ("kind", "frequency", "lead_department", "is_lead_proposed", "is_active")
    list_select_related = ("lead_department",)
    search_fields = ("code", "name")
    raw_id_fields = ("commitment",)
    filter_horizontal = ("supporting_departments",)
    inlines = (TargetInline, PlanPointInline, MilestoneInline, FormerPlanInline)


@admin.register(UnitTarget)
class UnitTargetAdmin(ReadOnlyAdmin):
    viewers = OFFICE | READERS
    list_display = ("indicator", "department", "value")
    list_select_related = ("indicator", "department")


@admin.register(Handover)
class HandoverAdmin(ReadOnlyAdmin):
    viewers = OFFICE | READERS
    list_display = ("indicator", "from_department", "to_department", "effective_on", "done_at", "withdrawn_at")
    list_select_related = ("indicator", "from_department", "to_department")


class PartAdmin(TableAdmin):
    """Rows of an indicator's parts, to look at, export and import; by hand they are changed at the indicator."""

    editors, viewers = OFFICE, READERS
    list_filter = ("indicator__report__year", "indicator__lead_department")
    list_select_related = ("indicator",)
    search_fields = ("indicator__code", "indicator__name")

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Target)
class TargetAdmin(PartAdmin):
    resource_classes = [TargetResource]
    list_display = ("indicator", "value", "effective_on", "reason")


@admin.register(Milestone)
class MilestoneAdmin(PartAdmin):
    resource_classes = [MilestoneResource]
    list_display = ("indicator", "ordinal", "name", "due_on")


@admin.register(PastResult)
class PastResultAdmin(TableAdmin):
    resource_classes = [PastResultResource]
    editors, viewers = OFFICE, READERS
    fields = ("indicator", "year", "month", "value", "unit", "source", "note")
    list_display = ("indicator", "year", "month", "value", "unit", "source")
    list_filter = ("year", "indicator__lead_department")
    list_select_related = ("indicator",)
    search_fields = ("indicator__code", "indicator__name", "source")
    raw_id_fields = ("indicator",)


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    viewers = OFFICE | READERS
    list_display = ("year", "title", "sha256")


@admin.register(Commitment)
class CommitmentAdmin(ReadOnlyAdmin):
    viewers = OFFICE | READERS
    list_display = ("code", "quote", "section", "strength", "is_context")
    list_filter = ("is_context", "strength", "section")
    search_fields = ("code", "quote")


@admin.register(Period)
class PeriodAdmin(ReadOnlyAdmin):
    viewers = OFFICE | READERS
    list_display = ("code", "opens_at", "due_at", "grace_ends_at", "locked_at")


@admin.register(RuleSet)
class RuleSetAdmin(RoleAdmin):
    """A changed rule is a new row with a later day, so that published lamps keep theirs."""

    editors, viewers = OFFICE, READERS
    fields = ("code", "name", "version", "basis", "thresholds", "effective_from", "is_default", "source")
    list_display = ("name", "code", "version", "basis", "effective_from", "is_default")

    def has_change_permission(self, request, obj=None) -> bool:
        return False


@admin.register(DueRule)
class DueRuleAdmin(RoleAdmin):
    editors, viewers = OFFICE, READERS
    fields = ("day", "month_offset", "at", "roll", "grace_workdays", "opens_day", "effective_from")
    list_display = ("effective_from", "day", "month_offset", "at", "roll", "grace_workdays")


@admin.register(WorkdayOverride)
class WorkdayOverrideAdmin(RoleAdmin):
    editors, viewers = OFFICE, READERS
    fields = ("day", "is_workday", "name", "source")
    list_display = ("day", "is_workday", "name", "source")
    list_filter = ("is_workday",)


class EntryInline(KeptInline):
    model = DirectiveEntry


@admin.register(Directive)
class DirectiveAdmin(ReadOnlyAdmin):
    viewers = OFFICE | frozenset({Role.AUDITOR})
    list_display = ("indicator", "kind", "department", "post", "issued_at", "due_on", "state", "is_on_behalf")
    list_filter = ("state", "kind", "department")
    list_select_related = ("indicator", "department", "post")
    inlines = (EntryInline,)


class ChangeEntryInline(KeptInline):
    model = TargetChangeEntry


@admin.register(TargetChange)
class TargetChangeAdmin(ReadOnlyAdmin):
    viewers = OFFICE | frozenset({Role.AUDITOR})
    list_display = ("indicator", "reason", "timing", "asked_on", "state", "filed_by")
    list_filter = ("state", "reason", "timing")
    list_select_related = ("indicator", "filed_by")
    inlines = (ChangeEntryInline,)


@admin.register(TargetChangeWindow)
class TargetChangeWindowAdmin(ReadOnlyAdmin):
    viewers = OFFICE | READERS
    list_display = ("effective_from", "opens_on", "closes_on", "basis", "created_by")
