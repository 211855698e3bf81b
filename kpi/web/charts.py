"""Geometry of the small pictures: bars, strips, curves. Whole SVG units, exact arithmetic, no styling.

Templates draw what stands here; colours and strokes are classes of the style sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kpi.domain.forecast import Forecast
from kpi.domain.periods import Period as Month
from kpi.domain.values import Kind, Rag
from kpi.selectors.scoreboard import SEVERITY, Row
from kpi.selectors.terms import Terms

Numeric = Decimal | int
TENTH = Decimal("0.1")


def scaled(value: Numeric, whole: Numeric, length: int) -> Decimal:
    """``value`` of ``whole`` along ``length`` units, to a tenth, kept inside the picture."""
    share = Decimal(value) / Decimal(whole) if whole else Decimal(0)
    return (min(max(share, Decimal(0)), Decimal(1)) * length).quantize(TENTH)


@dataclass(frozen=True)
class Bar:
    """One column or piece of a picture, in SVG units."""

    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    css: str = ""
    label: str = ""


def columns(counts: Sequence[int], *, step: int = 11, width: int = 8, height: int = 28) -> list[Bar]:
    """A strip of columns, the last one marked as now; a count of zero is a line, not nothing."""
    most = max(counts, default=0) or 1
    bars = []
    for position, count in enumerate(counts):
        tall = max(scaled(count, most, height - 2), Decimal("1.5"))
        css = "on" if position == len(counts) - 1 else ""
        bars.append(Bar(Decimal(position * step), height - tall, Decimal(width), tall, css))
    return bars


def pieces(rags: Iterable[Rag], css: Mapping[Rag, str], *, length: int = 334) -> list[Bar]:
    """A stacked bar of lamps, worst first, each piece wide enough for its number.

    The length is that of twelve month columns with their gaps, so that the numbers are not stretched.
    """
    counts: dict[Rag, int] = {}
    for rag in sorted(rags, key=lambda found: SEVERITY[found]):
        counts[rag] = counts.get(rag, 0) + 1
    total = sum(counts.values()) or 1
    least = min(Decimal(18), Decimal(length) / max(len(counts), 1))
    free = length - least * len(counts)
    bars, x = [], Decimal(0)
    for rag, count in counts.items():
        width = (least + free * count / total).quantize(TENTH)
        bars.append(Bar(x, Decimal(0), width - 2, Decimal(18), css[rag], str(count)))
        x += width
    return bars


@dataclass(frozen=True)
class Bullet:
    """Actual against plan on one line, from 0 to the year's target."""

    fill: Decimal
    plan: Decimal | None
    css: str


def bullet(row: Row, css: str, *, length: int = 118) -> Bullet | None:
    """``None`` where a bar would mean nothing: no figure, a rank, a bottom line, lower is better."""
    lamp = row.assessment
    has_bar = row.indicator.kind not in (Kind.RANK, Kind.BOTTOM_LINE) and row.indicator.polarity == "higher"
    if lamp is None or lamp.actual is None or not lamp.target or not has_bar:
        return None
    plan = None if lamp.expected is None else scaled(lamp.expected, lamp.target, length)
    return Bullet(scaled(lamp.actual, lamp.target, length), plan, css)


@dataclass(frozen=True)
class Curve:
    """Plan and actual over the twelve months, with axis marks. Coordinates are SVG units of ``width`` × ``height``.

    ``fan`` and ``likely`` are the forecast's; ``targets`` is a line only where the target was changed in the year.
    """

    width: int
    height: int
    left: int
    right: int
    base: Decimal
    ticks: list[tuple[Decimal, Decimal]]
    months: list[tuple[int, Decimal]]
    plan: str
    actual: str
    dots: list[tuple[Decimal, Decimal, str]]
    target_y: Decimal | None
    now_x: Decimal
    plan_label: tuple[Decimal, Decimal]
    fan: str = ""
    likely: str = ""
    likely_end: tuple[Decimal, Decimal] | None = None
    targets: str = ""


MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 44, 14, 16, 26


def curve(
    row: Row,
    *,
    width: int = 640,
    height: int = 260,
    pending: Decimal | None = None,
    forecast: Forecast | None = None,
    targets: Mapping[Month, Decimal] | None = None,
    terms: Terms | None = None,
) -> Curve | None:
    """The year's curve of a row; ``pending`` is a figure being typed, ``targets`` those in force at month ends,
    ``terms`` another plan than the one that holds in the row's month.

    ``None`` without anything to draw.
    """
    plan = {month.month: value for month, value in (terms or row.terms).trajectory.points.items()}
    actual = _actual_points(row)
    now = Month.parse(row.current.period.code).month
    if pending is not None:
        actual[now] = pending
    if not plan and not actual:
        return None
    months = forecast.months if forecast else ()
    steps = dict(targets or {}) if len(set((targets or {}).values())) > 1 else {}
    highs = [reach.high for reach in months]
    top = ceiling([*plan.values(), *actual.values(), *highs, *steps.values(), row.target or Decimal(0)])

    def x(month: int) -> Decimal:
        return (MARGIN_LEFT + Decimal(width - MARGIN_LEFT - MARGIN_RIGHT) * (month - 1) / 11).quantize(TENTH)

    def y(value: Numeric) -> Decimal:
        return height - MARGIN_BOTTOM - scaled(value, top, height - MARGIN_TOP - MARGIN_BOTTOM)

    def path(points: Iterable[tuple[int, Decimal]]) -> str:
        return " ".join(f"{x(month)},{y(value)}" for month, value in points)

    last_plan = max(plan, default=1)
    start = [(forecast.since.month, actual[forecast.since.month])] if forecast else []
    likely = [*start, *((reach.period.month, reach.likely) for reach in months)]
    upper = [*start, *((reach.period.month, reach.high) for reach in months)]
    lower = [(reach.period.month, reach.low) for reach in months]
    return Curve(
        width=width,
        height=height,
        left=MARGIN_LEFT,
        right=width - MARGIN_RIGHT,
        base=y(0),
        ticks=[(y(top * part / 4), (top * part / 4).normalize()) for part in range(5)],
        months=[(month, x(month)) for month in (1, 3, 6, 9, 12)],
        plan=path(sorted(plan.items())),
        actual=path(sorted(actual.items())),
        dots=[(x(month), y(value), _dot(month, now, pending)) for month, value in sorted(actual.items())],
        target_y=y(row.target) if row.target else None,
        now_x=x(now),
        plan_label=(x(min(last_plan, 10)), y(plan.get(min(last_plan, 10), 0)) + 16),
        fan=path([*upper, *reversed(lower)]) if months else "",
        likely=path(likely) if months else "",
        likely_end=(x(likely[-1][0]), y(likely[-1][1])) if months else None,
        targets=_stairs([(x(month.month), y(value)) for month, value in sorted(steps.items())]),
    )


def _stairs(points: Sequence[tuple[Decimal, Decimal]]) -> str:
    """A path from the axis that changes its height at each month."""
    if not points:
        return ""
    return f"M{MARGIN_LEFT},{points[0][1]}" + "".join(f"H{x}V{y}" for x, y in points)


def _actual_points(row: Row) -> dict[int, Decimal]:
    return {
        Month.parse(month.period.code).month: month.assessment.actual
        for month in row.months
        if month.is_own and month.assessment and month.assessment.actual is not None
    }


def _dot(month: int, now: int, pending: Decimal | None) -> str:
    if month != now:
        return ""
    return "now" if pending is None else "now pending"


def ceiling(values: Sequence[Decimal]) -> Decimal:
    """A round number at or above every value: 1, 2, 4, 5, 8 or 10 times a power of ten."""
    most = max(values)
    if most <= 0:
        return Decimal(4)
    power = Decimal(1).scaleb(most.adjusted())
    return next(power * step for step in (1, 2, 4, 6, 8, 10, 12) if power * step >= most)
