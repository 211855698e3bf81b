"""Pages as people get them: who may see what, that nothing typed is lost, and how many queries a page costs."""

from __future__ import annotations

import html
import re

import pytest

from kpi.models import Indicator, Submission
from tests.content import FARMLAND
from tests.evidence.files import pdf, upload

FORM = "/2025/reports/2025-06/A06/"
EDITOR = "00000000-0000-0000-0000-000000000001"
# Columns: staff of the department, of another one, its head, office, leader, system administrator.
PEOPLE = ("nyj_staff", "gxj_staff", "nyj_head", "dcs_1", "mayor", "sysadmin")
ACCESS = {
    "/2025/todo/": (200, 200, 200, 403, 403, 403),
    FORM: (200, 403, 200, 403, 403, 403),
    "/2025/reports/2025-06/grid/": (200, 200, 200, 403, 403, 403),
    "/2025/reports/grid/": (302, 302, 302, 302, 302, 302),
    "/2025/reports/2025-13/grid/": (404, 404, 404, 403, 403, 403),
    "/2025/signoff/": (403, 403, 200, 403, 403, 403),
    "/2025/desk/": (403, 403, 403, 200, 403, 403),
    "/2025/cockpit/": (200, 200, 200, 200, 200, 200),
    "/2025/kpis/A06/": (200, 200, 200, 200, 200, 200),
    "/2025/living-report/": (200, 200, 200, 200, 200, 200),
    "/2025/living-report/panel/A06/": (200, 200, 200, 200, 200, 200),
    "/2025/desk/report/": (403, 403, 403, 200, 403, 403),
    "/2025/brief/2025-06/": (200, 200, 200, 200, 200, 200),
    "/2025/brief/2025-13/": (404,) * 6,
    "/2025/exports/ledger.xlsx": (403, 403, 403, 200, 200, 403),
    "/2025/exports/": (200, 200, 200, 200, 200, 403),
    "/2025/exports/jobs/": (200, 200, 200, 200, 200, 200),
    "/2025/exports/?kind=ledger&period=2025-06&unit=": (422, 422, 422, 200, 200, 403),
    "/2025/exports/?kind=units&period=2025-06&unit=agriculture": (200, 422, 200, 200, 200, 403),
    "/2025/exports/?kind=pdf&period=2025-06&unit=agriculture": (422, 422, 422, 422, 422, 403),
    "/2025/exports/?kind=ledger&period=2025-12&unit=agriculture": (422, 422, 422, 422, 422, 403),
    "/2031/exports/": (404,) * 6,
    "/api/v1/2025/indicators/": (200, 200, 200, 200, 200, 200),
    "/inbox/": (200, 200, 200, 200, 200, 200),
    "/inbox/preferences/": (200, 200, 200, 200, 200, 200),
    "/account/": (200, 200, 200, 200, 200, 200),
    "/trial/mailbox/": (404, 404, 404, 404, 404, 404),
    "/2025/kpis/X99/": (404,) * 6,
    "/2031/cockpit/": (404,) * 6,
    "/2025/cockpit/?period=2025-13": (404,) * 6,
    "/2025/cockpit/?lamp=blue": (404,) * 6,
}


@pytest.mark.parametrize("path", ACCESS)
def test_each_role_gets_what_it_may_see(as_user, path):
    seen = tuple(as_user(person).get(path).status_code for person in PEOPLE)
    assert seen == ACCESS[path]


@pytest.mark.parametrize("path", [path for path, codes in ACCESS.items() if 200 in codes])
def test_a_stranger_is_asked_to_sign_in(client, db, path):
    answer = client.get(path)
    assert answer.status_code == 401 if path.startswith("/api/") else answer["Location"].startswith("/login/")


def test_an_address_that_only_takes_forms_answers_a_visitor_with_a_page(as_user):
    answer = as_user("nyj_head").get("/2025/signoff/delegations/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "请回到原来的页面再提交一次" in answer.content.decode()


@pytest.mark.parametrize(
    ("person", "home"),
    [
        ("nyj_staff", "/2025/todo/"),
        ("nyj_head", "/2025/signoff/"),
        ("dcs_1", "/2025/desk/"),
        ("mayor", "/2025/cockpit/"),
        ("sysadmin", "/account/"),
        ("auditadmin", "/audit/"),
        ("secadmin", "/manage/roles/"),
    ],
)
def test_everyone_starts_where_their_work_is(as_user, person, home):
    assert as_user(person).get("/")["Location"] == home


def test_another_departments_draft_is_seen_by_nobody_else(as_user, actor):
    as_user("nyj_staff").post(FORM, {"action": "save", "version": "0", "narrative": "只有本单位能看到的草稿"})
    assert "只有本单位能看到的草稿" in as_user("nyj_staff").get(FORM).content.decode()
    for person in ("gxj_staff", "dcs_1", "mayor"):
        for path in ("/2025/kpis/A06/", "/2025/cockpit/", "/api/v1/2025/indicators/"):
            assert "只有本单位能看到的草稿" not in as_user(person).get(path).content.decode()


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("value", "NaN", "请填普通数字"),
        ("value", "1E14", "请填普通数字"),
        ("value", "２．８６", "数字请用半角"),
        ("value", "1234567890123456", "数字过长"),
        ("value", "2.86万亩", "不带单位"),
        ("value", "2.8612", "最多填 2 位小数"),
        ("value", "-1", "不能是负数"),
        ("value", "2.13", "累计数不能小于上期的 2.31"),
        ("narrative", "a\x00b" * 10, "含有无法保存的字符"),
        ("outlook", "maybe", "没有“maybe”这个选项"),
        ("catch_up_period", "明年", "月份应写成"),
    ],
)
def test_bad_input_is_named_at_its_field_and_nothing_typed_is_lost(as_user, field, typed, says):
    posted = FARMLAND | {"action": "submit", "version": "0"} | {field: typed}
    answer = as_user("nyj_staff").post(FORM, posted)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert page.count(says) >= 2, "once in the summary, once at the field"
    assert FARMLAND["measures"] in page
    assert typed.replace("\x00", "") in page.replace("\x00", "") or field in ("outlook", "catch_up_period")
    assert not Submission.objects.filter(indicator__code="A06", period__code="2025-06").exists()


def test_a_foreign_township_or_an_unknown_action_is_refused(as_user):
    answer = as_user("nyj_staff").post(
        "/2025/reports/2025-06/A11/", {"action": "save", "version": "3", "covered_units": ["yongding_07"]}
    )
    assert answer.status_code == 422
    assert as_user("nyj_staff").post(FORM, {"action": "explode", "version": "0"}).status_code == 404


def test_a_stale_form_keeps_both_texts(as_user):
    first, second = as_user("nyj_staff"), as_user("nyj_head")
    saved = {"action": "save", "version": "0", "value": "2.81", "narrative": "同事先保存的说明文字"}
    assert first.post(FORM, saved).status_code == 302
    answer = second.post(FORM, saved | {"narrative": "我后来写的另一段说明"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "同事先保存的说明文字" in page and "我后来写的另一段说明" in page
    assert version_in(page) == "1", "saving again is a decision, not a loop"


def version_in(page: str) -> str:
    return re.search(r'name="version"[^>]* value="(\d+)"', page).group(1)


def test_a_merge_takes_each_field_from_whom_the_reader_chose(as_user):
    first, second = as_user("nyj_staff"), as_user("nyj_head")
    saved = {"action": "save", "version": "0", "value": "2.81", "narrative": "同事先保存的说明文字"}
    first.post(FORM, saved)
    mine = saved | {"value": "2.90", "narrative": "我后来写的另一段说明", "deviation_reasons": ["weather"]}
    page = second.post(FORM, mine).content.decode()
    for name in ("value", "narrative", "deviation_reasons"):
        assert f'name="take_{name}"' in page
    merge = mine | {
        "version": "1",
        "take_value": "theirs",
        "take_narrative": "mine",
        "take_deviation_reasons": "theirs",
    }
    assert second.post(FORM, merge).status_code == 302
    kept = Submission.objects.get(indicator__code="A06", period__code="2025-06")
    assert (str(kept.value), kept.narrative, kept.deviation_reasons) == ("2.8100", "我后来写的另一段说明", [])


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("A06", {"value": "2.8万亩", "narrative": "字还没写完"}),
        ("A06", {"value": "1E14"}),
        ("A06", {"catch_up_period": "明年"}),
        ("T36", {"numerator": "12"}),
    ],
)
def test_a_draft_keeps_what_cannot_be_read_yet(as_user, code, typed):
    """Typed and unreadable is kept as it stands; submitting it is another matter."""
    rows = Submission.objects.filter(indicator__code=code, period__code="2025-06")
    rows.update(state="returned")
    version = rows.get().version if rows else 0
    person = as_user({"A06": "nyj_staff", "T36": "wlj_staff"}[code])
    path = f"/2025/reports/2025-06/{code}/"
    posted = typed | {"action": "autosave", "version": version}
    answer = person.post(path, posted, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and version_in(answer.content.decode()) == str(version + 1)
    page = html.unescape(person.get(path).content.decode())
    for name, text in typed.items():
        assert text in page or name == "catch_up_period", "an unknown choice cannot stand in a list"
    assert person.post(path, typed | {"action": "submit", "version": version + 1}).status_code == 422


def test_saving_by_hand_names_what_cannot_be_read_and_keeps_it(as_user):
    person = as_user("nyj_staff")
    answer = person.post(FORM, {"action": "save", "version": "0", "value": "2.8万亩", "narrative": "a\x00b"})
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422 and "不带单位" in page and version_in(page) == "1"
    assert "2.8万亩" in person.get(FORM).content.decode()


def test_a_late_autosave_is_told_why_and_changes_nothing(as_user):
    first, second = as_user("nyj_staff"), as_user("nyj_head")
    first.post(FORM, {"action": "save", "version": "0", "value": "2.81"})
    answer = second.post(FORM, {"action": "autosave", "version": "0", "value": "2.90"})
    assert answer.status_code == 409 and "等你合并" in answer.content.decode()
    assert str(Submission.objects.get(indicator__code="A06", period__code="2025-06").value) == "2.8100"
    closed = first.post("/2025/reports/2025-05/A06/", {"action": "autosave", "version": "4", "value": "1"})
    assert closed.status_code == 409 and "已锁定" in closed.content.decode()


def test_a_fragment_asked_for_after_the_session_ended_says_so_in_one_line(client, db):
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{FORM}"}
    answer = client.post(FORM, {"action": "autosave", "version": "0"}, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 401 and "登录已过期" in page and "<html" not in page
    assert f"/login/?next={FORM}" in page


@pytest.mark.parametrize(("typed", "asks"), [("28600", "是不是 2.86 万亩"), ("5.31", "倍，请核对数字和单位")])
def test_an_odd_figure_is_asked_about_once_and_never_refused(as_user, typed, asks):
    person = as_user("nyj_staff")
    posted = FARMLAND | {"action": "submit", "version": "0", "value": typed}
    answer = person.post(FORM, posted)
    page = answer.content.decode()
    assert answer.status_code == 422 and asks in page and 'name="sure_of" form="report"' in page
    assert not Submission.objects.filter(indicator__code="A06", period__code="2025-06").exists()
    sure_of = re.search(r'name="sure_of"[^>]* value="([^"]+)"', page).group(1)
    other = person.post(FORM, posted | {"sure_of": sure_of, "value": "6.95"})
    assert other.status_code == 422, "being sure of one figure says nothing about another"
    unproved = person.post(FORM, posted | {"sure_of": sure_of})
    if typed == "28600":
        assert "请附至少一份佐证材料（申报完成）" in unproved.content.decode(), (
            "sure of having finished: then with a proof"
        )
        unproved = person.post(
            FORM, posted | {"sure_of": sure_of, "editor": EDITOR, "files": upload("验收单.pdf", pdf())}
        )
    assert unproved.status_code == 302


def test_a_form_that_names_itself_wrongly_is_refused(as_user):
    answer = as_user("nyj_staff").post(FORM, {"action": "save", "version": "0", "editor": "x"})
    assert answer.status_code == 422 and "页面已过期" in answer.content.decode()


def test_a_closed_month_answers_409_with_the_text_still_there(as_user):
    answer = as_user("nyj_staff").post("/2025/reports/2025-05/A06/", FARMLAND | {"action": "save", "version": "4"})
    assert answer.status_code == 409
    assert "已锁定，不能再填" in answer.content.decode() and FARMLAND["measures"] in answer.content.decode()


def test_the_preview_gives_the_lamp_the_submission_would_get(as_user):
    for typed, word in (("3.04", "正常"), ("3.03", "预警"), ("2.56", "预警"), ("2.55", "滞后")):
        page = as_user("nyj_staff").post(FORM + "preview/", {"value": typed}).content.decode()
        assert f"<span>{word}</span>" in page, typed
    assert "看不懂" in as_user("nyj_staff").post(FORM + "preview/", {"value": "abc"}).content.decode()


@pytest.mark.parametrize("code", ["A06", "I21", "T36", "T01", "I39", "T24", "A04", "T40"])
def test_every_kind_of_indicator_has_its_form(as_user, code):
    """Cumulative, point in time, ratio, milestone, coverage, rank, bottom line, stage."""
    lead = Indicator.objects.select_related("lead_department").get(code=code).lead_department.code
    person = {"agriculture": "nyj", "science": "kjj", "tourism": "wlj", "wulingyuan": "wly", "commerce": "swj"}
    Submission.objects.filter(indicator__code=code, period__code="2025-06").update(state="returned")
    client = as_user(f"{person.get(lead, 'zrj')}_staff")
    page = client.get(f"/2025/reports/2025-06/{code}/").content.decode()
    fields = {"T36": "numerator", "T01": "node_1", "I39": "covered_units"}
    assert f'name="{fields.get(code, "value")}"' in page


def test_the_published_month_shows_what_was_published(as_user):
    page = as_user("mayor").get("/2025/cockpit/?period=2025-03").content.decode()
    assert "已锁定，以当时公布为准" in page


def test_every_page_forbids_foreign_and_inline_code(as_user):
    answer = as_user("mayor").get("/2025/cockpit/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    page = answer.content.decode()
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert " style=" not in page and "<script>" not in page


def test_english_by_switch_chinese_whatever_the_browser_says(as_user):
    client = as_user("mayor")
    assert 'lang="zh-CN"' in client.get("/2025/cockpit/", headers={"Accept-Language": "en"}).content.decode()
    client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    assert '<html lang="en"' in client.get("/2025/cockpit/").content.decode()


def test_signing_in_says_what_is_wrong_and_signing_out_ends_it(client, db):
    wrong = client.post("/login/", {"username": "mayor", "password": "wrong"})
    assert wrong.status_code == 422 and "用户名或密码不正确" in wrong.content.decode()
    right = client.post("/login/", {"username": "mayor", "password": "trial-2025-zjj"})
    assert right.status_code == 302
    client.post("/logout/")
    assert client.get("/2025/cockpit/").status_code == 302
