"""Tokens: shown once, never more than their owner, dead with them, and every refusal on record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import clock, tokens
from accounts.models import ApiToken, AuditEntry, Department, Membership, Scope, TokenKind, User
from accounts.permissions import PermissionRefused, actor_for
from tests.api.conftest import System, make_token
from tests.conftest import NOW


def test_only_its_digest_is_kept(db):
    issued = make_token("nyj_staff")
    secret = issued.text.rsplit("_", 1)[0] and issued.text[13:]
    stored = ApiToken.objects.filter(pk=issued.token.pk).values().get()
    assert secret not in str(stored) and issued.text not in str(list(AuditEntry.objects.values()))
    assert tokens.find(issued.text) == issued.token
    assert tokens.find(issued.text[:-1] + ("a" if issued.text[-1] != "a" else "b")) is None


# What becomes of a token that was made, and the answer then.
@pytest.mark.parametrize(
    ("happens", "status", "code"),
    [
        ("nothing", 200, None),
        ("revoked", 401, "token_revoked"),
        ("expired", 401, "token_expired"),
        ("owner switched off", 401, "token_owner_inactive"),
        ("owner left the unit", 404, "not_found"),
        ("role asks for a second factor", 401, "second_factor_required"),
    ],
)
def test_a_token_lives_with_its_owner(db, settings, happens, status, code):
    issued = make_token("nyj_staff")
    row, owner = ApiToken.objects.filter(pk=issued.token.pk), User.objects.filter(username="nyj_staff")
    if happens == "revoked":
        tokens.revoke(token=issued.token, actor=actor_for(owner.get(), NOW.date()), now=NOW)
    elif happens == "expired":
        row.update(created_at=clock.now() - timedelta(days=30), expires_at=clock.now() - timedelta(seconds=1))
    elif happens == "owner switched off":
        owner.update(is_active=False)
    elif happens == "owner left the unit":
        Membership.objects.filter(user=owner.get()).update(ends_on=NOW.date())
    elif happens == "role asks for a second factor":
        settings.SECOND_FACTOR_ROLES = ["staff"]
    answer = System(issued.text).get("/2025/submissions/2025-06/A06/")
    assert answer.has_header("WWW-Authenticate") == (status == 401)
    assert answer.status_code == status and (code is None or answer.json()["code"] == code)
    refused = AuditEntry.objects.filter(action="token.refused")
    assert [entry.reason for entry in refused] == ([code] if status == 401 else [])


def test_a_script_in_a_loop_does_not_flood_the_trail(system):
    asked = system("nyj_staff", scopes=["read"])
    codes = {asked.put("/2025/submissions/2025-06/A06/", {}, If_Match='"v0"').json()["code"] for _ in range(5)}
    assert codes == {"token_scope"}
    assert AuditEntry.objects.filter(action="token.refused", reason="token_scope").count() == 1


# A token of the office, whose role reaches everything, narrowed to one unit; and of staff narrowed by scope.
@pytest.mark.parametrize(
    ("person", "wish", "path", "status"),
    [
        ("dcs_1", {}, "/2025/indicators/A06/", 200),
        ("dcs_1", {"units": ("agriculture",)}, "/2025/indicators/A06/", 200),
        ("dcs_1", {"units": ("tourism",)}, "/2025/indicators/A06/", 404),
        ("dcs_1", {"units": ("tourism",)}, "/2025/submissions/2025-06/A06/reviews/", 404),
        ("nyj_staff", {"units": ("agriculture",)}, "/2025/submissions/2025-06/A06/", 200),
    ],
)
def test_a_token_reaches_its_own_units_only(system, person, wish, path, status):
    assert system(person, **wish).get(path).status_code == status


def test_lists_hold_only_its_own_units(system):
    narrow, wide = system("dcs_1", units=("tourism",)), system("dcs_1")
    for path, name in (("/2025/indicators/?limit=200", "lead"), ("/2025/directives/", "department")):
        mine = {row[name] for row in narrow.get(path).json()["items"]}
        assert mine <= {"tourism"} and len({row[name] for row in wide.get(path).json()["items"]}) > 1
    asked = narrow.post("/2025/exports/", {"kind": "ledger", "period": "2025-06"})
    assert (asked.status_code, asked.json()["code"]) == (403, "export_not_permitted"), "all is more than its unit"


@pytest.mark.parametrize(
    ("person", "scopes", "units", "days", "code"),
    [
        ("nyj_staff", ["review"], (), 30, "token_beyond_rights"),
        ("mayor", ["configure"], (), 30, "token_beyond_rights"),
        ("nyj_staff", ["read"], ("tourism",), 30, "token_beyond_rights"),
        ("mayor", ["file"], (), 30, "token_beyond_rights"),
        ("dcs_1", ["periods"], ("tourism",), 30, "token_whole_city"),
        ("dcs_1", ["read"], (), 366, "token_too_long"),
        ("dcs_1", ["read"], (), 0, "token_too_long"),
    ],
)
def test_nobody_makes_a_token_beyond_their_own_rights(db, person, scopes, units, days, code):
    with pytest.raises(PermissionRefused) as refused:
        make_token(person, scopes=scopes, units=units, days=days)
    assert refused.value.code == code and not ApiToken.objects.exists()


def test_the_database_knows_a_year(db):
    issued = make_token("nyj_staff")
    with pytest.raises(IntegrityError, match="token_expires_within_a_year"), transaction.atomic():
        ApiToken.objects.filter(pk=issued.token.pk).update(expires_at=issued.token.created_at + timedelta(days=366))
    issued.token.scopes = ["file"]
    with pytest.raises(ValidationError):
        issued.token.full_clean()


def test_use_is_noted(system):
    asked = system("nyj_staff")
    asked.get("/me/")
    token = ApiToken.objects.get()
    assert token.last_used_ip == "127.0.0.1" and clock.now() - token.last_used_at < timedelta(minutes=1)
    assert asked.get("/me/").json()["scopes"] == ["read", "file", "sign", "direct", "export", "inbox"]


def test_the_address_carries_no_token(db, client):
    text = make_token("nyj_staff").text
    for query in (f"?token={text}", f"?access_token={text}"):
        assert client.get(f"/api/v1/me/{query}").status_code == 401


def test_the_browser_needs_its_csrf_proof(db):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(username="nyj_staff"))
    answer = browser.put(
        "/api/v1/2025/submissions/2025-06/A06/", "{}", "application/json", headers={"if-match": '"v0"'}
    )
    assert answer.status_code == 403 and answer["Content-Type"] == "application/problem+json"


def test_too_many_requests_are_put_off(system, settings):
    settings.API_REQUESTS_A_MINUTE = {"person": 2, "service": 3}
    asked = system("nyj_staff", kind=TokenKind.SERVICE)
    codes = [asked.get("/me/") for _ in range(4)]
    assert [answer.status_code for answer in codes] == [200, 200, 200, 429]
    assert codes[-1].json()["code"] == "throttled" and 0 < int(codes[-1]["Retry-After"]) <= 61


def test_the_administrator_revokes_service_tokens_only(db):
    admin = actor_for(User.objects.get(username="sysadmin"), NOW.date())
    service, personal = make_token("nyj_staff"), make_token("nyj_staff", kind=TokenKind.PERSONAL)
    assert list(tokens.visible_to(admin)) == [service.token]
    tokens.revoke(token=service.token, actor=admin, now=NOW)
    with pytest.raises(PermissionRefused):
        tokens.revoke(token=personal.token, actor=admin, now=NOW)
    assert AuditEntry.objects.filter(action="token.revoked").count() == 1
    assert Department.objects.exists() and Scope.READ in personal.token.scopes


def test_what_was_asked_for_by_a_token_is_not_fetched_by_it_once_it_ended(system):
    """S10: an export is queued, then the token ends; the file is its owner's, and the token opens it no more."""
    asked = system("nyj_staff")
    job = asked.post("/2025/exports/", {"kind": "heat_map", "period": "2025-06", "departments": ["agriculture"]}).json()
    ApiToken.objects.update(revoked_at=NOW, revoked_by=User.objects.get(username="nyj_staff"))
    answer = asked.get(f"/2025/exports/{job['id']}/file/")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    assert AuditEntry.objects.filter(action="token.refused", reason="token_revoked").exists()
