"""The pages of the Excel round trip: download, upload, preview, confirm."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from accounts import clock
from accounts.models import AuditEntry, Department, Membership, User
from kpi.models import ReportUpload, Submission
from kpi.workbooks import importing
from tests.conftest import NOW
from tests.workbooks.books import filled

pytestmark = pytest.mark.django_db
TEMPLATE, IMPORT = "/2025/reports/2025-06/template.xlsx", "/2025/reports/2025-06/import/"


def send(client, data: bytes, name: str = "六月.xlsx"):
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, data)})


def test_from_the_to_do_list_to_drafts(as_user):
    client = as_user("nyj_staff")
    assert IMPORT in client.get("/2025/todo/").content.decode()
    page = client.get(IMPORT).content.decode()
    assert f"{TEMPLATE}?unit=" in page
    blank = client.get(TEMPLATE)
    assert blank["Content-Type"].endswith("spreadsheetml.sheet")
    sent = send(client, filled(blank.content, {"A06": {"value": 2.86}, "A12": {"value": 54}}))
    upload = ReportUpload.objects.get()
    assert sent.status_code == 302
    preview = client.get(sent["Location"])
    for text in ("确认导入", "本期完成 53 → 54", upload.sha256):
        assert text in preview.content.decode()
    done = client.post(sent["Location"], {"sha256": upload.sha256}, follow=True)
    assert "已导入 2 项" in done.content.decode()
    assert Submission.objects.get(indicator__code="A06", period__code="2025-06").state == "draft"
    again = client.post(sent["Location"], {"sha256": upload.sha256})
    assert (again.status_code, "已经导入过" in again.content.decode()) == (409, True)


def disable(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def move(user: User) -> None:
    Membership.objects.filter(user=user).update(department=Department.objects.get(code="tourism"))


def revoke(user: User) -> None:
    Membership.objects.filter(user=user).update(ends_on=clock.today())


@pytest.mark.parametrize(("happens", "status"), [(disable, 302), (move, 404), (revoke, 403)])
def test_what_was_previewed_is_not_written_for_whoever_may_not_any_more(as_user, happens, status):
    """S10: uploaded, then the person changes, then it is confirmed."""
    client = as_user("nyj_staff")
    address = send(client, filled(client.get(TEMPLATE).content, {"A06": {"value": 2.86}}))["Location"]
    upload = ReportUpload.objects.get()
    happens(upload.user)
    assert client.post(address, {"sha256": upload.sha256}).status_code == status
    assert not Submission.objects.filter(indicator__code="A06", period__code="2025-06").exists()
    if status != 302:
        denied = AuditEntry.objects.filter(action="access.denied").latest("seq")
        assert (denied.actor, denied.after["path"]) == (upload.user, address)


def test_the_rights_of_the_preview_alone_would_write_it(as_user, actor):
    """Negative control: whoever was asked once, when the file came, is not asked at the confirmation."""
    client, then = as_user("nyj_staff"), actor("nyj_staff")
    send(client, filled(client.get(TEMPLATE).content, {"A06": {"value": 2.86}}))
    upload = ReportUpload.objects.get()
    revoke(upload.user)
    assert importing.confirm(upload=upload, sha256=upload.sha256, actor=then, now=NOW) == 1


def test_a_bad_row_is_named_and_there_is_nothing_to_confirm(as_user):
    client = as_user("nyj_staff")
    blank = client.get(TEMPLATE).content
    page = client.get(send(client, filled(blank, {"A06": {"value": "2.86万亩"}}))["Location"]).content.decode()
    assert "不带单位；是否为 2.86？" in page
    assert "确认导入" not in page


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"code,name", "这不是 .xlsx 工作簿"),
        (b"PK" + b"0" * (5 * 1024 * 1024), "文件超过 5 MB"),
        (None, "不是本系统的填报表"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(as_user, data, text):
    answer = send(as_user("nyj_staff"), _any_workbook() if data is None else data)
    assert (answer.status_code, text in answer.content.decode()) == (422, True)


def test_no_file_at_all_says_so(as_user):
    answer = as_user("nyj_staff").post(IMPORT)
    assert (answer.status_code, "请先选择文件" in answer.content.decode()) == (422, True)


def test_an_upload_exists_for_its_sender_only(as_user):
    client = as_user("nyj_staff")
    address = send(client, filled(client.get(TEMPLATE).content, {"A06": {"value": 2.86}}))["Location"]
    assert as_user("nyj_head").get(address).status_code == 404
    assert as_user("gxj_staff").post(address, {"sha256": "x"}).status_code == 404


@pytest.mark.parametrize("username", ["mayor", "dcs_1"])
def test_who_files_nothing_has_no_template(as_user, username):
    assert as_user(username).get(TEMPLATE).status_code == 403


def test_another_departments_template_does_not_exist(as_user):
    assert as_user("nyj_staff").get(f"{TEMPLATE}?unit=industry").status_code == 404


def _any_workbook() -> bytes:
    buffer = io.BytesIO()
    book = Workbook()
    book.active.append(["code", "name"])
    book.save(buffer)
    return buffer.getvalue()
