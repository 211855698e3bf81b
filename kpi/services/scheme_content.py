"""What the form of a scoring scheme says, read into typed content: every problem at its field, all at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from kpi.domain.errors import DomainError
from kpi.domain.official import one_line, plain_text
from kpi.domain.scoring import Scheme, ScoreBasis, ScoreReason
from kpi.domain.values import parse_number
from kpi.models import Indicator, ScoringLine, ScoringScheme, ScoringWeight
from kpi.selectors.schemes import as_scheme
from kpi.services.content import ContentInvalid, FieldError

MOST = Decimal(100)
MOST_DAYS = 30
MOST_NAME, MOST_SOURCE, MOST_WEIGHTS = 100, 1000, 20_000
FACTORS = ("lead_weight", "supporting_weight")
DEFAULTS = ("weight_must", "weight_aim", "weight_support")
TOTALS = ("most_deduction", "most_bonus")
SWITCHES = ("bonus_breaks_ties_only", "is_ranked")
PLAIN = ("name", "effective_from", "basis", *FACTORS, *DEFAULTS, *TOTALS, "answer_workdays", "source", "weights")
KEY = "重点"
OWN = re.compile(rf"(?P<code>\S+)\s+(?P<weight>\S+)(?:\s+(?P<key>{KEY}|key))?", re.IGNORECASE)

Raw = Mapping[str, Any]


def of_reason(what: str, reason: str) -> str:
    """The field of a reason's line: ``points-late``."""
    return f"{what}-{reason}"


@dataclass(frozen=True)
class Own:
    """An indicator's own weight, as the form names it."""

    indicator: Indicator
    weight: Decimal
    is_key: bool


@dataclass(frozen=True)
class SchemeContent:
    """Everything a version of a scheme says."""

    fields: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    weights: tuple[Own, ...]

    def as_scheme(self) -> Scheme:
        """The domain's value of what is not stored."""
        own = ((each.indicator.code, ScoringWeight(weight=each.weight, is_key=each.is_key)) for each in self.weights)
        return as_scheme(ScoringScheme(**self.fields), (ScoringLine(**line) for line in self.lines), own)


def raw_of(scheme: ScoringScheme) -> dict[str, Any]:
    """A stored version as it would have been typed (2 queries)."""
    raw: dict[str, Any] = {name: plain(getattr(scheme, name)) for name in (*FACTORS, *DEFAULTS, *TOTALS)}
    raw |= {name: getattr(scheme, name) for name in SWITCHES}
    raw |= {
        "name": scheme.name,
        "effective_from": scheme.effective_from.isoformat(),
        "basis": scheme.basis,
        "answer_workdays": str(scheme.answer_workdays),
        "source": scheme.source,
    }
    for line in scheme.lines.all():
        raw[of_reason("points", line.reason)] = plain(line.points)
        raw[of_reason("cap", line.reason)] = plain(line.cap)
        if line.key_points:
            raw[of_reason("key", line.reason)] = plain(line.key_points)
    own = scheme.weights.select_related("indicator").order_by("indicator__code")
    raw["weights"] = "\n".join(
        f"{each.indicator.code} {plain(each.weight)}{f' {KEY}' if each.is_key else ''}" for each in own
    )
    return raw


def plain(value: Decimal | None) -> str:
    """A figure as it would be typed: “0.2”, “5”; empty where there is none."""
    return "" if value is None else f"{value.normalize():f}"


def read(raw: Raw, *, year: int, scored_until: date | None) -> SchemeContent:
    """The content of a form (1 query). ``scored_until``: the last day that was judged by another version.

    Raises ``ContentInvalid`` with every field that needs a correction.
    """
    reader = _Reader(raw)
    fields = {
        "name": reader.name(),
        "effective_from": reader.day(scored_until),
        "basis": reader.basis(),
        **{name: reader.figure(name) for name in (*FACTORS, *DEFAULTS)},
        **{name: reader.figure_or_none(name) for name in TOTALS},
        **{name: bool(raw.get(name)) for name in SWITCHES},
        "answer_workdays": reader.days("answer_workdays"),
        "source": reader.text("source", MOST_SOURCE),
    }
    reader.require_some(fields)
    content = SchemeContent(fields, reader.lines(), reader.weights(year))
    if reader.errors:
        raise ContentInvalid(reader.errors)
    return content


@dataclass
class _Reader:
    """Reads field by field and remembers what was wrong; what could not be read stands in as something harmless."""

    raw: Raw
    errors: list[FieldError] = field(default_factory=list)

    def fail(self, name: str, code: str, /, **params: object) -> None:
        self.errors.append(FieldError(name, code, params))

    def typed(self, name: str) -> str:
        return plain_text(str(self.raw.get(name) or ""))

    def text(self, name: str, most: int) -> str:
        text = self.typed(name)
        if len(text) > most:
            self.fail(name, "text_too_long", limit=most, length=len(text))
        return text

    def name(self) -> str:
        text = one_line(self.text("name", MOST_NAME))
        if not text:
            self.fail("name", "scheme_name_required")
        return text

    def day(self, scored_until: date | None) -> date:
        try:
            found = date.fromisoformat(self.typed("effective_from"))
        except ValueError:
            self.fail("effective_from", "date_malformed")
            return date.min
        if scored_until is not None and found <= scored_until:
            self.fail("effective_from", "scheme_day_scored", day=scored_until.isoformat())
        return found

    def basis(self) -> str:
        text = self.typed("basis")
        if text not in set(ScoreBasis):
            self.fail("basis", "choice_unknown", value=text[:40])
            return ScoreBasis.CAPPED
        return text

    def figure(self, name: str) -> Decimal:
        """From 0 to 100 with two decimals."""
        try:
            found = parse_number(self.typed(name), decimals=2)
        except DomainError as problem:
            self.fail(name, problem.code, **{key: value for key, value in problem.params.items() if key != "field"})
            return Decimal(1)
        if not 0 <= found <= MOST:
            self.fail(name, "score_out_of_bounds", most=f"{MOST:f}")
        return found

    def figure_or_none(self, name: str) -> Decimal | None:
        return self.figure(name) if self.typed(name) else None

    def days(self, name: str) -> int:
        text = self.typed(name)
        if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST_DAYS):
            self.fail(name, "count_malformed", least=1, most=MOST_DAYS)
            return 1
        return int(text)

    def require_some(self, fields: Mapping[str, Any]) -> None:
        """Without any weight there would be nothing to judge by."""
        if not fields["lead_weight"]:
            self.fail("lead_weight", "scheme_weight_zero")
        if not any(fields[name] for name in DEFAULTS):
            self.fail(DEFAULTS[0], "scheme_weight_zero")

    def lines(self) -> tuple[Mapping[str, Any], ...]:
        """The reasons that apply: those with points, in the order of the closed list."""
        return tuple(line for reason in ScoreReason if (line := self._line(reason)))

    def _line(self, reason: ScoreReason) -> Mapping[str, Any] | None:
        names = {what: of_reason(what, reason) for what in ("points", "cap", "key")}
        if not any(self.typed(name) for name in names.values()):
            return None
        if not self.typed(names["points"]) or not self.typed(names["cap"]):
            self.fail(names["points"], "scheme_points_required")
            return None
        points, cap = self.figure(names["points"]), self.figure(names["cap"])
        key = self.figure(names["key"]) if self.typed(names["key"]) and reason is ScoreReason.EXCESS else Decimal(0)
        if not points:
            self.fail(names["points"], "scheme_points_required")
        elif (reason is not ScoreReason.EXCESS and cap < points) or not cap:
            self.fail(names["cap"], "scheme_cap_below", points=plain(points))
        return {"reason": reason, "points": points, "cap": cap, "key_points": key}

    def weights(self, year: int) -> tuple[Own, ...]:
        """One indicator a line: its code, its weight, and the word that makes it a key item (1 query)."""
        written = [line.strip() for line in self.text("weights", MOST_WEIGHTS).splitlines() if line.strip()]
        if not written:
            return ()
        known = {found.code: found for found in Indicator.objects.of_year(year)}
        found: dict[str, Own] = {}
        for line in written:
            own = self._own(line, known)
            if own is not None and own.indicator.code in found:
                self.fail("weights", "scheme_indicator_twice", code=own.indicator.code)
            elif own is not None:
                found[own.indicator.code] = own
        return tuple(found.values())

    def _own(self, line: str, known: Mapping[str, Indicator]) -> Own | None:
        parts = OWN.fullmatch(line)
        try:
            weight = parse_number(parts["weight"], decimals=2) if parts else None
        except DomainError:
            weight = None
        if parts is None or weight is None or not 0 <= weight <= MOST:
            self.fail("weights", "scheme_weight_malformed", line=line[:40])
            return None
        indicator = known.get(parts["code"].upper())
        if indicator is None:
            self.fail("weights", "scheme_indicator_unknown", code=parts["code"][:20])
            return None
        return Own(indicator, weight, bool(parts["key"]))
