"""Changes of target as pages: the request, the case, its documents, the window, and the marks elsewhere."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEntry
from kpi.domain.periods import Period as Month
from kpi.domain.target_changes import ChangeState
from kpi.models import FormerPlan, TargetChange, TargetChangeWindow
from kpi.services.replanning import present_terms, replace_plan
from kpi.services.samples import sample_pdf
from tests.conftest import NOW
from tests.target_changes import LOWER, WORDS, ask, fields, indicator_of, walk
from tests.web.test_kpi_pages import chart_of, words

NEW = "/2025/kpis/A06/target-changes/new/"


def text_of(answer) -> str:
    return html.unescape(answer.content.decode())


def document(name: str = "核定表.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, sample_pdf(["示例"]) if content is None else content)


def form(**changed) -> dict[str, object]:
    return fields() | {"key": str(uuid4()), "action": "send"} | LOWER | changed


def test_a_request_goes_from_the_form_to_the_plan_by_four_hands(as_user):
    staff = as_user("nyj_staff")
    assert f'href="{NEW}"' in text_of(staff.get("/2025/kpis/A06/"))
    opened = text_of(staff.get(NEW))
    assert "原 6.95 万亩" in opened and 'name="plan_2025-07"' in opened and 'name="plan_2025-06"' not in opened
    sent = staff.post(NEW, form(files=document()))
    change = TargetChange.objects.get(indicator__code="A06")
    assert sent["Location"] == f"/2025/target-changes/{change.pk}/"
    assert "等市农业农村局负责人审签" in text_of(staff.get(sent["Location"]))
    assert sent["Location"] in text_of(as_user("nyj_head").get("/2025/signoff/"))
    for who, verb, later in (("nyj_head", "sign", "/2025/cockpit/"), ("vm_agri", "agree", "/2025/desk/")):
        change.refresh_from_db()
        answer = as_user(who).post(sent["Location"], {"action": verb, "version": change.version, "text": "同意"})
        assert answer.status_code == 302
        reader = {"/2025/cockpit/": "vm_agri", "/2025/desk/": "dcs_1"}[later]
        assert sent["Location"] in text_of(as_user(reader).get(later))
    change.refresh_from_db()
    as_user("dcs_1").post(sent["Location"], {"action": "apply", "version": change.version, "text": ""})
    assert FormerPlan.objects.get(indicator__code="A06").replaced_from == "2025-07"
    assert "目标调整" in words(text_of(as_user("gxj_staff").get("/2025/kpis/A06/"))), "known to everybody"


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_and_sent_is_kept(as_user):
    staff, typed = as_user("nyj_staff"), form(reason="", text="旱", target="7.5", files=document())
    answer = staff.post(NEW, typed)
    shown = text_of(answer)
    assert answer.status_code == 422 and "有 3 处需要修改" in shown and "<title>错误：" in shown
    assert 'href="#reason"' in shown and "请写明情况和理由，至少 10 字" in shown
    assert 'value="7.5"' in shown and "核定表.pdf" in shown and "不用再选" in shown
    again = staff.post(NEW, form(key=typed["key"], target="7.5"))
    assert "没有达到目标 7.5" in text_of(again) and "核定表.pdf" in text_of(again)
    filled = text_of(staff.post(NEW, form(key=typed["key"], target="7.5", action="fill")))
    assert re.search(r'name="plan_2025-12"[^>]* value="7.50"', filled) and "已按新目标折算" in filled
    sent = staff.post(NEW, form(key=typed["key"], target="7.5", **{"plan_2025-12": "7.50"}))
    assert sent.status_code == 302 and TargetChange.objects.get(indicator__code="A06").files.count() == 1


def test_a_file_that_is_not_what_it_says_is_refused_and_the_rest_is_kept(as_user):
    answer = as_user("nyj_staff").post(NEW, form(files=document("通知.pdf", b"MZ not a document")))
    assert answer.status_code == 422 and "不是 .pdf 文件" in text_of(answer) and WORDS in text_of(answer)
    assert not TargetChange.objects.filter(indicator__code="A06").exists()


def test_a_second_request_leads_to_the_one_under_way_and_loses_no_words(as_user):
    change = ask()
    assert as_user("nyj_head").get(NEW)["Location"] == f"/2025/target-changes/{change.pk}/"
    answer = as_user("nyj_head").post(NEW, form(files=document()))
    assert answer.status_code == 422 and "已有一件目标调整在办" in text_of(answer) and WORDS in text_of(answer)


def test_asked_for_too_late_the_form_says_what_that_means_and_too_early_it_says_when(as_user, monkeypatch):
    TargetChangeWindow.objects.create(
        effective_from="2025-06-01",
        opens_on="01-01",
        closes_on="05-31",
        basis="试",
        created_at="2025-06-01T08:00+08:00",
    )
    assert "考核仍按原目标计" in text_of(as_user("nyj_staff").get(NEW))
    TargetChangeWindow.objects.create(
        effective_from="2025-07-01",
        opens_on="08-01",
        closes_on="10-31",
        basis="试",
        created_at="2025-06-01T08:00+08:00",
    )
    answer = as_user("nyj_staff").get(NEW)
    assert answer.status_code == 422 and "目标调整窗口从 2025-08-01 起" in text_of(answer)


def test_what_was_sent_back_is_mended_in_the_form_it_came_from(as_user):
    change = walk(ChangeState.RETURNED)
    page, staff = f"/2025/target-changes/{change.pk}/", as_user("nyj_staff")
    assert f"{page}repair/" in text_of(staff.get(page)) and page in text_of(staff.get("/2025/todo/"))
    opened = text_of(staff.get(f"{page}repair/"))
    assert "材料里没有核定依据，请补" in opened and 'value="6.20"' in opened and "已附" in opened
    sent = form(version=change.version, files=document("补充.pdf"))
    assert staff.post(f"{page}repair/", sent)["Location"] == page
    change.refresh_from_db()
    assert (change.state, change.files.count()) == ("asked", 2)
    assert staff.get(f"{page}repair/")["Location"] == page, "over: the case itself is shown"


def test_a_refusal_needs_words_and_an_old_page_keeps_them(as_user):
    change = walk(ChangeState.SIGNED)
    page, leader = f"/2025/target-changes/{change.pk}/", as_user("vm_agri")
    answer = leader.post(page, {"action": "refuse", "version": change.version, "text": "不行"})
    assert (
        answer.status_code == 422 and 'href="#refuse-text"' in text_of(answer) and ">不行</textarea>" in text_of(answer)
    )
    answer = leader.post(page, {"action": "agree", "version": 1, "text": "同意，抓紧补播"})
    assert answer.status_code == 409 and ">同意，抓紧补播</textarea>" in text_of(answer)
    assert leader.post(page, {"action": "praise"}).status_code == 404
    assert as_user("mayor").post(page, {"action": "agree", "version": change.version}).status_code == 403


@pytest.mark.parametrize(("who", "case", "new"), [
    ("nyj_head", 200, 302), ("vm_agri", 200, 403), ("mayor", 200, 403), ("dcs_1", 200, 403), ("gxj_head", 404, 403),
    ("sysadmin", 404, 403),
])  # fmt: skip
def test_who_may_look_at_a_case_and_its_documents(as_user, who, case, new):
    change = ask()
    file = change.files.get()
    reader = as_user(who)
    assert reader.get(f"/2025/target-changes/{change.pk}/").status_code == case
    answer = reader.get(f"/2025/target-changes/files/{file.pk}/")
    assert answer.status_code == case and reader.get(NEW).status_code == new
    read = AuditEntry.objects.filter(action="target_change_file.read", actor__username=who)
    assert read.count() == (case == 200)
    if case == 200:
        assert b"".join(answer.streaming_content) == sample_pdf(["核定表.pdf"])
        assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, no-store")
        assert "sandbox" in answer["Content-Security-Policy"]


def test_the_list_tells_what_waits_for_the_reader_and_keeps_to_their_department(as_user):
    mine = text_of(as_user("vm_exec").get("/2025/target-changes/"))
    assert "等你办理 1 件" in mine and "节点“对外营业” 7月31日 → 10月31日" in mine
    assert "等你办理" not in text_of(as_user("mayor").get("/2025/target-changes/"))
    assert "T07" not in text_of(as_user("swj_staff").get("/2025/target-changes/"))
    assert "I31" in text_of(as_user("swj_staff").get("/2025/target-changes/?tab=applied"))
    assert as_user("sysadmin").get("/2025/target-changes/").status_code == 403
    assert as_user("mayor").get("/2025/target-changes/?tab=all").status_code == 404
    assert "没有在办的目标调整" in text_of(as_user("nyj_staff").get("/2025/target-changes/"))


def test_the_office_opens_another_window_and_others_do_not(as_user):
    page, office = "/2025/desk/target-changes/window/", as_user("dcs_1")
    assert as_user("mayor").get(page).status_code == 403 and "现行" in text_of(office.get(page))
    raw = {"effective_from": "2025-09-01", "opens_on": "01-01", "closes_on": "2025-10-31", "basis": "市政府办通知"}
    answer = office.post(page, raw)
    assert answer.status_code == 422 and "不是月-日" in text_of(answer) and 'value="市政府办通知"' in text_of(answer)
    assert office.post(page, raw | {"closes_on": "11-15"}).status_code == 302
    assert "尚未起用" in text_of(office.get(page))


# Where the original stays in sight: I31 of the trial, whose plan was changed from June on.


def test_a_changed_month_shows_both_plans_both_lamps_and_says_so(as_user):
    shown = text_of(as_user("mayor").get("/2025/kpis/I31/"))
    assert re.search(r"正常</span><span class=\"beside\">按原目标 <span class=\"lamp lamp-y\">", shown)
    chart = chart_of(shown)
    assert (chart["plan"][5:8], chart["original"][5:8]) == ([4, 4, 5], [5, 6, 7])
    assert '<polyline class="plan former"' in shown and "自 6月期起按调整后的计：调整 5 个月的序时计划" in words(shown)
    assert "（按原目标为预警）" in shown and "原计划 -- 1 2 3 4 5 6 7 8 9 9 10" in words(shown)
    record = words(shown)[words(shown).index("变更记录 6月19日") :]
    assert "目标调整 · 上级政策调整 · 自 6月期起" in record and "序时计划和节点没有改过" not in record


def test_a_month_before_the_change_is_drawn_as_it_was_and_tells_what_came_later(as_user):
    shown = text_of(as_user("mayor").get("/2025/kpis/I31/?period=2025-05"))
    assert chart_of(shown)["plan"][5:8] == [5, 6, 7] and "beside" not in shown
    assert "自 6月期起 本期之后" in words(shown)


def test_changed_rows_are_marked_on_the_boards_of_their_months_only(as_user):
    mayor = as_user("mayor")
    mark = '落地投资过亿元项目10个以上</a><span class="tag chg"><span aria-hidden="true">△ </span>目标调整</span>'
    assert mark in text_of(mayor.get("/2025/cockpit/"))
    assert mark in text_of(mayor.get("/2025/departments/commerce/")) and "目标调整</span>" in text_of(
        mayor.get("/2025/kpis/")
    )
    assert "tag chg" not in text_of(mayor.get("/2025/cockpit/?period=2025-05"))
    panel = words(text_of(mayor.get("/2025/living-report/panel/I31/")))
    assert "目标调整：调整 5 个月的序时计划；按原目标为预警" in panel
    assert "目标调整" not in words(text_of(mayor.get("/2025/living-report/panel/I35/")))


def test_moved_nodes_keep_the_day_they_were_due(as_user):
    indicator = indicator_of("T07")
    held = present_terms(indicator).held
    moved = replace(held, final_due_on=date(2025, 10, 31), nodes=held.nodes | {2: date(2025, 9, 10)})
    june = {"applies_from": Month(2025, 6), "reason": "重整", "stays_yardstick": True, "now": NOW}
    replace_plan(indicator=indicator, new=moved, **june)
    shown = words(text_of(as_user("mayor").get("/2025/kpis/T07/")))
    assert "商户签约过半 未到期 计划 9月10日 原 6月10日" in shown and "完成时限 2025-10-31 （原 2025-07-31）" in shown
