"""The security administrator's pages: who holds what, given by whom and why, and what deserves a second look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts import clock
from accounts.models import AuditEntry, Department, Membership, Role, User
from kpi.selectors import holdings
from kpi.selectors.holdings import Doubt
from tests.conftest import NOW

PLACE = "/manage/roles/"


def held(role: Role, department: int | None = None) -> Membership:
    return Membership(role=role, department_id=department, starts_on=NOW.date())


@pytest.mark.parametrize(
    ("memberships", "doubts"),
    [
        ([held(Role.STAFF, 1)], set()),
        ([held(Role.STAFF, 1), held(Role.HEAD, 1)], {Doubt.SIGNS_OWN}),
        ([held(Role.STAFF, 1), held(Role.HEAD, 2)], {Doubt.SEVERAL_UNITS}),
        ([held(Role.STAFF, 1), held(Role.STAFF, 2)], {Doubt.SEVERAL_UNITS}),
        ([held(Role.SUPERVISOR, 1)], set()),
        ([held(Role.SUPERVISOR), held(Role.STAFF, 1)], {Doubt.REVIEWS_OWN}),
        ([held(Role.SUPERVISOR), held(Role.HEAD, 1)], {Doubt.REVIEWS_OWN}),
        ([held(Role.LEADER), held(Role.LEADER)], set()),
        ([held(Role.LEADER), held(Role.SUPERVISOR)], {Doubt.DECIDES_OWN}),
        ([held(Role.LEADER), held(Role.HEAD, 1), held(Role.STAFF, 1)], {Doubt.DECIDES_OWN, Doubt.SIGNS_OWN}),
        ([held(Role.AUDITOR)], set()),
    ],
)
def test_combinations_that_deserve_a_second_look(memberships, doubts):
    assert holdings.combination(memberships) == doubts


def grant(client: Client, **changed: str):
    person = User.objects.get(username="nyj_staff")
    unit = Department.objects.get(code="agriculture")
    said = {
        "user": person.pk,
        "role": "head",
        "department": unit.pk,
        "starts_on": "2025-07-02",
        "reason": "任免通知（示例）",
    }
    return client.post("/manage/admin/accounts/membership/add/", said | changed)


def test_a_role_is_granted_in_one_place_and_shown_with_its_ground(as_user):
    client = as_user("secadmin")
    assert grant(client).status_code == 302
    text = client.get(PLACE, {"person": "nyj_staff"}).content.decode()
    assert "安全管理员（示例）" in text and "依据：任免通知（示例）" in text and "同一单位既填报又审签" in text
    entry = AuditEntry.objects.get(action="membership.created")
    assert entry.reason == "任免通知（示例）"


def test_without_a_ground_no_role_is_granted(as_user):
    answer = grant(as_user("secadmin"), reason="")
    assert answer.status_code == 200 and "请写明依据" in answer.content.decode()
    assert not Membership.objects.filter(user__username="nyj_staff", role="head").exists()


def test_it_is_narrowed_by_role_unit_person_and_doubt(as_user):
    def shown(**asked: str) -> set[str]:
        return {holder.user.username for holder in as_user("secadmin").get(PLACE, asked).context["page"]}

    assert shown(role="auditor") == {"auditadmin"}
    assert shown(unit="agriculture") == {"nyj_staff", "nyj_head"}
    assert shown(person="NYJ_h") == {"nyj_head"}
    assert shown(person="nobody at all") == set()
    User.objects.filter(username="wlj_staff").update(is_active=False)
    assert shown(doubt="disabled") == {"wlj_staff"}


def test_accounts_nobody_uses_are_named(db):
    def unused() -> set[str]:
        found = holdings.holders(holdings.Filters(doubt="unused"), today=NOW.date(), real_now=clock.real_now())
        return {holder.user.username for holder in found}

    assert "nyj_staff" in unused(), "never came, holds it since January"
    person = User.objects.get(username="nyj_staff")
    for days, is_unused in ((89, False), (91, True)):
        person.last_login = clock.real_now() - timedelta(days=days)
        person.save()
        assert ("nyj_staff" in unused()) is is_unused


def test_a_persons_history_keeps_what_is_over(as_user):
    grant(as_user("secadmin"))
    Membership.objects.filter(user__username="nyj_staff").update(ends_on=NOW.date() + timedelta(days=1))
    client, today = as_user("auditadmin"), holdings.Filters(person="nyj_staff")
    assert holdings.holders(today, today=NOW.date() + timedelta(days=1), real_now=clock.real_now()) == []
    text = client.get(f"{PLACE}nyj_staff/").content.decode()
    assert "2025-07-03 止" in text and "后台新增任职" in text
    assert client.get(f"{PLACE}no_such_person/").status_code == 404


@pytest.mark.parametrize("who", ["nyj_head", "mayor", "dcs_1", "sysadmin"])
def test_nobody_else_sees_it(as_user, who):
    assert as_user(who).get(PLACE).status_code == as_user(who).get(f"{PLACE}nyj_staff/").status_code == 403
