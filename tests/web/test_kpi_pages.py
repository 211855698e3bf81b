"""The KPI page, its coverage page and the list of all indicators: as they stand now and as they stood."""

from __future__ import annotations

import html
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.finders import get_finder
from django.db import IntegrityError, transaction

from kpi.models import Indicator, PastResult, PlanPoint, Submission, Target
from tests.conftest import NOW

ECHARTS_6_1_0 = "28515f26aa57f87eb1e4ed4eb446927eaf329b5f5e02b4bfd4b0264fea40d1da"
# Staff of the department, of another one, head, office, leader, system administrator.
PEOPLE = ("nyj_staff", "gxj_staff", "nyj_head", "dcs_1", "mayor", "sysadmin")
FOUND = (
    "/2025/kpis/", "/2025/kpis/?lamp=amber&sector=旅游业&unit=tourism&strength=support&kind=stage&order=report",
    "/2025/coverage/I39/", "/2025/coverage/A11/?period=2025-05",
)  # fmt: skip
NOT_FOUND = (
    "/2025/coverage/A06/", "/2025/coverage/X99/", "/2025/kpis/?lamp=blue", "/2025/kpis/?unit=nobody",
    "/2025/kpis/?period=2025-13", "/2031/kpis/",
)  # fmt: skip


def page(client, path: str) -> str:
    return html.unescape(client.get(path).content.decode())


def words(text: str) -> str:
    """The text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


@pytest.mark.parametrize(("paths", "status"), [(FOUND, 200), (NOT_FOUND, 404)])
def test_everyone_signed_in_may_look_and_a_wrong_address_is_named(as_user, client, paths, status):
    for person in PEOPLE:
        reader = as_user(person)
        assert {path: reader.get(path).status_code for path in paths} == dict.fromkeys(paths, status)
    assert client.get(FOUND[0])["Location"].startswith("/login/")


def test_lamp_gap_chart_and_explanation_come_before_the_rest(as_user):
    shown = page(as_user("mayor"), "/2025/kpis/A06/")
    order = [
        "预警</span>",
        "连续 4 个月黄灯",
        "累计 2.31 万亩，序时计划 2.50 万亩，差 0.19 万亩",
        'data-curve="',
        "最近说明",
        "进展记录</h2>",
    ]
    places = [shown.index(part) for part in order]
    assert places == sorted(places)
    assert "按近 3 个月速度，年底差 0.57 万亩" in shown
    assert "年底预计 6.38 万亩（6.17 至 6.70），达标把握约 14%；据2025年5月数据" in shown


def test_the_table_twin_holds_every_figure_the_chart_draws(as_user):
    shown = page(as_user("mayor"), "/2025/kpis/A06/")
    chart = chart_of(shown)
    table = shown[shown.index("看数据表") : shown.index("怎么推算的")]
    drawn = [value for name in ("plan", "actual", "likely", "low", "high", "target") for value in chart[name]]
    assert chart["high"][11] == 6.7 and chart["actual"][4] == 2.31 == chart["likely"][4]
    assert [value for value in drawn if value is not None and f"{value:.2f}" not in table] == []


def test_where_nothing_is_forecast_the_page_says_why(as_user):
    mayor = as_user("mayor")
    assert "可用的数字不足 3 个，暂不推算" in page(mayor, "/2025/kpis/A03/")
    assert "全年目标已经达到" in page(mayor, "/2025/kpis/I36/")
    assert "推算" not in words(page(mayor, "/2025/kpis/T05/").split("<main")[1])


def test_a_past_month_is_shown_as_it_was_closed_and_says_what_came_later(as_user):
    shown = page(as_user("mayor"), "/2025/kpis/I22/?period=2025-05")
    assert "这是 2025年5月期截至 6月9日" in shown and "之后的 3 条办理记录没有算在内" in shown
    assert "年底预计 925 家" in shown and "571" not in shown
    now = page(as_user("mayor"), "/2025/kpis/I22/")
    assert "这是 2025年6月期截至" not in now and "571 家" in now


def test_a_changed_target_is_marked_where_it_changed_and_later_where_it_was_not_yet(as_user):
    farmland = Indicator.objects.get(code="A06")
    Target.objects.create(
        indicator=farmland, value=Decimal("7.5"), effective_on=date(2025, 6, 10), reason="省里追加任务"
    )
    mayor = as_user("mayor")
    june, may = (page(mayor, f"/2025/kpis/A06/?period=2025-0{month}") for month in (6, 5))
    for shown in (june, may):
        assert "目标调整 6.95 → 7.50 万亩" in shown and "省里追加任务" in shown
    assert "本期之后" in may and "本期之后" not in june
    assert '<path class="target" d="M' in june and '<path class="target"' not in may
    assert chart_of(june)["target"] == [6.95] * 5 + [7.5] * 7


def chart_of(shown: str) -> dict:
    """What the chart of a page is drawn from."""
    return json.loads(re.search(r'data-curve="(\{.*?\})" data-library', shown, re.DOTALL).group(1))


def test_a_corrected_plan_is_on_record_and_a_past_month_draws_what_held_then(as_user):
    mayor = as_user("mayor")
    assert "序时计划和节点没有改过" in page(mayor, "/2025/kpis/A06/")
    PlanPoint.objects.filter(indicator__code="A06", period="2025-09").update(value=Decimal("4.6"))
    june, may = (page(mayor, f"/2025/kpis/A06/?period=2025-0{month}") for month in (6, 5))
    assert "2025年9月序时计划 4.4000 → 4.6000" in words(may)
    assert (chart_of(june)["plan"][8], chart_of(may)["plan"][8]) == (4.6, 4.4)


def test_other_tasks_of_the_same_sentence_stand_beside_it_with_their_lamps(as_user):
    shown = page(as_user("mayor"), "/2025/kpis/T01/")
    siblings = shown[shown.index("同一句里的其他任务") :].split("</ul>")[0]
    assert "/2025/kpis/T02/" in siblings and 'class="lamp' in siblings and "T01" not in siblings
    assert "同一句里的其他任务" not in page(as_user("mayor"), "/2025/kpis/A06/")


def test_nodes_show_both_dates_and_how_late_they_were(as_user):
    shown = words(page(as_user("mayor"), "/2025/kpis/T07/"))
    assert "消防和安全隐患整改 完成，晚 18 天 计划 4月30日 实际 5月18日" in shown
    assert "商户签约过半 超期 20 天，未完成 计划 6月10日" in shown
    assert "商户装修进场 刚到期，未完成" in shown


def test_coverage_counts_the_units_of_the_figure_district_by_district(as_user):
    shown = words(page(as_user("mayor"), "/2025/kpis/I39/"))
    counts = re.findall(r"(永定区|武陵源区|慈利县|桑植县) (\d+) / (\d+)", shown[shown.index("已覆盖 29 / 63") :])
    assert len(counts) == 4
    assert (sum(int(row[1]) for row in counts), sum(int(row[2]) for row in counts)) == (29, 63)
    matrix = page(as_user("mayor"), "/2025/coverage/I39/")
    assert len(re.findall(r'<td class="t on">', matrix)) == 3 + 7 + 12 + 17 + 23 + 29
    assert "已覆盖 23 / 63" in page(as_user("mayor"), "/2025/coverage/I39/?period=2025-05")


def test_a_unit_left_out_of_a_later_approval_is_not_covered_any_more(as_user):
    approval = Submission.objects.get(indicator__code="I39", period__code="2025-06").reviews.get(verb="approve")
    left_out = approval.content["covered_units"].pop()
    approval.pk, approval.version, approval.at = None, approval.version + 1, NOW - timedelta(hours=1)
    approval.save()
    assert left_out and "已覆盖 28 / 63" in page(as_user("mayor"), "/2025/kpis/I39/")


def test_evidence_is_listed_for_whoever_may_read_the_report_it_came_with(as_user):
    def files(person: str) -> str:
        return page(as_user(person), "/2025/kpis/T36/").split('id="f"')[1].split("</section>")[0]

    assert re.search(r'<a href="/2025/evidence/[0-9a-f-]+/">示例-统计口径说明.pdf</a>', files("mayor"))
    assert "示例-统计口径说明.pdf" not in files("nyj_staff") and "还没有佐证材料" in files("nyj_staff")


def test_the_list_is_worst_first_searched_and_filtered(as_user):
    mayor = as_user("mayor")

    def codes(query: str) -> list[str]:
        return re.findall(r'<span class="code">([TIA]\d+)</span>', page(mayor, f"/2025/kpis/{query}"))

    everything = codes("")
    assert len(everything) == Indicator.objects.of_year(2025).count()
    assert everything[0] in codes("?lamp=red") and everything != sorted(everything, key=codes("?order=report").index)
    assert codes("?q=高标准农田") == ["A06"] == codes("?q=a06") and "A06" in codes("?q=农业农村 6.95")
    assert set(codes("?lamp=amber&kind=cumulative")) == set(codes("?lamp=amber")) & set(codes("?kind=cumulative"))
    assert codes("?lamp=amber&kind=rank") == []


def test_an_empty_answer_offers_the_way_back_and_keeps_what_was_asked(as_user):
    shown = page(as_user("mayor"), "/2025/kpis/?q=<b>没有这样的&lamp=red")
    assert "没有符合条件的任务" in shown and "清除筛选" in shown
    assert (
        'value="red" selected' in shown
        and "<b>没有" not in as_user("mayor").get("/2025/kpis/?q=<b>没有这样的").content.decode()
    )


def test_the_list_shows_the_record_of_forecasts_with_its_number(as_user):
    assert re.search(
        r"以往 21 次推算：14 次（67%）下一个数字落在区间内，17 次（81%）", page(as_user("mayor"), "/2025/kpis/")
    )
    early = page(as_user("mayor"), "/2025/kpis/?period=2025-03")
    assert "次推算" not in early, "fewer than ten calls say nothing"


def test_the_chart_library_is_the_one_that_was_looked_at_and_comes_alone():
    found = finders.find("echarts/echarts.esm.min.js")
    assert sha256(Path(found).read_bytes()).hexdigest() == ECHARTS_6_1_0
    single = get_finder("config.finders.SingleFileFinder")
    assert [(storage.prefix, path) for path, storage in single.list([])] == [("echarts", "echarts.esm.min.js")]
    assert not finders.find("echarts/instaui-echarts.js")


def test_only_a_page_with_a_curve_asks_for_the_library(as_user):
    mayor = as_user("mayor")
    assert "echarts" in page(mayor, "/2025/kpis/A06/")
    for path in ("/2025/kpis/T05/", "/2025/kpis/T07/", "/2025/kpis/", "/2025/cockpit/"):
        assert "echarts" not in page(mayor, path) and "curve.js" not in page(mayor, path)


@pytest.mark.parametrize(
    ("code", "target", "comparator", "polarity", "says"),
    [
        ("A06", "6.95", "=", "higher", "年底差 0.57 万亩"),
        ("A06", "6.38", ">=", "higher", "年底正好达到目标"),
        ("A06", "6.38", ">", "higher", "年底正好 6.38 万亩，还没有越过目标"),
        ("A06", "6.00", ">=", "higher", "年底可达 6.38 万亩，达到目标"),
        ("A06", "6.00", "<=", "lower", "年底超出 0.38 万亩"),
    ],
)
def test_the_title_says_what_matters_most(as_user, code, target, comparator, polarity, says):
    Indicator.objects.filter(code=code).update(comparator=comparator, polarity=polarity)
    Target.objects.filter(indicator__code=code).update(value=Decimal(target))
    assert f"按近 3 个月速度，{says}</h2>" in page(as_user("mayor"), f"/2025/kpis/{code}/")


def test_results_of_years_before_stand_beside_this_years(as_user):
    farmland = Indicator.objects.get(code="A06")
    known = {"indicator": farmland, "source": "统计公报"}
    assert 'id="past"' not in page(as_user("mayor"), "/2025/kpis/A06/")
    PastResult.objects.create(year=2024, value=Decimal("6.40"), **known)
    PastResult.objects.create(year=2024, month=5, value=Decimal("2.00"), **known)
    PastResult.objects.create(year=2023, month=5, value=Decimal(19000), unit="亩", note="口径为开工", **known)
    past = page(as_user("mayor"), "/2025/kpis/A06/?period=2025-05").split('id="past"')[1].split("</section>")[0]
    for said in ("去年同期 2.00 万亩，本期 +", "6.40 万亩", "19,000.00 亩", "口径为开工", "不影响亮灯"):
        assert said in past
    # In another unit nothing is compared.
    PastResult.objects.filter(year=2024, month=5).update(unit="亩")
    assert "去年同期" not in page(as_user("mayor"), "/2025/kpis/A06/?period=2025-05")


@pytest.mark.parametrize(("field", "value"), [("year", 2025), ("source", ""), ("month", 13)])
def test_a_result_of_this_year_or_without_a_source_is_kept_out_by_the_database(db, field, value):
    known = {"indicator": Indicator.objects.get(code="A06"), "year": 2024, "value": 1, "source": "统计公报"}
    with pytest.raises(IntegrityError), transaction.atomic():
        PastResult.objects.create(**{**known, field: value})
