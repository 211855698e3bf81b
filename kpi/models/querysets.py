"""Querysets that read as English. Scope is decided here once: every list starts from ``visible_to``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Aggregate, Exists, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.functions import Cast, JSONObject

from accounts.models.memberships import Role
from kpi.domain.periods import Period as Month
from kpi.domain.values import SubmissionState, Verb

if TYPE_CHECKING:
    from datetime import date, datetime

    from accounts.permissions import Actor
    from kpi.models.periods import Period

# What supporting units are asked about: filed, and not approved yet.
BEING_COSIGNED = (SubmissionState.SUBMITTED, SubmissionState.SIGNED_OFF)
OVERRIDE_COLUMNS = (
    "id",
    "version",
    "computed_rag",
    "reviewed_rag",
    "is_restored",
    "reason",
    "rule_code",
    "rule_version",
    "actor_id",
    "submission_id",
)


class ObjectAggregate(Aggregate):
    """Rows as one JSON object: of a key and a value each."""

    function = "jsonb_object_agg"
    arity = 2
    output_field = models.JSONField()


PLAN = ObjectAggregate("period", Cast("value", models.TextField()))
OVERRIDE_ROW = JSONObject(**{name: name for name in OVERRIDE_COLUMNS}, at="at", actor_name="actor__display_name")
FORMER_ROW = JSONObject(
    target=Cast("target", models.TextField()),
    **{
        name: name
        for name in ("replaced_from", "final_due_on", "plan", "nodes", "stays_yardstick", "replaced_at", "recorded_at")
    },
)
NODE_ROW = JSONObject(**{name: name for name in ("ordinal", "name", "due_on")})
SIGNED_STATES = (SubmissionState.SIGNED_OFF, SubmissionState.APPROVED)


class IndicatorQuerySet(models.QuerySet):
    """Indicators; every signed-in role may see what exists, not everyone may see a draft figure."""

    def of_year(self, year: int) -> IndicatorQuerySet:
        return self.filter(report__year=year, is_active=True)

    def led_by(self, department_ids) -> IndicatorQuerySet:
        return self.filter(lead_department_id__in=department_ids)

    def with_target(self, day: date) -> IndicatorQuerySet:
        """Annotate ``target_value``: the full-year target in force on ``day``."""
        target = apps.get_model("kpi", "Target")
        in_force = target.objects.filter(indicator=OuterRef("pk"), effective_on__lte=day)
        return self.annotate(target_value=Subquery(in_force.order_by("-effective_on").values("value")[:1]))

    def with_supporting(self) -> IndicatorQuerySet:
        """Annotate ``supporting_names``: short names of the supporting departments in official order."""
        departments = apps.get_model("accounts", "Department").objects.filter(supported_indicators=OuterRef("pk"))
        return self.annotate(supporting_names=ArraySubquery(departments.order_by("ordinal").values("short_name")))

    def with_directives(self, actor: Actor, moment: datetime) -> IndicatorQuerySet:
        """Annotate ``said_by_leaders``: the directives the actor may read as they stood at a moment, for
        ``selectors.directives.of_row``, so that a board needs no query for them."""
        from kpi.models.directives import of_indicator  # which knows indicators

        return self.annotate(said_by_leaders=of_indicator(actor, moment))

    def with_owners(self, day: date) -> IndicatorQuerySet:
        """Annotate ``has_staff``, ``has_head`` and ``post_is_held``: whether on ``day`` somebody files for the lead
        department, signs for it, and holds the leader's post."""
        held = apps.get_model("accounts", "Membership").objects.active_on(day).filter(user__is_active=True)
        of_lead = held.filter(department=OuterRef("lead_department"))
        return self.annotate(
            has_staff=Exists(of_lead.filter(role=Role.STAFF)),
            has_head=Exists(of_lead.filter(role=Role.HEAD)),
            post_is_held=Exists(held.filter(post=OuterRef("accountable_post"), role=Role.LEADER)),
        )

    def with_plan(self) -> IndicatorQuerySet:
        """Annotate ``planned``: month to planned value as text, so that no float comes near it; ``None`` without any.

        A mapping in place of twelve rows an indicator. Beside it ``with_former_plans``.
        """
        points = apps.get_model("kpi", "PlanPoint").objects.filter(indicator=OuterRef("pk")).order_by()
        return self.with_former_plans().annotate(planned=Subquery(points.values("indicator").values(plan=PLAN)))

    def with_former_plans(self) -> IndicatorQuerySet:
        """Annotate ``former_rows``: what held before, oldest first, as plain mappings; ``selectors.terms`` says which
        one holds in a month.
        """
        former = apps.get_model("kpi", "FormerPlan").objects.filter(indicator=OuterRef("pk")).order_by("replaced_from")
        return self.annotate(former_rows=ArraySubquery(former.values(row=FORMER_ROW)))

    def with_nodes(self) -> IndicatorQuerySet:
        """Annotate ``node_rows``: the milestones in order, as plain mappings with the days as text.

        Prefetched instances would know their indicator, which knows them: what refers to itself is not freed with the
        page but waits for the garbage collector, and with it every row of the board.
        """
        nodes = apps.get_model("kpi", "Milestone").objects.filter(indicator=OuterRef("pk")).order_by("ordinal")
        return self.annotate(node_rows=ArraySubquery(nodes.values(row=NODE_ROW)))

    def for_board(self, period: Period) -> IndicatorQuerySet:
        """Everything a row needs, in one query: the target in force, plan, milestones, who leads."""
        return (
            self.with_target(Month.parse(period.code).last_day)
            .with_plan()
            .with_nodes()
            .select_related("commitment", "lead_department", "accountable_post")
        )


def visibility(actor: Actor | None) -> Q:
    """Which submissions an actor may read; without an actor only approved ones."""
    approved = Q(state=SubmissionState.APPROVED)
    if actor is None:
        return approved
    own = Q(indicator__lead_department_id__in=actor.department_ids)
    if actor.department_ids:
        own |= Q(indicator__needs_cosign=True, state__in=BEING_COSIGNED) & Q(Exists(_supported_by(actor)))
    if actor.is_supervisor or actor.is_leader:
        return own | Q(state__in=SIGNED_STATES)
    return own | approved


def _supported_by(actor: Actor) -> models.QuerySet:
    """Through rows of the submission's indicator to the actor's departments."""
    through = apps.get_model("kpi", "Indicator").supporting_departments.through
    return through.objects.filter(
        indicator_id=OuterRef("indicator_id"), department_id__in=actor.department_ids, department__is_active=True
    )


def _units_asked() -> models.QuerySet:
    """Supporting units of the submission's indicator. The lead answers for its own part by filing; a unit that was
    closed cannot answer."""
    cosignature = apps.get_model("kpi", "CoSignature")
    said = cosignature.objects.filter(submission=OuterRef(OuterRef("pk")), department=OuterRef("department"))
    units = apps.get_model("kpi", "Indicator").supporting_departments.through.objects.filter(
        indicator_id=OuterRef("indicator_id"), indicator__needs_cosign=True, department__is_active=True
    )
    units = units.exclude(department_id=F("indicator__lead_department_id"))
    row = JSONObject(
        id="department_id",
        code="department__code",
        name="department__name",
        short_name="department__short_name",
        stance=Subquery(said.about_present_filing().order_by("-id").values("stance")[:1]),
    )
    return units.order_by("department__ordinal", "department__code").values(row=row)


class SubmissionQuerySet(models.QuerySet):
    """Submissions, scoped: a department sees its own drafts, the office and the leaders see what was signed,
    a supporting unit what it is asked to co-sign."""

    def visible_to(self, actor: Actor) -> SubmissionQuerySet:
        return self.filter(visibility(actor))

    def marked_for(self, actor: Actor | None) -> SubmissionQuerySet:
        """Annotate ``is_visible``: who filed when is known to all, what a draft says is not."""
        return self.annotate(is_visible=ExpressionWrapper(visibility(actor), models.BooleanField()))

    def with_said(self) -> SubmissionQuerySet:
        """Annotate what was said beside the report as it was filed last, so that a board needs no query for it.

        ``said_of_lamp`` is the office's last word about the lamp that counts, ``None`` where it said nothing;
        ``said_by_units`` the supporting units that are asked, in official order, each with its last ``stance``; both
        are plain mappings.
        ``said_on_return`` is why it came back last.
        """
        returned = apps.get_model("kpi", "Review").objects.filter(submission=OuterRef("pk"), verb=Verb.RETURN)
        override = apps.get_model("kpi", "RagOverride")
        said = override.objects.filter(submission=OuterRef("pk")).about_filing_in_force().order_by("-id")
        return self.annotate(
            said_of_lamp=Subquery(said.values(row=OVERRIDE_ROW)[:1]),
            said_by_units=ArraySubquery(_units_asked()),
            said_on_return=Subquery(returned.order_by("-version").values("comment")[:1]),
        )

    def with_standing(self) -> SubmissionQuerySet:
        """Annotate ``standing``: the content approved last, as history keeps it; ``None`` before any approval.

        While an approved report is being corrected, this is what still counts.
        """
        review = apps.get_model("kpi", "Review").objects.filter(submission=OuterRef("pk"), verb=Verb.APPROVE)
        return self.annotate(standing=Subquery(review.order_by("-version").values("content")[:1]))

    def ever_approved(self) -> SubmissionQuerySet:
        """Reports whose figure counts, whether or not a correction is under way."""
        return self.filter(approved_at__isnull=False)


class EvidenceQuerySet(models.QuerySet):
    """Files attached to reports: whoever may read the report may read them."""

    def attached(self) -> EvidenceQuerySet:
        """Without those that were taken off their report."""
        return self.filter(removed_at__isnull=True)

    def visible_to(self, actor: Actor) -> EvidenceQuerySet:
        """What was taken off stays open to its department and to the office, who saw it, and to nobody else."""
        reports = apps.get_model("kpi", "Submission").objects.visible_to(actor)
        found = self.filter(submission__in=reports)
        if actor.is_supervisor:
            return found
        own = Q(submission__indicator__lead_department_id__in=actor.department_ids)
        return found.filter(own | Q(removed_at__isnull=True))
