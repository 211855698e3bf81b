"""The split as the page sees it: a figure for each unit, filled in by sharing out or from a pasted column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kpi.domain.errors import DomainError
from kpi.domain.plan_shapes import split
from kpi.domain.values import parse_number
from kpi.selectors.splitting import DistrictSplit, Share, Split
from kpi.services.content import FieldError

FIGURE = re.compile(r"[+-]?[\d,.，．]+$")


@dataclass(frozen=True)
class Line:
    """One unit: what stands in its field, and its part of the target."""

    share: Share
    value: str
    errors: Sequence[FieldError]


@dataclass(frozen=True)
class SplitForm:
    """What stands in the fields; ``read`` is the split they give as far as they can be read."""

    stored: Split
    raw: Mapping[str, Any]
    summary: Sequence[FieldError] = ()

    @property
    def read(self) -> Split:
        shares = [Share(share.unit, self._number(share.unit.code)) for share in self.stored.shares]
        return Split(self.stored.indicator, self.stored.target, shares)

    @property
    def districts(self) -> list[tuple[Line, list[Line], DistrictSplit]]:
        return [
            (self._line(found.district), [self._line(share) for share in found.below], found)
            for found in self.read.districts
        ]

    @property
    def labelled(self) -> list[tuple[str, FieldError]]:
        """Every error with the unit it is at."""
        names = {share.unit.code: share.unit.short_name for share in self.stored.shares}
        return [(names.get(error.field, ""), error) for error in self.summary]

    def _line(self, share: Share) -> Line:
        code = share.unit.code
        return Line(share, str(self.raw.get(code, "")), [error for error in self.summary if error.field == code])

    def _number(self, code: str) -> Decimal | None:
        try:
            return parse_number(str(self.raw.get(code, "")), decimals=self.stored.decimals)
        except DomainError:
            return None


def typed(data: Mapping[str, Any], stored: Split) -> dict[str, Any]:
    return {share.unit.code: data.get(share.unit.code, "") for share in stored.shares}


def shared_out(stored: Split, raw: Mapping[str, Any], *, in_proportion: bool) -> dict[str, Any]:
    """The districts' fields filled in so that they add up to the target: alike, or as the figures stand to each other.

    Raises ``DomainError`` ``target_required`` where there is no target to share.
    """
    if stored.target is None:
        raise DomainError("target_required", field="share")
    districts = [share for share in SplitForm(stored, raw).read.shares if share.is_district]
    weights = [share.value or Decimal(0) if in_proportion else Decimal(1) for share in districts]
    values = split(stored.target, weights, decimals=stored.decimals)
    return {**raw, **{share.unit.code: str(value) for share, value in zip(districts, values, strict=True)}}


def pasted(stored: Split, raw: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The form with a pasted column in it: lines of a name and a figure, or figures alone for the districts in order.

    Raises ``DomainError``: ``row_unreadable``, ``row_too_long``, or ``unit_unknown`` for a name that no unit has.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise DomainError("row_unreadable", field="column")
    if all(FIGURE.fullmatch(line) for line in lines):
        districts = [share.unit.code for share in stored.shares if share.is_district]
        if len(lines) > len(districts):
            raise DomainError("row_too_long", field="column", given=len(lines), room=len(districts))
        return {**raw, **dict(zip(districts, lines, strict=False))}
    known = {name: share.unit.code for share in stored.shares for name in (share.unit.name, share.unit.short_name)}
    filled = {}
    for line in lines:
        name, _border, figure = line.replace("\t", " ").rpartition(" ")
        code = known.get(name.strip())
        if code is None or not FIGURE.fullmatch(figure):
            raise DomainError("unit_unknown", field="column", name=(name or line).strip()[:20])
        filled[code] = figure
    return {**raw, **filled}
