"""Put notices on record inside the caller's transaction; nothing is sent from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import Model, QuerySet

from accounts.models import Department, User
from notifications.models import Delivery, DeliveryState, Notice, NoticeState
from notifications.routing import Routes
from notifications.rules import Rules

# Rows a statement writes: enough to be fast, few enough for a statement's parameters.
BATCH = 1000


@dataclass(frozen=True)
class Draft:
    """A notice to be put on record. ``key`` is what makes it the same notice whoever plans it.

    ``not_before`` holds it back from the inbox too. ``is_pushed``: it also leaves the inbox. ``is_superseded``: it is
    put on record only, because a higher step took its place before it was ever sent.
    """

    kind: str
    recipient: User
    key: str
    title: str
    body: str = ""
    url: str = ""
    context: Mapping[str, object] = field(default_factory=dict)
    not_before: datetime | None = None
    expires_at: datetime | None = None
    level: int = 0
    cycle: int = 1
    subject_code: str = ""
    period: str = ""
    department: Department | None = None
    is_pushed: bool = True
    passes_quiet_hours: bool = False
    is_superseded: bool = False


@transaction.atomic
def enqueue_many(drafts: Sequence[Draft], *, now: datetime) -> list[Notice]:
    """Record each notice and its deliveries once, however many planners try; returns the new ones.

    A fixed number of queries a thousand notices.
    """
    if not drafts:
        return []
    batch = uuid4()
    # ON CONFLICT DO NOTHING: of any number of planners exactly one writes a row, and finds it by its batch.
    # In the order of their keys, so that two planners wait for each other instead of locking each other out.
    rows = [_notice(draft, now, batch) for draft in sorted(drafts, key=lambda draft: draft.key)]
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    stored = {notice.key: notice for notice in Notice.objects.filter(planned_by=batch).select_related("recipient")}
    mine = [(draft, stored[draft.key]) for draft in drafts if draft.key in stored]
    routes = Routes.load([notice for _draft, notice in mine], now)
    sent = [(draft, notice) for draft, notice in mine if not draft.is_superseded]
    deliveries = [delivery for draft, notice in sent for delivery in routes.deliveries(draft, notice)]
    Delivery.objects.bulk_create(deliveries, batch_size=BATCH)
    return [notice for _draft, notice in mine]


def preview(drafts: Sequence[Draft], *, found: Rules, now: datetime) -> list[tuple[Draft, list[Delivery]]]:
    """What ``enqueue_many`` would record for each draft, without recording it: the same ways, from the same moments.

    ``found`` are the rules in force at ``now``.
    """
    rows = [(draft, _notice(draft, now, None)) for draft in drafts]
    routes = Routes.load([notice for _draft, notice in rows], now, found)
    return [(draft, list(routes.deliveries(draft, notice))) for draft, notice in rows]


def enqueue(*, now: datetime, **fields: object) -> Notice | None:
    """One notice, with the fields of ``Draft``; ``None`` when its key is already on record."""
    created = enqueue_many([Draft(**fields)], now=now)  # type: ignore[arg-type]
    return created[0] if created else None


def _notice(draft: Draft, now: datetime, batch: object) -> Notice:
    return Notice(
        recipient=draft.recipient,
        kind=draft.kind,
        key=draft.key,
        planned_by=batch,
        state=NoticeState.SUPERSEDED if draft.is_superseded else NoticeState.OPEN,
        closed_at=now if draft.is_superseded else None,
        title=draft.title[:200],
        body=draft.body,
        url=draft.url,
        context=dict(draft.context),
        created_at=now,
        not_before=max(now, draft.not_before) if draft.not_before else now,
        expires_at=draft.expires_at,
        level=draft.level,
        cycle=draft.cycle,
        subject_code=draft.subject_code,
        period=draft.period,
        department=draft.department,
    )


def cancel(
    *,
    subject_code: str,
    period: str,
    kinds: Iterable[str],
    now: datetime,
    department: Department | None = None,
) -> int:
    """What they ask for has been done: close open notices and their unsent deliveries.

    ``department`` limits it to notices that name this unit.
    """
    notices = Notice.objects.filter(subject_code=subject_code, period=period, kind__in=tuple(kinds))
    if department is not None:
        notices = notices.filter(department=department)
    return close(notices.filter(state=NoticeState.OPEN), NoticeState.CANCELLED, now)


def cancel_at(*, url: str, kinds: Iterable[str], now: datetime) -> int:
    """The same for open notices that lead to one page."""
    return close(
        Notice.objects.filter(url=url, kind__in=tuple(kinds), state=NoticeState.OPEN), NoticeState.CANCELLED, now
    )


def supersede(*, keys: Iterable[str], now: datetime) -> int:
    """A higher step has come: lower ones need not be sent any more."""
    found = tuple(keys)
    if not found:
        return 0
    return close(Notice.objects.filter(key__in=found, state=NoticeState.OPEN), NoticeState.SUPERSEDED, now)


def expire(*, now: datetime) -> int:
    """Close what was not sent in its time: it stays visible and counted."""
    return close(Notice.objects.filter(state=NoticeState.OPEN, expires_at__lte=now), NoticeState.EXPIRED, now)


@transaction.atomic
def close(notices: QuerySet[Notice], state: str, now: datetime) -> int:
    """Close open notices and take back what has not been sent of them; returns how many there were.

    Rows are locked in the order of their ids, here and where they are sent, so that nobody locks anybody out.
    """
    ids = _locked(notices)
    if not ids:
        return 0
    unsent = _locked(Delivery.objects.filter(notice__in=ids, state=DeliveryState.QUEUED))
    Delivery.objects.filter(pk__in=unsent).update(state=DeliveryState.CANCELLED)
    return Notice.objects.filter(pk__in=ids).update(state=state, closed_at=now)


def _locked(rows: QuerySet[Model]) -> list[int]:
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", flat=True))
