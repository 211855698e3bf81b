"""Publishing: what was decided of a report's phrases becomes the year's commitments and indicators, all or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from accounts import audit
from accounts.models import Department
from accounts.permissions import Actor
from kpi.domain.decomposition import Coverage, SpanState
from kpi.domain.errors import DomainError, StaleVersion
from kpi.models import Commitment, Decomposition, Indicator, Milestone, ProposedSpan, Report
from kpi.selectors import decomposition as selector
from kpi.services import anchoring, indicators, permissions, plans, years
from kpi.services.anchoring import LONGEST_SECTION
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.decomposition_content import Details, month_codes, problems_of, read_details
from kpi.services.decompositions import held
from kpi.services.indicator_content import Directory


@dataclass(frozen=True)
class Preview:
    """What publishing would make, and what is in its way: phrases with the errors of their details."""

    tasks: Sequence[ProposedSpan]
    by_unit: Sequence[tuple[Department, int]]
    commitments: int
    aside: int
    problems: Sequence[tuple[ProposedSpan, Sequence[FieldError]]]
    coverage: Coverage

    @property
    def open_count(self) -> int:
        return len(self.coverage.open_ones)

    @property
    def is_ready(self) -> bool:
        return bool(self.tasks) and not self.problems


def preview(draft: Decomposition) -> Preview:
    """Everything the page of publishing says (6 queries)."""
    spans = list(draft.spans.all())
    tasks = [span for span in spans if span.state == SpanState.ACCEPTED]
    directory, shapes = Directory.load(draft.year), selector.last_year_shapes(draft.year)
    found = [
        (span, problems_of(span.task, directory, draft.year, shapes.get(span.task.get("predecessor", ""))))
        for span in tasks
    ]
    led = Counter(span.task.get("lead", "") for span in tasks)
    return Preview(
        tasks=tasks,
        by_unit=[(unit, led[code]) for code, unit in directory.departments.items() if led[code]],
        commitments=len({(span.start, span.end) for span in tasks}),
        aside=len({(span.start, span.end) for span in spans if span.state == SpanState.CONTEXT}),
        problems=[(span, errors) for span, errors in found if errors],
        coverage=selector.coverage_of(draft, spans),
    )


@transaction.atomic
def publish(
    *, draft: Decomposition, version: int, confirmed_open: str, folder: Path, actor: Actor, now: datetime
) -> Sequence[Indicator]:
    """Open the year where needed and make its commitments, indicators, targets and plans.

    ``confirmed_open`` repeats how many sentences are still open, where there are any. Raises ``NotPermitted``,
    ``IllegalTransition`` where it is over, ``StaleVersion`` where somebody went on meanwhile or the text was corrected,
    ``DomainError`` ``decomposition_not_ready``, ``decomposition_open_unconfirmed`` or ``decomposition_phrase_taken``.
    """
    permissions.require_supervisor(actor)
    stored = held(draft, actor, version=version)
    looked_at = preview(stored)
    if not looked_at.is_ready:
        raise DomainError("decomposition_not_ready", count=len(looked_at.problems))
    if looked_at.open_count and confirmed_open.strip() != str(looked_at.open_count):
        raise DomainError("decomposition_open_unconfirmed", field="confirm", count=looked_at.open_count)
    with audit.together(), plans.on_record(actor, now):
        report = _report(stored, folder, actor, now)
        made = list(_made(stored, report, looked_at.tasks, actor, now))
        _set_aside(stored, report, actor, now)
        stored.state, stored.report, stored.changed_at, stored.version = "published", report, now, stored.version + 1
        stored.last_act = {}
        stored.outcome = {
            "codes": [each.code for each in made],
            "commitments": looked_at.commitments,
            "aside": looked_at.aside,
        }
        stored.save()
        after = {**stored.outcome, "open_sentences": looked_at.open_count}
        audit.record(action="decomposition.published", obj=stored, actor=actor.user, now=now, after=after)
    return made


def _report(draft: Decomposition, folder: Path, actor: Actor, now: datetime) -> Report:
    """The year's report with the draft's text, opened now where it was not; held until the transaction ends."""
    if not Report.objects.filter(year=draft.year).exclude(text="").exists():
        years.open_year(year=draft.year, text=draft.text, title=draft.title, folder=folder, actor=actor, now=now)
    report = Report.objects.select_for_update().get(year=draft.year)
    if report.text != draft.text:
        raise StaleVersion("decomposition_text_moved")
    return report


def _made(
    draft: Decomposition, report: Report, tasks: Sequence[ProposedSpan], actor: Actor, now: datetime
) -> Iterator[Indicator]:
    directory, shapes = Directory.load(draft.year), selector.last_year_shapes(draft.year)
    commitments: dict[tuple[int, int], Commitment] = {}
    for span in tasks:
        details = read_details(span.task, directory, draft.year, shapes.get(span.task.get("predecessor", "")))
        place = (span.start, span.end)
        if place not in commitments:
            commitments[place] = _commitment(report, span, details, actor, now)
        yield _indicator(report, commitments[place], details, actor, now)


def _commitment(report: Report, span: ProposedSpan, details: Details, actor: Actor, now: datetime) -> Commitment:
    raw = {"section": span.reading["section"][:LONGEST_SECTION], "strength": str(details.content.strength)}
    return anchoring.commitment_at(report, _place(report, span), raw, actor=actor, now=now)


def _place(report: Report, span: ProposedSpan) -> anchoring.Place:
    try:
        return anchoring.Place(span.start, span.end, anchoring.holder(report, span.start, span.end))
    except ContentInvalid:
        raise DomainError("decomposition_phrase_taken", quote=report.text[span.start : span.end][:40]) from None


def _indicator(report: Report, commitment: Commitment, details: Details, actor: Actor, now: datetime) -> Indicator:
    code = indicators.next_code(report, indicators.letter_of(report, commitment.section))
    made = indicators.establish(
        report=report, commitment=commitment, code=code, content=details.content, actor=actor, now=now
    )
    plans.write_points(made, _planned(made, details, report.year))
    return made


def _planned(made: Indicator, details: Details, year: int) -> Mapping[str, Decimal]:
    if not details.nodes:
        return month_codes(details.points, year)
    Milestone.objects.bulk_create(
        Milestone(indicator=made, ordinal=place, name=name, due_on=day)
        for place, (name, day) in enumerate(details.nodes, start=1)
    )
    plans.set_first_target(made, Decimal(len(details.nodes)))
    return plans.points_of(year, [day for _name, day in details.nodes])


def _set_aside(draft: Decomposition, report: Report, actor: Actor, now: datetime) -> None:
    """Context becomes commitments that will not become tasks, with the reason, one for each place."""
    places = {(span.start, span.end): span for span in draft.spans.filter(state=SpanState.CONTEXT)}
    for span in places.values():
        place = _place(report, span)
        if place.commitment is None:
            raw = {"section": span.reading["section"][:LONGEST_SECTION]}
            anchoring.set_aside_at(report, place, raw, reason=span.context_reason, actor=actor, now=now)
