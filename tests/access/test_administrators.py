"""Three administrators stay three (S7): whoever keeps accounts, whoever grants roles and whoever reads the trail."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import DatabaseError, connection, transaction

from accounts.admin import MembershipAdmin, MembershipForm
from accounts.models import AuditEntry, Membership, Role, User
from accounts.resources import MembershipResource
from kpi.models import Submission
from notifications.models import Dispatch, Notice
from tests.conftest import NOW

ADMINISTRATORS = ("sysadmin", "secadmin", "auditadmin")
ADD = "/manage/admin/accounts/membership/add/"
DAY = NOW.date().isoformat()
WHY = "示例文件〔2025〕1号"
# Whose tables the three may write in; everything else is closed to them.
WRITERS = {
    "accounts.department": {"sysadmin"},
    "accounts.post": {"sysadmin"},
    "accounts.user": {"sysadmin"},
    "accounts.membership": {"secadmin"},
}


def grant(client, user: str, role: Role, **more: object):
    """The form of the security administrator, filled in."""
    sent = {"user": User.objects.get(username=user).pk, "role": str(role), "starts_on": DAY, "reason": WHY, **more}
    return client.post(ADD, sent)


def held(user: str) -> set[str]:
    return set(Membership.objects.filter(user__username=user).values_list("role", flat=True))


def test_a_grant_leaves_an_entry_with_who_granted_what(as_user):
    User.objects.create(username="new", display_name="新来的人")
    assert grant(as_user("secadmin"), "new", Role.AUDITOR).status_code == 302
    entry = AuditEntry.objects.latest("seq")
    assert (entry.action, entry.actor.username) == ("membership.created", "secadmin")
    assert entry.after["role"] == Role.AUDITOR and held("new") == {Role.AUDITOR}


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.SUPERVISOR])
def test_nobody_is_granted_a_second_one(as_user, role):
    """Refused at the form in words; the database would refuse it, too (tests/accounts/test_audit.py)."""
    answer = grant(as_user("secadmin"), "auditadmin", role)
    assert "不能由同一人兼任" in answer.content.decode() and held("auditadmin") == {Role.AUDITOR}


def test_nobody_grants_to_themselves(as_user):
    client, own = as_user("secadmin"), Membership.objects.get(user__username="secadmin")
    answer = grant(client, "secadmin", Role.SECURITY_ADMIN, starts_on="2030-01-01")
    assert "不能给自己授予" in answer.content.decode()
    longer = client.post(f"/manage/admin/accounts/membership/{own.pk}/change/", {"ends_on": "2035-01-01"})
    assert longer.status_code == 403
    own.refresh_from_db()
    assert own.ends_on is None and Membership.objects.filter(user=own.user).count() == 1


def test_nor_by_a_file(db):
    own = Membership.objects.get(user__username="secadmin")
    file = MembershipResource().export(Membership.objects.filter(pk=own.pk))
    file.dict = [{**file.dict[0], "ends_on": "2035-01-01"}]
    refused = MembershipResource().import_data(file, dry_run=True, user=own.user)
    assert "不能给自己授予" in str(refused.invalid_rows[0].error)
    by_another = MembershipResource().import_data(file, dry_run=True, user=User.objects.get(username="sysadmin"))
    assert not by_another.has_errors() and not by_another.has_validation_errors(), "negative control"


def test_without_the_rule_they_would(as_user, monkeypatch):
    """Negative control: the form alone keeps them from it, the database sees nothing wrong in it."""
    monkeypatch.delattr(MembershipForm, "clean_user")
    assert grant(as_user("secadmin"), "secadmin", Role.SECURITY_ADMIN, starts_on="2030-01-01").status_code == 302
    assert Membership.objects.filter(user__username="secadmin").count() == 2


@pytest.mark.parametrize("person", ["sysadmin", "auditadmin", "dcs_1"])
def test_nobody_else_grants(as_user, person):
    User.objects.create(username="new", display_name="新来的人")
    assert grant(as_user(person), "new", Role.STAFF).status_code == 403
    assert held("new") == set()


def test_each_writes_only_where_it_is_for_them(as_user, rf):
    """Every table of administration, every right: a new table is met here."""
    for person in ADMINISTRATORS:
        client = as_user(person)
        request = client.get("/manage/admin/").wsgi_request
        for model, page in admin.site._registry.items():
            may = page.has_add_permission(request) or page.has_change_permission(request)
            assert may == (person in WRITERS.get(model._meta.label_lower, ())), f"{person} {model._meta.label}"
            assert not page.has_delete_permission(request)


def test_a_table_opened_by_mistake_is_noticed(as_user, monkeypatch):
    """Negative control."""
    monkeypatch.setattr(MembershipAdmin, "editors", frozenset({Role.SECURITY_ADMIN, Role.AUDITOR}))
    with pytest.raises(AssertionError, match=r"auditadmin accounts\.Membership"):
        test_each_writes_only_where_it_is_for_them(as_user, None)


@pytest.mark.parametrize("person", [*ADMINISTRATORS, "dcs_1"])
def test_nobody_edits_the_trail(as_user, person):
    """No page offers it, the trail's own neither; the database refuses it whoever asks."""
    entry = AuditEntry.objects.earliest("seq")
    assert AuditEntry not in admin.site._registry
    assert as_user(person).post(f"/audit/{entry.pk}/", {"reason": "x"}).status_code == 405
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_auditentry SET reason = 'x' WHERE id = %s", [entry.pk])


@pytest.mark.parametrize("person", ADMINISTRATORS)
def test_drafts_are_nobodys_but_their_units(as_user, person):
    """Neither the row, nor its file, nor the words of a notice about it."""
    draft = Submission.objects.select_related("indicator").get(indicator__code="A07", period__code="2025-06")
    client, words = as_user(person), "只有本单位知道的一句话"
    Submission.objects.filter(pk=draft.pk).update(narrative=words)
    pages = ("/2025/kpis/A07/", "/api/v1/2025/submissions/?indicator=A07&period=2025-06")
    assert all(words not in client.get(page).content.decode() for page in pages)
    assert words in as_user("nyj_head").get(f"/2025/signoff/{draft.pk}/").content.decode(), "negative control"
    assert client.get(f"/2025/evidence/{draft.evidence.get().pk}/").status_code == 404


def test_what_was_sent_is_not_for_the_system_administrator_to_read(as_user):
    person = User.objects.get(username="nyj_head")
    Notice.objects.create(
        recipient=person, kind="report.returned", key="x", title="退回", body="密语", created_at=NOW, not_before=NOW
    )
    sent = Dispatch.objects.create(
        channel="email", recipient=person, next_attempt_at=NOW, created_at=NOW, subject="密语", text="密语"
    )
    client = as_user("sysadmin")
    assert client.get("/manage/admin/notifications/notice/").status_code == 403
    page = client.get(f"/manage/admin/notifications/dispatch/{sent.pk}/change/")
    assert page.status_code == 200 and "密语" not in page.content.decode()


@pytest.mark.parametrize("person", ADMINISTRATORS)
def test_whether_a_row_exists_is_not_told_either(as_user, person):
    """Of tables one may not see, a row that is there answers as one that is not: its history and the site's jump."""
    client, closed = as_user(person), 0
    request = client.get("/manage/admin/").wsgi_request
    for model, page in admin.site._registry.items():
        row = model._default_manager.order_by("pk").first()
        if row is None or page.has_view_permission(request):
            continue
        closed += 1
        base = f"/manage/admin/{model._meta.app_label}/{model._meta.model_name}"
        answers = {client.get(f"{base}/{key}/history/").status_code for key in (row.pk, 2**31 - 1)}
        assert answers == {403}, base
    assert closed
    assert client.get("/manage/admin/r/4/1/").status_code == client.get("/manage/admin/r/x/y/").status_code == 404
