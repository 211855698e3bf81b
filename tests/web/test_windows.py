"""Pages about a period's window: asking for time, granting it, correcting, reopening — as each role meets them."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from accounts import clock
from kpi.models import Extension, Period, Submission, Unlock
from tests.content import FARMLAND

FORM = "/2025/reports/2025-06/A06/"
WHY = "数据须等验收单，请求延期"


@pytest.fixture
def at(monkeypatch, settings):
    """Move the clock of the edges: the trial's own shift, set anew."""

    def move(moment) -> None:
        settings.CLOCK_OFFSET += moment - clock.now()

    return move


def text(response) -> str:
    return response.content.decode()


def test_the_form_lets_a_department_ask_for_time_and_shows_what_became_of_it(as_user, june):
    staff, office = as_user("nyj_staff"), as_user("dcs_1")
    assert "来不及？申请延期" in text(staff.get(FORM))
    refused = staff.post(FORM, {"action": "ask", "reason": "来", "version": "0", "narrative": "写到一半"})
    assert "写到一半" in text(refused), "nothing typed is lost"
    assert refused.status_code == 422 and "至少 5 字" in text(refused) and ">来</textarea>" in text(refused)
    version = Submission.objects.get(indicator__code="A06", period=june).version
    assert staff.post(FORM, {"action": "ask", "reason": WHY, "version": version}).status_code == 302
    assert "等督查室答复" in text(staff.get(FORM))
    assert "单位延期待答复 <b>1</b>" in text(office.get("/2025/desk/"))
    assert WHY in text(office.get("/2025/desk/periods/2025-06/extensions/"))
    asked = Extension.objects.get()
    answer = f"/2025/desk/periods/2025-06/extensions/{asked.pk}/"
    no_day = office.post(answer, {"action": "grant", "until": "明天"})
    assert no_day.status_code == 422 and "请填写延至的日期和时刻" in text(no_day)
    assert office.post(answer, {"action": "grant", "until": "2025-07-11T18:00"}).status_code == 302
    assert "7月11日 18:00 截止" in text(staff.get(FORM))


def test_after_the_grace_the_report_says_missing_and_offers_to_ask(as_user, june, at):
    at(june.grace_ends_at + timedelta(hours=1))
    staff, office = as_user("nyj_staff"), as_user("dcs_1")
    page = text(staff.get(FORM))
    assert "记为缺报" in page and "申请补报" in page and 'name="narrative"' not in page
    assert "缺报，可申请补报" in text(staff.get("/2025/todo/"))
    late = staff.post(FORM, FARMLAND | {"version": "0", "action": "submit"})
    assert late.status_code == 409 and "宽限期已过" in text(late)
    assert FARMLAND["narrative"] in text(late), "nothing typed is lost"
    granted = office.post(
        "/2025/desk/periods/2025-06/extensions/",
        {"unit": "agriculture", "until": "2025-07-14T18:00", "reason": "台风影响验收"},
    )
    assert granted.status_code == 302
    assert staff.post(FORM, FARMLAND | {"version": "0", "action": "submit"}).status_code == 302
    assert "迟报" in text(
        as_user("nyj_head").get(f"/2025/signoff/{Submission.objects.get(indicator__code='A06', period=june).pk}/")
    )


def test_the_office_names_the_unit_when_it_gives_time(as_user, june):
    refused = as_user("dcs_1").post("/2025/desk/periods/2025-06/extensions/", {"unit": "", "reason": WHY})
    assert refused.status_code == 422 and "请选择单位" in text(refused) and WHY in text(refused)


def test_an_approved_report_is_corrected_and_the_correction_given_up(as_user, june):
    report = Submission.objects.filter(
        period=june, state="approved", indicator__lead_department__code="agriculture"
    ).first()
    form, staff = f"/2025/reports/2025-06/{report.indicator.code}/", as_user("nyj_staff")
    assert "更正数据" in text(staff.get(form))
    short = staff.post(form, {"action": "correct", "version": report.version, "reason": "错"})
    assert short.status_code == 422 and "至少 5 字" in text(short)
    assert (
        staff.post(form, {"action": "correct", "version": report.version, "reason": "漏报两个乡镇"}).status_code == 302
    )
    page = text(staff.get(form))
    assert "正在更正" in page and "放弃更正" in page
    report.refresh_from_db()
    assert staff.post(form, {"action": "abandon", "version": report.version}).status_code == 302
    report.refresh_from_db()
    assert report.state == "approved"


def test_two_persons_reopen_a_locked_period_at_the_desk(as_user):
    page, desk = "/2025/desk/periods/2025-05/unlock/", "/2025/desk/?period=2025-05"
    one, two = as_user("dcs_1"), as_user("dcs_2")
    assert page in text(one.get(desk)) and "已公布的亮灯保留为第 1 版" in text(one.get(page))
    short = one.post("/2025/desk/periods/2025-05/unlock/", {"reason": "错"})
    assert short.status_code == 422 and "至少 5 字" in text(short)
    assert one.post("/2025/desk/periods/2025-05/unlock/", {"reason": "五月数据统计有误"}).status_code == 302
    assert "等督查室另一人确认" in text(one.get(page)) and "等另一人确认" in text(two.get(desk))
    answer = f"/2025/desk/periods/2025-05/unlock/{Unlock.objects.get().pk}/"
    own = one.post(answer, {"action": "confirm", "confirm": "2025-05"})
    assert own.status_code == 403 and "须由督查室另一人确认" in text(own)
    slip = two.post(answer, {"action": "confirm", "confirm": "2025-5"})
    assert slip.status_code == 422 and "请准确输入 2025-05" in text(slip)
    assert two.post(answer, {"action": "confirm", "confirm": "2025-05"}).status_code == 302
    assert Period.objects.get(code="2025-05").locked_at is None
    assert "本期已解锁" in text(two.get(desk))


@pytest.mark.parametrize("who", ["nyj_staff", "nyj_head", "mayor", "sysadmin", "auditadmin"])
@pytest.mark.parametrize(
    "address",
    [
        "/2025/desk/periods/2025-05/unlock/",
        "/2025/desk/periods/2025-05/unlock/1/",
        "/2025/desk/periods/2025-06/extensions/",
        "/2025/desk/periods/2025-06/extensions/1/",
    ],
)
def test_only_the_office_reaches_the_windows(as_user, who, address):
    assert as_user(who).post(address, {"reason": WHY, "until": "2025-07-14T18:00"}).status_code == 403


def test_the_desk_shows_how_much_is_asked(as_user):
    page = text(as_user("dcs_1").get("/2025/desk/"))
    assert "填报负担" in page and "已由上期带出" in page


def test_a_new_report_begins_with_what_still_holds(as_user, june):
    page = text(as_user("nyj_staff").get(FORM))
    assert "已带出上期的：" in page
    assert "上期怎么写的" in page


def test_a_locked_month_shows_what_was_filed(as_user):
    reports = Submission.objects.filter(period__code="2025-05", indicator__lead_department__code="agriculture")
    report = reports.select_related("indicator").first()
    staff = as_user("nyj_staff")
    page = text(staff.get(f"/2025/reports/2025-05/{report.indicator.code}/"))
    assert report.narrative[:10] in page and "没有填报" not in page


def test_what_was_filed_in_a_locked_month_can_still_be_read_by_who_decided(as_user, june):
    report = Submission.objects.filter(period=june, state="signed_off").first()
    address = f"/2025/desk/review/{report.pk}/"
    Period.objects.filter(pk=june.pk).update(locked_at=june.grace_ends_at)
    office = as_user("dcs_1")
    assert office.get(address).status_code == 200
    late = office.post(address, {"action": "return", "version": report.version, "reason": "附件不清楚，请补"})
    assert late.status_code == 409 and "附件不清楚，请补" in text(late)


def test_a_correction_is_given_up_after_it_saved_itself(as_user, june):
    own = Submission.objects.filter(period=june, state="approved", indicator__lead_department__code="agriculture")
    report = own.exclude(indicator__kind__in=["milestone", "coverage"]).first()
    form, staff = f"/2025/reports/2025-06/{report.indicator.code}/", as_user("nyj_staff")
    staff.post(form, {"action": "correct", "version": report.version, "reason": "漏报两个乡镇"})
    report.refresh_from_db()
    editor = "8c0e6a9e-6f37-4a3f-9b8e-0d5f7f1f2a11"
    typed = {"version": report.version, "editor": editor, "value": str(report.value), "narrative": "更正到一半的说明"}
    assert staff.post(form, typed | {"action": "autosave"}).status_code == 200
    assert staff.post(form, typed | {"action": "abandon"}).status_code == 302
    report.refresh_from_db()
    assert report.state == "approved" and report.narrative != "更正到一半的说明"


def test_a_withdrawal_that_comes_too_late_wipes_nothing(as_user, june):
    report = Submission.objects.filter(
        period=june, state="submitted", indicator__lead_department__code="agriculture"
    ).first()
    form = f"/2025/reports/2025-06/{report.indicator.code}/"
    stale = report.version
    as_user("nyj_head").post(
        f"/2025/signoff/{report.pk}/", {"action": "return", "version": stale, "reason": "请补充说明来源"}
    )
    late = as_user("nyj_staff").post(form, {"action": "withdraw", "version": stale})
    assert late.status_code == 409
    assert report.narrative in text(late) and "data-merge" not in text(late)


def test_the_template_offers_no_row_whose_time_is_over(as_user, june, at):
    def codes() -> set[str]:
        book = load_workbook(BytesIO(as_user("nyj_staff").get("/2025/reports/2025-06/template.xlsx").content))
        return {str(row[0].value) for row in book.worksheets[0].iter_rows(min_row=4)}

    assert "A06" in codes()
    at(june.grace_ends_at + timedelta(hours=1))
    assert "A06" not in codes()
