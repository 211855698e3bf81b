"""The configuration pages: who sees them, what they show, and that nothing typed is lost."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client

from kpi.models import Commitment, Handover, Indicator, Report, UnitTarget
from kpi.selectors import planning
from kpi.selectors.splitting import split_of
from tests.services.test_indicators import FILLED, FREE, stored

LIST, NEW = "/2025/desk/kpis/", "/2025/desk/kpis/new/"
FARMLAND = "/2025/desk/kpis/A06"
PAGES = (
    LIST,
    NEW,
    f"{FARMLAND}/edit/",
    f"{FARMLAND}/plan/",
    f"{FARMLAND}/split/",
    f"{FARMLAND}/owner/",
    f"{FARMLAND}/switch/",
    "/2025/desk/years/",
    "/2025/desk/succession/",
)


@pytest.fixture
def office(as_user) -> Client:
    return as_user("dcs_1")


def text(response) -> str:
    """The page with its tags taken out and its blanks joined."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def value_of(response, name: str) -> str:
    """What stands in a field of the page."""
    page = response.content.decode()
    field = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)
    if field:
        return re.search(r'value="([^"]*)"', field.group())[1]
    chosen = re.search(rf'<select[^>]* name="{name}".*?</select>', page, re.DOTALL)
    if chosen:
        return next(iter(re.findall(r'<option value="([^"]*)" selected', chosen.group())), "")
    return re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)[1]


def test_only_the_office_sees_these_pages(as_user):
    office, others = as_user("dcs_1"), [as_user(person) for person in ("nyj_head", "mayor", "sysadmin")]
    for path in PAGES:
        assert office.get(path).status_code == 200, path
        assert [other.get(path).status_code for other in others] == [403] * 3, path
        assert others[0].post(path, {"action": "save"}).status_code == 403, path


@pytest.mark.parametrize(
    "path", [f"{LIST}?gap=nothing", f"{LIST}?unit=nobody", f"{LIST}X99/edit/", "/2031/desk/kpis/", "/2031/desk/years/"]
)
def test_what_does_not_exist_is_not_an_empty_page(office, path):
    assert office.get(path).status_code == 404


def test_the_list_is_narrowed_by_what_is_open_by_unit_kind_and_words(office):
    Indicator.objects.get(code="A06").plan_points.all().delete()
    assert "共 103 项" in text(office.get(LIST))
    narrowed = office.get(f"{LIST}?gap=no_plan")
    assert "符合条件 1 项" in text(narrowed) and "缺计划 1" in text(narrowed)
    assert "符合条件 1 项" in text(office.get(f"{LIST}?kind=rank"))
    assert "A06" in text(office.get(f"{LIST}?q=高标准农田&unit=agriculture"))
    assert "没有符合条件的任务" in text(office.get(f"{LIST}?q=没有这样的任务"))


def test_sentences_nobody_owns_stand_below_and_are_set_aside_from_there(office):
    page = text(office.get(LIST))
    assert "无人认领的句子 2" in page and FREE in page
    start = Report.objects.get(year=2025).text.index(FREE)
    raw = {"quote": FREE, "start": start, "reason": "无"}
    refused = office.post(f"{LIST}aside/", raw)
    assert refused.status_code == 422 and "请写明原因" in text(refused)
    assert 'value="无"' in refused.content.decode()
    assert office.post(f"{LIST}aside/", raw | {"reason": "总结性表述"}).status_code == 302
    assert Commitment.objects.get(quote=FREE).is_context
    assert "无人认领的句子 1" in text(office.get(LIST))


def test_a_phrase_fills_in_what_it_says(office):
    page = office.get(NEW, {"quote": "力争新增规模以上工业企业10家", "start": "7800"})
    assert value_of(page, "kind") == "cumulative" and value_of(page, "unit") == "家"
    assert value_of(page, "target") == "10" and value_of(page, "strength") == "aim"
    assert value_of(page, "final_due_on") == "2025-12-31"
    assert re.fullmatch(r"[TIA]\d{2}", value_of(page, "code"))


def test_without_a_script_a_sentence_is_chosen_from_the_list(office):
    start = Report.objects.get(year=2025).text.index(FREE)
    page = office.get(NEW, {"sentence": start})
    assert value_of(page, "quote").strip() == FREE and value_of(page, "start") == str(start)
    assert office.get(NEW, {"sentence": "7"}).status_code == 200


def test_another_phrase_fills_in_anew_only_what_nobody_typed_over(office):
    first = office.get(NEW, {"quote": "新增省级专精特新企业8家", "start": "0"})
    names = ("kind", "unit", "decimals", "comparator", "target", "name", "code", "strength", "final_due_on")
    typed = {name: value_of(first, name) for name in names}
    typed |= {"name": "我起的名字", "lead": "industry", "prefilled_quote": "新增省级专精特新企业8家"}
    second = office.post(NEW, typed | {"prefilled_start": "0", "action": "pick", "quote": "建设高标准农田6.95万亩"})
    assert (value_of(second, "unit"), value_of(second, "target"), value_of(second, "decimals")) == ("万亩", "6.95", "2")
    assert (value_of(second, "name"), value_of(second, "lead")) == ("我起的名字", "industry")
    lost = office.post(NEW, typed | {"action": "pick", "quote": "原文没有的话"})
    assert lost.status_code == 422 and value_of(lost, "name") == "我起的名字"


def test_a_refused_form_keeps_all_that_was_typed_and_says_what_is_wrong_on_top_and_at_the_field(office):
    refused = office.post(NEW, FILLED | {"action": "create", "code": "A06", "target": "十二", "notes": "我的说明"})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "编号：A06 已经用过，下一个空号是 A21" in text(refused)
    assert page.count("看不懂“十二”") == 2 and 'aria-describedby="e-target"' in page
    assert value_of(refused, "target") == "十二" and "我的说明" in page
    assert re.search(r'value="finance" checked', page)


def test_a_new_task_leads_to_its_plan(office):
    answer = office.post(NEW, FILLED | {"action": "create"})
    assert answer.status_code == 302 and answer.url == f"{LIST}A90/plan/"
    page = text(office.get(answer.url))
    assert "还没有计划" in page and "已建立" in page


def test_what_is_fixed_cannot_be_typed_in_and_says_why(office):
    page = office.get(f"{FARMLAND}/edit/").content.decode()
    for name in ("kind", "unit", "target", "final_due_on", "lead"):
        assert re.search(rf'id="{name}" name="{name}"[^>]* disabled', page), name
    for name in ("name", "post", "definition"):
        assert not re.search(rf'id="{name}" name="{name}"[^>]* disabled', page), name
    assert "要走目标调整" in page and "变更牵头单位" in page


def edit(office: Client, **changed: object):
    page = office.get(f"{FARMLAND}/edit/")
    free = ("name", "post", "strength", "frequency", "decimals", "definition", "peer_set", "notes", "baseline_note")
    raw = {name: value_of(page, name) for name in free} | {"stamp": value_of(page, "stamp")}
    return office.post(f"{FARMLAND}/edit/", raw | {"supporting": ["finance"], "is_lead_settled": "on"} | changed)


def test_a_change_is_saved_and_the_lead_is_settled(office):
    assert edit(office, notes="新的说明").status_code == 302
    found = stored()
    assert (found.notes, found.is_lead_proposed) == ("新的说明", False)
    assert [unit.code for unit in found.supporting_departments.all()] == ["finance"]
    assert "牵头为建议 102" in text(office.get(LIST))


def test_who_comes_second_sees_what_the_first_wrote_and_keeps_their_own(office):
    stamp = value_of(office.get(f"{FARMLAND}/edit/"), "stamp")
    edit(office, notes="甲写的")
    second = edit(office, notes="乙写的", stamp=stamp)
    assert second.status_code == 409
    assert "有人在你之后改过这项任务" in text(second) and "说明 甲写的" in text(second)
    assert value_of(second, "notes").strip() == "乙写的" and stored().notes == "甲写的"
    # Saved once more, with open eyes.
    assert edit(office, notes="乙写的", stamp=value_of(second, "stamp")).status_code == 302
    assert stored().notes == "乙写的"


PLAN = f"{FARMLAND}/plan/"


def cells(response) -> list[str]:
    return [value_of(response, f"2025-{month:02d}") for month in range(1, 13)]


def typed(response, **changed: str) -> dict[str, str]:
    raw = {f"2025-{month:02d}": value_of(response, f"2025-{month:02d}") for month in range(6, 13)}
    return raw | {"stamp": value_of(response, "stamp")} | {f"2025-{name[1:]}": each for name, each in changed.items()}


def test_a_preset_fills_the_open_months_and_writes_nothing(office):
    before = office.get(PLAN)
    filled = office.post(PLAN, typed(before) | {"action": "preset", "preset": "even"})
    assert cells(filled)[:5] == cells(before)[:5]
    assert cells(filled)[5:] == ["3.14", "3.77", "4.41", "5.04", "5.68", "6.31", "6.95"]
    assert "还没有保存" in text(filled)
    assert planning.plan_of(stored()).points["2025-07"] == Decimal("3.5")
    saved = office.post(PLAN, typed(filled) | {"action": "save"})
    assert saved.status_code == 302 and planning.plan_of(stored()).points["2025-07"] == Decimal("3.77")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"action": "preset", "preset": "chosen_months"}, "请先勾选月份"),
        ({"action": "preset", "preset": "last_year"}, "去年没有对应的任务或计划"),
        ({"action": "preset", "preset": "unheard"}, "没有这种形状"),
        ({"action": "row", "row": ""}, "没有读到数字"),
        ({"action": "row", "row": "\t".join("123456789")}, "粘贴了 9 个数，这里只有 7 格"),
        ({"action": "version-1"}, "没有这一版计划"),
    ],
)
def test_what_cannot_be_filled_in_says_why_and_keeps_what_was_typed(office, asked, said):
    refused = office.post(PLAN, typed(office.get(PLAN), m07="3.33") | asked)
    assert refused.status_code == 422 and said in text(refused) and cells(refused)[6] == "3.33"


def test_a_row_of_a_workbook_fills_the_year_or_the_months_that_are_open(office):
    page = office.get(PLAN)
    whole = office.post(PLAN, typed(page) | {"action": "row", "row": "\t".join(str(each) for each in range(1, 13))})
    assert cells(whole) == [*cells(page)[:5], "6", "7", "8", "9", "10", "11", "12"]
    part = office.post(PLAN, typed(page) | {"action": "row", "row": "3.3\n3.6\n\n4.0\n"})
    assert cells(part)[5:] == ["3.3", "3.6", "4.0", *cells(page)[8:]]


def test_an_earlier_plan_is_put_back_into_the_form_and_saved_from_there(office):
    before = office.get(PLAN)
    office.post(PLAN, typed(before, m07="3.90", m08="") | {"action": "save"})
    page = office.get(PLAN)
    assert cells(page)[6:8] == ["3.90", ""]
    number = re.search(r'value="version-(\d+)"', page.content.decode())[1]
    filled = office.post(PLAN, typed(page) | {"action": f"version-{number}"})
    assert cells(filled) == cells(before)
    office.post(PLAN, typed(filled) | {"action": "save"})
    assert cells(office.get(PLAN)) == cells(before)


def test_a_refused_plan_keeps_its_cells_and_a_stale_one_shows_what_stands_there(office):
    page = office.get(PLAN)
    refused = office.post(PLAN, typed(page, m07="三") | {"action": "save"})
    assert refused.status_code == 422 and cells(refused)[6] == "三"
    assert "7月：看不懂“三”" in text(refused)
    office.post(PLAN, typed(page, m07="3.60") | {"action": "save"})
    stale = office.post(PLAN, typed(page, m07="3.70") | {"action": "save"})
    assert stale.status_code == 409 and cells(stale)[6] == "3.70" and "现为 3.60" in text(stale)
    assert office.post(PLAN, typed(stale) | {"action": "save"}).status_code == 302
    assert planning.plan_of(stored()).points["2025-07"] == Decimal("3.70")


def test_a_shape_does_not_hide_that_somebody_saved_meanwhile(office):
    page = office.get(PLAN)
    office.post(PLAN, typed(page, m07="3.60") | {"action": "save"})
    filled = office.post(PLAN, typed(page) | {"action": "preset", "preset": "even"})
    assert office.post(PLAN, typed(filled) | {"action": "save"}).status_code == 409
    assert planning.plan_of(stored()).points["2025-07"] == Decimal("3.60")


def test_the_picture_follows_what_is_typed(office):
    page = office.get(PLAN)
    piece = office.post(f"{PLAN}preview/", typed(page, m12="6.00", m07="x"))
    assert piece.status_code == 200 and "没有达到目标 6.95 万亩" in text(piece) and "<svg" in piece.content.decode()
    assert "<html" not in piece.content.decode()


NODES = "/2025/desk/kpis/T07/plan/"


def node_fields(response) -> dict[str, str]:
    count = int(value_of(response, "nodes-count"))
    names = [f"node-{place}-{what}" for place in range(1, count + 1) for what in ("name", "due")]
    raw = {name: value_of(response, name) for name in names}
    return raw | {"nodes-count": str(count), "stamp": value_of(response, "stamp")}


def test_nodes_are_added_and_only_new_ones_are_taken_out_again(office):
    page = office.get(NODES)
    raw = node_fields(page)
    added = office.post(NODES, raw | {"node": "add-0"})
    assert value_of(added, "nodes-count") == "6" and value_of(added, "node-1-name") == raw["node-1-name"]
    assert "删去 6" in text(added) and "删去 5" not in text(added) and "↑" not in text(added)
    gone = office.post(NODES, node_fields(added) | {"node": "remove-6"})
    assert value_of(gone, "nodes-count") == "5"
    kept = office.post(NODES, raw | {"node": "remove-1"})
    assert value_of(kept, "nodes-count") == "5", "reports name the nodes by their places"
    filled = node_fields(added) | {"node-6-name": "满意度回访", "node-6-due": "2025-07-25", "action": "save"}
    assert office.post(NODES, filled).status_code == 302
    assert "满意度回访" in value_of(office.get(NODES), "node-6-name")


def test_new_nodes_may_change_places(office):
    office.post(NEW, FILLED | {"action": "create", "kind": "milestone", "unit": "个节点", "target": ""})
    path = "/2025/desk/kpis/A90/plan/"
    raw = {"nodes-count": "2", "node-1-name": "甲", "node-1-due": "2025-08-01", "node-2-name": "乙", "node-2-due": ""}
    moved = office.post(path, raw | {"node": "up-2"})
    assert (value_of(moved, "node-1-name"), value_of(moved, "node-2-name")) == ("乙", "甲")
    refused = office.post(path, raw | {"stamp": value_of(office.get(path), "stamp"), "action": "save"})
    assert refused.status_code == 422 and "请填写节点日期" in text(refused)


SPLIT = f"{FARMLAND}/split/"
DISTRICTS = ("yongding", "wulingyuan", "cili", "sangzhi")


def shares(response) -> list[str]:
    return [value_of(response, code) for code in DISTRICTS]


def test_a_target_is_shared_out_fitted_pasted_and_saved(office):
    page = office.get(SPLIT)
    stamp = {"stamp": value_of(page, "stamp")}
    even = office.post(SPLIT, stamp | {"action": "even"})
    assert shares(even) == ["1.74", "1.74", "1.74", "1.73"] and "与目标相等" in text(even)
    fit = office.post(SPLIT, stamp | {"action": "fit"} | dict(zip(DISTRICTS, ("4", "1", "3", "2"), strict=True)))
    assert sum(map(Decimal, shares(fit))) == Decimal("6.95") and shares(fit)[0] == "2.78"
    column = office.post(SPLIT, stamp | {"action": "column", "column": "永定区\t2.10\n慈利县人民政府 2.5\n"})
    assert shares(column) == ["2.10", "", "2.5", ""]
    plain = office.post(SPLIT, stamp | {"action": "column", "column": "2\n1\n2\n2.2\n"})
    assert shares(plain) == ["2", "1", "2", "2.2"] and "比目标多 0.25 万亩" in text(plain)
    values = dict(zip(DISTRICTS, shares(plain), strict=True))
    assert office.post(SPLIT, stamp | values | {"action": "save"}).status_code == 302
    assert split_of(stored()).difference == Decimal("0.25")
    assert "比目标多 0.25 万亩" in text(office.get(LIST))
    kpi = text(office.get("/2025/kpis/A06/"))
    assert "区县分解 比目标多 0.25 万亩" in kpi and "合计 7.20 万亩 103.6%" in kpi


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("", "没有读到数字"),
        ("1\n2\n3\n4\n5", "粘贴了 5 个数"),
        ("某某县 3", "不认识“某某县”"),
        ("永定区", "不认识“永定区”"),
    ],
)
def test_a_column_that_cannot_be_read_says_why(office, column, said):
    refused = office.post(SPLIT, {"action": "column", "column": column, "cili": "1"})
    assert refused.status_code == 422 and said in text(refused) and value_of(refused, "cili") == "1"


def test_a_refused_split_keeps_its_figures_and_a_stale_one_shows_the_other(office):
    stamp = {"stamp": value_of(office.get(SPLIT), "stamp"), "action": "save"}
    refused = office.post(SPLIT, stamp | {"cili": "两"})
    assert refused.status_code == 422 and "慈利县：看不懂“两”" in text(refused) and value_of(refused, "cili") == "两"
    office.post(SPLIT, stamp | {"cili": "2"})
    stale = office.post(SPLIT, stamp | {"cili": "3"})
    assert stale.status_code == 409 and "慈利县 2.00" in text(stale) and value_of(stale, "cili") == "3"
    piece = office.post(SPLIT, {"action": "sum", "cili": "3"}, headers={"HX-Request": "true"})
    assert "比目标少 3.95 万亩" in text(piece) and "<html" not in piece.content.decode()


OWNER = f"{FARMLAND}/owner/"


def test_the_effect_of_another_lead_is_said_before_and_it_can_be_withdrawn(office):
    page = text(office.get(OWNER))
    assert "已公布的 5 个月" in page and "两家单位都会收到消息" in page
    refused = office.post(OWNER, {"to": "", "effective_on": "2025-08-01", "reason": "职责调整到水利局"})
    assert refused.status_code == 422 and "新牵头单位：请选择牵头单位" in text(refused)
    assert value_of(refused, "reason") == "职责调整到水利局"
    raw = {"to": "water", "effective_on": "2025-08-01", "reason": "职责调整到水利局", "keeps_supporting": "on"}
    assert office.post(OWNER, raw).status_code == 302
    assert "2025-08-01 起由市水利局牵头" in text(office.get(OWNER))
    assert "2025-08-01 牵头单位 市农业农村局 → 市水利局 职责调整到水利局" in text(office.get("/2025/kpis/A06/"))
    twice = office.post(OWNER, raw)
    assert twice.status_code == 422 and "请先撤回它" in text(twice)
    handover = Handover.objects.get()
    assert office.post(OWNER, {"withdraw": handover.pk}).status_code == 302
    assert office.post(OWNER, {"withdraw": handover.pk}).status_code == 409
    assert office.post(OWNER, {"withdraw": "0"}).status_code == 404


SWITCH = f"{FARMLAND}/switch/"


def test_switching_off_spells_out_what_happens_and_can_be_undone(office):
    assert "已公布的 5 个月亮灯存档不动" in text(office.get(SWITCH))
    short = office.post(SWITCH, {"confirm": "A06", "reason": "无"})
    assert short.status_code == 422 and value_of(short, "confirm") == "A06"
    wrong = office.post(SWITCH, {"confirm": "A07", "reason": "任务已取消"})
    assert wrong.status_code == 422 and "请准确输入 A06 确认" in text(wrong)
    assert office.post(SWITCH, {"confirm": "A06", "reason": "任务已取消"}).status_code == 302
    assert office.get("/2025/kpis/A06/").status_code == 404
    assert "已停用 1" in text(office.get(LIST))
    assert "恢复会怎样" in text(office.get(SWITCH))
    assert office.post(SWITCH, {"confirm": "A06", "reason": "任务恢复执行"}).status_code == 302
    assert office.get("/2025/kpis/A06/").status_code == 200


def test_a_kpi_page_without_shares_has_no_table_of_them(as_user):
    assert not UnitTarget.objects.exists()
    page = text(as_user("mayor").get("/2025/kpis/A06/"))
    assert "区县分解" not in page and "与去年比" not in page and "配置" not in page
