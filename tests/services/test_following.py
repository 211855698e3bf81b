"""Followers hear of a lamp that was published otherwise than the month before; by a real lock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Membership, User
from accounts.permissions import Actor, actor_for
from kpi.domain.values import Rag
from kpi.models import AssessmentSnapshot, Indicator, Period, Submission
from kpi.selectors import scoreboard
from kpi.services import following, overrides, periods, submissions, windows
from notifications.models import Notice
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read

WHY = "填报单位发现汇总表漏计一个片区，须更正后重新公布"


def person(username: str) -> Actor:
    return actor_for(User.objects.get(username=username), NOW.date())


def follow(code: str = "A06", who: str = "mayor") -> None:
    following.follow(indicator=indicator(code), user=User.objects.get(username=who), now=NOW)


def approve(value: str, june: Period) -> Submission:
    """A06 filed, signed and approved with a figure."""
    filed = submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND | {"value": value}), version=0,
        actor=person("nyj_staff"), now=NOW,
    )  # fmt: skip
    signed = submissions.sign_off(submission=filed, version=filed.version, actor=person("nyj_head"), now=NOW)
    return submissions.approve(submission=signed, version=signed.version, actor=person("dcs_1"), now=NOW)


def lock(june: Period, hours: int = 1) -> None:
    june.refresh_from_db()
    at = june.grace_ends_at + timedelta(hours=hours)
    periods.lock_period(period=june, typed_code="2025-06", actor=person("dcs_1"), now=at)


def told() -> list[tuple[str, str]]:
    found = Notice.objects.filter(kind="follow.changed").order_by("key")
    return [(notice.key, notice.recipient.username) for notice in found]


def changed_and_same(june: Period) -> tuple[Indicator, Indicator]:
    """One indicator whose lamp the lock will publish otherwise than in May, and one that stays."""
    at = june.grace_ends_at + timedelta(hours=1)
    rows = scoreboard.build(year=2025, now=at, period_code="2025-06").rows
    changed = next(row.indicator for row in rows if row.has_changed)
    same = next(row.indicator for row in rows if not row.has_changed)
    return changed, same


def test_a_changed_lamp_is_told_once_to_each_follower_and_an_unchanged_one_to_nobody(june):
    approve("3.10", june)
    changed, same = changed_and_same(june)
    for who in ("mayor", "dcs_1"):
        follow(changed.code, who)
    follow(same.code)
    lock(june)
    mayor, office = (User.objects.get(username=name) for name in ("mayor", "dcs_1"))
    expected = {(f"follow:{changed.code}:2025-06:u{who.pk}", who.username) for who in (mayor, office)}
    assert set(told()) == expected
    notice = Notice.objects.filter(kind="follow.changed", recipient=mayor).get()
    lamps = AssessmentSnapshot.objects.filter(indicator=changed, period__code__in=["2025-05", "2025-06"])
    assert [notice.context["before"], notice.context["lamp"]] == [
        lamp.rag for lamp in lamps.order_by("period__code", "edition")
    ]
    assert notice.url == f"/2025/kpis/{changed.code}/?period=2025-06" and changed.name in notice.title
    assert notice.deliveries.get(channel="email").is_digest


def test_nobody_is_told_where_locking_fails(june):
    approve("3.10", june)
    follow(changed_and_same(june)[0].code)
    with pytest.raises(Exception, match="confirmation_differs"):
        periods.lock_period(period=june, typed_code="x", actor=person("dcs_1"), now=june.grace_ends_at)
    assert told() == []


def test_whoever_left_or_may_no_longer_sign_in_is_not_told(june):
    approve("3.10", june)
    code = changed_and_same(june)[0].code
    for who in ("mayor", "gxj_staff", "kjj_staff"):
        follow(code, who)
    User.objects.filter(username="mayor").update(is_active=False)
    Membership.objects.filter(user__username="gxj_staff").update(ends_on=NOW.date())
    lock(june)
    assert [who for _key, who in told()] == ["kjj_staff"]


@pytest.mark.parametrize(("value", "is_adjusted"), [("2.86", True), ("3.10", False)])
def test_what_is_published_anew_is_told_only_if_its_lamp_changed(june, value, is_adjusted):
    """May was amber: 2.86 is amber again and then set to green; 3.10 is green both times, another than in May."""
    found = approve(value, june)
    lock(june)
    follow()
    at = june.grace_ends_at + timedelta(hours=2)
    asked = windows.ask_unlock(period=june, reason=WHY, actor=person("dcs_1"), now=at)
    windows.confirm_unlock(unlock=asked, typed_code="2025-06", actor=person("dcs_2"), now=at)
    if is_adjusted:
        overrides.override_lamp(
            submission=found, rag=Rag.GREEN, reason=WHY, actor=person("dcs_1"), now=at,
            version=found.version, replaces=None,
        )  # fmt: skip
    lock(june, hours=3)
    mayor = User.objects.get(username="mayor")
    assert told() == ([(f"follow:A06:2025-06:u{mayor.pk}:e2", "mayor")] if is_adjusted else [])
    assert all("更正后重新公布，预警 → 正常" in notice.title for notice in Notice.objects.filter(kind="follow.changed"))
