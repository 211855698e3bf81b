"""The page of group robots: who sees it, what it takes, what it shows of a key, what it leaves behind."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import AuditEntry, Department, User
from notifications.keys import decrypt
from notifications.models import Robot
from tests.stubs import code

PAGE = "/notices/robots/"
KEY = "3f0c9a7e-55aa-4b7e-9c1d-aaaabbbbd00d"


@pytest.fixture
def office(as_user) -> Client:
    return as_user("dcs_1")


def fields(hooks, **changes: str) -> dict[str, str]:
    unit = Department.objects.get(code="agriculture")
    typed = {"channel": "wecom", "department": str(unit.pk), "name": "农业农村工作群"}
    return typed | {"address": hooks.address("wecom", KEY), "secret": ""} | changes


@pytest.mark.parametrize("person, status", [("dcs_1", 200), ("sysadmin", 200), ("nyj_staff", 403), ("mayor", 403)])
def test_only_the_office_and_system_administrators_look_after_robots(as_user, person, status):
    client = as_user(person)
    assert client.get(PAGE).status_code == status
    assert client.get(f"{PAGE}new/").status_code == status
    shown = "群机器人" in client.get("/account/").content.decode()
    assert shown == (status == 200)


def test_without_robots_the_page_says_what_is_sent_instead(office):
    page = office.get(PAGE).content.decode()
    assert "还没有群机器人" in page and "没有启用机器人的单位" in page and "站内消息和邮件" in page


def test_a_robot_is_added_and_afterwards_only_the_end_of_its_key_is_shown(office, hooks):
    answer = office.post(f"{PAGE}new/", fields(hooks, secret="SECret"), follow=True)
    robot = Robot.objects.get()
    assert KEY not in robot.address and decrypt(robot.address).endswith(KEY) and decrypt(robot.secret) == "SECret"
    for page in (answer.content.decode(), office.get(PAGE).content.decode()):
        assert "127.0.0.1 …d00d" in page and KEY not in page and "SECret" not in page
    entry = AuditEntry.objects.get(action="robot.added")
    assert entry.department_code == "agriculture" and entry.after["host"] == "127.0.0.1"
    assert KEY not in str(entry.after) and "SECret" not in str(entry.after)


WRONG = {
    "nothing": ({"address": ""}, "hook_missing"),
    "another host": ({"address": "https://evil.invalid/cgi-bin/webhook/send?key=aaaabbbb"}, "hook_not_listed"),
    "plain http": ({"address": "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=aaaabbbb"}, "hook_not_https"),
    "no key": ({"address": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"}, "hook_without_key"),
    "another channel": ({"channel": "feishu"}, "hook_wrong_channel"),
    "no unit": ({"department": ""}, "required"),
    "no channel": ({"channel": ""}, "required"),
    "a unit that does not exist": ({"department": "999999"}, "invalid_choice"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_at_the_field_and_the_key_is_not_sent_back(office, hooks, name):
    changes, refused = WRONG[name]
    answer = office.post(f"{PAGE}new/", fields(hooks, **changes))
    page = answer.content.decode()
    assert answer.status_code == 422 and f"代码 {refused}" in page and "还不能保存" in page
    assert KEY not in page and "农业农村工作群" in page, "all else stays as it was typed"
    assert not Robot.objects.exists()


def test_a_unit_has_one_enabled_robot_a_channel(office, hooks, new_robot):
    robot = new_robot()
    assert "robot_taken" in office.post(f"{PAGE}new/", fields(hooks)).content.decode()
    office.post(f"{PAGE}{robot.pk}/", {"action": "disable", "reason": "换群"})
    assert office.post(f"{PAGE}new/", fields(hooks)).status_code == 302
    page = office.post(f"{PAGE}{robot.pk}/", {"action": "enable"}, follow=True).content.decode()
    assert "已有启用的机器人" in page and not Robot.objects.get(pk=robot.pk).is_enabled


def test_a_test_message_is_answered_in_the_robots_own_words(office, hooks, new_robot):
    robot = new_robot()
    page = office.post(f"{PAGE}{robot.pk}/", {"action": "test"}, follow=True).content.decode()
    assert "机器人已接受测试消息" in page
    [sent] = hooks.accepted()
    assert "测试消息" in sent["body"]["markdown"]["content"]
    hooks.tell("key-of-the-group", code(93000, "invalid webhook url, key key-of-the-group"))
    page = office.post(f"{PAGE}{robot.pk}/", {"action": "test"}, follow=True).content.decode()
    assert "地址无效，或机器人已被移出群（代码 93000）" in page and "key-of-the-group" not in page
    answers = AuditEntry.objects.filter(action="robot.tried_out").order_by("seq").values_list("after", flat=True)
    assert list(answers) == [{"answer": "sent"}, {"answer": "93000"}]


def test_a_test_message_counts_and_a_limit_pauses_the_robot(office, hooks, new_robot):
    robot = new_robot("dingtalk")
    hooks.tell("key-of-the-group", code(130101))
    page = office.post(f"{PAGE}{robot.pk}/", {"action": "test"}, follow=True).content.decode()
    assert "限流" in page and "暂停至" in page
    robot.refresh_from_db()
    assert len(robot.recent_sends) == 1
    page = office.post(f"{PAGE}{robot.pk}/", {"action": "test"}, follow=True).content.decode()
    assert "机器人正在暂停" in page and len(hooks.journaled()) == 1


def test_a_new_address_replaces_the_old_one_and_enables(office, hooks, new_robot):
    robot = new_robot()
    Robot.objects.update(is_enabled=False, disabled_reason="机器人已被停用")
    assert "停用原因：机器人已被停用" in office.get(PAGE).content.decode()
    wrong = office.post(f"{PAGE}{robot.pk}/", {"action": "replace", "address": hooks.address("feishu", KEY)})
    assert wrong.status_code == 422 and "hook_wrong_channel" in wrong.content.decode()
    office.post(f"{PAGE}{robot.pk}/", {"action": "replace", "address": hooks.address("wecom", KEY), "secret": ""})
    robot.refresh_from_db()
    assert robot.is_enabled and robot.disabled_reason == "" and decrypt(robot.address).endswith(KEY)


def test_a_key_that_can_no_longer_be_read_is_said_so(new_robot, settings):
    robot = new_robot()
    settings.SECRET_KEY = "another key, and the old one is not among the fallbacks"
    office = Client()
    office.force_login(User.objects.get(username="dcs_1"))  # the session was signed with the old key
    assert "无法读取，请重新填写" in office.get(PAGE).content.decode()
    page = office.post(f"{PAGE}{robot.pk}/", {"action": "test"}, follow=True).content.decode()
    assert "密钥无法读取" in page


def test_the_page_asks_as_much_for_many_robots_as_for_few(office, new_robot, django_assert_max_num_queries):
    for unit in Department.objects.filter(is_active=True)[:20]:
        new_robot(department=unit.code)
    with django_assert_max_num_queries(12):
        office.get(PAGE)
