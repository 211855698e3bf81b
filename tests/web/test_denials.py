"""What was refused is on record: who, what, and that it was refused."""

from __future__ import annotations

import pytest

from accounts.models import AuditEntry


@pytest.mark.parametrize(
    ("person", "path", "status"),
    [
        ("mayor", "/2025/desk/", 403),
        ("nyj_staff", "/2025/reports/2025-06/I12/", 403),
        ("mayor", "/2025/signoff/254/", 404),
        ("sysadmin", "/manage/admin/accounts/delegation/", 403),
        ("sysadmin", "/audit/", 403),
    ],
)
def test_a_denial_has_an_entry(as_user, person, path, status):
    answer = as_user(person).get(path + "?q=private")
    entry = AuditEntry.objects.latest("seq")
    assert answer.status_code == status
    assert (entry.action, entry.actor.username) == ("access.denied", person)
    assert entry.after == {"status": status, "method": "GET", "path": path}


@pytest.mark.parametrize("path", ["/nothing/here/", "/2025/kpis/", "/favicon.ico"])
def test_what_is_no_denial_has_none(as_user, path):
    before = AuditEntry.objects.count()
    as_user("mayor").get(path)
    assert AuditEntry.objects.count() == before


def test_a_stranger_leaves_none(client, db):
    before = AuditEntry.objects.count()
    assert client.get("/2025/desk/").status_code == 302
    assert AuditEntry.objects.count() == before
