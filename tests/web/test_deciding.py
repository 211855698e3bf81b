"""Signing, approving, returning and locking from the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.test import override_settings

from accounts import clock
from kpi.models import Period, Submission, WorkdayOverride
from tests.conftest import NOW


def waiting(state: str, code: str) -> Submission:
    return Submission.objects.get(indicator__code=code, period__code="2025-06", state=state)


def test_the_head_signs_and_the_next_one_comes_up(as_user):
    first, second = sorted(
        Submission.objects.filter(state="submitted", indicator__lead_department__code="agriculture"),
        key=lambda found: found.pk,
    )
    client = as_user("nyj_head")
    page = client.get(f"/2025/signoff/{first.pk}/")
    assert "审签通过" in page.content.decode()
    answer = client.post(f"/2025/signoff/{first.pk}/", {"action": "accept", "version": first.version})
    assert answer["Location"] == f"/2025/signoff/{second.pk}/"
    first.refresh_from_db()
    assert first.state == "signed_off"


def test_a_return_needs_a_reason_and_keeps_what_was_written(as_user):
    found = waiting("signed_off", "A05")
    path = f"/2025/desk/review/{found.pk}/"
    short = as_user("dcs_1").post(path, {"action": "return", "version": found.version, "reason": "不行"})
    assert short.status_code == 422 and "请写明原因" in short.content.decode() and "不行" in short.content.decode()
    done = as_user("dcs_1").post(path, {"action": "return", "version": found.version, "reason": "请附监测报告编号"})
    assert done.status_code == 302
    assert "请附监测报告编号" in as_user("nyj_staff").get("/2025/reports/2025-06/A05/").content.decode()


def test_two_reviewers_at_once_one_is_told(as_user):
    found = waiting("signed_off", "A05")
    path, data = f"/2025/desk/review/{found.pk}/", {"action": "accept", "version": found.version}
    assert as_user("dcs_1").post(path, data).status_code == 302
    assert as_user("dcs_2").post(path, data).status_code == 409


@pytest.mark.parametrize("person", ["gxj_head", "nyj_staff", "mayor", "dcs_1"])
def test_nobody_else_signs_for_the_department(as_user, person):
    found = waiting("submitted", "A07")
    answer = as_user(person).post(f"/2025/signoff/{found.pk}/", {"action": "accept", "version": found.version})
    assert answer.status_code in (403, 404)
    found.refresh_from_db()
    assert found.state == "submitted"


def at(moment: datetime) -> override_settings:
    """The whole product at another moment."""
    real = clock.now() - settings.CLOCK_OFFSET
    return override_settings(CLOCK_OFFSET=moment - real)


def test_the_office_locks_the_month_after_the_grace_only(as_user):
    client, june = as_user("dcs_1"), Period.objects.get(code="2025-06")
    early = client.post("/2025/desk/periods/2025-06/lock/", {"confirm": "2025-06"})
    assert early.status_code == 409 and "仍在填报" in early.content.decode()
    with at(june.grace_ends_at + timedelta(hours=1)):
        slip = client.post("/2025/desk/periods/2025-06/lock/", {"confirm": "6月"})
        assert slip.status_code == 422 and 'value="6月"' in slip.content.decode()
        assert client.post("/2025/desk/periods/2025-06/lock/", {"confirm": "2025-06"}).status_code == 302
    june.refresh_from_db()
    assert june.locked_at is not None and june.locked_at > NOW


def test_a_message_is_read_and_archived_by_its_owner_only(as_user):
    client = as_user("nyj_staff")
    as_user("dcs_1").post(
        f"/2025/desk/review/{waiting('signed_off', 'A05').pk}/",
        {"action": "return", "version": waiting("signed_off", "A05").version, "reason": "请附监测报告编号"},
    )
    notice = client.get("/inbox/").context["groups"][0].entries[0].notice
    assert as_user("gxj_staff").post(f"/inbox/{notice.pk}/", {"action": "archive"}).status_code == 404
    client.post(f"/inbox/{notice.pk}/", {"action": "archive", "tab": "action"})
    assert "没有需要处理的消息" in client.get("/inbox/").content.decode()


def test_a_year_without_its_calendar_is_said_at_the_desk(as_user):
    warning = "放假和调休安排"
    assert warning not in as_user("dcs_1").get("/2025/desk/").content.decode()
    WorkdayOverride.objects.filter(day__year=2026).delete()
    page = as_user("dcs_1").get("/2025/desk/").content.decode()
    assert warning in page and "2026 年" in page


BATCH = "/2025/signoff/batch/"


def file_green(as_user) -> str:
    """File a green report; how the head's list names it."""
    posted = {"action": "submit", "version": "0", "value": "3.10", "outlook": "confident"}
    narrative = "慈利、桑植两县新增验收面积，永定区预计七月中旬验收。"
    assert as_user("nyj_staff").post("/2025/reports/2025-06/A06/", posted | {"narrative": narrative}).status_code == 302
    filed = Submission.objects.get(indicator__code="A06", period__code="2025-06")
    return f"{filed.pk}:{filed.version}"


def test_a_head_signs_what_is_ticked(as_user):
    item = file_green(as_user)
    head = as_user("nyj_head")
    page = head.get("/2025/signoff/").content.decode()
    assert f'value="{item}"' in page
    answer = head.post(BATCH, {"item": item}, follow=True)
    assert "已通过 1 项" in answer.content.decode()
    assert Submission.objects.get(indicator__code="A06", period__code="2025-06").state == "signed_off"


def test_a_remarkable_report_has_no_box_and_says_why(as_user):
    item = file_green(as_user)
    Submission.objects.filter(indicator__code="A06", period__code="2025-06").update(value="2.86")
    page = as_user("nyj_head").get("/2025/signoff/").content.decode()
    assert "非正常项，需逐项看" in page and f'value="{item}"' not in page


def test_a_refused_batch_keeps_the_ticks_and_signs_nothing(as_user):
    item = file_green(as_user)
    stale = item.split(":")[0] + ":77"
    head = as_user("nyj_head")
    for items, status, says in (
        ([], 422, "请先勾选"),
        ([item, "x"], 422, "勾选的任务有变化"),
        ([item, "999999:1"], 422, "勾选的任务有变化"),
        ([stale], 409, "有人在你之后保存过"),
    ):
        answer = head.post(BATCH, {"item": items})
        assert answer.status_code == status and says in answer.content.decode(), items
    page = head.post(BATCH, {"item": [item, "999999:1"]}).content.decode()
    assert f'value="{item}" checked' in page
    assert Submission.objects.get(indicator__code="A06", period__code="2025-06").state == "submitted"
    assert as_user("nyj_staff").post(BATCH, {"item": item}).status_code == 403
    assert head.get(BATCH).status_code == 405
