"""What a form, a workbook row or an API body says, read into typed content: the one door for figures and text.

``parse`` checks what each field says; ``check_complete`` what a submission must not leave open. Both collect every
problem, field by field, so that a person corrects them in one go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kpi import labels
from kpi.domain.errors import DomainError
from kpi.domain.evidence import Need
from kpi.domain.periods import Period as Month
from kpi.domain.rag import Assessment
from kpi.domain.values import WHOLE_KINDS, Kind, Outlook, Rag, parse_number
from kpi.models import Indicator, Submission
from kpi.selectors.content import FIGURES, Content

MAX_TEXT = 2000
NARRATIVE_AT_LEAST = 10
RATIO_DECIMALS = Decimal("0.0001")
STAGES = range(5)

# The fields of a report by how they are written; a milestone's node has a field of its own, “node_<ordinal>”.
LISTS = ("covered_units", "deviation_reasons")
FLAGS = ("no_progress", "is_unpublished", "is_correction")
TEXTS = ("narrative", "measures", "catch_up_period", "outlook", "source_note")
FIELDS = (*FIGURES, *LISTS, *FLAGS, *TEXTS)
NODE = "node_"

Raw = Mapping[str, Any]


REASON_AT_LEAST = 5

# Figures that somebody else publishes; what the department does itself it knows.
PUBLISHED_KINDS = (Kind.CUMULATIVE, Kind.POINT_IN_TIME, Kind.RATIO, Kind.RANK)


@dataclass(frozen=True)
class FieldError:
    """One problem at one field, as a code; the edge turns it into words."""

    field: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


class ContentInvalid(DomainError):
    """Nothing was written: ``errors`` lists every field that needs a correction (422)."""

    def __init__(self, errors: Sequence[FieldError]):
        super().__init__("content_invalid", count=len(errors))
        self.errors = tuple(errors)


def require_reason(text: str, field: str = "reason") -> str:
    """The reason without surrounding blanks. Raises ``ContentInvalid`` at ``field`` where it is too short or long."""
    reason = text.strip()
    if len(reason) < REASON_AT_LEAST:
        raise ContentInvalid([FieldError(field, "reason_too_short", {"at_least": REASON_AT_LEAST})])
    if len(reason) > MAX_TEXT:
        raise ContentInvalid([FieldError(field, "text_too_long", {"limit": MAX_TEXT, "length": len(reason)})])
    return reason


def shown(content: Content, indicator: Indicator) -> dict[str, Any]:
    """Content as it would have been typed, field by field."""
    raw: dict[str, Any] = {name: getattr(content, name) for name in (*LISTS, *FLAGS, *TEXTS)}
    raw |= {name: plain(getattr(content, name), indicator) for name in FIGURES}
    return raw | {f"{NODE}{ordinal}": day for ordinal, day in content.completed_nodes.items()}


def plain(value: Decimal | None, indicator: Indicator) -> str:
    """A figure as it would be typed: the indicator's precision, no thousands comma."""
    if value is None:
        return ""
    return f"{value:.{decimals_of(indicator)}f}"


def decimals_of(indicator: Indicator) -> int:
    """How many decimals a figure of the indicator has: places, stages, events and counts have none."""
    return 0 if indicator.kind in WHOLE_KINDS else indicator.decimals


class Reader:
    """Reads fields one by one and remembers what was wrong with each."""

    def __init__(self, raw: Raw):
        self.raw = raw
        self.errors: list[FieldError] = []

    def text(self, name: str) -> str:
        value = str(self.raw.get(name) or "").replace("\r\n", "\n").replace("\r", "\n").strip()
        if "\x00" in value:
            self.fail(name, "text_has_control_characters")
            return ""
        if len(value) > MAX_TEXT:
            self.fail(name, "text_too_long", limit=MAX_TEXT, length=len(value))
        return value

    def flag(self, name: str) -> bool:
        return self.raw.get(name) in (True, "on", "true", "1", 1)

    def items(self, name: str, allowed: Iterable[str]) -> tuple[str, ...]:
        chosen = self.raw.get(name) or ()
        chosen = (chosen,) if isinstance(chosen, str) else tuple(str(item) for item in chosen)
        known = set(allowed)
        unknown = [item for item in chosen if item not in known]
        if unknown:
            self.fail(name, "choice_unknown", value="、".join(unknown))
        return tuple(item for item in chosen if item in known)

    def choice(self, name: str, allowed: Iterable[str]) -> str:
        value = self.text(name)
        if value and value not in set(allowed):
            self.fail(name, "choice_unknown", value=value)
            return ""
        return value

    def number(self, name: str, *, decimals: int) -> Decimal | None:
        text = str(self.raw.get(name) if self.raw.get(name) is not None else "")
        if not text.strip():
            return None
        try:
            return parse_number(text, decimals=decimals, field=name)
        except DomainError as problem:
            self.fail(name, problem.code, **{key: value for key, value in problem.params.items() if key != "field"})
            return None

    def day(self, name: str) -> date | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fail(name, "date_malformed", value=text)
            return None

    def month(self, name: str) -> str:
        text = self.text(name)
        if not text:
            return ""
        try:
            return str(Month.parse(text))
        except DomainError:
            self.fail(name, "month_malformed", value=text)
            return ""

    def fail(self, name: str, code: str, **params: object) -> None:
        self.errors.append(FieldError(name, code, params))


def parse(*, indicator: Indicator, raw: Raw, units: Sequence[str] = (), today: date) -> Content:
    """Typed content of a raw form, as ``read`` gives it.

    Raises ``ContentInvalid`` with every field that could not be read.
    """
    content, errors = read(indicator=indicator, raw=raw, units=units, today=today)
    if errors:
        raise ContentInvalid(errors)
    return content


def read(
    *, indicator: Indicator, raw: Raw, units: Sequence[str] = (), today: date
) -> tuple[Content, Sequence[FieldError]]:
    """As much of a raw form as can be read, and what cannot; unknown keys are ignored.

    ``units`` are the department codes a coverage indicator may tick.
    """
    reader = Reader(raw)
    content = Content(
        no_progress=reader.flag("no_progress"),
        is_unpublished=reader.flag("is_unpublished"),
        is_correction=reader.flag("is_correction"),
        narrative=reader.text("narrative"),
        deviation_reasons=reader.items("deviation_reasons", labels.DEVIATION),
        measures=reader.text("measures"),
        catch_up_period=reader.month("catch_up_period"),
        outlook=reader.choice("outlook", Outlook),
        source_note=reader.text("source_note"),
    )
    if content.is_unpublished and indicator.kind not in PUBLISHED_KINDS:
        reader.fail("is_unpublished", "unpublished_not_for_kind")
    return FIGURE_READERS[Kind(indicator.kind)](reader, indicator, content, units, today), reader.errors


def _read_number(reader: Reader, indicator: Indicator, content: Content, units: Sequence[str], today: date) -> Content:
    value = reader.number("value", decimals=indicator.decimals)
    if value is not None and value < 0:
        reader.fail("value", "number_negative")
    return replace(content, value=value)


def _read_ratio(reader: Reader, indicator: Indicator, content: Content, units: Sequence[str], today: date) -> Content:
    part = reader.number("numerator", decimals=indicator.decimals)
    whole = reader.number("denominator", decimals=indicator.decimals)
    if part is None and whole is None:
        return content
    if part is None or whole is None:
        reader.fail("numerator" if part is None else "denominator", "ratio_needs_both")
        return content
    if whole <= 0:
        reader.fail("denominator", "denominator_not_positive")
        return content
    if part < 0 or part > whole:
        reader.fail("numerator", "numerator_out_of_range", whole=str(whole))
        return content
    # Stored to 4 decimals; display precision is the indicator's own.
    value = (part * 100 / whole).quantize(RATIO_DECIMALS, ROUND_HALF_UP)
    return replace(content, numerator=part, denominator=whole, value=value)


def _read_nodes(reader: Reader, indicator: Indicator, content: Content, units: Sequence[str], today: date) -> Content:
    nodes: dict[str, str] = {}
    for node in indicator.milestones.all():
        name = f"{NODE}{node.ordinal}"
        day = reader.day(name)
        if day is None:
            continue
        if day > today:
            reader.fail(name, "date_in_future", today=today.isoformat())
        nodes[str(node.ordinal)] = day.isoformat()
    return replace(content, completed_nodes=nodes, value=Decimal(len(nodes)))


def _read_units(reader: Reader, indicator: Indicator, content: Content, units: Sequence[str], today: date) -> Content:
    covered = reader.items("covered_units", units)
    return replace(content, covered_units=covered, value=Decimal(len(covered)))


def _read_rank(reader: Reader, indicator: Indicator, content: Content, units: Sequence[str], today: date) -> Content:
    value = reader.number("value", decimals=0)
    if value is not None and value < 1:
        reader.fail("value", "rank_starts_at_one")
    return replace(content, value=value)


def _read_events(reader: Reader, indicator: Indicator, content: Content, units: Sequence[str], today: date) -> Content:
    value = reader.number("value", decimals=0)
    if value is not None and value < 0:
        reader.fail("value", "number_negative")
    return replace(content, value=value)


def _read_stage(reader: Reader, indicator: Indicator, content: Content, units: Sequence[str], today: date) -> Content:
    value = reader.number("value", decimals=0)
    if value is not None and value not in STAGES:
        reader.fail("value", "stage_out_of_range")
    return replace(content, value=value)


FIGURE_READERS: Mapping[Kind, Callable[[Reader, Indicator, Content, Sequence[str], date], Content]] = {
    Kind.CUMULATIVE: _read_number,
    Kind.POINT_IN_TIME: _read_number,
    Kind.RATIO: _read_ratio,
    Kind.MILESTONE: _read_nodes,
    Kind.COVERAGE: _read_units,
    Kind.RANK: _read_rank,
    Kind.BOTTOM_LINE: _read_events,
    Kind.STAGE: _read_stage,
}
# Where an error about the figure as a whole is shown.
FIGURE_FIELD = {Kind.RATIO: "numerator", Kind.COVERAGE: "covered_units", Kind.MILESTONE: "nodes"}


def with_last_figure(content: Content, last: Submission | None) -> Content:
    """“No progress this month” repeats the last figure explicitly; blank stays blank, and what is not published yet
    has none."""
    if content.is_unpublished:
        return content.without_figure()
    if not content.no_progress or last is None:
        return content
    return replace(
        content,
        value=last.value,
        numerator=last.numerator,
        denominator=last.denominator,
        covered_units=tuple(last.covered_units),
        completed_nodes=last.completed_nodes,
    )


def check_complete(
    *,
    indicator: Indicator,
    content: Content,
    last: Submission | None,
    assessment: Assessment,
    unproved: Need | None = None,
) -> None:
    """Raise ``ContentInvalid`` unless the content may be submitted.

    ``last`` is the latest approved submission of an earlier period, ``assessment`` the lamp this content gives,
    ``unproved`` why it needs evidence where none is attached.
    """
    checks = (
        _check_figure(indicator, content, last),
        _check_narrative(content),
        _check_deviation(content, assessment),
        [] if content.outlook else [FieldError("outlook", "outlook_required")],
        _check_evidence(unproved),
    )
    errors = [error for found in checks for error in found]
    if errors:
        raise ContentInvalid(errors)


def _check_evidence(unproved: Need | None) -> list[FieldError]:
    if unproved is None:
        return []
    return [FieldError("evidence", "evidence_required", {"why": str(labels.EVIDENCE_NEED[unproved].text)})]


def _check_figure(indicator: Indicator, content: Content, last: Submission | None) -> list[FieldError]:
    name = FIGURE_FIELD.get(Kind(indicator.kind), "value")
    if content.is_unpublished:
        return [FieldError("is_unpublished", "unpublished_or_no_progress")] if content.no_progress else []
    if content.value is None:
        return [FieldError(name, "value_required")]
    may_not_fall = indicator.kind in (Kind.CUMULATIVE, Kind.MILESTONE, Kind.COVERAGE)
    has_fallen = last is not None and last.value is not None and content.value < last.value
    if may_not_fall and has_fallen and not content.is_correction:
        assert last is not None
        return [FieldError(name, "value_lower_than_last", {"last": last.value, "unit": indicator.unit})]
    return []


def _check_narrative(content: Content) -> list[FieldError]:
    if len(content.narrative) >= NARRATIVE_AT_LEAST or content.no_progress:
        return []
    code = "narrative_too_short" if content.narrative else "narrative_required"
    return [FieldError("narrative", code, {"at_least": NARRATIVE_AT_LEAST})]


def _check_deviation(content: Content, assessment: Assessment) -> list[FieldError]:
    if assessment.rag not in (Rag.RED, Rag.AMBER):
        return []
    given = {
        "deviation_reasons": content.deviation_reasons,
        "measures": content.measures,
        "catch_up_period": content.catch_up_period,
    }
    return [FieldError(name, f"{name}_required") for name, value in given.items() if not value]
