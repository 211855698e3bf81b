"""Indicators, plans, rules and the calendar, kept by the supervision office."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext as _
from import_export import fields, widgets

from accounts.administration import AuditedResource, ReadOnlyAdmin, RoleAdmin, TableAdmin
from accounts.models import Department, Post, Role
from kpi.models import (
    Commitment,
    Directive,
    DirectiveEntry,
    DueRule,
    FormerPlan,
    Indicator,
    Milestone,
    Period,
    PlanPoint,
    Report,
    RuleSet,
    Target,
    TargetChange,
    TargetChangeEntry,
    TargetChangeWindow,
    WorkdayOverride,
)

OFFICE = frozenset({Role.SUPERVISOR})
READERS = frozenset({Role.SYSTEM_ADMIN, Role.AUDITOR})


class IndicatorResource(AuditedResource):
    """Who leads what, and by when. Only indicators that exist are changed: new ones need a sentence of the report."""

    lead_department = fields.Field("lead_department", "lead_department", widgets.ForeignKeyWidget(Department, "code"))
    accountable_post = fields.Field("accountable_post", "accountable_post", widgets.ForeignKeyWidget(Post, "code"))
    supporting_departments = fields.Field(
        "supporting_departments",
        "supporting_departments",
        widgets.ManyToManyWidget(Department, separator=";", field="code"),
    )

    class Meta(AuditedResource.Meta):
        model = Indicator
        import_id_fields = ("code",)
        fields = (
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

    def get_queryset(self):
        """The latest report's indicators: a code belongs to one year."""
        latest = Report.objects.order_by("-year").values("pk")[:1]
        return super().get_queryset().filter(report__in=latest)

    def before_import_row(self, row, **kwargs) -> None:
        if not self.get_queryset().filter(code=row.get("code")).exists():
            raise ValueError(_("找不到任务编号 %(code)s") % {"code": row.get("code")})


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


class MilestoneInline(PartInline):
    model = Milestone


@admin.register(Indicator)
class IndicatorAdmin(TableAdmin):
    resource_classes = [IndicatorResource]
    editors, viewers = OFFICE, READERS
    list_display = ("code", "name", "kind", "lead_department", "final_due_on", "is_lead_proposed", "is_active")
    list_filter = ("kind", "frequency", "lead_department", "is_lead_proposed", "is_active")
    list_select_related = ("lead_department",)
    search_fields = ("code", "name")
    raw_id_fields = ("commitment",)
    filter_horizontal = ("supporting_departments",)
    inlines = (TargetInline, PlanPointInline, MilestoneInline, FormerPlanInline)


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
    list_display = ("name", "code", "version", "basis", "effective_from", "is_default")

    def has_change_permission(self, request, obj=None) -> bool:
        return False


@admin.register(DueRule)
class DueRuleAdmin(RoleAdmin):
    editors, viewers = OFFICE, READERS
    list_display = ("effective_from", "day", "month_offset", "at", "roll", "grace_workdays")


@admin.register(WorkdayOverride)
class WorkdayOverrideAdmin(RoleAdmin):
    editors, viewers = OFFICE, READERS
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
