"""The living report: the stored text to the last character, in colours that can be taken off again."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document

from kpi.domain.values import Rag
from kpi.models import Commitment, Indicator, Report, ReportEdition
from kpi.selectors import scoreboard
from kpi.services.editions import correct_report
from tests.conftest import NOW

PAGE = "/2025/living-report/"
EDITOR = "/2025/desk/report/"
VOID = {"use", "path", "circle", "img", "input", "meta", "link", "br"}
PLANT = "提高标准厂房利用率"


class ReportText(HTMLParser):
    """What a browser reads in ``#report-text``, without the elements that say they are ours, and the marks in it."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.marks = "", []
        self._open: list[bool] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if not self._open and named.get("id") != "report-text":
            return
        if tag == "mark":
            self.marks.append({"css": named["class"].split(), "links": [], "said": ""})
        if tag == "a" and self.marks and "data-code" in named:
            self.marks[-1]["links"].append((named["data-code"], named["href"]))
        if tag not in VOID:
            self._open.append("data-ours" in named)

    def handle_startendtag(self, tag, attrs):
        """Signs of the sprite hold no text."""

    def handle_endtag(self, tag):
        if self._open and tag not in VOID:
            self._open.pop()

    def handle_data(self, data):
        if any(self._open):
            if self.marks:
                self.marks[-1]["said"] += data
        elif self._open:
            self.text += data


def page_of(client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("path", [PAGE, PAGE + "?period=2025-03", PAGE + "?lamp=red"])
def test_without_what_is_ours_the_page_is_the_report_byte_for_byte(as_user, path):
    found = ReportText(page_of(as_user("mayor"), path))
    assert found.text.encode() == Report.objects.get(year=2025).text.encode()


def test_carriage_returns_and_signs_of_markup_survive_the_page(as_user, actor):
    report = Report.objects.get(year=2025)
    text = f"\r\n<b>&amp;“引号”'\r{report.text}\r\n"
    correct_report(
        report=report, text=text, base_sha256=report.sha256, reason="测试用的文字", actor=actor("dcs_1"), now=NOW
    )
    page = page_of(as_user("mayor"))
    assert ReportText(page).text.encode() == text.encode()
    assert "\r" not in page.replace("\r\n", ""), "a browser would turn a bare carriage return into a line feed"


def test_every_indicator_is_reached_from_its_sentence_in_its_present_lamp(as_user):
    board = scoreboard.build(year=2025, now=NOW)
    words = {Rag.RED: "滞后", Rag.AMBER: "预警", Rag.GREEN: "正常", Rag.DONE: "已完成", Rag.NOT_DUE: "未到期"}
    found = ReportText(page_of(as_user("mayor")))
    links = dict(link for mark in found.marks for link in mark["links"])
    assert links == {row.indicator.code: f"/2025/kpis/{row.indicator.code}/?period=2025-06" for row in board.rows}
    lamps = {row.indicator.code: row.rag for row in board.rows}
    for mark in found.marks:
        codes = [code for code, _link in mark["links"]]
        severity = [scoreboard.SEVERITY[lamps[code]] for code in codes]
        assert severity == sorted(severity), f"{codes}: the worst comes first"
        assert all(words[lamps[code]] in mark["said"] for code in codes)


def test_wording_without_figures_wears_its_sign_but_no_colour_unless_in_trouble(as_user):
    board = scoreboard.build(year=2025, now=NOW)
    rows = {row.indicator.code: row for row in board.rows}
    for mark in ReportText(page_of(as_user("mayor"))).marks:
        mine = [rows[code] for code, _link in mark["links"]]
        is_calm = mine[0].rag not in (Rag.RED, Rag.AMBER) and not any(row.is_quantified for row in mine)
        assert ("mk-plain" in mark["css"]) == is_calm


def test_a_filter_leaves_other_sentences_without_colour(as_user):
    board = scoreboard.build(year=2025, now=NOW)
    reds = {row.indicator.code for row in board.rows if row.rag is Rag.RED}
    found = ReportText(page_of(as_user("mayor"), PAGE + "?lamp=red"))
    lit = {code for mark in found.marks if "dim" not in mark["css"] for code, _link in mark["links"]}
    assert reds and reds <= lit and len(lit) < len(reds) + 3


def test_the_source_s_defects_are_told_beside_the_text(as_user):
    page = page_of(as_user("mayor"))
    for said in ("聚谷产业园", "疑为同一企业", "消费品以旧换新", "以下文字缺"):
        assert said in page.split('class="beside"')[1]
    assert page.count('class="fn"') == 8
    assert "※ 本报摘要到此为止，后文未收录" in page.split("</article>")[1]


def test_a_remark_whose_words_are_gone_is_still_told(as_user):
    report = Report.objects.get(year=2025)
    Report.objects.filter(pk=report.pk).update(source_note="没有的字｜刊印有误")
    page = page_of(as_user("mayor"))
    assert "没有的字｜刊印有误" in page and page.count('class="fn"') == 2


def test_the_panel_says_figure_gap_reason_and_unit_and_leads_on(as_user):
    answer = as_user("mayor").get(f"{PAGE}panel/A06/?period=2025-06")
    page = answer.content.decode()
    assert "<html" not in page
    for said in ("建设高标准农田", "序时计划", "差", "农业农村局", "/2025/kpis/A06/?period=2025-06"):
        assert said in page
    assert as_user("mayor").get(f"{PAGE}panel/X99/").status_code == 404
    assert as_user("mayor").get(f"{PAGE}panel/A99/").status_code == 404


def test_what_cannot_be_placed_is_listed_here_and_at_the_desk(as_user, actor):
    report = Report.objects.get(year=2025)
    correct_report(
        report=report, text=report.text.replace(f"，{PLANT}", ""), base_sha256=report.sha256,
        reason="市政府公报全文本", actor=actor("dcs_1"), now=NOW,
    )  # fmt: skip
    page = page_of(as_user("mayor"))
    assert "未锚定" in page and PLANT in page.split('class="beside"')[1]
    assert "I30" not in {code for mark in ReportText(page).marks for code, _link in mark["links"]}
    assert PLANT in page_of(as_user("dcs_1"), "/2025/desk/attention/?list=unanchored").split('class="found"')[1]
    assert "未锚定：以下为旧版原文" in page_of(as_user("mayor"), "/2025/kpis/I30/")


def test_the_office_corrects_the_text_in_two_steps(as_user):
    client, report = as_user("dcs_1"), Report.objects.get(year=2025)
    text = report.text.replace(f"，{PLANT}", "").replace("6.95万亩", "7.20万亩").replace("\n", "\r\n")
    preview = client.post(EDITOR, {"action": "preview", "file": SimpleUploadedFile("新版.txt", text.encode("gb18030"))})
    page = preview.content.decode()
    assert preview.status_code == 200 and "预览：还没有写入" in page
    assert PLANT in page and "数字有变，请核对目标值" in page
    assert not ReportEdition.objects.exists()
    packed = page.split('name="packed" value="')[1].split('"')[0]
    short = client.post(EDITOR, {"action": "confirm", "packed": packed, "base": report.sha256, "reason": "短"})
    assert short.status_code == 422 and "请写明原因" in short.content.decode() and packed in short.content.decode()
    stored = {"action": "confirm", "packed": packed, "base": report.sha256, "reason": "市政府公报全文本"}
    assert client.post(EDITOR, stored)["Location"] == PAGE
    report.refresh_from_db()
    assert report.text == text.replace("\r\n", "\n"), "line ends of an editor are no correction"
    assert client.post(EDITOR, stored).status_code == 409, "the text it was compared with is not the present one"
    assert "市政府公报全文本" in page_of(client, EDITOR)


def test_a_correction_may_be_a_word_document_and_what_is_not_readable_is_said_at_the_field(as_user):
    document, file = Document(), io.BytesIO()
    for line in Report.objects.get(year=2025).text.replace("6.95万亩", "7.20万亩").split("\n"):
        document.add_paragraph(line)
    document.save(file)
    client = as_user("dcs_1")
    shown = client.post(EDITOR, {"action": "preview", "file": SimpleUploadedFile("新版.docx", file.getvalue())})
    assert shown.status_code == 200 and "数字有变，请核对目标值" in shown.content.decode()
    broken = client.post(EDITOR, {"action": "preview", "file": SimpleUploadedFile("新版.pdf", b"%PDF-1.4 x")})
    assert broken.status_code == 422 and 'aria-describedby="e-file"' in broken.content.decode()


def test_the_text_sent_back_as_it_came_is_no_correction(as_user):
    report = Report.objects.get(year=2025)
    shown = page_of(as_user("dcs_1"), EDITOR).split('rows="14">\n')[1].split("</textarea>")[0]
    assert len(shown) > 9000
    answer = as_user("dcs_1").post(EDITOR, {"action": "preview", "text": report.text.replace("\n", "\r\n")})
    assert answer.status_code == 422 and "一字不差" in answer.content.decode()


@pytest.mark.parametrize(
    ("posted", "status"),
    [({}, 404), ({"action": "preview"}, 422), ({"action": "confirm", "packed": "?"}, 404), ({"action": "x"}, 404)],
)
def test_other_posts_change_nothing(as_user, posted, status):
    assert as_user("dcs_1").post(EDITOR, posted).status_code == status
    assert not ReportEdition.objects.exists()


@pytest.mark.parametrize("person", ["mayor", "nyj_head", "sysadmin"])
def test_only_the_office_corrects_the_text(as_user, person):
    assert as_user(person).get(EDITOR).status_code == 403


def test_a_commitment_without_a_task_is_plain_text(as_user):
    context = Commitment.objects.filter(is_context=True).first()
    assert not Indicator.objects.filter(commitment=context).exists()
    assert not any(context.quote in mark["said"] for mark in ReportText(page_of(as_user("mayor"))).marks)
