"""The leaders' cockpit: as of now and of any month, empty, with a failing panel, on the wall and in the dark."""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from kpi.models import Commitment, Indicator, Report, Review, Submission
from kpi.selectors import cockpit
from tests.conftest import NOW
from tests.many import empty_year

PAST = "/2025/cockpit/?period=2025-03"
SCREEN = "/2025/cockpit/screen/"


def page(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def without_times(text: str) -> str:
    """A page without what says when it was made and who must not be confused with another request."""
    text = re.sub(r"(系统时间为|页面生成于) \d{4}-\d\d-\d\d \d\d:\d\d", "", text)
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def test_a_past_month_says_so_and_leads_back(as_user):
    mayor = as_user("mayor")
    past, now = page(mayor, PAST), page(mayor, "/2025/cockpit/")
    assert "按 3月 锁定时公布" in past and "只含 4月9日 19:00 以前的信息" in past
    assert re.search(r'href="\?">回到现在</a>', past)
    assert "回到现在" not in now
    assert "数据截至 4月9日 19:00" in past
    assert "天数从 4月9日 算起" in past and "还剩 113 天" in past, "31 July, counted from the lock"


def test_every_link_of_a_past_month_keeps_it(as_user):
    links = re.findall(
        r'href="(/2025/(?:cockpit|kpis|living-report|departments|sectors)[^"]*)"', page(as_user("mayor"), PAST)
    )
    assert len(links) > 60
    assert [link for link in links if "period=2025-03" not in link] == []
    filters = re.findall(r'class="tile[^"]*" href="([^"]*)"', page(as_user("mayor"), PAST))
    assert len(filters) == 5 and all("period=2025-03" in link for link in filters)


def test_what_was_learned_later_does_not_show_in_a_past_month(as_user):
    mayor = as_user("mayor")
    before = without_times(page(mayor, PAST))
    red = Submission.objects.get(indicator__code="T06", period__code="2025-03")
    approval = red.reviews.filter(verb="approve").latest("version")
    assert approval.content["narrative"][:20] in before
    Review.objects.create(
        submission=red,
        verb="approve",
        from_state="signed_off",
        to_state="approved",
        version=red.version + 1,
        actor=approval.actor,
        at=NOW,
        content=approval.content | {"narrative": "四月以后才知道的情况"},
    )
    later = Submission.objects.filter(period__code="2025-06", state="signed_off")
    assert later.update(state="approved", approved_at=NOW)
    Indicator.objects.get(code="T07").targets.create(value=9, effective_on=NOW.date(), reason="七月调整")
    assert without_times(page(mayor, PAST)) == before


def test_a_directive_shows_from_the_moment_it_was_issued(as_user):
    """Issued on 12 June, unanswered: overdue now, unknown when May was locked on 9 June."""
    mayor = as_user("mayor")
    now, may = page(mayor, "/2025/cockpit/"), page(mayor, "/2025/cockpit/?period=2025-05")
    assert "批示超期 9 天未反馈" in now and "6月12日 市长批示" in now
    assert "未反馈" not in may and "市长批示" not in may
    assert 'href="/2025/directives/new/?kpi=' in now and 'href="/2025/directives/new/' not in may


@pytest.mark.parametrize("period", ["2025-12", "2025-13", "2024-12", "x"])
def test_a_month_that_has_not_opened_does_not_exist_here(as_user, period):
    assert as_user("mayor").get(f"/2025/cockpit/?period={period}").status_code == 404


@pytest.fixture
def january(db) -> Report:
    return empty_year()


PAGES = (
    "cockpit/",
    "cockpit/screen/",
    "cockpit/screen/?view=heat",
    "cockpit/screen/?view=report",
    "departments/",
    "sectors/",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_year_without_indicators_says_what_comes_next(as_user, january, path):
    assert re.search("任务|首期审定后", page(as_user("mayor"), f"/2026/{path}"))


def test_before_the_first_approval_the_verdict_says_when_lamps_come(as_user, january):
    first = Indicator.objects.get(code="A06")
    quote = Commitment.objects.create(
        report=january,
        code="C001",
        quote="加快建设",
        start=0,
        end=4,
        quote_sha256="0" * 64,
        section="农业",
        strength="must",
    )
    first.pk, first.report, first.commitment, first._state.adding = None, january, quote, True
    first.save()
    text = page(as_user("mayor"), "/2026/cockpit/")
    assert "1 月期填报中，首期审定后亮灯" in text
    assert "首期审定后，红灯和连续黄灯列在这里" in text and "第一期没有上月可比" in text


def test_a_failing_panel_keeps_its_title_and_the_others_their_content(as_user, monkeypatch, caplog):
    def broken(*args: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr(cockpit, "coming", broken)
    text = page(as_user("mayor"), "/2025/cockpit/")
    assert text.count("这一块暂时无法显示") == 1 and "a fault of ours" not in text
    assert re.search(r"<h2>临近节点</h2></header><p[^>]*>这一块暂时无法显示", text)
    assert "需要关注" in text and "市农业农村局" in text
    assert "panel failed: 临近节点" in caplog.text


def test_a_heat_cell_is_a_month_and_a_word_and_the_row_header_a_link(as_user):
    text = page(as_user("mayor"), "/2025/cockpit/")
    table = re.search(r'<table class="ht.*?</table>', text, re.S).group(0)
    row = re.search(r'<tr class="row r-r"><th scope="row"><a href="/2025/kpis/T06/".*?</tr>', table, re.S).group(0)
    assert "6月 滞后" in row and "<caption" in table
    assert table.count("<a href") == table.count('<th scope="row">') + table.count('scope="rowgroup"')


def test_the_tiles_narrow_the_map_and_widen_it_again(as_user):
    text = page(as_user("mayor"), "/2025/cockpit/?lamp=red")
    rows = re.findall(r'<tr class="row (r-\w)"', text)
    assert set(rows) == {"r-r"} and len(rows) == 5
    assert re.search(r'class="tile t-r" href="\?#heat" aria-current="true"', text)


@pytest.mark.parametrize(
    "path",
    [
        "/2025/cockpit/",
        PAST,
        SCREEN,
        f"{SCREEN}?view=heat",
        "/2025/departments/",
        "/2025/departments/tourism/",
        "/2025/departments/tourism/?period=2025-03&role=supporting",
        "/2025/sectors/",
        "/2025/sectors/C004/",
    ],
)
def test_a_page_that_looks_stays_within_twelve_queries(as_user, path):
    client = as_user("mayor")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    assert len(captured) <= 12


@pytest.mark.parametrize("view", ["overview", "heat", "report"])
def test_the_wall_shows_no_directive_no_person_and_no_unapproved_figure(as_user, view):
    mayor = as_user("mayor")
    text = page(mayor, f"{SCREEN}?view={view}")
    for name in User.objects.exclude(display_name="").values_list("display_name", flat=True):
        assert name not in text
    assert "批示" not in text and 'href="/account/"' not in text
    assert re.search(r'dark[.\w]*\.css" media="screen">', text)
    assert not re.search(r"\d月 \S+ 未复核", text), "a figure nobody approved is on no wall"
    assert re.search(r"\d月 \S+ 未复核", page(mayor, "/2025/cockpit/"))


def test_the_walls_views_are_plain_links_and_unknown_ones_do_not_exist(as_user):
    mayor = as_user("mayor")
    text = page(mayor, f"{SCREEN}?view=heat&period=2025-03")
    links = re.findall(r'<a href="([^"]*)"[^>]*>(?:总览|热力图|活报告)</a>', text)
    assert links == [f"?period=2025-03&view={view}" for view in ("overview", "heat", "report")]
    assert mayor.get(f"{SCREEN}?view=directives").status_code == 404


def test_dark_is_a_choice_that_is_kept_and_never_printed(as_user):
    mayor = as_user("mayor")
    assert "dark.css" not in page(mayor, "/2025/cockpit/")
    answer = mayor.post("/prefs/theme/", {"theme": "dark", "next": "/2025/cockpit/"})
    assert answer["Location"] == "/2025/cockpit/" and answer.cookies["theme"].value == "dark"
    assert re.search(r'<link [^>]*dark[^>]*\.css" media="screen">', page(mayor, "/2025/cockpit/"))
    assert "theme" not in mayor.post("/prefs/theme/", {"theme": "pink", "next": "//evil.example"}).cookies
    mayor.post("/prefs/theme/", {"theme": "light"})
    assert "dark.css" not in page(mayor, "/2025/cockpit/")


@pytest.mark.parametrize("person", ["mayor", "dcs_1", "nyj_head", "nyj_staff", "sysadmin"])
def test_a_phones_bottom_bar_holds_at_most_five(as_user, person):
    text = page(as_user(person), "/2025/cockpit/")
    bar = re.search(r'<nav class="tabbar".*?</nav>', text, re.S)
    assert bar is None or 2 <= bar.group(0).count("<a ") <= 5
    menu = re.search(r'<nav aria-label="主导航">.*?</nav>', text, re.S)
    assert menu is None or menu.group(0).count("<a ") <= 6
