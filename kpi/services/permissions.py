"""The policy in one place: who may do what to which indicator. Wrong person is 403, wrong state is 409."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from accounts.models import Department
from accounts.permissions import Actor
from kpi.domain.errors import NotPermitted
from kpi.domain.values import Verb
from kpi.models import Indicator

Rule = Callable[[Actor, Indicator], bool]


def works_for_lead(actor: Actor, indicator: Indicator) -> bool:
    """Staff and heads of the lead department file; a supporting department does not."""
    return actor.is_staff_of(indicator.lead_department_id) or actor.is_head_of(indicator.lead_department_id)


def heads_lead(actor: Actor, indicator: Indicator) -> bool:
    return actor.is_head_of(indicator.lead_department_id)


def supervises(actor: Actor, _indicator: Indicator) -> bool:
    return actor.is_supervisor


# Returning is open to either reviewer; which of the two may act is decided by the state (see `may_return`).
POLICY: Mapping[Verb, Rule] = {
    Verb.SAVE: works_for_lead,
    Verb.SUBMIT: works_for_lead,
    Verb.WITHDRAW: works_for_lead,
    Verb.SIGN_OFF: heads_lead,
    Verb.APPROVE: supervises,
    Verb.CORRECT: works_for_lead,
    Verb.ABANDON: works_for_lead,
}


def may_return(actor: Actor, indicator: Indicator, *, is_signed_off: bool) -> bool:
    """The head returns what awaits sign-off, the office what awaits review."""
    return supervises(actor, indicator) if is_signed_off else heads_lead(actor, indicator)


def may(actor: Actor, verb: Verb, indicator: Indicator, *, is_signed_off: bool = False) -> bool:
    """Whether the actor may apply the verb to a submission of this indicator, whatever its state."""
    if verb is Verb.RETURN:
        return may_return(actor, indicator, is_signed_off=is_signed_off)
    return POLICY[verb](actor, indicator)


def require(actor: Actor, verb: Verb, indicator: Indicator, *, is_signed_off: bool = False) -> None:
    """Raise ``NotPermitted`` unless ``may``."""
    if not may(actor, verb, indicator, is_signed_off=is_signed_off):
        raise NotPermitted("not_permitted", verb=str(verb), indicator=indicator.code)


def require_works_for(actor: Actor, department: Department) -> None:
    """Raise ``NotPermitted`` unless the actor files for the department."""
    if department.pk not in actor.department_ids:
        raise NotPermitted("not_permitted")


def require_supervisor(actor: Actor) -> None:
    """Raise ``NotPermitted`` unless the actor belongs to the supervision office."""
    if not actor.is_supervisor:
        raise NotPermitted("supervisor_only")


def may_export(actor: Actor, departments: Collection[str]) -> bool:
    """The office and the leaders export what they like, a department's people what it leads; no code means all.

    Asked when an export is asked for, again when it is made, and again each time the file is fetched.
    """
    if not actor.user.is_active:
        return False
    if actor.is_supervisor or actor.is_leader:
        return True
    own = {found.department.code for found in actor.memberships if found.department_id in actor.department_ids}
    return bool(departments) and own.issuperset(departments)
