"""Pages of scores: who sees whose, what a refusal keeps, that pages, workbook and rule say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client

from kpi.domain.scoring import ScoreReason
from kpi.models import Indicator, ScoreCorrection, ScoreLine, ScoreRun, ScoringScheme
from kpi.services import scores
from kpi.services.score_words import explain
from tests.bulletins import of_office
from tests.scores import AFTER, APRIL, fresh, line_of, opened, past_every_trigger, sheet_of

LIST = "/2025/scores/"
RUN = f"{LIST}{APRIL}/"
OWN = f"{RUN}units/commerce/"
SCHEMES = f"{LIST}schemes/"


@pytest.fixture(scope="module")
def april(django_db_setup, django_db_blocker) -> Iterator[ScoreRun]:
    """Opened once for all tests here, and rolled back after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield opened()
        transaction.set_rollback(True)


@pytest.fixture
def run(april, db) -> ScoreRun:
    return fresh(april)


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def rows_of(html: str) -> dict[str, list[str]]:
    """The cells of each line of the matrix, by the name it begins with."""
    lines = re.findall(r'<tr><th scope="row">(.*?)</tr>', html, re.S)
    cells = [[re.sub(r"<[^>]+>", "", cell) for cell in re.split(r"</t[hd]>", line) if cell] for line in lines]
    return {name: values for name, *values in cells}


def test_a_draft_is_the_offices_alone(run, as_user):
    scores.draft(period=type(run.period).objects.get(code="2025-02"), actor=of_office("dcs_1"), now=AFTER)
    for person in ("mayor", "vm_commerce", "swj_head", "swj_staff"):
        page(as_user(person), f"{LIST}2025-02/", 404)
        page(as_user(person), f"{LIST}2025-02/units/commerce/", 404)
    assert "草稿，只有督查室看到" in page(as_user("dcs_2"), f"{LIST}2025-02/")


@pytest.mark.parametrize("person", ["swj_head", "swj_staff"])
def test_a_unit_sees_its_own_score_and_no_other_exists_for_it(run, as_user, person):
    reader = as_user(person)
    assert "本单位得分" in page(reader, LIST) and "agriculture" not in page(reader, LIST)
    assert list(rows_of(page(reader, RUN))) == ["市商务局"]
    assert "逐项得分" in page(reader, OWN)
    for path in ("units/agriculture/", "posts/vice_mayor_commerce/"):
        page(reader, RUN + path, 404)
        assert reader.post(RUN + path, {"action": "accept"}).status_code == 404
    assert reader.post(RUN, {"action": "finalise", "version": 2}).status_code == 403
    page(reader, SCHEMES, 403)


def test_leaders_and_the_office_see_all_in_official_order(run, as_user):
    found = rows_of(page(as_user("mayor"), RUN))
    assert list(found) == list(rows_of(page(as_user("dcs_1"), RUN))) and len(found) > 20
    totals = [float(cells[0]) for cells in found.values()]
    assert totals != sorted(totals, reverse=True) and "名次" not in page(as_user("mayor"), RUN)
    assert "本人分管" in page(as_user("vm_commerce"), LIST)
    assert 'name="action"' not in page(as_user("mayor"), OWN), "leaders answer for nobody but themselves"
    assert 'value="object"' in page(as_user("vm_commerce"), f"{RUN}posts/vice_mayor_commerce/")
    page(as_user("sysadmin"), LIST, 403)


def test_every_point_is_explained(run, as_user):
    sheet, text = sheet_of(run, "commerce"), page(as_user("swj_head"), OWN)
    shown = [float(each) for each in re.findall(r"得分</span><b>([\d.]+)</b>", text)]
    assert abs(sum(shown) - float(sheet.base)) < 0.05, "the lines come to the base, but for how they are shown"
    assert "÷ 序时计划" in text and f"{APRIL} 快照第 1 版" in text and f"{sheet.total}" in text
    assert "迟报" in text and "−0.20" in text
    out = page(as_user("nyj_head"), f"{RUN}units/agriculture/")
    assert "权重不计入" in out


def test_what_was_typed_stays_where_something_is_missing(run, as_user):
    head = as_user("swj_head")
    answer = head.post(OWN, {"action": "object", "text": "不对"})
    text = answer.content.decode()
    assert answer.status_code == 422 and ">不对</textarea>" in text and 'href="#text"' in text
    line = line_of(sheet_of(run, "commerce"), "I31")
    wrong = {"action": "correct", "line": line.pk, "value": "200", "reason": "circumstances", "words": "短"}
    answer = as_user("dcs_1").post(OWN, wrong)
    text = answer.content.decode()
    assert answer.status_code == 422 and f'href="#value-{line.pk}"' in text and f'href="#words-{line.pk}"' in text
    assert 'value="200"' in text and 'value="短"' in text and not ScoreCorrection.objects.filter(line=line).exists()


def test_a_correction_shows_both_values_to_the_unit(run, as_user):
    sheet = sheet_of(run, "commerce")
    line = line_of(sheet, sheet.lines.filter(reason=ScoreReason.LATE).first().indicator.code, ScoreReason.LATE)
    said = {"action": "correct", "line": line.pk, "value": "0", "reason": "counted_twice", "words": "<b>重复</b>登记了"}
    assert as_user("dcs_1").post(OWN, said).status_code == 302
    text = page(as_user("swj_staff"), OWN)
    assert "原为 0.20，更正为 0.00（重复计算）：&lt;b&gt;重复&lt;/b&gt;登记了" in text
    assert 'value="correct"' not in text


def test_the_same_person_does_not_finish_and_a_slip_does_not_either(run, as_user):
    sure = {"action": "finalise", "version": run.version, "sure": "on"}
    own = as_user("dcs_1").post(RUN, sure)
    assert own.status_code == 403 and "须由督查室另一人办理" in own.content.decode()
    unsure = as_user("dcs_2").post(RUN, sure | {"sure": ""})
    assert unsure.status_code == 422 and "请先勾选" in unsure.content.decode()
    early = as_user("dcs_2").post(RUN, sure)
    assert early.status_code == 422 and "还在征求意见" in early.content.decode()


def test_addresses_that_mean_nothing_are_not_found(run, as_user):
    office = as_user("dcs_1")
    for path in ("2025-13/", "2025-06/", f"{APRIL}/?edition=9", f"{APRIL}/units/nobody/", f"{APRIL}/posts/commerce/"):
        page(office, LIST + path, 404)
    assert office.post(LIST, {"period": "2031-01"}).status_code == 404
    assert office.post(RUN, {"action": "nonsense"}).status_code == 404
    assert office.post(OWN, {"action": "nonsense"}).status_code == 404
    assert office.post(OWN, {"action": "correct", "line": "1"}).status_code == 404
    page(office, "/2024/scores/", 404)
    open_month = office.post(LIST, {"period": "2025-06"})
    assert open_month.status_code == 409 and "还没有锁定" in open_month.content.decode()


def typed(html: str, **more: str) -> dict[str, str]:
    """What the form of a scheme sends, as it stands."""
    fields = dict(re.findall(r'<input class="inp"[^>]*name="([^"]+)" value="([^"]*)"', html))
    hidden = dict(re.findall(r'<input type="hidden" name="(revision|from)" value="([^"]*)"', html))
    chosen = re.search(r'<option value="(\w+)" selected', html)[1]
    return fields | hidden | {"basis": chosen, "bonus_breaks_ties_only": "on"} | more


def test_the_effect_of_a_new_scheme_is_shown_before_it_is_saved(run, as_user):
    office = as_user("dcs_1")
    form = typed(page(office, f"{SCHEMES}new/"), effective_from="2025-06-01", action="preview", weights="I31 5")
    answer = office.post(f"{SCHEMES}new/", form)
    text = answer.content.decode()
    effect = rows_of(text[text.index('id="effect"') :])
    now = rows_of(page(office, f"{LIST}2025-05/"))
    assert answer.status_code == 200 and not ScoringScheme.objects.filter(version="2025-06-01").exists()
    assert effect["市农业农村局"][:2] == [now["市农业农村局"][0]] * 2 and effect["市农业农村局"][2] == "0.00"
    assert effect["市商务局"][0] != effect["市商务局"][1]
    assert ">I31 5</textarea>" in text, "what was typed is still there"
    assert office.post(f"{SCHEMES}new/", form | {"action": "save"}).status_code == 302
    made = ScoringScheme.objects.get(version="2025-06-01")
    assert "另定权重" in page(office, SCHEMES)
    edit = f"{SCHEMES}{made.pk}/"
    unsure = office.post(edit, typed(page(office, edit)) | {"action": "withdraw"})
    assert unsure.status_code == 422
    stale = office.post(edit, typed(page(office, edit), revision="9", action="save"))
    assert stale.status_code == 409 and "有人在你之后改过" in stale.content.decode()


def test_a_preset_may_be_taken_and_mistakes_keep_what_was_typed(run, as_user):
    office, preset = as_user("dcs_1"), ScoringScheme.objects.get(code="chengdu")
    html = page(office, f"{SCHEMES}new/?from={preset.pk}")
    answer = office.post(f"{SCHEMES}new/", typed(html, effective_from="2025-05-01", name="", weights="Z99 1"))
    text = answer.content.decode()
    assert answer.status_code == 422 and "有 3 处需要修改" in text and ">Z99 1</textarea>" in text
    assert 'name="points-excess" value="6"' in text and 'name="key-excess" value="8"' in text
    page(office, f"{SCHEMES}new/?from=99999", 404)
    page(office, f"{SCHEMES}{preset.pk}/", 404)
    used = ScoringScheme.objects.get(code="guiyang")
    assert office.get(f"{SCHEMES}{used.pk}/").status_code == 302, "what was used is not edited"


def test_places_are_shown_only_where_the_scheme_says_so_and_never_order_the_table(run, as_user):
    order = list(rows_of(page(as_user("mayor"), RUN)))
    past_every_trigger(lambda: ScoringScheme.objects.filter(pk=run.scheme_id).update(is_ranked=True))
    text = page(as_user("mayor"), RUN)
    assert "本方案启用排名" in text and list(rows_of(text)) == order
    assert "1" in {cells[1] for cells in rows_of(text).values()}
    assert "名次" not in page(as_user("swj_head"), RUN), "a unit sees itself alone"


FEB = f"{LIST}2025-02/"


def test_the_whole_way_through_the_pages(db, as_user, settings):
    """Drafted, thrown away, drafted anew, opened, objected to, replied to, added to, final, a new edition."""
    first, second, head = as_user("dcs_1"), as_user("dcs_2"), as_user("swj_head")
    own = f"{FEB}units/commerce/"

    def step(client: Client, path: str, **sent: object) -> str:
        version = ScoreRun.objects.filter(period__code="2025-02").order_by("-edition").first()
        answer = client.post(path, {"version": version.version if version else "", **sent}, follow=True)
        assert answer.status_code == 200, re.findall(r'class="errs".*?</div>', answer.content.decode(), re.S)
        return answer.content.decode()

    assert "核对后送各单位征求意见" in step(first, LIST, period="2025-02")
    assert first.post(FEB, {"action": "discard", "version": 1}).status_code == 422
    assert "草稿已作废" in step(first, FEB, action="discard", sure="on")
    step(first, LIST, period="2025-02")
    assert "已送各单位征求意见" in step(first, FEB, action="open")
    assert "异议已送督查室" in step(head, own, action="object", text="第二项计划当时尚未下达")
    assert "有异议，待回复" in page(second, FEB) and 'value="finalise"' not in page(second, FEB)
    assert "已回复" in step(first, own, action="reply", reply="经核对，计划已于一月下达")
    short = first.post(own, {"action": "add", "reason": "", "basis": "短"})
    text = short.content.decode()
    assert short.status_code == 422 and 'id="e-reason"' in text and 'id="e-basis"' in text and 'value="短"' in text
    assert "已登记" in step(first, own, action="add", reason="award", basis="省政府通报〔2025〕1号（示例）")
    assert "只用于同分排序，不计入得分" in page(head, own) and "省政府通报" in page(head, own)
    settings.CLOCK_OFFSET = settings.CLOCK_OFFSET + timedelta(days=10)
    assert "征求意见已经截止" in page(head, own) and 'value="object"' not in page(head, own)
    assert "已定稿，各单位会收到消息" in step(second, FEB, action="finalise", sure="on")
    assert first.post(LIST, {"period": "2025-02"}).status_code == 422, "a new edition needs a reason"
    step(first, LIST, period="2025-02", reason="牵头单位登记有误，重新计算")
    assert "第 3 版" in page(first, FEB) and "省政府通报" in page(first, own)
    assert "已定稿" in page(head, own), "what is final stays in force until the next one is out"


def line(kind: str, *, actual: str | None = "1", yardstick: str | None = "1", share: str = "1", **more) -> ScoreLine:
    task = Indicator(kind=kind, unit="家", decimals=1 if kind == "ratio" else 0)
    figures = {"actual": actual and Decimal(actual), "yardstick": yardstick and Decimal(yardstick)}
    given = {"polarity": "higher", "against": "plan", "share": share} | more
    return ScoreLine(indicator=task, kind=kind, **figures, **given)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (line("cumulative", actual="3", yardstick="4", share="3/4"), "3 家 ÷ 序时计划 4 家 = 75.0%"),
        (line("cumulative", actual="5", yardstick="4"), "5 家 ÷ 序时计划 4 家 = 125.0%，按 100.0% 计"),
        (line("ratio", actual="-1.2", yardstick="3", share="0"), "−1.2% ÷ 序时计划 3.0% = −40.0%，按 0.0% 计"),
        (
            line("ratio", actual="5.5", yardstick="5", share="9/10", polarity="lower", against="target"),
            "2 − 5.5% ÷ 全年目标 5.0% = 90.0%",
        ),
        (line("stage", actual="1", yardstick="2", share="1/2"), "第 1 阶段 ÷ 序时计划 第 2 阶段 = 50.0%"),
        (line("rank", against="fact"), "位次保持：第 1 位，目标第 1 位"),
        (line("rank", actual="3", against="fact", share="0"), "位次未保持：第 3 位，目标第 1 位"),
        (line("bottom_line", actual="0", yardstick="0", against="fact"), "未发生突破底线的情况"),
        (line("bottom_line", actual="2", yardstick="0", against="fact", share="0"), "发生 2 起"),
        (line("cumulative", actual=None, yardstick=None, against="fact", share="0"), "应报未报，没有数字"),
        (line("ratio", actual="-1", yardstick="-2", against="target"), "全年目标不大于零，达到"),
        (line("ratio", actual="-3", yardstick="-2", against="target", share="0"), "全年目标不大于零，未达到"),
        (line("rank", share="", left_out="peers_missing"), "权重不计入：同类城市数据未齐"),
    ],
)
def test_how_a_line_came_to_its_share_is_said_in_words(found, said):
    assert explain(found) == said
