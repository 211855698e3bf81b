"""Evidence through the real addresses: hostile uploads, who may read, what answers carry, forms without scripts."""

from __future__ import annotations

import html
import re

import pytest

from accounts.models import AuditEntry, User
from accounts.permissions import actor_for
from kpi.models import Evidence, Indicator, Period, Submission
from kpi.services import periods, submissions
from tests.conftest import NOW
from tests.content import FARMLAND
from tests.evidence.files import GOOD, HOSTILE, MARKUP, pdf, png, upload
from tests.evidence.test_services import names

FORM = "/2025/reports/2025-06/A06/"
SEND = f"{FORM}evidence/"
DISCARD = f"{FORM}discard/"
EDITOR = {"editor": "00000000-0000-0000-0000-000000000001"}
TEXT = {"narrative": "打了一半的说明，不能丢", "version": "0", **EDITOR}
ROLES = ("nyj_staff", "nyj_head", "gxj_staff", "gxj_head", "dcs_1", "mayor", "auditadmin", "sysadmin")


def send(client, name: str, data: bytes, path: str = SEND):
    return client.post(path, EDITOR | {"files": upload(name, data)}, headers={"HX-Request": "true"})


def attached(client, name: str = "验收单.pdf", data: bytes = b"") -> Evidence:
    assert send(client, name, data or pdf()).status_code == 200
    return Evidence.objects.get(name=name, submission__indicator__code="A06", removed_at=None)


def fetch(client, path: str):
    """The whole answer: read to its end, its file is closed as the server closes it."""
    answer = client.get(path)
    answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


def address(file: Evidence) -> str:
    return f"/2025/evidence/{file.pk}/"


@pytest.mark.parametrize("name", GOOD)
def test_every_accepted_kind_goes_up_and_comes_down_unchanged(as_user, name):
    client = as_user("nyj_staff")
    file = attached(client, name, GOOD[name])
    answer = fetch(client, address(file))
    assert answer.body == GOOD[name]
    assert answer["Content-Type"] == file.content_type


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_upload_is_refused_in_words_and_leaves_nothing(as_user, name):
    data, _code = HOSTILE[name]
    answer = send(as_user("nyj_staff"), name, data)
    text = answer.content.decode()
    assert answer.status_code == 422 and answer["Content-Type"].startswith("text/plain"), text
    assert 6 < len(text) < 200 and "<" not in text
    assert names() == set()
    assert not Submission.objects.filter(indicator__code="A06", period__code="2025-06").exists()


def test_a_file_too_large_and_none_at_all_are_told_apart(as_user):
    client = as_user("nyj_staff")
    assert "超过 20 MB" in send(client, "大.pdf", b"%PDF-" + bytes(21 * 1024 * 1024)).content.decode()
    assert client.post(SEND, EDITOR).content.decode() == "请先选择文件"
    assert names() == set()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../../etc/cron.d/x.pdf", "x.pdf"),
        ("..\\..\\boot.pdf", "boot.pdf"),
        ("/var/www/x.pdf", "x.pdf"),
        ("a\u202egpj.pdf", "agpj.pdf"),
        ("<img src=x onerror=alert(1)>.pdf", "_img src=x onerror=alert(1)_.pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_hostile_name_is_only_a_name(as_user, given, kept):
    client = as_user("nyj_staff")
    page = html.unescape(send(client, given, pdf()).content.decode())
    file = Evidence.objects.get(submission__indicator__code="A06")
    assert file.name == kept and kept in page
    assert names() == {str(file.key)}


def test_a_name_that_breaks_the_header_cannot(as_user):
    """As the browser never sends it: the multipart is written by hand."""
    head = b'--X\r\nContent-Disposition: form-data; name="files"; filename="a\x00b\r\nSet-Cookie: x=1.pdf"\r\n\r\n'
    client = as_user("nyj_staff")
    client.post(SEND, head + pdf() + b"\r\n--X--\r\n", content_type="multipart/form-data; boundary=X")
    for file in Evidence.objects.filter(submission__indicator__code="A06"):
        answer = fetch(client, address(file))
        assert "Set-Cookie" not in answer and "\x00" not in file.name


def test_a_file_is_handed_out_locked_in(as_user):
    client = as_user("nyj_staff")
    file = attached(client, "验收单（六月）.pdf")
    answer = fetch(client, address(file))
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%E9%AA%8C")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Length"] == str(len(pdf()))
    entry = AuditEntry.objects.order_by("-seq").first()
    assert (entry.action, entry.object_id, entry.actor.username) == ("evidence.read", str(file.pk), "nyj_staff")
    assert client.post(address(file)).status_code == 405


@pytest.mark.parametrize(
    ("name", "data", "shown"), [("照片.png", png(), "inline"), ("验收单.pdf", pdf(), "attachment")], ids=["png", "pdf"]
)
def test_only_pictures_may_be_shown_in_the_browser(as_user, name, data, shown):
    client = as_user("nyj_staff")
    answer = fetch(client, address(attached(client, name, data)) + "?view")
    assert answer["Content-Disposition"].startswith(shown)
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


# Rows: the report's state. Columns: ROLES. A file that may not be read does not exist.
READERS = {
    "draft": (200, 200, 404, 404, 404, 404, 404, 404),
    "submitted": (200, 200, 404, 404, 404, 404, 404, 404),
    "returned": (200, 200, 404, 404, 404, 404, 404, 404),
    "signed_off": (200, 200, 404, 404, 200, 200, 404, 404),
    "approved": (200, 200, 200, 200, 200, 200, 200, 200),
    "locked": (200, 200, 200, 200, 200, 200, 200, 200),
}
# Who may still read a file that was taken off the report after it had been submitted, once the report is approved.
REMOVED_READERS = (200, 200, 404, 404, 200, 404, 404, 404)


def person(name: str):
    return actor_for(User.objects.get(username=name), NOW.date())


def bring_to(state: str) -> None:
    """Move the A06 report of June on."""

    def step(move, who: str, **given) -> None:
        found = Submission.objects.get(indicator__code="A06", period__code="2025-06")
        move(submission=found, version=found.version, actor=person(who), now=NOW, **given)

    if state in ("signed_off", "approved", "locked"):
        step(submissions.sign_off, "nyj_head")
    if state in ("approved", "locked"):
        step(submissions.approve, "dcs_1")
    if state == "returned":
        step(submissions.return_for_revision, "nyj_head", reason="附件不清晰，请补")
    if state == "locked":
        periods.close(period=Period.objects.get(code="2025-06"), user=None, now=NOW)


@pytest.mark.parametrize("state", READERS)
def test_who_may_read_a_file_depends_on_its_report_alone(as_user, state):
    client = as_user("nyj_staff")
    file = attached(client)
    if state != "draft":
        assert client.post(FORM, FARMLAND | EDITOR | {"action": "submit", "version": "1"}).status_code == 302
        bring_to(state)
    seen = tuple(fetch(as_user(who), address(file)).status_code for who in ROLES)
    assert seen == READERS[state]


def test_a_removed_file_stays_with_those_who_dealt_with_it(as_user):
    client = as_user("nyj_staff")
    file = attached(client)
    client.post(FORM, FARMLAND | EDITOR | {"action": "submit", "version": "1"})
    bring_to("returned")
    assert client.post(SEND, EDITOR | {"action": f"remove:{file.pk}"}).status_code == 200
    assert file.name not in client.get(FORM).content.decode().split('id="evidence-list"')[1].split("</ul>")[0]
    version = Submission.objects.get(pk=file.submission_id).version
    assert client.post(FORM, FARMLAND | EDITOR | {"action": "submit", "version": version}).status_code == 302
    bring_to("approved")
    assert tuple(fetch(as_user(who), address(file)).status_code for who in ROLES) == REMOVED_READERS
    for who, is_link in (("dcs_1", True), ("gxj_staff", False)):
        page = as_user(who).get("/2025/kpis/A06/").content.decode()
        assert file.name in page and (address(file) in page) is is_link


def bare(answer) -> str:
    """The page without the address that was asked for and the form's tokens, which differ each time."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
    return page.replace(answer.wsgi_request.path, "")


def test_a_foreign_file_answers_as_one_that_does_not_exist(as_user, client):
    file = attached(as_user("nyj_staff"))
    other = as_user("gxj_staff")
    foreign, missing = other.get(address(file)), other.get("/2025/evidence/00000000-0000-0000-0000-000000000000/")
    assert foreign.status_code == missing.status_code == 404
    assert bare(foreign) == bare(missing)
    assert as_user("nyj_staff").get(f"/2026/evidence/{file.pk}/").status_code == 404
    assert client.get(address(file))["Location"].startswith("/login/")
    assert not AuditEntry.objects.filter(action="evidence.read").exists()


@pytest.mark.parametrize("who", ROLES[2:])
def test_nobody_else_attaches_removes_or_discards(as_user, who):
    file = attached(as_user("nyj_staff"))
    other = as_user(who)
    assert send(other, "x.pdf", pdf("x")).status_code == 403
    assert other.post(SEND, {"action": f"remove:{file.pk}", **EDITOR}).status_code == 403
    assert other.get(DISCARD).status_code == 403
    assert other.post(DISCARD, {"version": "1"}).status_code == 403
    assert names() == {str(file.key)}


def test_a_file_of_another_report_is_not_removed_through_mine(as_user):
    file = attached(as_user("nyj_staff"))
    through = "/2025/reports/2025-06/A08/evidence/"
    answer = as_user("nyj_staff").post(through, {"action": f"remove:{file.pk}", **EDITOR})
    assert answer.status_code == 422 and "已不在这张表上" in answer.content.decode()
    assert as_user("nyj_staff").post(through, {"action": "remove:x", **EDITOR}).status_code == 404
    assert Evidence.objects.filter(pk=file.pk).exists()


def test_a_closed_month_and_an_ended_session_are_said(as_user, client):
    answer = send(as_user("nyj_staff"), "x.pdf", pdf(), "/2025/reports/2025-05/A06/evidence/")
    assert answer.status_code == 409 and "已锁定" in answer.content.decode()
    assert send(client, "x.pdf", pdf()).status_code == 401


# Without JavaScript: the same field goes with the form.
def test_a_form_with_files_keeps_its_text_and_takes_each_good_file(as_user):
    client = as_user("nyj_staff")
    files = [upload("验收单.pdf", pdf()), upload("照片.png", png())]
    answer = client.post(FORM, TEXT | {"action": "attach", "files": files})
    assert answer.status_code == 302 and answer["Location"] == f"{FORM}#evidence"
    page = client.get(FORM).content.decode()
    assert TEXT["narrative"] in page and "验收单.pdf" in page and "照片.png" in page


@pytest.mark.parametrize("action", ["attach", "save", "submit"])
@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("大.pdf", b"%PDF-" + bytes(21 * 1024 * 1024), "超过 20 MB"),
        ("工具.exe", b"MZ", "不支持 .exe 文件"),
        ("假的.pdf", MARKUP, "内容不是 .pdf 文件"),
    ],
    ids=["21 MB", "wrong type", "wrong magic"],
)
def test_a_refused_file_is_named_at_its_field_and_the_text_is_kept(as_user, action, name, data, says):
    client = as_user("nyj_staff")
    posted = FARMLAND | TEXT | {"action": action, "files": [upload("好的.pdf", pdf()), upload(name, data)]}
    answer = client.post(FORM, posted)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert page.count(says) >= 2 and 'href="#evidence"' in page, "once in the summary, once at the field"
    assert TEXT["narrative"] in page and FARMLAND["measures"] in page and "好的.pdf" in page
    draft = Submission.objects.get(indicator__code="A06", period__code="2025-06")
    assert (draft.state, draft.narrative, draft.evidence.count()) == ("draft", TEXT["narrative"], 1)


def test_pressing_upload_without_a_file_says_so(as_user):
    answer = as_user("nyj_staff").post(FORM, TEXT | {"action": "attach"})
    assert answer.status_code == 422 and "请先选择文件" in answer.content.decode()
    assert TEXT["narrative"] in answer.content.decode()


def test_eleven_files_at_once_are_ten_and_a_sentence(as_user):
    files = [upload(f"照片{number}.png", png(number)) for number in range(11)]
    answer = as_user("nyj_staff").post(FORM, TEXT | {"action": "attach", "files": files})
    assert answer.status_code == 422 and "最多附 10 份" in answer.content.decode()
    assert len(names()) == 10


def test_a_file_is_removed_without_javascript_and_the_text_is_kept(as_user):
    client = as_user("nyj_staff")
    file = attached(client)
    answer = client.post(FORM, TEXT | {"action": f"remove:{file.pk}"}, follow=True)
    page = answer.content.decode()
    assert "已移除“验收单.pdf”" in html.unescape(page) and TEXT["narrative"] in page
    assert not Evidence.objects.filter(pk=file.pk).exists()


def test_a_completion_is_filed_with_its_proof_in_one_go(as_user):
    client = as_user("nyj_staff")
    done = FARMLAND | EDITOR | {"action": "submit", "version": "0", "value": "6.95", "sure_of": "6.95"}
    refused = client.post(FORM, done)
    page = refused.content.decode()
    assert refused.status_code == 422 and page.count("请附至少一份佐证材料（申报完成）") == 2
    assert "必填：申报完成" in page and FARMLAND["measures"] in page
    assert client.post(FORM, done | {"files": upload("验收单.pdf", pdf())}).status_code == 302
    assert Submission.objects.get(indicator__code="A06", period__code="2025-06").state == "submitted"
    assert "验收单.pdf" in client.get(FORM).content.decode()
    waiting = Submission.objects.get(indicator__code="A06", period__code="2025-06")
    assert "验收单.pdf" in as_user("nyj_head").get(f"/2025/signoff/{waiting.pk}/").content.decode()


def test_the_need_follows_what_is_typed(as_user):
    client = as_user("nyj_staff")
    for typed, says in (({"value": "2.5"}, "选填"), ({"value": "6.95"}, "必填：申报完成"), ({"value": "x"}, "选填")):
        page = client.post(f"{FORM}preview/", typed).content.decode()
        assert says in page and 'id="evidence-need" hx-swap-oob="true"' in page
    corrected = client.post(f"{FORM}preview/", {"value": "2.0", "is_correction": "on"}).content.decode()
    assert "必填：数据更正" in corrected
    assert Indicator.objects.get(code="A06").evidence_required is False


# Throwing a draft away.
def test_a_draft_is_thrown_away_after_a_question(as_user):
    client = as_user("nyj_staff")
    client.post(FORM, FARMLAND | EDITOR | {"action": "save", "version": "0"})
    attached(client)
    assert DISCARD in client.get(FORM).content.decode()
    question = client.get(DISCARD)
    page = question.content.decode()
    assert FARMLAND["narrative"] in page and "验收单.pdf" in page and "2.86 万亩" in page
    version = re.search(r'name="version"[^>]* value="(\d+)"', page).group(1)
    stale = client.post(DISCARD, {"version": "9"})
    assert stale.status_code == 409 and "有人在你之后保存过" in stale.content.decode()
    answer = client.post(DISCARD, {"version": version}, follow=True)
    assert "已放弃 A06 的草稿" in answer.content.decode()
    assert not Submission.objects.filter(indicator__code="A06", period__code="2025-06").exists()
    assert client.get(DISCARD).status_code == 302, "there is no draft any more"


def test_a_colleague_whose_draft_was_thrown_away_keeps_the_text(as_user):
    first, second = as_user("nyj_staff"), as_user("nyj_head")
    first.post(FORM, FARMLAND | EDITOR | {"action": "save", "version": "0"})
    first.post(DISCARD, {"version": "1"})
    mine = FARMLAND | {"narrative": "我正在写的说明还要用", "version": "1", "action": "save"}
    answer = second.post(FORM, mine)
    page = answer.content.decode()
    assert answer.status_code == 409 and "这份草稿已被放弃" in page and mine["narrative"] in page
    version = re.search(r'name="version"[^>]* value="(\d+)"', page).group(1)
    assert second.post(FORM, mine | {"version": version}).status_code == 302


def test_what_was_submitted_once_cannot_be_thrown_away(as_user):
    client = as_user("nyj_staff")
    client.post(FORM, FARMLAND | EDITOR | {"action": "submit", "version": "0"})
    assert client.get(DISCARD).status_code == 422
    bring_to("returned")
    assert DISCARD not in client.get(FORM).content.decode()
    answer = client.post(DISCARD, {"version": "3"})
    assert answer.status_code == 422 and "不能放弃" in answer.content.decode()
