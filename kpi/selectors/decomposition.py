"""A report that is being taken apart, as its pages show it: the text in pieces, what is covered, drafts in work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from kpi.domain.decomposition import Coverage, Span, SpanState, coverage
from kpi.domain.extraction import Role, Side, outline
from kpi.domain.plan_shapes import Points
from kpi.models import Commitment, Decomposition, Indicator, ProposedSpan
from kpi.selectors.planning import by_month


def drafts() -> QuerySet[Decomposition]:
    """Every draft, latest first, without its text, with the phrases counted by what was decided (1 query)."""
    counts = {f"{state}_count": Count("spans", filter=Q(spans__state=state)) for state in tuple(SpanState)[:3]}
    return Decomposition.objects.select_related("created_by").defer("text", "last_act").annotate(**counts)


@dataclass(frozen=True)
class Phrase:
    """All proposals of one place; ``first`` stands for them."""

    span: Span
    rows: Sequence[ProposedSpan]

    @property
    def first(self) -> ProposedSpan:
        return self.rows[0]

    @property
    def state(self) -> SpanState:
        """A task if one of its numbers is; undecided as long as one of them is."""
        states = {SpanState(row.state) for row in self.rows}
        if SpanState.PROPOSED in states:
            return SpanState.PROPOSED
        return SpanState.ACCEPTED if SpanState.ACCEPTED in states else SpanState.CONTEXT


@dataclass(frozen=True)
class Segment:
    """A piece of the text; ``phrase`` where it is one, ``codes`` of the tasks that hold it from before."""

    text: str
    start: int
    phrase: Phrase | None = None
    is_held: bool = False


@dataclass
class Passage:
    """A heading, or the text under it up to the next one."""

    is_heading: bool
    side: Side
    segments: list[Segment] = field(default_factory=list)


@dataclass(frozen=True)
class Board:
    """The text with its phrases, and how far the work has come."""

    draft: Decomposition
    spans: Sequence[ProposedSpan]
    held: Sequence[Commitment]

    @cached_property
    def phrases(self) -> list[Phrase]:
        places: dict[Span, list[ProposedSpan]] = defaultdict(list)
        for span in self.spans:
            places[span.start, span.end].append(span)
        return [Phrase(place, rows) for place, rows in sorted(places.items())]

    @cached_property
    def coverage(self) -> Coverage:
        return coverage_of(self.draft, self.spans, self.held)

    @cached_property
    def next_open(self) -> ProposedSpan | None:
        """The first phrase that nobody has decided on."""
        return next((span for span in self.spans if span.state == SpanState.PROPOSED), None)

    @cached_property
    def passages(self) -> list[Passage]:
        """The whole text in order, parted at headings and where the sides change."""
        found: list[Passage] = []
        at = 0
        cuts = [(each.span, each.side, each.role is Role.HEADING) for each in _outline(self.draft)]
        for place, (span, side, is_heading) in enumerate(cuts):
            end = cuts[place + 1][0][0] if place + 1 < len(cuts) else len(self.draft.text)
            if not found or is_heading or found[-1].is_heading or found[-1].side is not side:
                found.append(Passage(is_heading, side))
            found[-1].segments += self._segments(min(at, span[0]), end)
            at = end
        return found or [Passage(False, Side.PLAN, list(self._segments(0, len(self.draft.text))))]

    def _segments(self, start: int, end: int) -> Iterator[Segment]:
        text, at = self.draft.text, start
        for begin, finish, phrase in self._marks:
            if finish <= start or begin >= end or begin < at:
                continue
            if begin > at:
                yield Segment(text[at:begin], at)
            yield Segment(text[begin:finish], begin, phrase, is_held=phrase is None)
            at = finish
        if at < end:
            yield Segment(text[at:end], at)

    @cached_property
    def _marks(self) -> list[tuple[int, int, Phrase | None]]:
        proposed = [(*phrase.span, phrase) for phrase in self.phrases]
        return sorted([*proposed, *((each.start, each.end, None) for each in self.held)], key=lambda mark: mark[:2])


def board(draft: Decomposition) -> Board:
    """The draft's board (2 queries)."""
    return Board(draft, list(draft.spans.all()), held_commitments(draft))


def held_commitments(draft: Decomposition) -> list[Commitment]:
    """What the year's report had before, each with ``is_owned`` (1 query at most)."""
    if draft.report_id is None:
        return []
    owners = Indicator.objects.filter(commitment=OuterRef("pk"), is_active=True)
    found = Commitment.objects.filter(report=draft.report_id, is_anchored=True).annotate(is_owned=Exists(owners))
    return list(found.order_by("start"))


def coverage_of(
    draft: Decomposition, spans: Sequence[ProposedSpan], held: Sequence[Commitment] | None = None
) -> Coverage:
    """How many sentences of the plan have been decided (1 query where ``held`` is not given)."""
    before = held_commitments(draft) if held is None else held
    decided = [((span.start, span.end), SpanState(span.state)) for span in spans]
    decided += [
        ((each.start, each.end), SpanState.ACCEPTED if each.is_owned else SpanState.CONTEXT)
        for each in before
        if each.is_owned or each.is_context
    ]
    cut = [each.span for each in _outline(draft) if each.side is Side.PLAN and each.role is Role.SENTENCE]
    return coverage(cut, decided)


def _outline(draft: Decomposition):
    """The text cut into sentences, once for each draft that was read."""
    if not hasattr(draft, "outlined"):
        draft.outlined = outline(draft.text, draft.year).sentences
    return draft.outlined


def last_year_shapes(year: int) -> Mapping[str, Points]:
    """Planned values of last year's tasks by code and month number (1 query)."""
    earlier = Indicator.objects.filter(report__year=year - 1).with_plan().with_target(date(year, 1, 1))
    return {
        found.code: by_month({code: Decimal(value) for code, value in (found.planned or {}).items()})
        for found in earlier
    }
