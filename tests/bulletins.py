"""Bulletins as the office makes them: one that is published, one that is still a draft."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from accounts.permissions import Actor, actor_for
from kpi.documents.docx import render
from kpi.models import Bulletin, Period
from kpi.services import bulletins
from tests.conftest import NOW


def of_office(username: str, now: datetime = NOW) -> Actor:
    return actor_for(User.objects.get(username=username), now.date())


def draft_of(code: str, now: datetime = NOW) -> Bulletin:
    period = Period.objects.select_related("report").get(code=code, report__year=int(code[:4]))
    return bulletins.draft(period=period, actor=of_office("dcs_1"), now=now)


def published(code: str = "2025-05", number: int = 6, now: datetime = NOW) -> Bulletin:
    """Drafted and sent by one person, published by another."""
    made = draft_of(code, now)
    sent = bulletins.send(bulletin=made, version=made.version, actor=of_office("dcs_1"), now=now)
    return bulletins.publish(
        bulletin=sent, version=sent.version, number=number, render=render, actor=of_office("dcs_2"), now=now
    )
