"""Which bad lamps stand as published: the runs that the reminder ladders of amber and red count from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from kpi.domain.values import Rag
from kpi.models import AssessmentSnapshot
from kpi.selectors.published import RAGS


class Frozen(NamedTuple):
    """The last edition of one published month; ``shown`` as reviewed, ``computed`` where there was a figure."""

    period: str
    shown: Rag | None
    computed: Rag | None
    is_asked: bool
    taken_at: datetime


class Run(NamedTuple):
    """A bad lamp: since the publication of which month's report it has been out."""

    rag: Rag
    period: str
    since: datetime


def by_indicator(periods: Mapping[int, str], codes: Collection[str] | None = None) -> Mapping[int, list[Frozen]]:
    """The last editions of ``periods`` (code by id), oldest first, by indicator id (1 query)."""
    found = AssessmentSnapshot.objects.filter(period__in=periods)
    if codes is not None:
        found = found.filter(indicator__code__in=codes)
    columns = ("indicator_id", "period_id", "rag", "override__reviewed_rag", "source_period", "is_asked", "taken_at")
    last: dict[int, dict[str, Frozen]] = defaultdict(dict)
    for indicator, period, rag, reviewed, source, is_asked, taken_at in found.order_by("edition").values_list(*columns):
        computed = RAGS[rag] if source else None
        shown = RAGS[reviewed] if reviewed else computed
        last[indicator][periods[period]] = Frozen(periods[period], shown, computed, is_asked, taken_at)
    return {indicator: sorted(months.values()) for indicator, months in last.items()}


def bad_runs(published: Mapping[int, Sequence[Frozen]]) -> dict[int, Run]:
    """Indicators whose lamp was published as red, or as amber for the second time running, by indicator id.

    Months that asked for no report carry the lamp on; they are no news of their own.
    """
    latest: dict[str, str] = {}
    for months in published.values():
        year = months[-1].period[:4]
        latest[year] = max(months[-1].period, latest.get(year, ""))
    return {
        indicator: run
        for indicator, months in published.items()
        if months[-1].period == latest[months[-1].period[:4]] and (run := _run(months)) is not None
    }


def _run(months: Sequence[Frozen]) -> Run | None:
    rag, start = months[-1].shown, len(months) - 1
    if rag not in (Rag.RED, Rag.AMBER):
        return None
    while start > 0 and not months[start].is_asked and months[start - 1].shown is rag:
        start -= 1
    if rag is Rag.AMBER and (start == 0 or months[start - 1].shown is not Rag.AMBER):
        return None
    return Run(rag, months[start].period, months[start].taken_at)
