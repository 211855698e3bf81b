"""Delegation, adjusted lamps and co-signing from the pages: who may open what, and that nothing typed is lost."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from accounts.models import Delegation, Department, User
from kpi.models import CoSignature, Indicator, RagOverride, Submission
from tests.people import TODAY, lend

DAY = timedelta(days=1)
# Columns: staff, other staff, head, delegate, supporting staff, leader, office, auditor, nobody.
PEOPLE = ("fgw_staff", "gxj_staff", "wlj_head", "wlj_staff", "scj_staff", "mayor", "dcs_1", "auditadmin", None)


def june(code: str) -> Submission:
    return Submission.objects.get(indicator__code=code, period__code="2025-06")


def ask_market_regulation() -> None:
    """T42 of the tourism department, submitted, asks one supporting unit."""
    found = Indicator.objects.get(code="T42")
    found.supporting_departments.set(Department.objects.filter(code="market_regulation"))
    Indicator.objects.filter(pk=found.pk).update(needs_cosign=True)


@pytest.mark.parametrize(
    ("path", "method", "codes"),
    [
        ("/2025/signoff/", "get", (403, 403, 200, 200, 403, 403, 403, 403, 302)),
        ("/2025/signoff/{T14}/", "get", (404, 404, 200, 200, 404, 404, 404, 404, 302)),
        ("/2025/signoff/{T42}/", "get", (404, 404, 200, 200, 403, 404, 404, 404, 302)),
        ("/2025/signoff/delegations/", "get", (405, 405, 405, 405, 405, 405, 405, 405, 302)),
        ("/2025/signoff/delegations/", "post", (403, 403, 422, 403, 403, 403, 403, 403, 302)),
        ("/2025/signoff/delegations/{lent}/revoke/", "post", (403, 403, 302, 403, 403, 403, 403, 403, 302)),
        ("/2025/desk/review/{T18}/", "get", (403, 403, 403, 403, 403, 403, 200, 403, 302)),
        ("/2025/cosign/{T42}/", "get", (404, 404, 404, 404, 200, 403, 403, 403, 302)),
        ("/2025/cosign/{T14}/", "get", (404, 404, 404, 404, 404, 403, 403, 403, 302)),
        ("/2025/cosign/999999/", "get", (404, 404, 404, 404, 404, 403, 403, 403, 302)),
    ],
)
def test_each_role_gets_what_it_may_see(as_user, client, path, method, codes):
    ask_market_regulation()
    lent = Delegation.objects.get(department__code="tourism")
    keys = {code: june(code).pk for code in ("T14", "T42", "T18")}
    seen = []
    # Last, because it ends what the others are asked about.
    order = sorted(range(len(PEOPLE)), key=lambda place: PEOPLE[place] == "wlj_head")
    for place in order:
        person = as_user(PEOPLE[place]) if PEOPLE[place] else client
        seen.append((place, getattr(person, method)(path.format(lent=lent.pk, **keys)).status_code))
    assert tuple(status for _place, status in sorted(seen)) == codes


def test_a_delegate_has_the_heads_menu_and_starts_where_their_own_work_is(as_user):
    assert as_user("wlj_staff").get("/")["Location"] == "/2025/todo/"
    page = as_user("wlj_staff").get("/2025/todo/").content.decode()
    assert 'href="/2025/signoff/"' in page
    assert 'href="/2025/signoff/"' not in as_user("gxj_staff").get("/2025/todo/").content.decode()


def test_what_was_signed_for_the_head_says_so_everywhere(as_user):
    filed = june("T42")
    answer = as_user("wlj_staff").post(f"/2025/signoff/{filed.pk}/", {"action": "accept", "version": filed.version})
    assert answer.status_code == 302
    said = "市文旅广体局填报人（示例） 代 市文旅广体局负责人（示例）（委托 7月1日至7日）"
    for person, path in (("dcs_1", f"/2025/desk/review/{filed.pk}/"), ("wlj_head", "/2025/kpis/T42/")):
        page = as_user(person).get(path).content.decode()
        assert said in page and "提交人与代签人为同一人" in page
    review = as_user("dcs_1").get(f"/2025/desk/review/{filed.pk}/").context["checks"]
    assert [check.is_fine for check in review if check.text == "提交人与代签人为同一人"] == [False]


def test_a_delegates_own_reports_have_no_box_in_the_batch(as_user):
    page = as_user("wlj_staff").get("/2025/signoff/").content.decode()
    assert "本人填报，只能逐项代签并留痕" in page and 'name="item"' not in page
    filed = june("T42")
    answer = as_user("wlj_staff").post("/2025/signoff/batch/", {"item": f"{filed.pk}:{filed.version}"})
    assert answer.status_code == 422 and "不能审签自己提交的内容" in answer.content.decode()
    assert june("T42").state == "submitted"


def wish(**changes) -> dict[str, str]:
    unit, person = Department.objects.get(code="agriculture"), User.objects.get(username="nyj_staff")
    given = {
        "delegate": f"{unit.pk}:{person.pk}",
        "starts_on": TODAY.isoformat(),
        "last_on": (TODAY + 5 * DAY).isoformat(),
        "reason": "外出学习",
    }
    return given | changes


def test_a_head_lends_and_takes_back_on_the_page(as_user):
    head = as_user("nyj_head")
    page = head.post("/2025/signoff/delegations/", wish(), follow=True).content.decode()
    assert "已委托 市农业农村局填报人（示例） 代签" in page and "生效中" in page
    lent = Delegation.objects.get(department__code="agriculture")
    assert as_user("nyj_staff").get("/2025/signoff/").status_code == 200
    assert as_user("gxj_head").post(f"/2025/signoff/delegations/{lent.pk}/revoke/").status_code == 404
    page = head.post(f"/2025/signoff/delegations/{lent.pk}/revoke/", follow=True).content.decode()
    assert "已撤销" in page and as_user("nyj_staff").get("/2025/signoff/").status_code == 403
    again = head.post(f"/2025/signoff/delegations/{lent.pk}/revoke/")
    assert again.status_code == 422 and "已经撤销或到期" in again.content.decode()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"delegate": ""}, "请选择代签人"),
        ({"delegate": "x:y"}, "请选择代签人"),
        ({"delegate": "1:99999999999999"}, "请选择代签人"),
        ({"starts_on": ""}, "请填写日期"),
        ({"starts_on": "明天"}, "日期应写成"),
        ({"last_on": "2025-06-31"}, "日期应写成"),
        ({"starts_on": "2025-07-01"}, "不能从今天"),
        ({"last_on": "2025-07-01"}, "最后一天不能早于第一天"),
        ({"last_on": "2026-07-01"}, "一次委托最长 62 天"),
        ({"reason": ""}, "请写明原因"),
        ({"reason": "a\x00b"}, "含有无法保存的字符"),
    ],
)
def test_bad_input_is_named_at_its_field_and_nothing_typed_is_lost(as_user, changes, says):
    answer = as_user("nyj_head").post("/2025/signoff/delegations/", wish(**changes))
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422 and page.count(says) == 2, "once in the summary, once at the field"
    kept = {name: text for name, text in wish(**changes).items() if "delegate" not in changes or name != "delegate"}
    assert all(text.replace("\x00", "") in page.replace("\x00", "") for text in kept.values())
    assert not Delegation.objects.filter(department__code="agriculture").exists()


def test_every_gap_is_named_at_once(as_user):
    empty = {"delegate": "", "starts_on": "x", "last_on": "", "reason": ""}
    page = as_user("nyj_head").post("/2025/signoff/delegations/", empty).content.decode()
    for says in ("请选择代签人", "日期应写成", "请填写日期", "请写明原因"):
        assert says in page


def test_a_second_hand_is_refused_on_the_page(as_user):
    lend()
    answer = as_user("nyj_head").post("/2025/signoff/delegations/", wish())
    assert answer.status_code == 422 and "已经委托了别人" in answer.content.decode()


def test_a_chosen_phrase_is_the_reason_without_javascript(as_user):
    filed = june("T42")
    posted = {"action": "return", "version": filed.version, "phrase": "source", "reason": "附会议纪要"}
    assert as_user("wlj_head").post(f"/2025/signoff/{filed.pk}/", posted).status_code == 302
    said = filed.reviews.get(verb="return").comment
    assert said == "请补充数据来源或佐证材料；附会议纪要"
    other = june("T14")
    unknown = {"action": "return", "version": other.version, "phrase": "x", "reason": "不行"}
    answer = as_user("wlj_head").post(f"/2025/signoff/{other.pk}/", unknown)
    assert answer.status_code == 422 and "不行" in answer.content.decode()


WHY = "验收手续在途，实际已达到计划进度"


def adjust(as_user, **changes):
    found = june("I12")
    posted = {"action": "override", "version": found.version, "lamp": "green", "override_reason": WHY, "replaces": ""}
    return as_user("dcs_1").post(f"/2025/desk/review/{found.pk}/", posted | changes)


def test_an_adjusted_lamp_is_shown_with_the_computed_one_everywhere(as_user):
    assert june("I12").state == "approved"
    before = as_user("mayor").get("/2025/cockpit/").context["board"].counts
    assert adjust(as_user).status_code == 302
    said = f"计算为预警，复核调整为正常：{WHY}"
    cockpit = as_user("mayor").get("/2025/cockpit/?scope=all")
    page = cockpit.content.decode()
    assert "其中 1 项经复核调整" in page and "6月 正常（复核调整）" in page
    assert cockpit.context["board"].counts["amber"] == before["amber"] - 1
    for person in ("fgw_staff", "nyj_staff", "mayor", "dcs_1"):
        assert said in as_user(person).get("/2025/kpis/I12/").content.decode()
    review = as_user("dcs_1").get(f"/2025/desk/review/{june('I12').pk}/").content.decode()
    assert said in review and "恢复计算的亮灯" in review
    assert said in as_user("fgw_staff").get("/2025/reports/2025-06/I12/").content.decode()
    record = next(
        each
        for each in as_user("mayor").get("/api/v1/2025/indicators/?limit=200").json()["items"]
        if each["code"] == "I12"
    )
    assert (record["lamp"], record["computed_lamp"], record["override_reason"]) == ("green", "amber", WHY)


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"override_reason": "手续在途"}, 422, "请写明原因，至少 10 字"),
        ({"lamp": "done"}, 409, "只能调整为滞后、预警或正常"),
        ({"lamp": "blue"}, 409, "只能调整为滞后、预警或正常"),
        ({"lamp": "amber"}, 409, "与计算的亮灯相同"),
        ({"version": 77}, 409, "有人在你之后保存过"),
        ({"replaces": "77"}, 409, "有人在你之后保存过"),
        ({"action": "restore"}, 409, "没有可以撤回的调整"),
        ({"action": "explode"}, 404, "没有找到"),
    ],
)
def test_a_refused_adjustment_keeps_its_reason(as_user, changes, status, says):
    answer = adjust(as_user, **changes)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == status and says in page
    if changes.get("action") is None:
        assert changes.get("override_reason", WHY) in page
    assert not RagOverride.objects.filter(submission=june("I12")).exists()


def test_a_head_cannot_adjust_from_their_own_page(as_user):
    filed = june("T42")
    posted = {"action": "override", "version": filed.version, "lamp": "red", "override_reason": WHY}
    assert as_user("wlj_head").post(f"/2025/signoff/{filed.pk}/", posted).status_code == 403


def test_the_office_takes_an_adjustment_back(as_user):
    adjust(as_user)
    found = june("I12")
    page = as_user("dcs_1").get(f"/2025/desk/review/{found.pk}/").content.decode()
    replaces = re.search(r'name="replaces" value="(\d+)"', page).group(1)
    posted = {"action": "restore", "version": found.version, "replaces": replaces}
    posted["override_reason"] = "验收资料未按期补齐，恢复计算亮灯"
    assert as_user("dcs_1").post(f"/2025/desk/review/{found.pk}/", posted).status_code == 302
    page = as_user("nyj_staff").get("/2025/kpis/I12/").content.decode()
    assert "撤回亮灯调整" in page and "恢复为计算的预警" in page


def test_a_unit_confirms_or_objects_from_its_to_do(as_user):
    ask_market_regulation()
    filed = june("T42")
    staff, path = as_user("scj_staff"), f"/2025/cosign/{filed.pk}/"
    assert f'href="{path}"' in staff.get("/2025/todo/").content.decode()
    page = staff.get(path).content.decode()
    filing = re.search(r'name="version" value="(\d+)"', page).group(1)
    short = staff.post(path, {"stance": "objected", "version": filing, "comment": "不对"})
    assert short.status_code == 422 and "不对" in short.content.decode()
    for posted, status in (({}, 422), ({"stance": "x"}, 422), ({"stance": "confirmed", "version": "99"}, 409)):
        assert staff.post(path, {"version": filing} | posted).status_code == status
    objection = {"stance": "objected", "version": filing, "comment": "酒店数量与登记数不一致"}
    assert staff.post(path, objection)["Location"] == "/2025/todo/"
    assert "有异议" in staff.get("/2025/todo/").content.decode()
    head = as_user("wlj_head").get("/2025/signoff/").content.decode()
    assert "市市场监管局 有异议" in head and "会签未齐，需逐项看" in head
    as_user("wlj_head").post(f"/2025/signoff/{filed.pk}/", {"action": "accept", "version": filed.version})
    signed = june("T42")
    review = f"/2025/desk/review/{filed.pk}/"
    assert "市市场监管局 有异议" in as_user("dcs_1").get("/2025/desk/").content.decode()
    refused = as_user("dcs_1").post(review, {"action": "accept", "version": signed.version})
    assert refused.status_code == 409 and "有异议，不能审定：市市场监管局" in html.unescape(refused.content.decode())
    assert staff.post(path, {"stance": "confirmed", "version": filing}).status_code == 302
    assert "会签已齐" in as_user("dcs_1").get("/2025/desk/").content.decode()
    assert as_user("dcs_1").post(review, {"action": "accept", "version": signed.version}).status_code == 302
    assert [row.stance for row in CoSignature.objects.filter(submission=filed)] == ["objected", "confirmed"]


def test_the_review_puts_two_months_beside_each_other(as_user):
    lines = {line.name: line for line in as_user("dcs_1").get(f"/2025/desk/review/{june('T36').pk}/").context["lines"]}
    assert (lines["完成"].now, lines["完成"].last, lines["完成"].plan) == ("26.5%", "21.9%", "30.0%")
    assert lines["完成"].change == "+4.7 个百分点"
    assert (lines["分子"].change, lines["分母"].change) == ("有变化", "未变")
    assert lines["进展说明"].change == "未变"


def test_the_checks_say_what_is_worth_a_look(as_user):
    found = june("T36")
    Submission.objects.filter(pk=found.pk).update(value="5", outlook="confident", measures="")
    checks = as_user("dcs_1").get(f"/2025/desk/review/{found.pk}/").context["checks"]
    said = {check.text: check.is_fine for check in checks}
    assert said["黄灯、红灯未写下一步措施"] is False
    assert said["判断“能完成”，但亮灯为滞后，值得细看"] is False
    assert said["首次转红"] is False and said["按时报送"] is True
