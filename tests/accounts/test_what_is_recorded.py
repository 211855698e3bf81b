"""Sign-ins, refusals, exports and reads of evidence: each way in leaves its entry, a wrong one never a secret."""

from __future__ import annotations

from hashlib import sha256

import pytest
from django.test import Client

from accounts.models import AuditEntry
from tests.bulletins import published


def latest() -> AuditEntry:
    return AuditEntry.objects.latest("seq")


@pytest.mark.parametrize(
    ("username", "password", "action", "about"),
    [
        ("nyj_staff", "trial-2025-zjj", "session.signed_in", "市农业农村局填报人（示例）"),
        ("nyj_staff", "wrong", "session.sign_in_failed", "市农业农村局填报人（示例）"),
        ("nobody_by_that_name", "wrong", "session.sign_in_failed", "没有这个账号"),
    ],
)
def test_every_try_to_sign_in_is_on_record(db, client: Client, username, password, action, about):
    client.post("/login/", {"username": username, "password": password})
    entry = latest()
    assert (entry.action, entry.object_label, entry.ip) == (action, about, "127.0.0.1")
    # What was typed as a name may be a password in the wrong field.
    assert "nobody_by_that_name" not in str([entry.object_id, entry.object_label, entry.after, entry.reason])


@pytest.mark.parametrize(
    ("who", "path", "action"),
    [
        ("dcs_1", "/2025/exports/ledger.xlsx", "export.fetched"),
        ("nyj_staff", "/2025/reports/2025-06/template.xlsx", "template.fetched"),
        ("mayor", "/2025/desk/", "access.denied"),
        ("mayor", "/api/v1/2025/audit-of-nothing/", None),
        ("sysadmin", "/audit/", "access.denied"),
    ],
)
def test_what_is_taken_or_refused_is_on_record(as_user, who, path, action):
    client, before = as_user(who), AuditEntry.objects.count()
    client.get(path)
    if action is None:
        assert AuditEntry.objects.count() == before, "an address that names nothing is no denial"
    else:
        assert (latest().action, latest().actor.username) == (action, who)
        assert AuditEntry.objects.count() == before + 1


def test_a_refusal_by_the_api_is_on_record(as_user):
    assert as_user("mayor").get("/api/v1/2025/submissions/2025-06/X99/").status_code == 404
    assert latest().action == "access.denied" and latest().after["path"].startswith("/api/v1/")


def test_a_downloaded_bulletin_is_on_record_with_what_it_said(as_user):
    published("2025-05")
    answer = as_user("mayor").get("/2025/bulletins/2025-05/bulletin.docx")
    assert (latest().action, latest().after["sha256"]) == ("bulletin.fetched", sha256(answer.content).hexdigest())
