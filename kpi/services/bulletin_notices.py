"""Who hears of a bulletin: the second person that it waits, its authors that it came back, those concerned that it is
out. Nobody is told twice, and nobody but the office before it is published."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Membership, Role, User
from accounts.permissions import Actor
from kpi import wording
from kpi.domain.official import document_number
from kpi.models import Bulletin
from kpi.selectors.people import holding
from kpi.services.notices import NOTICE_LANGUAGE
from notifications import outbox
from notifications.outbox import Draft

WAITING = ("bulletin.sent",)


def url_of(bulletin: Bulletin) -> str:
    return f"/{bulletin.report.year}/bulletins/{bulletin.period.code}/?edition={bulletin.edition}"


def sent(bulletin: Bulletin, *, actor: Actor, now: datetime) -> None:
    """Everybody in the office who may publish it."""
    office = holding(Role.SUPERVISOR, day=localtime(now).date())
    others = [each for each in office if each.pk not in (actor.user.pk, bulletin.drafted_by_id)]
    with override(NOTICE_LANGUAGE):
        title = _("督查通报待签发：%(month)s") % {"month": wording.month(bulletin.period.code)}
    _tell(others, "bulletin.sent", bulletin, title, bulletin.title, now)


def returned(bulletin: Bulletin, *, to: Iterable[User], reason: str, now: datetime) -> None:
    settled(bulletin, now=now)
    with override(NOTICE_LANGUAGE):
        title = _("督查通报退回：%(month)s") % {"month": wording.month(bulletin.period.code)}
    _tell({each.pk: each for each in to}.values(), "bulletin.returned", bulletin, title, reason, now)


def settled(bulletin: Bulletin, *, now: datetime) -> None:
    """Nobody needs to look at what was sent any more."""
    outbox.cancel_at(url=url_of(bulletin), kinds=WAITING, now=now)


def published(bulletin: Bulletin, *, now: datetime) -> None:
    """Those concerned, each once: people of departments that are named, leaders in charge, and every unit's head where
    the office chose so."""
    settled(bulletin, now=now)
    year = bulletin.report.year
    with override(NOTICE_LANGUAGE):
        title = _("督查通报 %(number)s：%(month)s") % {
            "number": document_number(bulletin.series, year, bulletin.number),
            "month": wording.month(bulletin.period.code),
        }
    drafts = [
        Draft(
            kind="bulletin.published",
            recipient=person,
            key=f"bulletin:{year}:{bulletin.number}:u{person.pk}",
            title=title,
            body=bulletin.title,
            url=url_of(bulletin),
            context={"number": bulletin.number},
            period=bulletin.period.code,
        )
        for person in concerned(bulletin, now)
    ]
    outbox.enqueue_many(drafts, now=now)


def concerned(bulletin: Bulletin, now: datetime) -> list[User]:
    """Active people by user name (1 query): staff and heads of the named units, holders of the posts in charge."""
    named = bulletin.content["concerned"]
    held = Membership.objects.active_on(localtime(now).date()).filter(user__is_active=True)
    of_units = held.filter(department__code__in=named["departments"], role__in=(Role.STAFF, Role.HEAD))
    in_charge = held.filter(post__code__in=named["posts"], role=Role.LEADER)
    wanted = of_units | in_charge
    if bulletin.tells_all_heads:
        wanted |= held.filter(role=Role.HEAD)
    return list(User.objects.filter(pk__in=wanted.values("user")).order_by("username"))


def _tell(people: Iterable[User], kind: str, bulletin: Bulletin, title: str, body: str, now: datetime) -> None:
    for person in people:
        outbox.enqueue(
            kind=kind,
            recipient=person,
            key=f"{kind}:{bulletin.pk}:v{bulletin.version}:u{person.pk}",
            title=title,
            body=body,
            url=url_of(bulletin),
            now=now,
            period=bulletin.period.code,
        )
