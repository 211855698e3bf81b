"""A page of the inbox as its reader meets it: under the indicator's name, with what settled a notice. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import CharField, F, Value

from accounts.models import Department
from kpi.models import DirectiveEntry, Indicator, Review
from notifications.models import Notice, NoticeState


@dataclass(frozen=True)
class Closing:
    """The step that settled a notice: who took it and which; ``source`` is ``review`` or ``directive``."""

    source: str
    verb: str
    actor: str


@dataclass(frozen=True)
class Entry:
    """A notice; ``closing`` is what settled it, where that is on record."""

    notice: Notice
    closing: Closing | None

    @property
    def is_open(self) -> bool:
        return self.notice.state == NoticeState.OPEN


@dataclass(frozen=True)
class Group:
    """Notices about one thing: an indicator, else a department, else neither. ``key`` is the group's name."""

    key: str
    indicator: Indicator | None
    department: Department | None
    entries: Sequence[Entry]

    @property
    def is_single(self) -> bool:
        return len(self.entries) == 1


def groups_of(notices: Sequence[Notice]) -> list[Group]:
    """Notices in the order of ``notifications.selectors.in_groups``, with their departments, as groups (2 queries)."""
    named = _indicators(notices)
    settled = _closings(notices)
    found = []
    for key, together in groupby(notices, key=lambda notice: notice.group):
        several = list(together)
        indicator = named.get(key)
        # What names an indicator that no longer exists is still told under its code.
        department = several[0].department if indicator is None and not several[0].subject_code else None
        found.append(Group(key, indicator, department, [_entry(notice, settled) for notice in several]))
    return found


def _indicators(notices: Iterable[Notice]) -> Mapping[str, Indicator]:
    codes = {notice.subject_code for notice in notices if notice.subject_code}
    found = Indicator.objects.filter(code__in=codes).select_related("report") if codes else ()
    return {f"{indicator.report.year}-{indicator.code}": indicator for indicator in found}


def _entry(notice: Notice, settled: Mapping[tuple[datetime, str], Closing]) -> Entry:
    return Entry(notice, settled.get((notice.closed_at, notice.subject_code)) if notice.closed_at else None)


def _closings(notices: Iterable[Notice]) -> Mapping[tuple[datetime, str], Closing]:
    """The steps in whose transaction notices were cancelled: they bear the same moment (1 query)."""
    closed = [notice for notice in notices if notice.state == NoticeState.CANCELLED and notice.subject_code]
    if not closed:
        return {}
    moments, codes = {notice.closed_at for notice in closed}, {notice.subject_code for notice in closed}
    reviews = Review.objects.filter(at__in=moments, submission__indicator__code__in=codes)
    entries = DirectiveEntry.objects.filter(at__in=moments, directive__indicator__code__in=codes)
    columns = ("at", "code", "source", "verb", "name")
    rows = (
        reviews.order_by()
        .annotate(
            code=F("submission__indicator__code"),
            source=Value("review", CharField()),
            name=F("actor__display_name"),
        )
        .values_list(*columns)
        .union(
            entries.order_by()
            .annotate(
                code=F("directive__indicator__code"),
                source=Value("directive", CharField()),
                name=F("actor__display_name"),
            )
            .values_list(*columns)
        )
    )
    return {(at, code): Closing(source, verb, name) for at, code, source, verb, name in rows}
