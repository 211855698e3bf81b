"""A change of target from request to decision.

Every step is one transaction: right, version and state are checked, the row moves, an entry is appended to the thread,
an audit entry and notices are written. Only the last step touches the plan (``replanning``).

Wrong person is ``NotPermitted`` (403); a step from an old version is ``StaleVersion``, one the state no longer allows
``IllegalTransition`` (both 409); a request that lacks something is ``ContentInvalid`` (422).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime
from django.utils.translation import override

from accounts import audit
from accounts.permissions import Actor
from kpi import labels
from kpi.domain import target_changes as rules
from kpi.domain.errors import DomainError, NotPermitted, StaleVersion
from kpi.domain.replanning import merged
from kpi.domain.target_changes import ChangeParty, ChangeState, ChangeVerb
from kpi.domain.values import Kind
from kpi.models import Indicator, TargetChange, TargetChangeEntry
from kpi.selectors import target_changes as selector
from kpi.services import periods, signing, target_change_content, target_change_files, target_change_notices
from kpi.services.content import MAX_TEXT, ContentInvalid, FieldError, require_reason
from kpi.services.notices import NOTICE_LANGUAGE
from kpi.services.replanning import replace_plan
from kpi.services.signing import OWN_HAND, Hand
from kpi.services.target_change_content import Raw

V = ChangeVerb


@transaction.atomic
def ask(*, indicator: Indicator, raw: Raw, form_key: UUID, actor: Actor, now: datetime) -> TargetChange:
    """Ask for another target, date, plan or nodes. The same form sent again gives the case it has opened already.

    The documents are those stashed under ``form_key``. Raises besides ``target_change_open_already``,
    ``target_change_too_early`` or ``target_change_no_month_left``.
    """
    if ChangeParty.UNIT not in selector.parties(actor, indicator):
        raise NotPermitted("not_permitted")
    if (sent := TargetChange.objects.filter(form_key=form_key, filed_by=actor.user).first()) is not None:
        return sent
    today = localtime(now).date()
    timing = selector.timing_on(today, indicator, selector.present_terms(indicator))
    change = TargetChange(
        indicator=indicator,
        asked_on=today,
        asked_at=now,
        timing=timing,
        state=ChangeState.ASKED,
        version=1,
        form_key=form_key,
    )
    _fill(change, raw, actor, now)
    try:
        with transaction.atomic():
            change.save(force_insert=True)
    except IntegrityError as problem:
        if "target_change_one_open" not in str(problem):
            raise
        raise DomainError("target_change_open_already") from problem
    return _filed(change, V.ASK, "", actor, now)


@transaction.atomic
def repair(*, change: TargetChange, version: int, raw: Raw, actor: Actor, now: datetime) -> TargetChange:
    """What was sent back is mended and asked for again; that it was asked for in time or not stays as it was."""
    locked = _locked(change, V.REPAIR, version, actor)
    old, before = locked.state, _audited(locked)
    _fill(locked, raw, actor, now)
    locked.state, locked.version = rules.next_state(ChangeState(old), V.REPAIR), locked.version + 1
    locked.save()
    return _filed(locked, V.REPAIR, old, actor, now, before)


def _fill(change: TargetChange, raw: Raw, actor: Actor, now: datetime) -> None:
    """Read the form into the case. Raises ``ContentInvalid`` with everything that is wrong with it."""
    indicator, terms = change.indicator, selector.present_terms(change.indicator)
    asked, errors = target_change_content.read(
        raw,
        indicator=indicator,
        subject=selector.subject_of(indicator),
        held=terms.held,
        first=selector.first_month(indicator, change.asked_on),
        today=localtime(now).date(),
    )
    has_files = target_change_files.waiting(change.form_key, actor) or (change.pk and change.files.exists())
    if not has_files:
        errors = [*errors, FieldError("files", "change_file_required")]
    if errors:
        raise ContentInvalid(errors)
    for name, value in asked.as_fields().items():
        setattr(change, name, value)
    change.held, change.filed_by = terms.as_row(), actor.user


def _filed(
    change: TargetChange, verb: ChangeVerb, old: str, actor: Actor, now: datetime, before: dict | None = None
) -> TargetChange:
    target_change_files.put_beside(change, form_key=change.form_key, actor=actor, now=now)
    wish = target_change_content.as_json(change)
    entry = _append(change, verb, old, actor, now, text=change.text, wish=wish, before=before)
    target_change_notices.moved(change, entry, actor=actor, now=now)
    return change


@transaction.atomic
def sign(*, change: TargetChange, version: int, text: str = "", actor: Actor, now: datetime) -> TargetChange:
    """The head puts the department's name to it, or whom the head lent the signature to; not whoever asked."""
    locked = _locked(change, V.SIGN, version, actor)
    unit, author = locked.indicator.lead_department_id, locked.filed_by_id
    hand = signing.hand_of(department_id=unit, author_id=author, actor=actor, now=now)
    return _move(locked, V.SIGN, actor, now, text=_note(text), hand=hand)


@transaction.atomic
def agree(*, change: TargetChange, version: int, text: str = "", actor: Actor, now: datetime) -> TargetChange:
    """The leader in charge is for it."""
    return _move(_locked(change, V.AGREE, version, actor), V.AGREE, actor, now, text=_note(text))


@transaction.atomic
def send_back(*, change: TargetChange, version: int, text: str, actor: Actor, now: datetime) -> TargetChange:
    """Whoever it waits for wants it mended first, and says why."""
    locked = _locked(change, V.SEND_BACK, version, actor)
    hand = OWN_HAND
    if locked.state == ChangeState.ASKED:
        hand = signing.returning_hand(department_id=locked.indicator.lead_department_id, actor=actor, now=now)
    return _move(locked, V.SEND_BACK, actor, now, text=require_reason(text, "text"), hand=hand)


@transaction.atomic
def refuse(*, change: TargetChange, version: int, text: str, actor: Actor, now: datetime) -> TargetChange:
    """It stays as it is: the leader, or after him the office, says why."""
    locked = _locked(change, V.REFUSE, version, actor)
    return _move(locked, V.REFUSE, actor, now, text=require_reason(text, "text"))


@transaction.atomic
def withdraw(*, change: TargetChange, version: int, text: str = "", actor: Actor, now: datetime) -> TargetChange:
    """The unit takes it back; it stays on record."""
    return _move(_locked(change, V.WITHDRAW, version, actor), V.WITHDRAW, actor, now, text=_note(text))


@transaction.atomic
def apply(*, change: TargetChange, version: int, text: str = "", actor: Actor, now: datetime) -> TargetChange:
    """Put the new plan in the place of the old one, from the first month that is not locked on.

    Raises besides ``target_change_no_month_left``, or ``target_change_without_effect`` where the months it would
    change have been locked meanwhile.
    """
    locked = _locked(change, V.APPLY, version, actor)
    indicator = locked.indicator
    periods.hold_year(indicator)
    first = selector.first_month(indicator, locked.asked_on)
    held = selector.present_terms(indicator).held
    new = merged(held, selector.wish_of(locked), first, kind=Kind(indicator.kind))
    if new == held:
        raise DomainError("target_change_without_effect")
    locked.former = replace_plan(
        indicator=indicator,
        new=new,
        applies_from=first,
        reason=_said_of_target(locked),
        stays_yardstick=locked.is_overdue,
        now=now,
    )
    return _move(locked, V.APPLY, actor, now, text=_note(text))


def _said_of_target(change: TargetChange) -> str:
    with override(NOTICE_LANGUAGE):
        return f"{labels.CHANGE_REASON[change.reason].text}：{change.text}"


def _note(text: str) -> str:
    words = text.strip()
    if "\x00" in words:
        raise ContentInvalid([FieldError("text", "text_has_control_characters")])
    if len(words) > MAX_TEXT:
        raise ContentInvalid([FieldError("text", "text_too_long", {"limit": MAX_TEXT, "length": len(words)})])
    return words


def _locked(change: TargetChange, verb: ChangeVerb, version: int, actor: Actor) -> TargetChange:
    """The row, locked for this transaction, provided the actor may take the step and saw it as it is."""
    found = (
        TargetChange.objects.select_for_update(of=("self",), no_key=True)
        .select_related("indicator__report", "indicator__lead_department", "indicator__accountable_post")
        .get(pk=change.pk)
    )
    if not rules.may(selector.parties(actor, found.indicator), ChangeState(found.state), verb):
        raise NotPermitted("not_permitted")
    if found.version != version:
        raise StaleVersion("target_change_stale", given=version, current=found.version)
    rules.next_state(ChangeState(found.state), verb)
    return found


def _move(
    change: TargetChange, verb: ChangeVerb, actor: Actor, now: datetime, *, text: str, hand: Hand = OWN_HAND
) -> TargetChange:
    old, before = change.state, _audited(change)
    change.state = rules.next_state(ChangeState(old), verb)
    change.version += 1
    change.save(update_fields=["state", "version", "former"])
    entry = _append(change, verb, old, actor, now, text=text, hand=hand, before=before)
    target_change_notices.moved(change, entry, actor=actor, now=now)
    return change


def _append(
    change: TargetChange,
    verb: ChangeVerb,
    old: str,
    actor: Actor,
    now: datetime,
    *,
    text: str,
    hand: Hand = OWN_HAND,
    wish: dict | None = None,
    before: dict | None = None,
) -> TargetChangeEntry:
    entry = TargetChangeEntry.objects.create(
        change=change,
        version=change.version,
        verb=verb,
        from_state=old,
        to_state=change.state,
        text=text,
        wish=wish,
        actor=actor.user,
        on_behalf_of=hand.on_behalf_of,
        delegation=hand.delegation,
        is_own_submission=hand.is_own_submission,
        at=now,
    )
    audit.record(
        action=ACTIONS[verb],
        obj=change,
        actor=actor.user,
        now=now,
        before=before,
        after=_audited(change),
        reason=text,
        department_code=change.indicator.lead_department.code,
    )
    return entry


ACTIONS = {
    V.ASK: "target_change.asked",
    V.SIGN: "target_change.signed",
    V.AGREE: "target_change.agreed",
    V.APPLY: "target_change.applied",
    V.SEND_BACK: "target_change.sent_back",
    V.REPAIR: "target_change.repaired",
    V.REFUSE: "target_change.refused",
    V.WITHDRAW: "target_change.withdrawn",
}


def _audited(change: TargetChange) -> dict[str, object]:
    return {
        "indicator": change.indicator.code,
        "state": str(change.state),
        "version": change.version,
        "timing": str(change.timing),
        "applies_from": change.former.replaced_from if change.former else None,
        "held": change.held,
        **target_change_content.as_json(change),
    }
