"""A monthly bulletin from draft to published.

Each step is one transaction: right, version and state are checked, the row moves, a step is appended, an audit entry
and notices are written. Wrong person is ``NotPermitted`` (403), an old version ``StaleVersion``, a state that no longer
allows it ``IllegalTransition`` (both 409), fields that are missing ``ContentInvalid`` (422).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.bulletin_record import Content, to_json
from kpi.domain.bulletins import (
    HEAD,
    PROPOSED_DEMANDS,
    UNDER_WAY,
    BulletinState,
    BulletinVerb,
    check_second_person,
    next_state,
    title_of,
)
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, PeriodClosed, StaleVersion
from kpi.domain.official import document_number
from kpi.domain.periods import Period as Month
from kpi.models import AssessmentSnapshot, Bulletin, BulletinFile, BulletinStep, Period, Report
from kpi.selectors import bulletins as selector
from kpi.services import bulletin_notices, periods, permissions
from kpi.services.content import ContentInvalid, FieldError, require_reason

S, V = BulletinState, BulletinVerb
HEAD_FIELDS = ("mark", "series", "title", "addressed_to", "signer", "copied_to")
FLAGS = ("has_good", "has_praise", "has_reminder", "tells_all_heads")
LARGEST_NUMBER = 9999
NOT_IN_NAMES = str.maketrans(dict.fromkeys('\\/:*?"<>|', " "))
Render = Callable[[Bulletin, Content], bytes]


@transaction.atomic
def draft(*, period: Period, actor: Actor, now: datetime) -> Bulletin:
    """Begin the month's bulletin, or its next edition where the month was locked anew since the last one.

    Raises ``NotPermitted``, ``PeriodClosed`` before the month opens, ``bulletin_under_way`` or
    ``bulletin_nothing_new``.
    """
    permissions.require_supervisor(actor)
    if period.opens_at > now:
        raise PeriodClosed("period_not_open", period=period.code)
    # Two who begin at once wait for each other here.
    Report.objects.select_for_update(no_key=True).get(pk=period.report_id)
    last = selector.of_period(year=period.report.year, code=period.code, actor=actor)[:1]
    if last and last[0].state in UNDER_WAY:
        raise IllegalTransition("bulletin_under_way", period=period.code)
    if last and not selector.is_overtaken(last[0]):
        raise IllegalTransition("bulletin_nothing_new", period=period.code)
    made = Bulletin.objects.create(
        report=period.report,
        period=period,
        edition=last[0].edition + 1 if last else 1,
        state=S.DRAFT,
        drafted_by=actor.user,
        drafted_at=now,
        **_head_of_last(period),
    )
    _record(made, V.DRAFT, "", actor, now)
    return made


def _head_of_last(period: Period) -> dict[str, object]:
    """Head and switches of the latest bulletin of the year, whichever month; the title is the month's own."""
    month = Month.parse(period.code)
    last = Bulletin.objects.filter(report=period.report_id).order_by("-drafted_at", "-pk").first()
    names = (*HEAD, *FLAGS, "demands")
    taken = {name: getattr(last, name) for name in names} if last else {**HEAD, "demands": list(PROPOSED_DEMANDS)}
    return {**taken, "title": title_of(month.year, month.month)}


@transaction.atomic
def send(*, bulletin: Bulletin, version: int, actor: Actor, now: datetime) -> Bulletin:
    """Freeze the text with the snapshots it rests on, and hand it to a second person.

    Raises ``bulletin_period_open`` for a month that is not locked, ``bulletin_sums_differ``, or
    ``bulletin_edit_outdated`` while an edited paragraph has numbers that have changed since.
    """
    permissions.require_supervisor(actor)
    locked = lock(bulletin, version)
    state = next_state(S(locked.state), V.SEND)
    period = _locked_period(locked)
    locked.period = period
    content, board = selector.live(with_record(locked), actor, now)
    if not content.adds_up:
        raise DomainError("bulletin_sums_differ")
    if content.outdated:
        raise DomainError("bulletin_edit_outdated", count=len(content.outdated))
    locked.content = {
        **to_json(content),
        "snapshots": dict(selector.snapshots_of(board)),
        "concerned": asdict(selector.concerned(content, board)),
    }
    locked.snapshot_edition = _latest_snapshot(period)
    locked.sent_by, locked.sent_at = actor.user, now
    _move(locked, state, V.SEND, actor, now)
    bulletin_notices.sent(locked, actor=actor, now=now)
    return locked


def _locked_period(bulletin: Bulletin) -> Period:
    """The month, held as it is until this transaction ends. Raises ``bulletin_period_open``."""
    periods.hold_year(bulletin.period)
    period = Period.objects.select_related("report").get(pk=bulletin.period_id)
    if period.locked_at is None:
        raise IllegalTransition("bulletin_period_open", period=period.code)
    return period


def _latest_snapshot(period: Period) -> int:
    return AssessmentSnapshot.objects.filter(period=period).aggregate(last=Max("edition"))["last"] or 0


@transaction.atomic
def withdraw(*, bulletin: Bulletin, version: int, actor: Actor, now: datetime) -> Bulletin:
    """Whoever drafted or sent it takes it back. Raises ``bulletin_not_sender`` for anybody else."""
    permissions.require_supervisor(actor)
    locked = lock(bulletin, version)
    state = next_state(S(locked.state), V.WITHDRAW)
    if actor.user.pk not in (locked.drafted_by_id, locked.sent_by_id):
        raise NotPermitted("bulletin_not_sender")
    _thaw(locked)
    _move(locked, state, V.WITHDRAW, actor, now)
    bulletin_notices.settled(locked, now=now)
    return locked


@transaction.atomic
def return_to_draft(*, bulletin: Bulletin, version: int, reason: str, actor: Actor, now: datetime) -> Bulletin:
    """The second person sends it back with a reason; its numbers are live again."""
    permissions.require_supervisor(actor)
    locked = lock(bulletin, version)
    state = next_state(S(locked.state), V.RETURN)
    _require_second(locked, actor)
    words, sender = require_reason(reason), locked.sent_by
    _thaw(locked)
    _move(locked, state, V.RETURN, actor, now, text=words)
    bulletin_notices.returned(locked, to=(locked.drafted_by, sender), reason=words, now=now)
    return locked


def _thaw(bulletin: Bulletin) -> None:
    bulletin.content = bulletin.snapshot_edition = None
    bulletin.sent_by = bulletin.sent_at = None


@transaction.atomic
def publish(
    *, bulletin: Bulletin, version: int, number: int | None, render: Render, actor: Actor, now: datetime
) -> Bulletin:
    """The second person numbers and publishes what was sent; the edition before it is superseded.

    ``render`` makes the document of the numbered bulletin; its bytes are kept. Raises ``bulletin_takes_two`` for
    whoever drafted or sent it, ``bulletin_period_moved`` where the month was reopened since, ``ContentInvalid`` for a
    number that is missing or taken.
    """
    permissions.require_supervisor(actor)
    locked = lock(bulletin, version)
    state = next_state(S(locked.state), V.PUBLISH)
    _require_second(locked, actor)
    periods.hold_year(locked.period)
    period = Period.objects.get(pk=locked.period_id)
    if period.locked_at is None or _latest_snapshot(period) != locked.snapshot_edition:
        raise IllegalTransition("bulletin_period_moved", period=period.code)
    locked.number = _free_number(locked, number)
    locked.approved_by, locked.published_at = actor.user, now
    _supersede_earlier(locked, actor, now)
    _move(locked, state, V.PUBLISH, actor, now)
    _keep_file(locked, render)
    bulletin_notices.published(locked, now=now)
    return locked


def _free_number(bulletin: Bulletin, number: int | None) -> int:
    if number is None or not 1 <= number <= LARGEST_NUMBER:
        raise ContentInvalid([FieldError("number", "bulletin_number_required", {"limit": LARGEST_NUMBER})])
    # The year is held: nobody else numbers meanwhile.
    if Bulletin.objects.filter(report=bulletin.report_id, number=number).exists():
        free = selector.next_number(bulletin.report_id)
        raise ContentInvalid([FieldError("number", "bulletin_number_taken", {"number": number, "free": free})])
    return number


def _supersede_earlier(bulletin: Bulletin, actor: Actor, now: datetime) -> None:
    for earlier in Bulletin.objects.filter(period=bulletin.period_id, state=S.PUBLISHED):
        before = earlier.state
        earlier.state, earlier.superseded_by = next_state(S(before), V.SUPERSEDE), bulletin
        earlier.save(update_fields=["state", "superseded_by"])
        _record(earlier, V.SUPERSEDE, before, actor, now)


def _keep_file(bulletin: Bulletin, render: Render) -> None:
    content = selector.frozen(bulletin)
    assert content is not None  # the database keeps no published one without
    data = render(bulletin, content)
    BulletinFile.objects.create(
        bulletin=bulletin, name=file_name(bulletin), content=data, size=len(data), sha256=sha256(data).hexdigest()
    )


def file_name(bulletin: Bulletin) -> str:
    """“张政督〔2025〕6号 关于……的通报.docx”; a draft is named a draft."""
    number = document_number(bulletin.series, bulletin.report.year, bulletin.number) if bulletin.number else "草稿"
    return f"{number} {bulletin.title}".translate(NOT_IN_NAMES) + ".docx"


def _require_second(bulletin: Bulletin, actor: Actor) -> None:
    check_second_person(
        is_drafter=bulletin.drafted_by_id == actor.user.pk, is_sender=bulletin.sent_by_id == actor.user.pk
    )


def lock(bulletin: Bulletin, version: int) -> Bulletin:
    """The row, locked for this transaction, provided nobody wrote since ``version``. Raises ``bulletin_stale``."""
    locked = (
        Bulletin.objects.select_for_update(of=("self",), no_key=True)
        .select_related("period__report", "report", "drafted_by", "sent_by")
        .get(pk=bulletin.pk)
    )
    if locked.version != version:
        raise StaleVersion("bulletin_stale", given=version, current=locked.version)
    return locked


def with_record(bulletin: Bulletin) -> Bulletin:
    """The same row with its edits, for ``selectors.bulletins.live``."""
    bulletin.edit_rows = Bulletin.objects.with_record().values_list("edit_rows", flat=True).get(pk=bulletin.pk)
    return bulletin


def _move(
    bulletin: Bulletin, state: BulletinState, verb: BulletinVerb, actor: Actor, now: datetime, text: str = ""
) -> None:
    before = bulletin.state
    bulletin.state = state
    bulletin.version += 1
    try:
        with transaction.atomic():
            bulletin.save()
    except IntegrityError as problem:
        # The trigger has the last word in a race with a reopening.
        if "bulletin_period_open" in str(problem):
            raise IllegalTransition("bulletin_period_open", period=bulletin.period.code) from problem
        raise
    _record(bulletin, verb, before, actor, now, text)


def _record(bulletin: Bulletin, verb: BulletinVerb, before: str, actor: Actor, now: datetime, text: str = "") -> None:
    BulletinStep.objects.create(
        bulletin=bulletin,
        version=bulletin.version,
        verb=verb,
        from_state=before,
        to_state=bulletin.state,
        text=text,
        actor=actor.user,
        at=now,
    )
    audit.record(
        action=ACTIONS[verb],
        obj=bulletin,
        actor=actor.user,
        now=now,
        before={"state": before} if before else None,
        after={
            "state": bulletin.state,
            "period": bulletin.period.code,
            "edition": bulletin.edition,
            "number": bulletin.number,
            "snapshot_edition": bulletin.snapshot_edition,
        },
        reason=text,
    )


ACTIONS: Mapping[BulletinVerb, str] = {
    V.DRAFT: "bulletin.drafted",
    V.SEND: "bulletin.sent",
    V.WITHDRAW: "bulletin.withdrawn",
    V.RETURN: "bulletin.returned",
    V.PUBLISH: "bulletin.published",
    V.SUPERSEDE: "bulletin.superseded",
}
