"""The bulk grid: what is shown, that a line keeps what it does not show, and that every answer is true line by line."""

from __future__ import annotations

import html
import re
from uuid import uuid4

import pytest

from kpi.models import Submission
from tests.content import FARMLAND

pytestmark = pytest.mark.django_db
GRID = "/2025/reports/2025-06/grid/"
TEXT = "按计划推进，六月底达到序时进度。"
# Three reports of one department: a figure below its plan, one nobody began, a draft.
AMBER, UNFILED, DRAFT = "A06", "A08", "A12"


def page_of(client, address: str = GRID) -> str:
    return html.unescape(client.get(address).content.decode())


def stamp(page: str, code: str) -> str:
    return re.search(rf'name="{code}-stamp"[^>]* value="([^"]+)"', page).group(1)


def line(page: str, code: str, **fields: str) -> dict[str, str]:
    """What a browser sends for one line whose fields were changed."""
    return {f"{code}-stamp": stamp(page, code), **{f"{code}-{name}": text for name, text in fields.items()}}


def stored(code: str) -> Submission:
    return Submission.objects.get(indicator__code=code, period__code="2025-06")


def send(client, action: str, *lines: dict[str, str], pick=(), editor=None, row=None):
    posted = {"action": action, "editor": str(editor or uuid4()), "pick": list(pick)}
    posted |= {"row": row} if row else {}
    for each in lines:
        posted |= each
    return client.post(GRID, posted)


@pytest.fixture
def clerk(as_user):
    return as_user("nyj_staff")


def whole_form(client) -> dict[str, str]:
    """Everything a browser sends for the untouched table."""
    page = page_of(client)
    fields = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)">', page))
    texts = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', page, re.S)
    lists = re.findall(r'<select[^>]* name="([^"]+)"(.*?)</select>', page, re.S)
    chosen = {name: "".join(re.findall(r'value="([^"]*)" selected', options)) for name, options in lists}
    ticks = ("pick", "-no_progress", "-sure", "-checked")
    return {k: v for k, v in (fields | dict(texts) | chosen).items() if not k.endswith(ticks)}


def test_the_menu_and_the_to_do_page_lead_to_it(clerk):
    page = page_of(clerk, "/2025/todo/")
    assert GRID in page and 'href="/2025/reports/grid/"' in page
    assert clerk.get("/2025/reports/grid/").url == GRID
    assert re.search(r'href="/2025/reports/grid/" aria-current="page"', page_of(clerk))


def test_the_to_do_page_says_why_a_report_came_back(clerk):
    assert "退回：永定区基地未附验收意见" in page_of(clerk, "/2025/todo/")


def test_every_owed_report_has_its_line_and_what_fits_no_line_a_link(clerk):
    page = page_of(clerk)
    assert f'name="{AMBER}-value"' in page and 'name="A11-' not in page
    assert 'href="/2025/reports/2025-06/A11/">逐个勾选' in page
    assert "退回：</b>永定区基地未附验收意见" in page
    assert "T01" not in page


def test_a_line_saves_itself_and_is_answered_with_its_lamp(clerk):
    page = page_of(clerk)
    answer = send(clerk, "row", line(page, AMBER, value="2.86"), row=AMBER)
    row = html.unescape(answer.content.decode())
    assert answer.status_code == 200 and "<html" not in row
    # Last month was amber too: what explained it is carried over, to be seen on the form.
    for text in ("预警", "偏差已填", "+0.55", "✓ 已存"):
        assert text in row
    assert str(stored(AMBER).value) == "2.8600"


def test_what_the_line_does_not_show_stays(clerk):
    clerk.post(f"/2025/reports/2025-06/{AMBER}/", FARMLAND | {"action": "save", "version": "0"})
    page = page_of(clerk)
    send(clerk, "row", line(page, AMBER, value="2.9", narrative=TEXT, outlook="confident"), row=AMBER)
    found = stored(AMBER)
    assert (str(found.value), found.narrative, found.outlook) == ("2.9000", TEXT, "confident")
    assert (found.measures, found.deviation_reasons) == (FARMLAND["measures"], FARMLAND["deviation_reasons"])
    assert found.catch_up_period == FARMLAND["catch_up_period"]


def test_what_cannot_be_read_is_kept_as_typed_and_named_at_its_cell(clerk):
    answer = send(clerk, "row", line(page_of(clerk), AMBER, value="2.86万亩", narrative=TEXT), row=AMBER)
    assert answer.status_code == 200 and "是否为 2.86" in answer.content.decode()
    assert stored(AMBER).typed["value"] == "2.86万亩" and stored(AMBER).narrative == TEXT
    page = page_of(clerk)
    assert 'value="2.86万亩"' in page and re.search(rf'id="{AMBER}-value"[^>]* aria-invalid="true"', page)


def test_no_figure_zero_and_no_progress_are_three_things(clerk):
    for fields, expected in (
        ({"value": "", "narrative": TEXT}, (None, False)),
        ({"value": "0", "narrative": TEXT}, ("0.0000", False)),
        ({"value": "", "no_progress": "on"}, (None, True)),
    ):
        send(clerk, "row", line(page_of(clerk), AMBER, **fields), row=AMBER)
        found = stored(AMBER)
        assert (found.value if found.value is None else str(found.value), found.no_progress) == expected


def test_the_untouched_table_sent_back_writes_nothing(clerk):
    before = list(Submission.objects.order_by("pk").values())
    assert send(clerk, "save", whole_form(clerk)).status_code == 302
    assert list(Submission.objects.order_by("pk").values()) == before


def test_an_untouched_line_is_left_alone_whatever_a_colleague_did(clerk, as_user):
    """The plain form sends every line; only what was touched may meet a colleague's work."""
    whole = whole_form(clerk)
    send(as_user("nyj_head"), "row", line(page_of(clerk), AMBER, value="2.81"), row=AMBER)
    answer = send(clerk, "save", whole | {f"{UNFILED}-value": "2"})
    assert answer.status_code == 302
    assert (str(stored(AMBER).value), str(stored(UNFILED).value)) == ("2.8100", "2.0000")


def test_two_grids_meet_at_the_line_and_nothing_is_overwritten(clerk, as_user):
    page, head = page_of(clerk), as_user("nyj_head")
    send(head, "row", line(page, AMBER, value="2.81"), row=AMBER)
    answer = send(clerk, "row", line(page, AMBER, value="2.90", narrative=TEXT), row=AMBER)
    row = html.unescape(answer.content.decode())
    assert answer.status_code == 409 and "同事刚改过" in row and "查看并合并" in row
    assert str(stored(AMBER).value) == "2.8100"
    # The button takes the whole report to the form's own merge, as this page would have it.
    merge = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', row)) | {"action": "save"}
    merged = clerk.post(f"/2025/reports/2025-06/{AMBER}/", merge)
    panel = html.unescape(merged.content.decode())
    assert merged.status_code == 409 and "data-merge" in panel
    assert 'name="take_value"' in panel and 'name="take_narrative"' in panel and 'name="take_measures"' not in panel


def test_a_conflict_of_the_whole_form_keeps_what_was_typed(clerk, as_user):
    whole = whole_form(clerk)
    send(as_user("nyj_head"), "row", line(page_of(clerk), AMBER, value="2.81"), row=AMBER)
    answer = send(clerk, "submit", whole | {f"{AMBER}-value": "2.90", f"{UNFILED}-value": "2"}, pick=[AMBER])
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 409 and 'value="2.90"' in page and "查看并合并" in page
    assert (str(stored(AMBER).value), str(stored(UNFILED).value)) == ("2.8100", "2.0000")


def test_the_page_that_wrote_last_is_not_stale_to_itself(clerk):
    page, editor = page_of(clerk), uuid4()
    send(clerk, "row", line(page, AMBER, value="2.8"), row=AMBER, editor=editor)
    answer = send(clerk, "row", line(page, AMBER, value="2.86"), row=AMBER, editor=editor)
    assert answer.status_code == 200 and str(stored(AMBER).value) == "2.8600"


def test_good_lines_are_filed_and_the_others_stay_with_their_reason_after_a_reload(clerk):
    page = page_of(clerk)
    good = {"value": "3.10", "narrative": TEXT, "outlook": "confident"}
    answer = send(
        clerk,
        "submit",
        line(page, AMBER, **good),
        line(page, UNFILED, value="2", narrative="短", outlook=""),
        line(page, DRAFT, value="5x3"),
        pick=[AMBER, UNFILED, DRAFT],
    )
    assert answer.url == f"{GRID}?check={AMBER},{UNFILED},{DRAFT}"
    assert (stored(AMBER).state, stored(UNFILED).state, stored(DRAFT).state) == ("submitted", "draft", "draft")
    for _ in ("first look", "reload"):
        seen = page_of(clerk, answer.url)
        assert "已提交 1 项；2 项没有提交" in seen
        assert re.search(rf'<a href="#{UNFILED}-narrative">{UNFILED} .*：进展说明至少 10 字；请判断年底能否完成', seen)
        assert re.search(rf'<a href="#{DRAFT}-value">.*看不懂“5x3”', seen)
        assert f'name="{AMBER}-value"' not in seen and 'value="5x3"' in seen
    # Mended, the line's own answer no longer complains.
    mended = line(seen, UNFILED, value="2", narrative=TEXT, outlook="confident") | {f"{UNFILED}-checked": "1"}
    row = send(clerk, "row", mended, row=UNFILED).content.decode()
    assert "emsg" in row and "! " not in row
    assert "现在没有问题了" in page_of(clerk, f"{GRID}?check={UNFILED}")
    assert "请先勾选" not in seen


def test_a_red_or_amber_line_is_sent_to_its_form(clerk):
    clerk.post(f"/2025/reports/2025-06/{AMBER}/", {"action": "save", "version": "0", "measures": ""})
    filled = line(page_of(clerk), AMBER, value="2.86", narrative=TEXT, outlook="at_risk")
    assert "需填偏差" in html.unescape(send(clerk, "row", filled, row=AMBER).content.decode())
    filled = line(page_of(clerk), AMBER, value="2.86", narrative=TEXT, outlook="at_risk")
    answer = send(clerk, "submit", filled, pick=[AMBER])
    seen = page_of(clerk, answer.url)
    assert "须到填报页填写偏差说明" in seen and f"/2025/reports/2025-06/{AMBER}/#deviation" in seen
    assert stored(AMBER).state == "draft" and str(stored(AMBER).value) == "2.8600"


def test_an_odd_figure_is_asked_about_in_its_line_and_filed_when_it_stands(clerk):
    filled = {"value": "5.31", "narrative": TEXT, "outlook": "confident"}
    answer = send(clerk, "submit", line(page_of(clerk), AMBER, **filled), pick=[AMBER])
    page = page_of(clerk, answer.url)
    assert "倍，请核对数字和单位" in page and stored(AMBER).state == "draft"
    sure = re.search(rf'name="{AMBER}-sure"[^>]* value="([^"]+)"', page).group(1)
    other = send(clerk, "submit", line(page, AMBER, **filled | {"value": "5.41"}, sure=sure), pick=[AMBER])
    assert stored(AMBER).state == "draft", "being sure of one figure says nothing about another"
    page = page_of(clerk, other.url)
    send(clerk, "submit", line(page, AMBER, **filled, sure=sure), pick=[AMBER])
    assert stored(AMBER).state == "submitted"


def test_the_same_submission_sent_twice_files_once(clerk):
    filled = line(page_of(clerk), AMBER, value="3.10", narrative=TEXT, outlook="confident")
    editor = uuid4()
    first = send(clerk, "submit", filled, pick=[AMBER], editor=editor)
    again = send(clerk, "submit", filled, pick=[AMBER], editor=editor)
    assert first.url == again.url and "已提交 1 项" in page_of(clerk, again.url)
    assert stored(AMBER).reviews.count() == 1


def test_nothing_ticked_files_nothing_and_keeps_the_rest(clerk):
    answer = send(clerk, "submit", line(page_of(clerk), AMBER, value="3.10"))
    assert "请先勾选要提交的任务" in page_of(clerk, answer.url)
    assert stored(AMBER).state == "draft"


def test_a_blank_ticked_line_makes_no_draft(clerk):
    answer = send(clerk, "submit", line(page_of(clerk), UNFILED, value="", narrative="", outlook=""), pick=[UNFILED])
    assert "请填写本期完成情况" in page_of(clerk, answer.url)
    assert not Submission.objects.filter(indicator__code=UNFILED, period__code="2025-06").exists()


def test_saving_by_hand_names_the_lines_that_cannot_be_read(clerk):
    answer = send(clerk, "save", line(page_of(clerk), AMBER, value="２.86"))
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422 and f'href="#{AMBER}-value"' in page and "是否为 2.86" in page
    assert stored(AMBER).typed["value"] == "２.86"


def test_a_filed_line_says_so_and_takes_nothing(clerk):
    page = page_of(clerk)
    filed = line(page, AMBER, value="3.10", narrative=TEXT, outlook="confident")
    send(clerk, "submit", filed, pick=[AMBER])
    late = send(clerk, "row", filed | {f"{AMBER}-value": "3.2"}, row=AMBER)
    assert late.status_code == 409 and 'value="3.2"' in late.content.decode()
    assert str(stored(AMBER).value) == "3.1000"


@pytest.mark.parametrize("period", ["2025-05", "2025-07"])
def test_a_month_that_takes_no_writes_shows_no_fields(clerk, period):
    page = page_of(clerk, f"/2025/reports/{period}/grid/")
    assert "data-col" not in page and "提交所选" not in page


@pytest.mark.parametrize(
    ("posted", "status"),
    [
        ({"action": "row", "row": "T01"}, 404),
        ({"action": "row", "row": AMBER, "editor": "x", f"{AMBER}-stamp": "0:x", f"{AMBER}-value": "1"}, 422),
        ({"action": "row", "row": AMBER, "editor": str(uuid4()), f"{AMBER}-stamp": "x", f"{AMBER}-value": "1"}, 422),
        ({"action": "burn"}, 404),
    ],
)
def test_what_no_page_sends_is_refused(clerk, posted, status):
    assert clerk.post(GRID, posted).status_code == status


def test_another_departments_line_cannot_be_written(as_user):
    stranger = as_user("gxj_staff")
    posted = {"action": "save", "editor": str(uuid4()), f"{AMBER}-stamp": "0:x", f"{AMBER}-value": "9"}
    stranger.post(GRID, posted)
    assert not Submission.objects.filter(indicator__code=AMBER, period__code="2025-06").exists()
