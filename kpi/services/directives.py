"""A leader's directive from issue to close.

Every step is one transaction: right, version and state are checked, the row moves, an entry is appended to the thread,
an audit entry and notices are written. Nothing is sent from here.

Wrong person is ``NotPermitted`` (403); a step taken from an old version is ``StaleVersion``, one the state no longer
allows ``IllegalTransition`` (both 409); words or days that are missing are ``ContentInvalid`` (422).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from accounts import audit
from accounts.models import Department, Post
from accounts.permissions import Actor
from kpi.domain import directives as rules
from kpi.domain.directives import DirectiveKind, DirectiveState, DirectiveVerb
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, StaleVersion
from kpi.models import Directive, DirectiveCopy, DirectiveEntry, Indicator
from kpi.models.directives import ABOUT_TIME
from kpi.selectors.calendar import work_calendar
from kpi.selectors.directives import can_issue, parties
from kpi.selectors.people import answering_for
from kpi.services import directive_notices, settling
from kpi.services.content import MAX_TEXT, ContentInvalid, FieldError, require_reason

V = DirectiveVerb
# A leader may be as short as “速办”.
WORDS_AT_LEAST = 2
REPLY_AT_LEAST = 5


@dataclass(frozen=True)
class Wish:
    """What the form says. Without ``due_on`` the default day is taken, without ``post`` the actor's own."""

    kind: DirectiveKind
    text: str
    department: Department
    copies: Sequence[Department] = ()
    due_on: date | None = None
    post: Post | None = None


@transaction.atomic
def issue(*, indicator: Indicator, wish: Wish, form_key: UUID, actor: Actor, now: datetime) -> Directive:
    """Send a directive. The same form sent again gives the directive it has sent already, and nothing is written.

    Raises ``NotPermitted``, ``ContentInvalid``, or ``directive_sent_already`` where the form was sent with other words.
    """
    if not can_issue(actor):
        raise NotPermitted("not_permitted")
    post, is_on_behalf = _post_of(wish, actor)
    text, due_on = _words(wish.text), _due(wish.due_on, now)
    copies = [unit for unit in dict.fromkeys(wish.copies) if unit != wish.department]
    if not answering_for(wish.department.pk, day=localtime(now).date()):
        raise ContentInvalid([FieldError("department", "unit_has_nobody", {"unit": wish.department.short_name})])
    directive = Directive(
        indicator=indicator,
        kind=wish.kind,
        text=text,
        department=wish.department,
        post=post,
        issued_by=actor.user,
        is_on_behalf=is_on_behalf,
        issued_at=now,
        state=DirectiveState.ISSUED,
        version=1,
        due_on=due_on,
        form_key=form_key,
    )
    try:
        with transaction.atomic():
            directive.save(force_insert=True)
    except IntegrityError as problem:
        if "directive_once_per_form" not in str(problem):
            raise
        return _sent_already(directive, copies)
    DirectiveCopy.objects.bulk_create(DirectiveCopy(directive=directive, department=unit) for unit in copies)
    _append(directive, V.ISSUE, "", actor, now, text=text, day=due_on)
    settling.directed(directive, now=now)
    directive_notices.issued(directive, copies, actor=actor, now=now)
    return directive


def _post_of(wish: Wish, actor: Actor) -> tuple[Post, bool]:
    """In whose name, and whether the office writes for them."""
    own = [held.post for held in actor.memberships if held.post is not None]
    if actor.is_leader and own and (wish.post is None or wish.post in own):
        return wish.post or own[0], False
    if not actor.is_supervisor:
        raise NotPermitted("not_permitted")
    if wish.post is None:
        raise ContentInvalid([FieldError("post", "post_required")])
    return wish.post, True


def _sent_already(again: Directive, copies: Sequence[Department]) -> Directive:
    stored = Directive.objects.select_related("indicator__report", "department", "post").get(form_key=again.form_key)
    first = stored.entries.get(verb=V.ISSUE)
    is_same = (
        (stored.indicator_id, stored.kind, stored.department_id, stored.post_id, stored.issued_by_id)
        == (again.indicator_id, again.kind, again.department_id, again.post_id, again.issued_by_id)
        and (first.text, first.day) == (again.text, again.due_on)
        and {unit.pk for unit in copies} == set(stored.copies.values_list("department_id", flat=True))
    )
    if not is_same:
        raise IllegalTransition("directive_sent_already")
    return stored


@transaction.atomic
def correct(
    *, directive: Directive, version: int, text: str, due_on: date | None, actor: Actor, now: datetime
) -> Directive:
    """Put the words or the day right while nobody has received them; the thread keeps both."""
    locked = _locked(directive, V.CORRECT, version, actor)
    words, day = _words(text), _due(due_on, now)
    before = _audited(locked)
    locked.text, locked.due_on = words, day
    return _move(locked, V.CORRECT, actor, now, text=words, day=day, before=before)


@transaction.atomic
def withdraw(*, directive: Directive, version: int, reason: str = "", actor: Actor, now: datetime) -> Directive:
    """Take it back before anybody has received it; it stays on record as withdrawn."""
    locked = _locked(directive, V.WITHDRAW, version, actor)
    return _move(locked, V.WITHDRAW, actor, now, text=_note(reason))


@transaction.atomic
def receive(*, directive: Directive, version: int, actor: Actor, now: datetime) -> Directive:
    """The unit has it; from here on the leader's words stand."""
    return _move(_locked(directive, V.RECEIVE, version, actor), V.RECEIVE, actor, now)


@transaction.atomic
def take_in_hand(*, directive: Directive, version: int, note: str = "", actor: Actor, now: datetime) -> Directive:
    """The unit works on it; ``note`` may say who does."""
    return _move(_locked(directive, V.TAKE_IN_HAND, version, actor), V.TAKE_IN_HAND, actor, now, text=_note(note))


@transaction.atomic
def reply(*, directive: Directive, version: int, text: str, actor: Actor, now: datetime) -> Directive:
    """The unit's answer; a request for more time that waits is void with it."""
    locked = _locked(directive, V.REPLY, version, actor)
    return _move(locked, V.REPLY, actor, now, text=_words(text, REPLY_AT_LEAST, "directive_reply_too_short"))


@transaction.atomic
def begin_review(*, directive: Directive, version: int, note: str = "", actor: Actor, now: datetime) -> Directive:
    """Somebody checks the reply; the unit sees that it is being looked at."""
    return _move(_locked(directive, V.BEGIN_REVIEW, version, actor), V.BEGIN_REVIEW, actor, now, text=_note(note))


@transaction.atomic
def send_back(
    *, directive: Directive, version: int, reason: str, due_on: date | None, actor: Actor, now: datetime
) -> Directive:
    """The reply does not do: with a reason, and a day for another try (three workdays unless one is named)."""
    locked = _locked(directive, V.SEND_BACK, version, actor)
    words, today = require_reason(reason, "text"), localtime(now).date()
    redo = _due(due_on, now) if due_on else work_calendar().add_workdays(today, rules.REDO_WORKDAYS)
    before = _audited(locked)
    locked.due_on = rules.due_after_sending_back(locked.due_on, redo)
    return _move(locked, V.SEND_BACK, actor, now, text=words, day=locked.due_on, before=before)


@transaction.atomic
def close(*, directive: Directive, version: int, note: str = "", actor: Actor, now: datetime) -> Directive:
    """Answered and done."""
    return _move(_locked(directive, V.CLOSE, version, actor), V.CLOSE, actor, now, text=_note(note))


@transaction.atomic
def clarify(*, directive: Directive, version: int, text: str, actor: Actor, now: datetime) -> Directive:
    """After receipt the leader adds to the words, or puts them right, in an entry of its own."""
    return _move(_locked(directive, V.CLARIFY, version, actor), V.CLARIFY, actor, now, text=_words(text))


@transaction.atomic
def ask_extension(
    *, directive: Directive, version: int, until: date | None, reason: str, actor: Actor, now: datetime
) -> Directive:
    """The unit asks for more time, with a reason. Asked after the due day, consent will not undo that it was missed."""
    locked = _locked(directive, V.ASK_EXTENSION, version, actor)
    if open_request(locked) is not None:
        raise DomainError("directive_extension_waits")
    errors: list[FieldError] = []
    day, words = until, ""
    try:
        words = require_reason(reason, "text")
    except ContentInvalid as problem:
        errors += problem.errors
    errors += _until_errors(locked, until, now)
    if errors or day is None:
        raise ContentInvalid(errors)
    return _move(locked, V.ASK_EXTENSION, actor, now, text=words, day=day)


@transaction.atomic
def answer_extension(
    *, directive: Directive, version: int, until: date | None, answer: str = "", actor: Actor, now: datetime
) -> Directive:
    """Grant the request until a day, or refuse it (``until`` is ``None``) with a reason."""
    verb = V.REFUSE_EXTENSION if until is None else V.GRANT_EXTENSION
    locked = _locked(directive, verb, version, actor)
    asked = open_request(locked)
    if asked is None:
        raise DomainError("directive_nothing_asked")
    if until is None:
        return _move(locked, verb, actor, now, text=require_reason(answer, "text"))
    errors = _until_errors(locked, until, now)
    if errors:
        raise ContentInvalid(errors)
    before = _audited(locked)
    asked_on = localtime(asked.at).date()
    locked.due_on = rules.due_after_grant(locked.due_on, asked_on=asked_on, until=until)
    return _move(locked, verb, actor, now, text=_note(answer), day=until, before=before)


def open_request(directive: Directive) -> DirectiveEntry | None:
    """The request for more time nobody has answered, if there is one (1 query); a reply makes it void."""
    last = directive.entries.filter(verb__in=(*ABOUT_TIME, V.REPLY)).order_by("-version").first()
    return last if last and last.verb == V.ASK_EXTENSION else None


def _until_errors(directive: Directive, until: date | None, now: datetime) -> list[FieldError]:
    if until is None:
        return [FieldError("day", "date_required")]
    try:
        rules.check_due(until, localtime(now).date())
        rules.due_after_grant(directive.due_on, asked_on=directive.due_on, until=until)
    except DomainError as problem:
        return [FieldError("day", problem.code)]
    return []


def _due(day: date | None, now: datetime) -> date:
    today = localtime(now).date()
    if day is None:
        return rules.due_by_default(today, work_calendar())
    try:
        return rules.check_due(day, today)
    except DomainError as problem:
        raise ContentInvalid([FieldError("day", problem.code)]) from problem


def _words(text: str, at_least: int = WORDS_AT_LEAST, code: str = "directive_words_required") -> str:
    """Words without surrounding blanks; ``code`` where they are fewer characters than ``at_least``."""
    words = _note(text)
    if len(words) < at_least:
        raise ContentInvalid([FieldError("text", code, {"at_least": at_least})])
    return words


def _note(text: str) -> str:
    words = text.strip()
    if "\x00" in words:
        raise ContentInvalid([FieldError("text", "text_has_control_characters")])
    if len(words) > MAX_TEXT:
        raise ContentInvalid([FieldError("text", "text_too_long", {"limit": MAX_TEXT, "length": len(words)})])
    return words


def _locked(directive: Directive, verb: DirectiveVerb, version: int, actor: Actor) -> Directive:
    """The row, locked for this transaction, provided the actor may take the step and saw it as it is."""
    found = (
        Directive.objects.select_for_update(of=("self",), no_key=True)
        .select_related("indicator__report", "department", "post")
        .get(pk=directive.pk)
    )
    if not rules.may(parties(actor, found, found.copies.values_list("department_id", flat=True)), verb):
        raise NotPermitted("not_permitted")
    if found.version != version:
        raise StaleVersion("directive_stale", given=version, current=found.version)
    rules.next_state(DirectiveState(found.state), verb)
    return found


def _move(
    directive: Directive,
    verb: DirectiveVerb,
    actor: Actor,
    now: datetime,
    *,
    text: str = "",
    day: date | None = None,
    before: dict[str, object] | None = None,
) -> Directive:
    """Take the step; ``before`` is what the audit trail shows where more than the state changes."""
    before, old = before or _audited(directive), directive.state
    directive.state = rules.next_state(DirectiveState(directive.state), verb)
    directive.version += 1
    directive.save(update_fields=["state", "version", "text", "due_on"])
    entry = _append(directive, verb, old, actor, now, text=text, day=day, before=before)
    directive_notices.moved(directive, entry, actor=actor, now=now)
    return directive


def _append(
    directive: Directive,
    verb: DirectiveVerb,
    old: str,
    actor: Actor,
    now: datetime,
    *,
    text: str,
    day: date | None,
    before: dict[str, object] | None = None,
) -> DirectiveEntry:
    entry = DirectiveEntry.objects.create(
        directive=directive,
        version=directive.version,
        verb=verb,
        from_state=old,
        to_state=directive.state,
        text=text,
        day=day,
        due_on=directive.due_on,
        actor=actor.user,
        at=now,
    )
    audit.record(
        action=ACTIONS[verb],
        obj=directive,
        actor=actor.user,
        now=now,
        before=before,
        after=_audited(directive),
        reason=text,
        department_code=directive.department.code,
    )
    return entry


ACTIONS = {
    V.ISSUE: "directive.issued",
    V.CORRECT: "directive.corrected",
    V.WITHDRAW: "directive.withdrawn",
    V.RECEIVE: "directive.received",
    V.TAKE_IN_HAND: "directive.taken_in_hand",
    V.REPLY: "directive.replied",
    V.BEGIN_REVIEW: "directive.review_begun",
    V.SEND_BACK: "directive.sent_back",
    V.CLOSE: "directive.closed",
    V.CLARIFY: "directive.clarified",
    V.ASK_EXTENSION: "directive.extension_asked",
    V.GRANT_EXTENSION: "directive.extension_granted",
    V.REFUSE_EXTENSION: "directive.extension_refused",
}


def _audited(directive: Directive) -> dict[str, object]:
    return {
        "indicator": directive.indicator.code,
        "kind": str(directive.kind),
        "department": directive.department.code,
        "post": directive.post.code,
        "is_on_behalf": directive.is_on_behalf,
        "state": str(directive.state),
        "due_on": directive.due_on.isoformat(),
        "text": directive.text,
        "version": directive.version,
    }
