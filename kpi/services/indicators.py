"""Task configuration (任务配置): a phrase of the report becomes an indicator; tasks change and are switched off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.amending import Rule, refusals
from kpi.domain.errors import DomainError, IllegalTransition, StaleVersion
from kpi.models import Commitment, Indicator, Report
from kpi.selectors import planning
from kpi.selectors.configuration import for_form
from kpi.services import anchoring, permissions, plans
from kpi.services.content import ContentInvalid, FieldError, require_reason
from kpi.services.indicator_content import CODE, Directory, IndicatorContent, Raw, raw_of, read

# The sentence that says why a field cannot be changed any more.
REFUSED = {
    Rule.FIXED: "change_fixed",
    Rule.GROW: "change_only_grows",
    Rule.CASE: "change_by_case",
    Rule.ACT: "change_act",
}
Read = TypeVar("Read")
# One for each chapter in its order. C begins the codes of commitments, I and O look like figures.
LETTERS = "ABDEFGHJKLMNPQRSTUVWXYZ"


@transaction.atomic
def add(*, report: Report, raw: Raw, actor: Actor, now: datetime) -> Indicator:
    """A new indicator from a phrase of the report (``quote``, ``start``) with its target; no plan yet.

    The phrase becomes a commitment unless one holds it already. Raises ``NotPermitted`` or ``ContentInvalid``.
    """
    permissions.require_supervisor(actor)
    # Until this transaction ends nobody else takes a phrase or a code, and no text is corrected.
    held = Report.objects.select_for_update().get(pk=report.pk)
    errors: list[FieldError] = []
    content = _collected(errors, lambda: read(raw, Directory.load(held.year)))
    place = _collected(errors, lambda: anchoring.place(held, raw))
    code = _collected(errors, lambda: _free_code(held, raw))
    if content is None or place is None or code is None:
        raise ContentInvalid(errors)
    commitment = anchoring.commitment_at(held, place, raw, actor=actor, now=now)
    with plans.on_record(actor, now):
        return establish(report=held, commitment=commitment, code=code, content=content, actor=actor, now=now)


def _collected(errors: list[FieldError], step: Callable[[], Read]) -> Read | None:
    """What the step gives, or ``None`` with its complaints added: a person corrects all of them in one go."""
    try:
        return step()
    except ContentInvalid as problem:
        errors.extend(problem.errors)
        return None


def establish(
    *, report: Report, commitment: Commitment, code: str, content: IndicatorContent, actor: Actor, now: datetime
) -> Indicator:
    """A new indicator with its audit entry, within the caller's transaction and version of the history."""
    indicator = store(report=report, commitment=commitment, code=code, content=content)
    told = {"quote": commitment.quote, "code": code, **_raw(content)}
    _audit("indicator.created", indicator, actor, now, after=told)
    return indicator


def store(*, report: Report, commitment: Commitment, code: str, content: IndicatorContent) -> Indicator:
    """The rows of a new indicator, within the caller's transaction."""
    indicator = Indicator.objects.create(report=report, commitment=commitment, code=code, **content.as_fields())
    indicator.supporting_departments.set(content.supporting)
    if content.target is not None:
        plans.set_first_target(indicator, content.target)
    return indicator


def _free_code(report: Report, raw: Raw) -> str:
    code = str(raw.get("code") or "").strip().upper()
    if not CODE.fullmatch(code):
        raise ContentInvalid([FieldError("code", "indicator_code_malformed")])
    if Indicator.objects.filter(report=report, code=code).exists():
        free = next_code(report, code[0])
        raise ContentInvalid([FieldError("code", "indicator_code_taken", {"code": code, "free": free})])
    return code


def next_code(report: Report, letter: str) -> str:
    """The first free number behind the last one of a letter: ``T45``. Codes are never used twice."""
    codes = Indicator.objects.filter(report=report, code__startswith=letter).values_list("code", flat=True)
    last = max((int(code[1:]) for code in codes), default=0)
    return f"{letter}{last + 1:02d}"


def letter_of(report: Report, section: str) -> str:
    """The letter that most indicators of a chapter begin with; the first free one in a chapter without any."""
    found = Indicator.objects.filter(report=report).values_list("code", "commitment__section")
    letters = Counter(code[0] for code, chapter in found if chapter == section)
    if letters:
        return letters.most_common(1)[0][0]
    taken = {code[0] for code, _chapter in found}
    return next((letter for letter in LETTERS if letter not in taken), LETTERS[-1])


@transaction.atomic
def change(*, indicator: Indicator, raw: Raw, stamp: str, actor: Actor, now: datetime) -> Indicator:
    """Change what may still be changed; fields that are not in ``raw`` are left as they are.

    Raises ``NotPermitted``, ``StaleVersion``, or ``ContentInvalid`` also at what is fixed by now.
    """
    permissions.require_supervisor(actor)
    stored = held(indicator)
    before = raw_of(stored)
    if (current := planning.stamp(before)) != stamp:
        raise StaleVersion("indicator_stale", given=stamp, current=current)
    content = read({**before, **raw}, Directory.load(stored.report.year))
    # A milestone's target is the number of its nodes, which the plan editor sets.
    after = _raw(content) | ({"target": before["target"]} if content.target is None else {})
    _refuse_fixed(before, after, stored)
    if after == before:
        return stored
    with plans.on_record(actor, now):
        _write(stored, content)
    _audit("indicator.changed", stored, actor, now, before=before, after=after)
    return stored


def held(indicator: Indicator) -> Indicator:
    """The row as it is and stays until the transaction ends, as the form shows it; the year first, as a lock does."""
    Report.objects.select_for_update(no_key=True).get(pk=indicator.report_id)
    Indicator.objects.select_for_update(no_key=True).get(pk=indicator.pk)
    return for_form(indicator.report.year).get(pk=indicator.pk)


def _raw(content: IndicatorContent) -> dict[str, Any]:
    """Content as the form would show it once it is stored, so that the two can be compared field by field."""
    row = Indicator(**content.as_fields())
    row.target_value = content.target  # type: ignore[attr-defined]
    return raw_of(row, content.supporting)


def _refuse_fixed(before: Raw, after: Raw, stored: Indicator) -> None:
    changed = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
    refused = refusals(changed, planning.stage_of(stored))
    if refused:
        raise ContentInvalid([FieldError(name, REFUSED[rule]) for name, rule in refused.items()])


def _write(stored: Indicator, content: IndicatorContent) -> None:
    for name, value in content.as_fields().items():
        setattr(stored, name, value)
    stored.save()
    stored.supporting_departments.set(content.supporting)
    if content.target is not None and content.target != stored.target_value:
        plans.set_first_target(stored, content.target)


@transaction.atomic
def set_active(
    *, indicator: Indicator, is_active: bool, typed_code: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Switch an indicator off (停用) or on again; nothing of it is deleted.

    ``typed_code`` must repeat its code. Raises ``NotPermitted``, ``IllegalTransition`` where it is so already, or
    ``DomainError`` ``confirmation_differs``, besides a reason that is too short.
    """
    permissions.require_supervisor(actor)
    reason = require_reason(reason)
    if typed_code.strip().upper() != indicator.code:
        raise DomainError("confirmation_differs", field="confirm", expected=indicator.code)
    stored = held(indicator)
    if stored.is_active is is_active:
        raise IllegalTransition("indicator_so_already")
    stored.is_active = is_active
    with plans.on_record(actor, now):
        stored.save(update_fields=["is_active"])
    action = "indicator.switched_on" if is_active else "indicator.switched_off"
    _audit(
        action, stored, actor, now, before={"is_active": not is_active}, after={"is_active": is_active}, reason=reason
    )


def _audit(action: str, indicator: Indicator, actor: Actor, now: datetime, **said: Any) -> None:
    code = indicator.lead_department.code
    audit.record(action=action, obj=indicator, actor=actor.user, now=now, department_code=code, **said)
