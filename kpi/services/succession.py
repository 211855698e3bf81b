"""Last year's indicators go on in the new year, or end: decided one by one or several at once, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import audit
from accounts.permissions import Actor
from kpi import wording
from kpi.domain import phrases
from kpi.domain.anchors import figures_changed
from kpi.domain.errors import DomainError, IllegalTransition
from kpi.domain.plan_shapes import Preset, draw
from kpi.models import Commitment, Indicator, Milestone, Report, Submission, UnitTarget
from kpi.selectors import planning, succession
from kpi.selectors.succession import Heir, Standing
from kpi.services import anchoring, indicators, permissions, plans
from kpi.services.content import ContentInvalid, require_reason
from kpi.services.notices import NOTICE_LANGUAGE

COPIED = (
    *("name", "kind", "unit", "decimals", "comparator", "polarity", "accumulation", "strength", "frequency"),
    *("lead_department", "accountable_post", "definition", "peer_set", "coverage_scope", "evidence_required"),
    *("needs_cosign", "rule_set", "is_lead_proposed", "notes"),
)
LONGEST_REASON, LONGEST_NAME = 200, 60


@transaction.atomic
def continue_all(*, report: Report, codes: Sequence[str], actor: Actor, now: datetime) -> list[Indicator]:
    """Carry some of last year's indicators over to ``report``: target, plan, open nodes and shares as they were.

    A phrase that the new text holds becomes its commitment; else last year's words are kept, without a place, until a
    corrected text has them. The last result becomes the baseline. What has been decided meanwhile is left alone.
    Raises ``NotPermitted`` or ``DomainError`` ``succession_nothing_chosen``.
    """
    permissions.require_supervisor(actor)
    held = Report.objects.select_for_update().get(pk=report.pk)
    wanted = set(codes)
    chosen = [
        heir for heir in succession.heirs(held) if heir.indicator.code in wanted and heir.standing is Standing.OPEN
    ]
    if not chosen:
        raise DomainError("succession_nothing_chosen")
    with audit.together(), plans.on_record(actor, now):
        return [_carry_over(heir, held, actor, now) for heir in chosen]


def _carry_over(heir: Heir, report: Report, actor: Actor, now: datetime) -> Indicator:
    old = heir.indicator
    new = Indicator.objects.create(
        report=report,
        commitment=_commitment(heir, report),
        code=_code(old, report),
        final_due_on=a_year_later(old.final_due_on),
        predecessor=old,
        **_baseline(heir),
        **{name: getattr(old, name) for name in COPIED} | _precision(heir),
    )
    new.supporting_departments.set(old.supporting_departments.filter(is_active=True))
    _copy_plan(heir, new)
    UnitTarget.objects.bulk_create(
        UnitTarget(indicator=new, department_id=share.department_id, value=share.value)
        for share in UnitTarget.objects.filter(indicator=old, department__is_active=True)
    )
    audit.record(
        action="indicator.continued",
        obj=new,
        actor=actor.user,
        now=now,
        after={"predecessor": f"{report.year - 1} {old.code}", "quote": new.commitment.quote},
        department_code=new.lead_department.code,
    )
    return new


def _baseline(heir: Heir) -> dict[str, object]:
    if heir.result is None or heir.result.actual is None:
        return {}
    with override(NOTICE_LANGUAGE):
        note = _("%(month)s公布的完成值") % {"month": wording.month(heir.result.month)}
    return {"baseline_value": heir.result.actual, "baseline_unit": heir.indicator.unit, "baseline_note": note}


def _code(old: Indicator, report: Report) -> str:
    """Last year's code where it is free: people know the task by it."""
    is_taken = Indicator.objects.filter(report=report, code=old.code).exists()
    return indicators.next_code(report, old.code[0]) if is_taken else old.code


def _commitment(heir: Heir, report: Report) -> Commitment:
    """The commitment of the phrase: one that holds it, the one a sibling was given, or a new one."""
    old = heir.indicator.commitment
    sibling = Commitment.objects.filter(report=report, indicators__predecessor__commitment=old).first()
    if sibling is not None:
        return sibling
    if heir.place is None:
        return _unplaced(old, report)
    try:
        found = anchoring.holder(report, heir.place.start, heir.place.end)
    except ContentInvalid:
        return _unplaced(old, report)
    return found or _new_commitment(old, report, **anchoring.anchor(report, heir.place.start, heir.place.end))


def _unplaced(old: Commitment, report: Report) -> Commitment:
    """Last year's words, to be found again once the text has them; without those around them, which are others now."""
    columns = {name: getattr(old, name) for name in ("quote", "start", "end", "quote_sha256")}
    return _new_commitment(old, report, is_anchored=False, **columns)


def _new_commitment(old: Commitment, report: Report, **columns: object) -> Commitment:
    about = {name: getattr(old, name) for name in ("section", "subsection", "strength")}
    return Commitment.objects.create(report=report, code=anchoring.next_code(report), **about, **columns)


def _copy_plan(heir: Heir, new: Indicator) -> None:
    """The same curve a year later; of milestones those that were not reached, a year later too."""
    old, year = heir.indicator, new.report.year
    open_nodes = _open_nodes(old)
    if open_nodes is not None:
        nodes = [(node.name, a_year_later(node.due_on)) for node in open_nodes]
        Milestone.objects.bulk_create(
            Milestone(indicator=new, ordinal=place, name=name, due_on=day)
            for place, (name, day) in enumerate(nodes, start=1)
        )
        plans.write_points(new, plans.points_of(year, [day for _name, day in nodes]))
        plans.set_first_target(new, Decimal(len(nodes)))
        return
    plans.write_points(new, {f"{year}{point.period[4:]}": point.value for point in old.plan_points.all()})
    target = _target(heir)
    if target is None:
        return
    plans.set_first_target(new, target)
    if target != old.target_value:
        _rescale(new)


def _target(heir: Heir) -> Decimal | None:
    """What the new phrase says, where it clearly says another figure of the same unit; else last year's target.

    A phrase that several tasks share names no one's figure.
    """
    reading = _reading(heir)
    return heir.indicator.target_value if reading is None else reading.target


def _reading(heir: Heir) -> phrases.Reading | None:
    old = heir.indicator
    if not heir.quote or not figures_changed(old.commitment.quote, heir.quote) or heir.is_shared:
        return None
    reading = phrases.read(heir.quote, old.report.year + 1)
    return reading if reading.target is not None and reading.unit == old.unit else None


def _precision(heir: Heir) -> dict[str, object]:
    """The name and the places of the new figure."""
    reading, old = _reading(heir), heir.indicator
    if reading is None:
        return {}
    name = phrases.renamed(old.name, old.commitment.quote, heir.quote)[:LONGEST_NAME]
    return {"name": name, "decimals": max(old.decimals, reading.decimals)}


def _rescale(new: Indicator) -> None:
    """The curve in last year's shape, to this year's target; a level or empty one stays as it was."""
    plan = planning.plan_of(new)
    try:
        drawn = draw(Preset.LAST_YEAR, planning.drawing_of(plan))
    except DomainError:
        return
    plans.write_points(new, {f"{plan.year}-{month:02d}": value for month, value in drawn.items()})


def _open_nodes(old: Indicator) -> list[Milestone] | None:
    """The milestones that no approved report names as done, in order; ``None`` where there are no milestones."""
    nodes = list(old.milestones.all())
    if not nodes:
        return None
    reports = Submission.objects.ever_approved().filter(indicator=old).order_by("-period__code")
    last = reports.values_list("completed_nodes", flat=True).first() or {}
    return [node for node in nodes if node.key not in last]


def a_year_later(day: date) -> date:
    """The same day of next year; the 28th for a 29th of February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


@transaction.atomic
def end(*, indicator: Indicator, reason: str, actor: Actor, now: datetime) -> None:
    """An indicator does not go on in the next year. Raises ``NotPermitted``, ``IllegalTransition`` where it has a
    successor, or a reason that is too short or long."""
    permissions.require_supervisor(actor)
    reason = require_reason(reason)
    if len(reason) > LONGEST_REASON:
        raise DomainError("text_too_long", field="reason", limit=LONGEST_REASON, length=len(reason))
    stored = indicators.held(indicator)
    if stored.successors.exists():
        raise IllegalTransition("succession_has_heir")
    _set_end(stored, reason, "indicator.ended", actor, now)


@transaction.atomic
def reopen(*, indicator: Indicator, actor: Actor, now: datetime) -> None:
    """Take the end back: it is open again whether it goes on."""
    permissions.require_supervisor(actor)
    stored = indicators.held(indicator)
    if not stored.ended_because:
        raise IllegalTransition("succession_not_ended")
    _set_end(stored, "", "indicator.end_taken_back", actor, now)


def _set_end(stored: Indicator, reason: str, action: str, actor: Actor, now: datetime) -> None:
    before, stored.ended_because = stored.ended_because, reason
    with plans.on_record(actor, now):
        stored.save(update_fields=["ended_because"])
    audit.record(
        action=action,
        obj=stored,
        actor=actor.user,
        now=now,
        before={"ended_because": before},
        after={"ended_because": reason},
        reason=reason,
        department_code=stored.lead_department.code,
    )
