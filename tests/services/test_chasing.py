"""The office chases units by hand: once a day, inside the hours, everybody once, done with the last report filed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import AuditEntry, Department, Membership, User
from accounts.permissions import actor_for
from kpi.domain.errors import DomainError, NotPermitted, PeriodClosed
from kpi.models import Chase, Indicator, Period
from kpi.services import chasing, submissions
from kpi.services.content import ContentInvalid
from notifications.models import Delivery, Notice
from notifications.rules import rules
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.people import lend
from tests.races import in_parallel

OWED = ["A06", "A08", "A11", "A12", "A13", "A20"]


def unit(code: str) -> Department:
    return Department.objects.get(code=code)


@pytest.fixture
def chase(actor, june):
    def chase(*codes: str, who: str = "dcs_1", note: str = "", now=NOW, period=june):
        departments = [unit(code) for code in codes]
        return chasing.chase(period=period, departments=departments, note=note, actor=actor(who), now=now)

    return chase


def submit(code: str, june, actor, now=NOW) -> None:
    content = read(code, FARMLAND | ({} if code == "A06" else {"value": "2"}))
    submissions.submit(indicator=indicator(code), period=june, content=content, version=0, actor=actor, now=now)


def owes_only(*codes: str) -> None:
    Indicator.objects.filter(code__in=OWED).exclude(code__in=codes).update(is_active=False)


def chased() -> Notice:
    return Notice.objects.get(kind="report.chased", recipient__username="nyj_staff")


def test_everybody_who_answers_for_the_unit_is_told_once_of_everything_open(chase):
    lend()  # the head's signature is with the person who files: still one notice
    assert [(each.told, each.refusal) for each in chase("agriculture", note="请今天  报齐")] == [(2, None)]
    notices = Notice.objects.filter(kind="report.chased")
    assert set(notices.values_list("recipient__username", flat=True)) == {"nyj_staff", "nyj_head"}
    notice = chased()
    assert notice.key == f"chase:agriculture:2025-07-02:u{notice.recipient_id}"
    assert notice.title == "催办：2025年6月期还有 6 项未提交，7月7日 18:00 截止"
    assert notice.context["items"] == OWED and "A06 建设高标准农田" in notice.body
    assert notice.body.endswith("督查室附言：请今天 报齐")
    waiting = Delivery.objects.get(notice=notice, channel="email")
    assert waiting.state == "queued" and waiting.not_before == NOW and not waiting.is_digest
    entry = AuditEntry.objects.get(action="report.chased")
    assert entry.after == {"period": "2025-06", "items": OWED, "told": 2} and entry.department_code == "agriculture"


def test_only_the_office_chases(chase):
    with pytest.raises(NotPermitted):
        chase("agriculture", who="nyj_head")


def test_the_second_chase_of_a_day_names_who_was_first_and_the_others_go_through(chase):
    chase("agriculture")
    done = chase("tourism", "agriculture", who="dcs_2", now=NOW + timedelta(hours=1))
    assert [(each.department.code, each.told) for each in done] == [("agriculture", 0), ("tourism", 2)]
    assert done[0].refusal.code == "chased_already"
    assert done[0].refusal.params == {"unit": "市农业农村局", "who": "督查室一科（示例）", "at": "7月2日 09:00"}
    assert [each.told for each in chase("agriculture", now=NOW + timedelta(days=1))] == [2], "the next day it may be"


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (NOW.replace(hour=8, minute=29), "7月2日 08:30"),
        (NOW.replace(hour=18), "7月3日 08:30"),
        (NOW.replace(day=5, hour=10), "7月7日 08:30"),  # a Saturday
        (NOW.replace(month=10, day=1, hour=10), "10月9日 08:30"),  # 国庆 and 中秋
    ],
)
def test_nobody_is_chased_outside_the_hours_and_the_refusal_says_when_it_opens(chase, moment, opens):
    with pytest.raises(DomainError) as refused:
        chase("agriculture", now=moment)
    assert refused.value.code == "chase_out_of_hours" and refused.value.params == {"opens": opens}
    assert not Chase.objects.exists()


def test_a_make_up_saturday_is_a_day_like_any_other(chase, june):
    assert chase("agriculture", now=NOW.replace(month=9, day=28, hour=10))[0].told == 2


def test_a_unit_that_owes_nothing_or_has_nobody_is_refused_alone(chase):
    Membership.objects.filter(department__code="tourism").update(ends_on=NOW.date())
    done = chase("cili", "tourism", "agriculture")
    assert [each.refusal and each.refusal.code for each in done] == [
        None,
        "chase_nobody_to_tell",
        "chase_nothing_owed",
    ]
    assert Chase.objects.count() == 1


def test_a_closed_month_nothing_chosen_and_a_long_note_are_refused(chase):
    with pytest.raises(PeriodClosed):
        chase("agriculture", period=Period.objects.select_related("report").get(code="2025-05"))
    with pytest.raises(PeriodClosed):
        chase("agriculture", period=Period.objects.select_related("report").get(code="2025-09"))
    with pytest.raises(DomainError, match="chase_nothing_chosen"):
        chase()
    with pytest.raises(ContentInvalid) as refused:
        chase("agriculture", note="好" * 101)
    assert refused.value.errors[0].code == "text_too_long"
    assert not Chase.objects.exists()


def test_a_chase_is_done_when_the_last_of_its_reports_is_filed(chase, june, actor):
    owes_only("A06", "A08")
    chase("agriculture")
    submit("A06", june, actor("nyj_staff"))
    assert chased().state == "open", "one report is still missing"
    Delivery.objects.get(notice=chased(), channel="email")
    submit("A08", june, actor("nyj_staff"))
    assert chased().state == "cancelled"
    assert Delivery.objects.get(notice=chased(), channel="email").state == "cancelled"


def test_a_sender_finds_out_by_itself_that_nothing_is_owed_any_more(chase, june, actor):
    owes_only("A06")
    chase("agriculture")
    assert rules(NOW).standing([chased()], NOW) == {chased().pk}
    submit("A06", june, actor("nyj_staff"))
    assert rules(NOW).standing([chased()], NOW) == set()


def test_the_lock_ends_what_was_asked_for(chase, june):
    chase("agriculture")
    assert rules(NOW).standing([chased()], NOW) == {chased().pk}
    Period.objects.filter(pk=june.pk).update(locked_at=NOW)
    assert rules(NOW).standing([chased()], NOW) == set()


def test_the_preview_is_what_the_chase_does_and_writes_nothing(chase, june):
    departments = [unit("agriculture"), unit("cili")]
    shown = chasing.preview(period=june, departments=departments, note="请报齐", found=rules(NOW), now=NOW)
    assert not Notice.objects.filter(kind="report.chased").exists() and not Chase.objects.exists()
    assert [each.refusal and each.refusal.code for each in shown] == [None, "chase_nothing_owed"]
    chase("agriculture", note="请报齐")
    assert (shown[0].title, shown[0].body) == (chased().title, chased().body)
    ways = {told.person.user.username: [way.channel for way in told.ways] for told in shown[0].told}
    recorded = Delivery.objects.filter(notice__kind="report.chased").order_by("id")
    assert ways == {
        name: [way.channel for way in recorded if way.notice.recipient.username == name]
        for name in ("nyj_head", "nyj_staff")
    }


@pytest.fixture
def race(committed_db, monkeypatch):
    """Two of the office chase two units at the same moment, in either order, both before the other has committed."""
    monkeypatch.setattr(chasing.chasing, "last_chases", lambda departments: {})

    def race() -> list[object]:
        june = Period.objects.select_related("report").get(code="2025-06")
        office = [actor_for(User.objects.get(username=name), NOW.date()) for name in ("dcs_1", "dcs_2")]
        chosen = [unit("agriculture"), unit("tourism")]
        return in_parallel(
            lambda: chasing.chase(period=june, departments=chosen, note="", actor=office[0], now=NOW),
            lambda: chasing.chase(period=june, departments=chosen[::-1], note="", actor=office[1], now=NOW),
        )

    return race


def test_of_two_who_chase_at_once_one_does_and_the_other_is_told_so(race):
    outcomes = [[(each.told, each.refusal and each.refusal.code) for each in done] for done in race()]
    assert sorted(outcomes, key=str) == [[(0, "chased_already")] * 2, [(2, None)] * 2]
    assert Chase.objects.count() == 2 and Notice.objects.filter(kind="report.chased").count() == 4


def test_without_its_constraint_the_database_lets_both_through(race):
    """The control: that one of them waits and loses is the constraint's doing."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kpi_chase DROP CONSTRAINT chase_once_a_day_per_unit")
    race()
    assert Chase.objects.count() == 4
