"""Who hears of a change of target: words and recipients for the outbox. Nobody is told of their own step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import Role, User
from accounts.permissions import Actor
from kpi.domain.target_changes import WAITS_FOR, ChangeParty, ChangeState, ChangeVerb
from kpi.models import TargetChange, TargetChangeEntry
from kpi.selectors.people import answering_for, holding, holding_post, signing_for
from kpi.services.notices import NOTICE_LANGUAGE
from notifications import outbox

V, P = ChangeVerb, ChangeParty
# What asks somebody for a step: over with the next step, whichever it is.
ASKING = ("target_change.asked", "target_change.signed", "target_change.agreed", "target_change.returned")


class Told(NamedTuple):
    """What a step says to whom; without ``to`` it is whoever the case waited for."""

    kind: str
    title: Promise | str
    to: tuple[ChangeParty, ...] = ()


STEPS: Mapping[ChangeVerb, Told] = {
    V.ASK: Told("target_change.asked", gettext_lazy("%(unit)s申请调整目标，待审签：%(name)s"), (P.HEAD,)),
    V.REPAIR: Told("target_change.asked", gettext_lazy("目标调整补正后再报，待审签：%(name)s"), (P.HEAD,)),
    V.SIGN: Told("target_change.signed", gettext_lazy("%(unit)s申请调整目标，待审定：%(name)s"), (P.LEADER,)),
    V.AGREE: Told("target_change.agreed", gettext_lazy("分管领导同意调整目标，待办理：%(name)s"), (P.OFFICE,)),
    V.APPLY: Told("target_change.applied", gettext_lazy("目标已调整：%(name)s"), (P.UNIT, P.LEADER)),
    V.SEND_BACK: Told("target_change.returned", gettext_lazy("目标调整退回补正：%(name)s"), (P.UNIT,)),
    V.REFUSE: Told("target_change.refused", gettext_lazy("目标不予调整：%(name)s"), (P.UNIT, P.LEADER, P.OFFICE)),
    V.WITHDRAW: Told("target_change.withdrawn", gettext_lazy("%(unit)s撤回目标调整申请：%(name)s")),
}


def url_of(change: TargetChange) -> str:
    return f"/{change.indicator.report.year}/target-changes/{change.pk}/"


def moved(change: TargetChange, entry: TargetChangeEntry, *, actor: Actor, now: datetime) -> None:
    """Tell of one step, and close what asked for it."""
    step = STEPS[ChangeVerb(entry.verb)]
    outbox.cancel_at(url=url_of(change), kinds=ASKING, now=now)
    to = step.to or (WAITS_FOR[ChangeState(entry.from_state)],)
    people = {person.pk: person for party in to for person in _people(change, party, now)}
    for person in people.values():
        if person.pk != actor.user.pk:
            _tell(person, step, change, entry, now)


def _tell(person: User, step: Told, change: TargetChange, entry: TargetChangeEntry, now: datetime) -> None:
    outbox.enqueue(
        kind=step.kind,
        recipient=person,
        key=f"{step.kind}:{change.pk}:v{change.version}:u{person.pk}",
        title=_title(step, change),
        body=entry.text,
        url=url_of(change),
        context={"indicator": change.indicator.code},
        now=now,
        subject_code=change.indicator.code,
        department=change.indicator.lead_department,
    )


def _title(step: Told, change: TargetChange) -> str:
    indicator = change.indicator
    with override(NOTICE_LANGUAGE):
        words = {"unit": indicator.lead_department.short_name, "name": f"{indicator.code} {indicator.name}"}
        late = _("（逾期申请）") if change.is_overdue else ""
        return str(step.title) % words + late


def _people(change: TargetChange, party: ChangeParty, now: datetime) -> list[User]:
    day, unit = localtime(now).date(), change.indicator.lead_department_id
    if party is P.LEADER:
        return holding_post(change.indicator.accountable_post_id, day=day)
    if party is P.OFFICE:
        return holding(Role.SUPERVISOR, day=day)
    return signing_for(unit, day=day) if party is P.HEAD else answering_for(unit, day=day)
