"""The desk: every count leads to what it counts, acts say first what they would do, lists say why."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from accounts.models import Department
from kpi.domain.values import Timeliness
from kpi.models import Period, Submission, WindowChange
from kpi.selectors import history, scoreboard
from kpi.selectors.reporting import STATES, reporting
from kpi.services.periods import close
from tests.conftest import NOW
from tests.many import empty_year, fill
from tests.web.test_deciding import at

DESK = "/2025/desk/"
REASON = "汛情影响，统一调整时限"


@pytest.fixture
def office(as_user):
    return as_user("dcs_1")


def page_of(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def cells(page: str) -> list[tuple[str, str]]:
    """Address and spoken words of every cell of the matrix that is a link."""
    matrix = page.split('class="dt matrix"')[1].split("</table>")[0]
    found = re.findall(r'<td><a href="([^"]+)"><span aria-hidden="true">.*?</span><span class="vh">([^<]+)<', matrix)
    return [(address.replace("&amp;", "&"), said) for address, said in found]


@pytest.fixture
def july(db, actor):
    """Figures at random: July in every state, one in fifteen missing in the months before."""
    period = Period.objects.get(code="2025-07")
    fill(period.report, "2025-07", seed=7)
    return period


def test_every_count_and_cell_of_a_random_month_leads_to_what_it_counts(july, office):
    with at(july.due_at + timedelta(hours=30)):
        page = page_of(office, DESK)
        counted = dict(re.findall(r'href="([^"]+state=\w+)">\w+ <b>(\d+)</b>', page))
        assert len(counted) == 5
        for address, count in counted.items():
            listed = office.get(address.replace("&amp;", "&")).context["page"].paginator.count
            assert listed == int(count), address
        found = cells(page)
        assert len(found) > 60
        for address, said in found[::7]:
            reports = office.get(address).context["page"].paginator
            words = sum(int(number) for number in re.findall(r"(?:按时|迟报|缺报|未到截止) (\d+)", said))
            assert reports.count == words, (address, said)


def test_the_rates_of_months_add_up_to_the_years_by_reports_not_by_rates(july, actor):
    """Worked out anew from the rows, over months at random."""
    now = july.due_at + timedelta(hours=30)
    board = scoreboard.build(year=2025, now=now, actor=actor("dcs_1"))
    found = reporting(board, history.before([row.indicator for row in board.rows], board.period).filed)
    due = [month for row in board.rows for month in row.months if month.is_asked]
    on_time = sum(month.timeliness is Timeliness.ON_TIME for month in due)
    filed = sum(month.timeliness in (Timeliness.ON_TIME, Timeliness.LATE) for month in due)
    assert (found.year.due, found.year.filed, found.year.on_time) == (len(due), filed, on_time)
    for name in ("due", "filed", "on_time"):
        assert sum(getattr(each.rates, name) for each in found.by_month) == getattr(found.year, name)
        assert sum(getattr(unit.year, name) for unit in found.units) == getattr(found.year, name)
    late = [each for unit in found.units for month in unit.months for each in month.reports if STATES["late"](each)]
    assert late and all(each.days_late == 1 for each in late), "the maker of months files twenty hours late"


def test_before_the_due_moment_there_is_no_rate(office):
    page = page_of(office, DESK)
    assert "两率截止后计算" in page and "报送率 <b>--</b>" in page and "按时率 <b>--</b>" in page


def test_signs_come_with_words(office):
    page = page_of(office, DESK)
    said = dict(cells(page))
    farming = said["/2025/desk/reports/?period=2025-06&unit=agriculture"]
    assert farming == "按时 12，未到截止 5"
    for sign in ("✓3", "◐12/17", "迟1(1天)", "缺1", "○1"):
        assert f">{sign}<" in page
    assert "不排名" in page


@pytest.mark.parametrize("path", ["reports/", "attention/", "periods/2025-06/close/", "periods/2025-05/unlock/"])
@pytest.mark.parametrize(("who", "status"), [("nyj_staff", 403), ("mayor", 403), ("sysadmin", 403), ("dcs_2", 200)])
def test_the_pages_are_the_offices(as_user, path, who, status):
    assert as_user(who).get(DESK + path).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "reports/?state=lost",
        "reports/?unit=nowhere",
        "attention/?list=gossip",
        "attention/?list=proposed&unit=nowhere",
        "periods/2031-01/lock/",
        "periods/2025-06/undo/99/",
    ],
)
def test_what_does_not_exist_is_not_an_empty_list(office, path):
    assert office.get(DESK + path).status_code == 404


def test_a_list_is_narrowed_to_a_unit_and_paged(office):
    answer = office.get(f"{DESK}attention/?list=proposed")
    assert answer.context["page"].paginator.count == 103 and "page=2" in answer.content.decode()
    narrowed = page_of(office, f"{DESK}attention/?list=proposed&unit=agriculture")
    led = set(Department.objects.get(code="agriculture").led_indicators.values_list("code", flat=True))
    assert set(re.findall(r"<small>([TIA]\d+)</small>", narrowed)) == led
    assert "没有需要留意的任务" in page_of(office, f"{DESK}attention/?list=jump")


def test_a_year_without_tasks_is_said(db, office):
    empty_year()
    assert "本年度还没有任务" in page_of(office, "/2026/desk/")
    assert "没有符合条件的填报" in page_of(office, "/2026/desk/reports/")
    assert "没有需要留意的任务" in page_of(office, "/2026/desk/attention/")


CLOSE = f"{DESK}periods/2025-06/close/"


def test_closing_early_says_what_it_does_before_it_is_done(office, june):
    page = page_of(office, CLOSE)
    missing = int(re.search(r"将有 (\d+) 项记为缺报", page)[1])
    board = scoreboard.build(year=2025, now=NOW)
    unfiled = {row.indicator.code for row in board.rows if row.current.is_unfiled}
    never = {row.indicator.code for row in board.rows if row.current.timeliness is Timeliness.PENDING}
    assert missing == len(never) == len(unfiled) - 2 and "退回的 2 项锁定之前还可以修改重交" in page
    named = set(re.findall(r'kpis/([TIA]\d+)/"', page.split('class="owes"')[1].split("</details>")[0]))
    assert named == unfiled
    begun = Submission.objects.filter(period=june, indicator__code__in=never).count()
    for said in (f"其中 {begun} 项已经起草", "待审签 11 项、待复核 8 项", "通知还没交齐的单位共 12 人"):
        assert said in page
    assert office.post(CLOSE, {"confirm": "2025-06", "reason": REASON}).status_code == 302
    desk = page_of(office, DESK)
    assert "提前关闭 7月2日" in desk and f"缺报 <b>{missing}</b>" in desk and "已提前关闭" in desk


def test_a_slip_changes_nothing_and_keeps_what_was_typed(office, june):
    slip = office.post(CLOSE, {"confirm": "6月", "reason": "急"})
    page = slip.content.decode()
    assert slip.status_code == 422 and "请准确输入 2025-06 确认" in page and "请写明原因" in page
    assert 'value="6月"' in page and ">\n急</textarea>" in page and 'href="#reason"' in page
    late = office.post(f"{DESK}periods/2025-06/extend/", {"confirm": "2025-06", "reason": REASON, "until": "明天"})
    assert late.status_code == 422 and "请填写延至的日期和时刻" in late.content.decode()
    june.refresh_from_db()
    assert not WindowChange.objects.exists()


def test_an_act_is_taken_back_from_the_desk(office, june):
    office.post(f"{DESK}periods/2025-06/extend/", {"confirm": "2025-06", "reason": REASON, "until": "2025-07-14T18:00"})
    desk = page_of(office, DESK)
    assert "7月14日 18:00 截止" in desk
    address = re.search(r'href="(/2025/desk/periods/2025-06/undo/\d+/)"', desk)[1]
    assert "截止恢复为 7月7日 18:00" in page_of(office, address)
    assert office.post(address, {"confirm": "2025-06", "reason": REASON}).status_code == 302
    assert "7月7日 18:00 截止" in page_of(office, DESK)
    again = page_of(office, address)
    assert "这次变更已经撤回" in again and 'name="confirm"' not in again


def test_locking_says_what_is_frozen_and_what_hinders_it(office, june):
    lock = f"{DESK}periods/2025-06/lock/"
    early = page_of(office, lock)
    assert "宽限期 7月9日 18:00 结束后可以锁定" in early and 'name="confirm"' not in early
    with at(june.grace_ends_at + timedelta(hours=1)):
        page = page_of(office, lock)
        for said in (
            "将有 16 项记为缺报",
            "退回的 2 项没有重交",
            "没有审定，不计入亮灯",
            "亮灯按现在审定的数据存档",
            "须督查室两人办理",
        ):
            assert said in page
        assert office.post(lock, {"confirm": "2025-06"}).status_code == 302
        assert "本期" not in re.findall(r'class="flash flash-warning"[^>]*>([^<]*)', page_of(office, DESK))
        assert "已锁定" in page_of(office, lock) and 'name="confirm"' not in page_of(office, lock)


def test_the_next_month_is_opened_early_from_the_desk(office):
    address = f"{DESK}periods/2025-07/open/"
    assert address in page_of(office, DESK)
    assert "原定 7月25日 00:00 开放" in page_of(office, address)
    assert office.post(address, {"confirm": "2025-07", "reason": REASON}).status_code == 302
    assert "2025年7月期" in page_of(office, DESK)


def test_a_locked_month_has_its_lists_too(office, actor):
    june = Period.objects.get(code="2025-06")
    close(period=june, user=None, now=june.grace_ends_at + timedelta(hours=1))
    page = page_of(office, f"{DESK}?period=2025-06")
    assert "解锁…" in page and "催办所选" not in page
    missing = int(re.search(r"缺报 <b>(\d+)</b>", page)[1])
    assert office.get(f"{DESK}reports/?period=2025-06&state=missing").context["page"].paginator.count == missing > 0
