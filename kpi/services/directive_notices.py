"""Who hears of a directive's steps: words and recipients for the outbox. Nobody is told of their own step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import Department, Role, User
from accounts.permissions import Actor
from kpi import wording
from kpi.domain.directives import DirectiveVerb
from kpi.domain.reminders import Ladder
from kpi.models import Directive, DirectiveEntry
from kpi.selectors.people import answering_for, holding, holding_post
from kpi.services.notices import NOTICE_LANGUAGE
from kpi.services.settling import KINDS_OF
from notifications import outbox

V = DirectiveVerb
REMINDERS = KINDS_OF[Ladder.DIRECTIVE]
TO_UNIT = ("directive.issued", "directive.corrected", "directive.sent_back", "directive.clarified")


class Told(NamedTuple):
    """What a step says to whom, and which earlier notices it settles."""

    kind: str
    title: Promise | str
    to: tuple[str, ...]
    settles: tuple[str, ...] = ()


STEPS: Mapping[DirectiveVerb, Told] = {
    V.CORRECT: Told("directive.corrected", gettext_lazy("批示已更正：%(name)s"), ("unit", "copied")),
    V.WITHDRAW: Told(
        "directive.withdrawn", gettext_lazy("批示已撤回：%(name)s"), ("unit", "copied"), (*TO_UNIT, *REMINDERS)
    ),
    V.RECEIVE: Told("directive.received", gettext_lazy("%(unit)s已签收批示：%(name)s"), ("issuer",), TO_UNIT),
    V.TAKE_IN_HAND: Told("directive.taken_in_hand", gettext_lazy("%(unit)s已转入办理：%(name)s"), ("issuer",), TO_UNIT),
    V.REPLY: Told(
        "directive.replied",
        gettext_lazy("%(unit)s已反馈，待复核：%(name)s"),
        ("issuer", "office"),
        (*TO_UNIT, *REMINDERS, "directive.extension_asked"),
    ),
    V.BEGIN_REVIEW: Told("directive.review_begun", gettext_lazy("反馈复核中：%(name)s"), ("unit",)),
    V.SEND_BACK: Told("directive.sent_back", gettext_lazy("批示退回重办：%(name)s"), ("unit",), ("directive.replied",)),
    V.CLOSE: Told(
        "directive.closed",
        gettext_lazy("批示已办结：%(name)s"),
        ("unit", "issuer"),
        (*TO_UNIT, *REMINDERS, "directive.replied"),
    ),
    V.CLARIFY: Told("directive.clarified", gettext_lazy("批示有补充：%(name)s"), ("unit", "copied")),
    V.ASK_EXTENSION: Told(
        "directive.extension_asked", gettext_lazy("%(unit)s申请延期反馈：%(name)s"), ("issuer", "office")
    ),
    V.GRANT_EXTENSION: Told(
        "directive.extension_granted",
        gettext_lazy("同意延至 %(day)s：%(name)s"),
        ("unit",),
        ("directive.extension_asked",),
    ),
    V.REFUSE_EXTENSION: Told(
        "directive.extension_refused", gettext_lazy("不同意延期：%(name)s"), ("unit",), ("directive.extension_asked",)
    ),
}


def url_of(directive: Directive) -> str:
    return f"/{directive.indicator.report.year}/directives/{directive.pk}/"


def issued(directive: Directive, copies: Sequence[Department], *, actor: Actor, now: datetime) -> None:
    """The unit hears what is wanted by when, copied units that they may read it, the leader what was sent for them."""
    with override(NOTICE_LANGUAGE):
        day = wording.short_day(directive.due_on)
        words = {"post": directive.post.title, "name": _name(directive), "day": day}
        title = _("%(post)s批示，%(day)s前反馈：%(name)s") % words
        copied = _("%(post)s批示抄送你单位：%(name)s") % words
        sent = _("督查室代你交办批示：%(name)s") % words
    _tell(_unit(directive, now), "directive.issued", directive, title, directive.text, actor, now)
    _tell(_of(copies, now), "directive.copied", directive, copied, directive.text, actor, now)
    if directive.is_on_behalf:
        _tell(_issuer(directive, now), "directive.sent_for", directive, sent, directive.text, actor, now)


def moved(directive: Directive, entry: DirectiveEntry, *, actor: Actor, now: datetime) -> None:
    """Tell of one step, and close what it settles."""
    step = STEPS[DirectiveVerb(entry.verb)]
    outbox.cancel_at(url=url_of(directive), kinds=step.settles, now=now)
    with override(NOTICE_LANGUAGE):
        day = wording.short_day(entry.day) if entry.day else ""
        title = str(step.title) % {"name": _name(directive), "unit": directive.department.short_name, "day": day}
    people = {person.pk: person for audience in step.to for person in AUDIENCES[audience](directive, now)}
    _tell(people.values(), step.kind, directive, title, entry.text, actor, now)


def _tell(
    people: Iterable[User], kind: str, directive: Directive, title: str, body: str, actor: Actor, now: datetime
) -> None:
    for person in people:
        if person.pk == actor.user.pk:
            continue
        outbox.enqueue(
            kind=kind,
            recipient=person,
            key=f"{kind}:{directive.pk}:v{directive.version}:u{person.pk}",
            title=title,
            body=body,
            url=url_of(directive),
            context={"indicator": directive.indicator.code},
            now=now,
            subject_code=directive.indicator.code,
            department=directive.department,
        )


def _name(directive: Directive) -> str:
    return f"{directive.indicator.code} {directive.indicator.name}"


def _unit(directive: Directive, now: datetime) -> list[User]:
    return answering_for(directive.department_id, day=localtime(now).date())


def _issuer(directive: Directive, now: datetime) -> list[User]:
    return holding_post(directive.post_id, day=localtime(now).date())


def _office(directive: Directive, now: datetime) -> list[User]:
    return holding(Role.SUPERVISOR, day=localtime(now).date())


def _copied(directive: Directive, now: datetime) -> list[User]:
    return _of(directive.copied_to.all(), now)


def _of(departments: Iterable[Department], now: datetime) -> list[User]:
    day = localtime(now).date()
    people = {person.pk: person for unit in departments for person in answering_for(unit.pk, day=day)}
    return list(people.values())


AUDIENCES: Mapping[str, Callable[[Directive, datetime], list[User]]] = {
    "unit": _unit,
    "issuer": _issuer,
    "office": _office,
    "copied": _copied,
}
