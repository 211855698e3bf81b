"""The page of exports: asking, waiting, fetching, and what is said when it cannot be."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from accounts.models import AuditEntry
from kpi.models import ExportJob
from kpi.services import vault
from tests.conftest import NOW

PAGE = "/2025/exports/"
LEDGER = {"kind": "ledger", "period": "2025-06", "unit": ""}


@pytest.fixture
def office(as_user):
    return as_user("dcs_1")


@pytest.fixture
def job(office) -> ExportJob:
    office.post(PAGE, LEDGER | {"action": "make"})
    return ExportJob.objects.get()


def become(job: ExportJob, **changes: object) -> None:
    ExportJob.objects.filter(pk=job.pk).update(**changes)


def shown(client) -> str:
    return client.get(PAGE).content.decode()


def test_asking_queues_a_job_and_leads_back_to_the_list_that_waits_for_it(office, job):
    assert (job.kind, job.period.code, job.departments, job.state) == ("ledger", "2025-06", [], "queued")
    page = shown(office)
    assert "排队中" in page and 'hx-get="/2025/exports/jobs/"' in page and "取消" in page
    become(job, state="running", lease_token=uuid.uuid4(), lease_until=NOW, done=40, total=103)
    assert '<progress max="103" value="40"' in office.get(f"{PAGE}jobs/").content.decode()


def test_a_preview_has_an_address_without_the_forms_secret(office):
    answer = office.post(PAGE, LEDGER | {"action": "preview", "csrfmiddlewaretoken": "secret"})
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?kind=ledger&period=2025-06&unit=")
    assert not ExportJob.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "pdf"}, "没有这种表"),
        ({"period": "2025-13"}, "没有 2025-13 这一期"),
        ({"period": "2025-12"}, "没有 2025-12 这一期"),
        ({"unit": "atlantis"}, "没有这个单位"),
    ],
)
def test_what_does_not_exist_is_named_and_the_rest_of_the_choice_stays(office, wrong, said):
    answer = office.post(PAGE, {"kind": "units", "period": "2025-05", "unit": "tourism"} | wrong | {"action": "make"})
    page = answer.content.decode()
    assert answer.status_code == 422 and said in page and not ExportJob.objects.exists()
    kept = {"kind": "units", "period": "2025-05", "unit": "tourism"}
    assert all(f'value="{value}" selected' in page for name, value in kept.items() if name not in wrong)


def test_the_file_goes_out_under_its_chinese_name_and_into_no_cache(office, job, as_user):
    key = uuid.uuid4()
    vault.put(key, ContentFile(b"PK-a-workbook"), "exports")
    become(job, state="done", key=key, name="2025-06台账.xlsx", size=13, finished_at=NOW,
           expires_at=NOW + timedelta(days=7))  # fmt: skip
    answer = office.get(f"{PAGE}{job.pk}/")
    assert b"".join(answer.streaming_content) == b"PK-a-workbook"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''2025-06%E5%8F%B0%E8%B4%A6.xlsx"
    assert answer["Cache-Control"] == "private, no-store"
    assert as_user("dcs_2").get(f"{PAGE}{job.pk}/").status_code == 404, "another's does not exist"
    assert AuditEntry.objects.filter(action="export.fetched", actor__username="dcs_1").count() == 1
    vault.drop(key, "exports")
    gone = office.get(f"{PAGE}{job.pk}/")
    assert gone.status_code == 422 and "文件不在了" in gone.content.decode()


def test_a_failed_one_says_why_and_can_be_asked_for_again(office, job):
    become(job, state="failed", error_code="export_worker_lost", attempts=3)
    assert "生成时中断了 3 次" in shown(office) and "重试" in shown(office)
    assert office.post(f"{PAGE}{job.pk}/", {"action": "retry"}).status_code == 302
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error_code) == ("queued", 0, "")
    office.post(f"{PAGE}{job.pk}/", {"action": "cancel"})
    again = office.post(f"{PAGE}{job.pk}/", {"action": "cancel"})
    assert again.status_code == 409 and "已取消" in shown(office)


def test_a_departments_people_choose_among_their_own(as_user):
    page = shown(as_user("nyj_head"))
    assert 'value="agriculture" selected' in page and "tourism" not in page and "全部单位" not in page
    assert f"{PAGE}?kind=units" in as_user("nyj_staff").get("/2025/departments/agriculture/").content.decode()
    assert f"{PAGE}?kind=units" not in as_user("nyj_staff").get("/2025/departments/tourism/").content.decode()


def test_the_ledger_at_once_is_on_record_too(office):
    b"".join(office.get("/2025/exports/ledger.xlsx").streaming_content)
    entry = AuditEntry.objects.get(action="export.fetched")
    assert (entry.actor.username, entry.after["kind"], len(entry.after["data_sha256"])) == ("dcs_1", "ledger", 64)
    assert not ExportJob.objects.exists()
