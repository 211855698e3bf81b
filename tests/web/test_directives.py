"""Directives on their pages: who sees what, forms that lose nothing, and what pages cost."""

from __future__ import annotations

import html
import re
from datetime import datetime

import pytest
from django.conf import settings
from django.test import override_settings

from accounts import clock
from kpi.models import Directive, Indicator
from tests.conftest import NOW
from tests.web.test_pages import BUDGET, four_hundred, queries  # noqa: F401 — a fixture

NEW = "/2025/directives/new/"
KEY = "00000000-0000-0000-0000-00000000000a"


def sent(code: str) -> Directive:
    """One of the trial's directives, by its indicator."""
    return Directive.objects.get(indicator__code=code)


def address(code: str) -> str:
    return f"/2025/directives/{sent(code).pk}/"


def words(answer) -> str:
    return html.unescape(answer.content.decode())


# Columns: staff of the unit, of another one, copied unit, office, leader, system administrator.
PEOPLE = ("gzw_staff", "gxj_staff", "wlj_staff", "dcs_1", "mayor", "sysadmin")


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("/2025/directives/", (200, 200, 200, 200, 200, 403)),
        ("/2025/directives/?tab=overdue&unit=industry&kind=explain&q=x", (200, 200, 200, 200, 200, 403)),
        ("/2025/directives/?tab=none", (404, 404, 404, 404, 404, 403)),
        (f"{NEW}?kpi=T07", (403, 403, 403, 200, 200, 403)),
        (NEW, (403, 403, 403, 200, 200, 403)),
        (f"{NEW}?kpi=X99", (403, 403, 403, 404, 404, 403)),
        ("/2025/directives/999999/", (404,) * 6),
        ("/2031/directives/", (200, 200, 200, 200, 200, 403)),
    ],
)
def test_each_role_gets_what_it_may_see(as_user, path, codes):
    assert tuple(as_user(person).get(path).status_code for person in PEOPLE) == codes


def test_a_foreign_thread_does_not_exist(as_user):
    path = address("T07")
    assert tuple(as_user(person).get(path).status_code for person in PEOPLE) == (200, 404, 200, 200, 200, 404)
    assert as_user("gxj_staff").post(path, {"action": "receive", "version": "1"}).status_code == 404
    assert as_user("wlj_staff").post(path, {"action": "receive", "version": "1"}).status_code == 403, "it reads only"
    assert as_user("gzw_staff").get(path.replace("2025", "2024")).status_code == 404
    for page in ("/2025/directives/", "/2025/kpis/T07/"):
        assert "商户签约和消防整改" in words(as_user("gzw_head").get(page))
        assert "商户签约和消防整改" not in words(as_user("gxj_head").get(page))


def test_the_list_counts_tabs_and_says_what_is_late(as_user):
    page = as_user("mayor").get("/2025/directives/")
    assert [count for _tab, _word, count in page.context["tabs"]] == [4, 1, 2, 1, 1, 1]
    assert re.sub(r"<[^>]+>", "", words(page)).count("超期 9 天") == 1
    assert "第 3 步，共 6 步：办理" in words(page), "the dots have words"
    only = as_user("mayor").get("/2025/directives/?unit=industry")
    assert [each.code for each in only.context["found"].rows] == ["I35"]
    none = as_user("mayor").get("/2025/directives/?q=没有这样的话")
    assert "没有符合条件的批示" in words(none) and "清除筛选" in words(none)
    assert "还没有批示" in words(as_user("czj_staff").get("/2025/directives/"))


def test_a_phrase_alone_sends_and_the_same_form_sends_once(as_user):
    leader = as_user("vm_agri")
    form = leader.get(f"{NEW}?kpi=A06").context["form"]
    posted = {
        "kpi": "A06", "kind": "instruct", "key": KEY, "phrase": "catch_up", "text": "", "unit": form.unit,
        "day": form.day, "copies": ["finance"],
    }  # fmt: skip
    first, second = leader.post(NEW, posted), leader.post(NEW, posted)
    assert first.status_code == second.status_code == 302 and first["Location"] == second["Location"]
    found = sent("A06")
    assert (found.text, found.due_on.isoformat()) == ("请查明原因，提出追赶措施和时间表", "2025-07-11")
    assert "批示已交办 市农业农村局，7月11日前反馈" in words(leader.get(first["Location"]))
    other = leader.post(NEW, posted | {"text": "另一件事，请抓紧"})
    assert other.status_code == 409 and "另一件事，请抓紧" in words(other)
    again = other.context["form"]
    assert leader.post(NEW, posted | {"text": "另一件事，请抓紧", "key": str(again.key)}).status_code == 302


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("text", "", "请写批示内容，或点一句常用语"),
        ("day", "2025-06-30", "期限不能早于今天"),
        ("day", "七月", "日期应写成"),
        ("unit", "nowhere", "请选择单位"),
    ],
)
def test_bad_input_is_named_at_its_field_and_nothing_is_lost(as_user, field, typed, says):
    posted = {"kpi": "A06", "kind": "explain", "key": KEY, "text": "请说明面积差额", "unit": "agriculture", "day": ""}
    posted |= {"copies": ["finance"], field: typed}
    answer = as_user("mayor").post(NEW, posted)
    page = words(answer)
    assert answer.status_code == 422 and page.count(says) == 2, "once in the summary, once at the field"
    assert typed in page or field == "unit"
    assert 'value="finance" checked' in page
    assert not Directive.objects.filter(indicator__code="A06").exists()


def test_the_office_names_the_leader_it_writes_for(as_user):
    page = as_user("dcs_1").get(f"{NEW}?kpi=A06")
    assert page.context["form"].post == "vice_mayor_agriculture", "the accountable leader is proposed"
    posted = {"kpi": "A06", "kind": "instruct", "key": KEY, "text": "请抓紧补齐", "unit": "agriculture", "day": ""}
    lacking = as_user("dcs_1").post(NEW, posted | {"post": ""})
    assert lacking.status_code == 422 and words(lacking).count("请选择代哪位领导交办") == 2
    done = as_user("dcs_1").post(NEW, posted | {"post": "mayor"}, follow=True)
    assert "督查室一科（示例） 代 市长" in words(done)


def test_a_refused_reply_keeps_its_words_and_a_moved_thread_shows_what_is_new(as_user):
    path, staff = address("I23"), as_user("gxq_staff")
    version = sent("I23").version
    short = staff.post(path, {"action": "reply", "version": version, "text": "在办"})
    assert short.status_code == 422 and words(short).count("请写明办理情况，至少 5 字") == 2
    assert ">在办</textarea>" in words(short)
    reply = {"action": "reply", "version": version, "text": "两户已签约，九月底通车"}
    assert as_user("gxq_head").post(path, reply).status_code == 302
    late = staff.post(path, reply | {"text": "我也写了一份反馈"})
    assert late.status_code == 409 and "有人在你之后办理过这件批示" in words(late)
    assert "我也写了一份反馈" in words(late) and "两户已签约，九月底通车" in words(late)
    assert staff.post(path, {"action": "explode", "version": "1"}).status_code == 404
    assert staff.post(path, {"action": "reply", "version": "x", "text": "两户已签约"}).status_code == 422


def test_more_time_is_asked_granted_and_said(as_user):
    path = address("I35")
    page = words(as_user("dcs_1").get(path))
    assert "答复延期申请" in page and "延至 7月11日" in page
    version = sent("I35").version
    bad = as_user("dcs_1").post(path, {"action": "grant_extension", "version": version, "day": "2025-07-04"})
    assert bad.status_code == 422 and "延至的日期应晚于现在的期限" in words(bad)
    as_user("vm_industry").post(path, {"action": "grant_extension", "version": version, "day": "2025-07-11"})
    assert "交办时为 7月4日" in words(as_user("gxj_staff").get(path))


def test_units_see_what_they_owe_and_the_office_its_counts(as_user):
    todo = as_user("gxq_staff").get("/2025/todo/")
    assert [each.code for each in todo.context["work"].directives] == ["I23"]
    assert "批示要求" in words(todo) and "超期 9 天" in words(todo)
    assert "批示要求" not in words(as_user("cili_staff").get("/2025/todo/"))
    desk = as_user("dcs_1").get("/2025/desk/")
    counts = desk.context["directives"]
    assert (counts["open"], counts["review"], counts["overdue"], counts["asked"]) == (4, 1, 1, 1)


def test_a_directive_about_anothers_task_is_owed_without_its_report(as_user):
    posted = {"kpi": "A06", "kind": "instruct", "key": KEY, "text": "请核对面积", "unit": "finance", "day": ""}
    as_user("mayor").post(NEW, posted)
    work = as_user("czj_staff").get("/2025/todo/").context["work"]
    assert [each.code for each in work.directives] == ["A06"]
    codes = {task.indicator.code for tasks in work.groups.values() for task in tasks}
    assert codes == set(
        Indicator.objects.filter(lead_department__code="finance", code__in=codes).values_list("code", flat=True)
    )


def test_leaders_instruct_from_the_cockpit_and_a_tasks_page(as_user):
    for person, shown in (("mayor", True), ("dcs_1", True), ("gzw_head", False)):
        for page in ("/2025/cockpit/", "/2025/kpis/T07/"):
            assert ("/2025/directives/new/?kpi=T07" in words(as_user(person).get(page))) is shown, (person, page)


def test_overdue_begins_the_day_after_the_due_day(as_user):
    moments = {
        datetime(2025, 7, 10, 23, 59, tzinfo=NOW.tzinfo): "今天到期",
        datetime(2025, 7, 11, 0, 1, tzinfo=NOW.tzinfo): "超期 1 天",
    }
    for moment, says in moments.items():
        with override_settings(CLOCK_OFFSET=moment - (clock.now() - settings.CLOCK_OFFSET)):
            client = as_user("mayor")
            assert says in words(client.get(address("T07")))


PAGES = [
    ("mayor", "/2025/directives/"),
    ("dcs_1", f"{NEW}?kpi=A06"),
    ("mayor", "/2025/kpis/A06/"),
    ("nyj_staff", "/2025/todo/"),
    ("gxq_staff", "I23"),
]


@pytest.mark.parametrize(("person", "path"), PAGES)
def test_pages_stay_within_twelve_queries_at_four_hundred(as_user, four_hundred, person, path):  # noqa: F811
    assert queries(as_user(person), path if path.startswith("/") else address(path)) <= BUDGET
