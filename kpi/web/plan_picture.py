"""The planned curve as twelve columns: a month that is not due has none. Geometry only; the style sheet colours it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kpi import wording
from kpi.domain.periods import Period as Month
from kpi.domain.plan_shapes import Finding, Points
from kpi.selectors.planning import Plan, by_month
from kpi.web.charts import TENTH, ceiling, scaled

LEFT, TOP, BOTTOM, HEIGHT = 8, 26, 22, 220
ROOM = HEIGHT - TOP - BOTTOM


@dataclass(frozen=True)
class Column:
    """One month of the picture; ``value`` is empty for a month that is not due."""

    month: int
    x: Decimal
    y: Decimal
    height: Decimal
    value: str
    css: str


@dataclass(frozen=True)
class Picture:
    """The curve as twelve columns with the target over them, in SVG units; ``before`` is last year's line."""

    width: int
    height: int
    base: int
    bar: Decimal
    columns: Sequence[Column]
    target_y: Decimal | None
    before: str

    @property
    def half(self) -> Decimal:
        """The middle of a column."""
        return self.bar / 2


def picture(
    plan: Plan, points: Mapping[str, Decimal], findings: Sequence[Finding], *, before: Points, width: int
) -> Picture:
    """The columns of ``points`` (by month code); what looks wrong is marked, locked months are told apart."""
    values = by_month(points)
    top = ceiling([*values.values(), *before.values(), plan.target or Decimal(0)])
    step = (Decimal(width - 2 * LEFT) / 12).quantize(TENTH)
    doubtful = {finding.month for finding in findings}
    line = [(LEFT + step * (month - 1) + step / 2, _y(value, top)) for month, value in sorted(before.items())]
    return Picture(
        width=width,
        height=HEIGHT,
        base=HEIGHT - BOTTOM,
        bar=(step * Decimal("0.7")).quantize(TENTH),
        columns=[
            _column(code, values, top=top, step=step, css=_css(code, plan, doubtful), decimals=plan.decimals)
            for code in plan.months
        ],
        target_y=None if plan.target is None else _y(plan.target, top),
        before=" ".join(f"{x},{y}" for x, y in line),
    )


def _y(value: Decimal, top: Decimal) -> Decimal:
    return HEIGHT - BOTTOM - scaled(value, top, ROOM)


def _css(code: str, plan: Plan, doubtful: set[int]) -> str:
    said = {"past": code in plan.locked, "doubt": Month.parse(code).month in doubtful}
    return " ".join(name for name, is_so in said.items() if is_so)


def _column(code: str, values: Points, *, top: Decimal, step: Decimal, css: str, decimals: int) -> Column:
    month = Month.parse(code).month
    value = values.get(month)
    # A plan of nothing is a line, no plan is no column.
    tall = Decimal(0) if value is None else max(scaled(value, top, ROOM), Decimal(2))
    text = "" if value is None else wording.figure(value, decimals)
    return Column(month, LEFT + step * (month - 1), HEIGHT - BOTTOM - tall, tall, text, css)


@dataclass(frozen=True)
class Pair:
    """This year's line over last year's, on one axis from nothing, in SVG units."""

    width: int
    height: int
    left: int
    right: int
    base: int
    months: Sequence[tuple[int, Decimal]]
    this: str
    last: str
    dots: Sequence[tuple[Decimal, Decimal]]
    this_end: tuple[Decimal, Decimal] | None
    last_end: tuple[Decimal, Decimal] | None


def pair_of(this: Points, last: Points, *, width: int = 640) -> Pair | None:
    """Both years' figures by month number; ``None`` where there is nothing to compare."""
    if not this or not last:
        return None
    top = ceiling([*this.values(), *last.values()])

    def at(month: int, value: Decimal) -> tuple[Decimal, Decimal]:
        return (LEFT + Decimal(width - 2 * LEFT) * (month - 1) / 11).quantize(TENTH), _y(value, top)

    lines = [[at(month, value) for month, value in sorted(points.items())] for points in (this, last)]
    paths = [" ".join(f"{x},{y}" for x, y in line) for line in lines]
    marks = [(month, at(month, Decimal(0))[0]) for month in (1, 3, 6, 9, 12)]
    # The outer names would be cut off at the picture's edge.
    inside = [(month, min(max(x, Decimal(18)), Decimal(width - 18))) for month, x in marks]
    return Pair(
        width, HEIGHT, LEFT, width - LEFT, HEIGHT - BOTTOM, inside, *paths, lines[0], lines[0][-1], lines[1][-1]
    )
