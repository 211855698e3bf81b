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
class Caption:
    """Where the end of a curve's name stands."""

    x: Decimal
    y: Decimal


@dataclass(frozen=True)
class Curve:
    """Plan and actual over the twelve months, with axis marks. Coordinates are SVG units of ``width`` × ``height``.

    ``fan`` and ``likely`` are the forecast's; ``targets`` is a line only where the target was changed in the year,
    ``original`` the plan the year began with where another one holds.
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
    plan_caption: Caption | None = None
    fan: str = ""
    likely: str = ""
    likely_caption: Caption | None = None
    targets: str = ""
    original: str = ""
    original_label: tuple[Decimal, Decimal] | None = None


MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 44, 14, 16, 26
# A curve's name is as long as so many months of the picture; in SVG units, what lies between the two.
CAPTION_MONTHS, GAP_ABOVE, GAP_BELOW = 2, 7, 16


@dataclass(frozen=True)
class Frame:
    """Twelve months along the width, figures from 0 to ``top`` up the height."""

    width: int
    height: int
    top: Decimal

    def x(self, month: int) -> Decimal:
        return (MARGIN_LEFT + Decimal(self.width - MARGIN_LEFT - MARGIN_RIGHT) * (month - 1) / 11).quantize(TENTH)

    def y(self, value: Numeric) -> Decimal:
        return self.height - MARGIN_BOTTOM - scaled(value, self.top, self.height - MARGIN_TOP - MARGIN_BOTTOM)

    def path(self, points: Iterable[tuple[int, Decimal]]) -> str:
        return " ".join(f"{self.x(month)},{self.y(value)}" for month, value in points)

    def label(self, plan: Mapping[int, Decimal], latest: int, drop: int) -> tuple[Decimal, Decimal]:
        """Where a curve is named: at its end, not later than ``latest``, so far below it."""
        month = min(max(plan, default=1), latest)
        return self.x(month), self.y(plan.get(month, Decimal(0))) + drop

    def caption(self, line: Mapping[int, Decimal], latest: int, *, is_above: bool) -> Caption | None:
        """Where a curve is named: left of its end or of month ``latest``, clear of all it passes on the way there."""
        if not line:
            return None
        month = min(max(line), latest)
        passed = [self.y(_drawn_at(line, at)) for at in range(month - CAPTION_MONTHS, month + 1)]
        return Caption(self.x(month), min(passed) - GAP_ABOVE if is_above else max(passed) + GAP_BELOW)

    @property
    def ticks(self) -> list[tuple[Decimal, Decimal]]:
        return [(self.y(self.top * part / 4), (self.top * part / 4).normalize()) for part in range(5)]

    @property
    def months(self) -> list[tuple[int, Decimal]]:
        return [(month, self.x(month)) for month in (1, 3, 6, 9, 12)]


def curve(
    row: Row,
    *,
    width: int = 640,
    height: int = 260,
    pending: Decimal | None = None,
    forecast: Forecast | None = None,
    targets: Mapping[Month, Decimal] | None = None,
    terms: Terms | None = None,
    original: Terms | None = None,
) -> Curve | None:
    """The year's curve of a row; ``pending`` is a figure being typed, ``targets`` those in force at month ends,
    ``terms`` another plan than the one that holds in the row's month, ``original`` one to be drawn beside it.

    ``None`` without anything to draw.
    """
    plan, first_plan = _by_month(terms or row.terms), _by_month(original) if original else {}
    actual = _actual_points(row)
    now = Month.parse(row.current.period.code).month
    if pending is not None:
        actual[now] = pending
    if not plan and not actual:
        return None
    months = forecast.months if forecast else ()
    steps = dict(targets or {}) if len(set((targets or {}).values())) > 1 else {}
    highs = [reach.high for reach in months]
    drawn = [*plan.values(), *first_plan.values(), *actual.values(), *highs, *steps.values(), row.target or Decimal(0)]
    frame = Frame(width, height, ceiling(drawn))
    start = [(forecast.since.month, actual[forecast.since.month])] if forecast else []
    likely = [*start, *((reach.period.month, reach.likely) for reach in months)]
    upper = [*start, *((reach.period.month, reach.high) for reach in months)]
    lower = [(reach.period.month, reach.low) for reach in months]
    # The two curves are named on the sides that are turned away from each other.
    is_short = bool(likely and plan) and likely[-1][1] < plan[max(plan)]
    return Curve(
        width=width,
        height=height,
        left=MARGIN_LEFT,
        right=width - MARGIN_RIGHT,
        base=frame.y(0),
        ticks=frame.ticks,
        months=frame.months,
        plan=frame.path(sorted(plan.items())),
        actual=frame.path(sorted(actual.items())),
        dots=[(frame.x(month), frame.y(value), _dot(month, now, pending)) for month, value in sorted(actual.items())],
        target_y=frame.y(row.target) if row.target else None,
        now_x=frame.x(now),
        plan_caption=frame.caption(plan, 10, is_above=is_short),
        fan=frame.path([*upper, *reversed(lower)]) if months else "",
        likely=frame.path(likely) if months else "",
        likely_caption=frame.caption(dict(lower if is_short else upper), 12, is_above=not is_short),
        targets=_stairs([(frame.x(month.month), frame.y(value)) for month, value in sorted(steps.items())]),
        original=frame.path(sorted(first_plan.items())),
        original_label=frame.label(first_plan, 8, -8),
    )


def _drawn_at(line: Mapping[int, Decimal], month: int) -> Decimal:
    """Where a line runs between its points; before the first one, where it begins."""
    before = max((at for at in line if at <= month), default=min(line))
    after = min((at for at in line if at >= month), default=max(line))
    if before == after:
        return line[before]
    return line[before] + (line[after] - line[before]) * (month - before) / (after - before)


def _by_month(terms: Terms) -> dict[int, Decimal]:
    return {month.month: value for month, value in terms.trajectory.points.items()}


@dataclass(frozen=True)
class TwoPlans:
    """A planned curve and the one that is to take its place."""

    frame: Frame
    before: str
    after: str
    before_label: tuple[Decimal, Decimal]
    after_label: tuple[Decimal, Decimal]
    left: int = MARGIN_LEFT

    @property
    def right(self) -> int:
        return self.frame.width - MARGIN_RIGHT


def two_plans(
    before: Mapping[Month, Decimal], after: Mapping[Month, Decimal], *, width: int = 560, height: int = 220
) -> TwoPlans:
    """Both curves in one frame; at least one of them has a point."""
    old, new = ({month.month: value for month, value in plan.items()} for plan in (before, after))
    frame = Frame(width, height, ceiling([*old.values(), *new.values()]))
    above = sum(old.values()) >= sum(new.values())
    return TwoPlans(
        frame=frame,
        before=frame.path(sorted(old.items())),
        after=frame.path(sorted(new.items())),
        before_label=frame.label(old, 8, -8 if above else 18),
        after_label=frame.label(new, 10, 18 if above else -8),
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
