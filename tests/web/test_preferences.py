"""What a person chooses to hear, on the page and in what is sent afterwards."""

from __future__ import annotations

from datetime import time

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from kpi.models import Follow
from kpi.web.preferring import masked
from notifications.models import Hours, Notice, Preference
from tests.content import indicator
from tests.messages import put

PAGE = "/inbox/preferences/"
NO_HOURS = {"digest_at": "", "opens_at": "", "closes_at": ""}
ALL = [f"{group}:email" for group in ("report", "review", "directive", "lamp", "cosign", "target", "bulletin", "score")]


def choose(client: Client, *, on: list[str] = ALL, **times: str):
    return client.post(PAGE, {"on": on, **NO_HOURS, **times}, follow=True)


def ways(notice: Notice) -> set[str]:
    return {delivery.channel for delivery in notice.deliveries.all()}


def box(page: str, value: str) -> str:
    """The tick box of a group and channel, as the page writes it."""
    return page.split(f'value="{value}"')[1].split(">")[0]


def test_a_group_that_is_switched_off_stays_in_the_inbox_but_for_what_must_be_heard(as_user):
    client = as_user("nyj_staff")
    assert ways(put("report.due")) == {"inbox", "email"}
    page = choose(client, on=[each for each in ALL if each != "report:email"]).content.decode()
    assert "checked" not in box(page, "report:email") and "checked" in box(page, "review:email")
    assert ways(put("report.due")) == ways(put("extension.asked")) == {"inbox"}
    assert ways(put("report.overdue")) == ways(put("submission.submitted")) == {"inbox", "email"}
    assert not Preference.objects.filter(is_enabled=False, kind__in=["report.overdue", "report.chased"]).exists()
    choose(client)
    assert ways(put("report.due")) == {"inbox", "email"}


def test_a_change_is_on_record_once_and_nothing_without_one(as_user):
    client = as_user("nyj_staff")
    choose(client)
    assert not AuditEntry.objects.filter(action__in=["preferences.changed", "hours.changed"]).exists()
    choose(client, on=[], digest_at="10:00")
    choose(client, on=[], digest_at="10:00")
    muted = AuditEntry.objects.get(action="preferences.changed")
    assert muted.before == {"muted": []} and "report.due email" in muted.after["muted"]
    assert AuditEntry.objects.get(action="hours.changed").after == {"digest_at": "10:00"}


def test_what_may_not_be_muted_is_ticked_disabled_and_explained(as_user):
    page = as_user("nyj_staff").get(PAGE).content.decode()
    always = "必发：逾期催报、督查催办、提前关闭填报、报送时限恢复"
    assert f'<input type="checkbox" checked disabled><span>{always}</span>' in page
    assert "不知道就会误事" in page and "始终都有，不能关闭" in page and "由督查室统一设置" in page


def test_hours_move_the_digest_and_are_told_in_words(as_user):
    client = as_user("nyj_staff")
    assert "每个工作日 09:00、16:00 各至多一封汇总" in client.get(PAGE).content.decode()
    page = choose(client, digest_at="10:30", opens_at="10:00", closes_at="15:00").content.decode()
    assert "每个工作日 10:30 至多一封汇总" in page and "在 10:00 至 15:00 之间随到随发" in page
    assert put("report.due").deliveries.get(channel="email").not_before.hour == 2, "10:30 in the city, as UTC"
    choose(client)
    assert not Hours.objects.exists()


def test_one_end_alone_narrows_the_general_hours(as_user):
    choose(as_user("nyj_staff"), closes_at="12:00")
    stored = Hours.objects.get()
    assert (stored.opens_at, stored.closes_at) == (time(8, 30), time(12, 0))


@pytest.mark.parametrize(
    ("typed", "name", "said"),
    [
        ({"opens_at": "16:00", "closes_at": "10:00"}, "closes_at", "结束时间应晚于开始时间 16:00"),
        ({"opens_at": "10:00", "closes_at": "10:00"}, "closes_at", "结束时间应晚于开始时间 10:00"),
        ({"digest_at": "09:00", "opens_at": "10:00"}, "digest_at", "应在可打扰时间 10:00 至 18:00 之内"),
        ({"digest_at": "18:00"}, "digest_at", "应在可打扰时间 08:30 至 18:00 之内"),
        ({"digest_at": "22:00"}, "digest_at", "没有“22:00”这个选项"),
        ({"opens_at": "7 点"}, "opens_at", "没有“7 点”这个选项"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_chosen_is_lost(as_user, typed, name, said):
    answer = choose(as_user("nyj_staff"), on=["lamp:email"], **typed)
    page = answer.content.decode()
    assert answer.status_code == 422 and f'id="{name}-e">' in page
    assert said in page.split(f'id="{name}-e">')[1].split("</p>")[0]
    assert all(f"<option selected>{value}</option>" in page for value in typed.values())
    assert "checked" in box(page, "lamp:email") and "checked" not in box(page, "report:email")
    assert not Hours.objects.exists() and not Preference.objects.exists()


def test_sms_is_offered_where_there_is_a_gateway_and_a_number_of_which_only_the_ends_show(as_user, settings):
    User.objects.filter(username="nyj_staff").update(phone="13800001234")
    client = as_user("nyj_staff")
    assert "短信" not in client.get(PAGE).content.decode()
    settings.SMS_GATEWAY_URL = "http://127.0.0.1:1/"
    page = client.get(PAGE).content.decode()
    assert "短信" in page and "138****1234" in page and "13800001234" not in page
    assert "短信" not in as_user("kjj_staff").get(PAGE).content.decode()


@pytest.mark.parametrize(("number", "shown"), [("13800001234", "138****1234"), ("8222333", "*****33"), ("9", "9")])
def test_a_number_is_masked(number, shown):
    assert masked(number) == shown


def test_without_an_address_the_page_says_why_there_is_nothing_to_choose(as_user):
    User.objects.filter(username="nyj_staff").update(email="")
    page = as_user("nyj_staff").get(PAGE).content.decode()
    assert "没有登记邮箱" in page and 'name="on"' not in page


def test_a_way_that_does_not_reach_the_person_is_refused(as_user):
    assert choose(as_user("nyj_staff"), on=["report:sms"]).status_code == 422
    assert choose(as_user("nyj_staff"), on=["weather:email"]).status_code == 422
    assert not Preference.objects.exists()


def test_an_indicator_is_followed_on_its_page_and_left_in_the_list(as_user):
    client, page = as_user("mayor"), "/2025/kpis/A06/"
    assert "☆ 关注" in client.get(page).content.decode()
    followed = client.post(f"{page}follow/", {"action": "follow", "next": page}, follow=True)
    assert followed.redirect_chain == [(page, 302)] and "★ 取消关注" in followed.content.decode()
    client.post(f"{page}follow/", {"action": "follow"})
    assert Follow.objects.count() == AuditEntry.objects.filter(action="follow.begun").count() == 1
    assert indicator("A06").name in client.get(PAGE).content.decode()
    left = client.post(f"{page}follow/", {"action": "unfollow", "next": PAGE}, follow=True)
    assert left.redirect_chain == [(PAGE, 302)] and "还没有关注任务" in left.content.decode()
    away = client.post(f"{page}follow/", {"action": "follow", "next": "https://example.invalid/"})
    assert away["Location"] == page
