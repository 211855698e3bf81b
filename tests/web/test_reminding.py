"""Chasing, the day's forecast and the reminder rules, as the office uses them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from accounts import clock
from accounts.models import Membership
from kpi.models import Chase, ReminderPolicy, ReminderStep
from notifications.models import Notice, Robot

DESK, CHASE = "/2025/desk/", "/2025/desk/chase/"
DAY, RULES = "/2025/desk/reminders/", "/2025/desk/reminders/policy/"


@pytest.fixture
def at(monkeypatch, settings):
    """Move the clock of the edges: the trial's own shift, set anew."""

    def move(moment) -> None:
        settings.CLOCK_OFFSET += moment - clock.now()

    return move


def text(response) -> str:
    """The page with its tags taken out and its blanks joined, besides what a form holds."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


@pytest.mark.parametrize("path", [f"{CHASE}?period=2025-06&unit=agriculture", DAY, RULES, f"{RULES}new/"])
def test_only_the_office_sees_these_pages(as_user, path):
    assert as_user("dcs_1").get(path).status_code == 200
    assert as_user("nyj_head").get(path).status_code == 403
    assert as_user("mayor").get(path).status_code == 403


def test_units_are_ticked_once_they_are_late_and_never_twice_a_day(as_user, june, at):
    office = as_user("dcs_1")

    def ticked(query: str = "") -> set[str]:
        page = office.get(DESK + query).content.decode()
        return set(re.findall(r'value="([a-z_]+)" checked', page))

    assert ticked() == set(), "nothing is late yet"
    everybody = ticked("?pick=all")
    assert {"agriculture", "tourism"} <= everybody
    at(june.due_at + timedelta(hours=15))
    assert ticked() == everybody and ticked("?pick=none") == set()
    office.post(CHASE, {"period": "2025-06", "unit": ["agriculture"]})
    assert ticked() == everybody - {"agriculture"}
    assert "今天已催办" in text(office.get(DESK))


def test_the_preview_says_who_hears_what_by_which_way(as_user, june):
    Robot.objects.create(channel="wecom", department_id=_unit("agriculture"), name="农业工作群", address="x")
    Membership.objects.filter(user__username="nyj_staff").update(is_contact=True)
    page = text(as_user("dcs_1").get(f"{CHASE}?period=2025-06&unit=agriculture&unit=cili"))
    assert "市农业农村局填报人（示例）填报人、联络员站内 邮件 企业微信：农业工作群" in page
    assert "慈利县本期已全部提交" in page and "催办 1 个单位" in page and "共通知 2 人" in page
    assert not Notice.objects.filter(kind="report.chased").exists()


def _unit(code: str) -> int:
    return Membership.objects.filter(department__code=code).first().department_id


def test_a_chase_through_the_page_and_its_partial_success(as_user):
    office = as_user("dcs_1")
    sent = {"period": "2025-06", "unit": ["agriculture"], "note": "请今天报齐"}
    assert "已催办 市农业农村局，通知 2 人" in text(office.post(CHASE, sent, follow=True))
    assert Chase.objects.get().note == "请今天报齐"
    again = as_user("dcs_2").post(CHASE, sent | {"unit": ["agriculture", "tourism"]}, follow=True)
    assert "已催办 市文旅广体局，通知 2 人。没有催办：市农业农村局今天已由督查室一科（示例）" in text(again)
    refused = as_user("dcs_2").post(CHASE, sent)
    assert refused.status_code == 409 and "每个单位每天最多一次" in text(refused)
    assert "请今天报齐" in refused.content.decode(), "nothing typed is lost"


def test_nothing_chosen_a_long_note_and_the_night_are_refused_in_words(as_user, at):
    office = as_user("dcs_1")
    nothing = office.get(f"{CHASE}?period=2025-06")
    assert nothing.status_code == 422 and "请先勾选要催办的单位" in text(nothing)
    long = office.post(CHASE, {"period": "2025-06", "unit": ["agriculture"], "note": "好" * 101})
    assert long.status_code == 422 and "不能超过 100 字" in text(long) and "好" * 101 in long.content.decode()
    at(clock.now().replace(hour=20))
    assert "7月3日 08:30 起可以催办" in text(office.get(f"{CHASE}?period=2025-06&unit=agriculture"))
    night = office.post(CHASE, {"period": "2025-06", "unit": ["agriculture"]})
    assert night.status_code == 422 and "7月3日 08:30 起可以催办" in text(night) and not Chase.objects.exists()
    assert office.get(f"{CHASE}?period=2025-13&unit=agriculture").status_code == 404


def test_the_day_says_who_would_be_told_what_and_why(as_user):
    page = text(as_user("dcs_1").get(DAY))
    assert "7月3日会通知" in page
    assert "填报梯级第 2 级：截止前 2 个工作日，填报人市农业农村局" in page
    assert "7月3日 09:00 到级站内邮件 7月3日 09:00 发" in page


def test_a_day_on_which_nothing_comes_says_so_plainly(as_user):
    page = text(as_user("dcs_1").get(f"{DAY}?day=2025-07-16"))
    assert "7月16日不会通知任何人" in page and "没有到级的提醒" in page
    assert as_user("dcs_1").get(f"{DAY}?day=2025-07-05").status_code == 404, "a Saturday"


def test_what_keeps_a_reminder_in_the_inbox_and_what_moves_it_is_said(as_user):
    steps = ReminderStep.objects.filter(ladder="report", level=2)
    steps.update(at="22:00")
    assert "不在可打扰时段，移到 7月4日 08:30" in text(as_user("dcs_1").get(DAY))
    steps.update(at="09:00", is_pushed=False)
    assert "只进站内：规则如此" in text(as_user("dcs_1").get(DAY))
    steps.update(is_pushed=True)
    ReminderPolicy.objects.update(most_pushes=0)
    page = text(as_user("dcs_1").get(DAY))
    assert "只进站内：本期推送次数已满" in page and "条已到推送上限" in page


def test_rules_that_begin_meanwhile_are_announced(as_user):
    ReminderPolicy.objects.create(effective_from="2025-07-04", opens_at="09:00", closes_at="17:00", slots=["09:30"])
    assert "起用新的催报规则" not in text(as_user("dcs_1").get(DAY))
    assert "2025-07-04 起用新的催报规则" in text(as_user("dcs_1").get(f"{DAY}?day=2025-07-04"))


def fields(page: str) -> dict[str, list[str]]:
    """What the form would send, as a browser without JavaScript does."""
    form = page[page.index('class="policy"') :]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        values = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if values.get("name", "csrfmiddlewaretoken") != "csrfmiddlewaretoken" and (
            values.get("type") != "checkbox" or " checked" in tag
        ):
            sent.setdefault(values["name"], []).append(values.get("value", ""))
    for name, choices in re.findall(r'<select[^>]* name="([^"]+)">(.*?)</select>', form, re.S):
        sent[name] = re.findall(r'value="([^"]+)" selected', choices)
    return sent


def test_a_version_is_made_changed_and_withdrawn_without_javascript(as_user):
    office = as_user("dcs_1")
    sent = fields(office.get(f"{RULES}new/").content.decode())
    added = office.post(f"{RULES}new/", sent | {"add": "review", "basis": "会议纪要"})
    assert added.status_code == 200 and ReminderPolicy.objects.count() == 1
    sent = fields(added.content.decode())
    assert sent["review-count"] == ["2"] and sent["basis"] == ["会议纪要"]
    wrong = office.post(f"{RULES}new/", sent | {"action": "save"})
    assert wrong.status_code == 422 and "请至少勾选一种接收人" in text(wrong)
    assert fields(wrong.content.decode()) == sent, "nothing typed is lost"
    saved = office.post(f"{RULES}new/", sent | {"review-2-audience": ["supervisor"]}, follow=True)
    assert "新规则已保存，2025-07-09 起用" in text(saved) and "2025-07-09 起用未起用" in text(saved)
    policy = ReminderPolicy.objects.latest("effective_from")
    assert policy.steps.filter(ladder="review").count() == 2
    page = f"{RULES}{policy.pk}/"
    sent = fields(office.get(page).content.decode())
    fewer = fields(office.post(page, sent | {"remove": "report-1"}).content.decode())
    assert fewer["report-count"] == ["5"] and fewer["report-1-offset"] == ["-2"]
    office.post(page, fewer)
    assert policy.steps.filter(ladder="report").count() == 5
    stale = office.post(page, sent | {"basis": "后来的人"})
    assert stale.status_code == 409 and "有人在你之后改过这版规则" in text(stale)
    assert "后来的人" in stale.content.decode()
    sent = fields(office.get(page).content.decode())
    assert office.post(page, sent | {"action": "withdraw"}).status_code == 422
    office.post(page, sent | {"action": "withdraw", "sure": "on"})
    assert ReminderPolicy.objects.count() == 1


def test_rules_that_have_begun_have_no_form(as_user, at):
    policy = ReminderPolicy.objects.get()
    assert as_user("dcs_1").get(f"{RULES}{policy.pk}/").status_code == 302
    assert as_user("dcs_1").post(f"{RULES}{policy.pk}/", {"version": "1"}).status_code == 409
    assert as_user("dcs_1").get(f"{RULES}999/").status_code == 404
