"""The reminder rules in versions: from a day to come, changed or withdrawn before it, every mistake at its field."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from accounts.models import AuditEntry
from kpi.domain.errors import IllegalTransition, NotPermitted, StaleVersion
from kpi.models import ReminderPolicy, ReminderStep
from kpi.selectors.reminding import policy_on
from kpi.services import policy_content, reminder_policies
from kpi.services.content import ContentInvalid
from tests.conftest import NOW

DAY = date(2025, 7, 9)


@pytest.fixture
def raw(db) -> dict[str, object]:
    """The version in force, typed again for another day."""
    stored = policy_on(NOW.date())
    return policy_content.raw_of(stored, list(stored.steps.all())) | {
        "effective_from": DAY.isoformat(),
        "basis": "会议",
    }


@pytest.fixture
def office(actor):
    return actor("dcs_1")


def add(raw, office, now=NOW) -> ReminderPolicy:
    return reminder_policies.add(raw=raw, actor=office, now=now)


def wrong(raw, office) -> list[tuple[str, str]]:
    with pytest.raises(ContentInvalid) as refused:
        add(raw, office)
    assert ReminderPolicy.objects.count() == 1
    return [(error.field, error.code) for error in refused.value.errors]


def test_a_new_version_begins_on_its_day_and_says_what_was_typed(raw, office):
    raw |= {"report-1-audience": ["head", "staff"], "report-1-at": "10:15", "slot_3": "08:45", "most_pushes": "3"}
    add(raw, office)
    assert policy_on(DAY - timedelta(days=1)).effective_from == date(2025, 1, 1)
    begun = policy_on(DAY)
    assert (begun.effective_from, begun.most_pushes, begun.created_by) == (DAY, 3, office.user)
    assert begun.slots == [time(8, 45), time(9, 0), time(16, 0)], "in order"
    first = begun.steps.get(ladder="report", level=1)
    assert (first.offset_workdays, first.at, first.audience) == (-5, time(10, 15), ["staff", "head"])
    assert begun.steps.count() == ReminderStep.objects.filter(policy=policy_on(NOW.date())).count()
    entry = AuditEntry.objects.get(action="reminder_policy.created")
    assert entry.reason == "会议" and entry.after["most_pushes"] == "3"


def test_a_ladder_may_be_empty_but_not_that_of_reports(raw, office):
    assert wrong(raw | {"report-count": 0}, office) == [("report-add", "step_missing")]
    assert not add(raw | {"amber-count": 0}, office).steps.filter(ladder="amber").exists()


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"effective_from": "2025-07-02"}, "effective_from", "policy_day_begun"),
        ({"effective_from": "下周"}, "effective_from", "date_malformed"),
        ({"opens_at": "八点"}, "opens_at", "time_malformed"),
        ({"opens_at": "18:30"}, "closes_at", "hours_out_of_order"),
        ({"slot_1": "", "slot_2": ""}, "slot_1", "slot_missing"),
        ({"slot_2": "18:00"}, "slot_2", "slot_outside"),
        ({"slot_1": "08:00"}, "slot_1", "slot_outside"),
        ({"most_pushes": "-1"}, "most_pushes", "count_malformed"),
        ({"brake_count": "五百"}, "brake_count", "count_malformed"),
        ({"brake_minutes": "0"}, "brake_minutes", "count_malformed"),
        ({"basis": "会" * 201}, "basis", "text_too_long"),
        ({"report-2-offset": "-5"}, "report-2-offset", "step_out_of_order"),
        ({"report-2-offset": "-6"}, "report-2-offset", "step_out_of_order"),
        ({"report-3-offset": "99"}, "report-3-offset", "count_malformed"),
        ({"signoff-1-offset": "-1"}, "signoff-1-offset", "step_before_it_began"),
        ({"report-3-at": ""}, "report-3-at", "time_malformed"),
        ({"red-1-audience": []}, "red-1-audience", "step_for_nobody"),
        ({"red-1-audience": ["strangers"]}, "red-1-audience", "step_for_nobody"),
    ],
)
def test_a_mistake_is_named_at_its_field_and_nothing_is_stored(raw, office, change, field, code):
    found = wrong(raw | change, office)
    assert (field, code) in found and {name for name, _code in found} <= {field, "slot_1", "slot_2"}


def test_every_mistake_is_named_at_once(raw, office):
    assert len(wrong(raw | {"most_pushes": "x", "report-1-at": "", "red-1-audience": []}, office)) == 3


def test_a_day_has_one_version(raw, office):
    add(raw, office)
    with pytest.raises(ContentInvalid) as refused:
        add(raw, office)
    assert refused.value.errors[0].code == "policy_day_taken"


def test_before_its_day_a_version_is_changed_and_withdrawn(raw, office):
    policy = add(raw, office)
    changed = reminder_policies.change(
        policy=policy, version=1, raw=raw | {"signoff-count": 1, "effective_from": "2025-07-10"}, actor=office, now=NOW
    )
    assert (changed.version, changed.steps.filter(ladder="signoff").count()) == (2, 1)
    entry = AuditEntry.objects.get(action="reminder_policy.changed")
    assert (entry.before["signoff-count"], entry.after["signoff-count"]) == (2, 1)
    reminder_policies.withdraw(policy=policy, version=2, actor=office, now=NOW)
    assert policy_on(date(2025, 8, 1)).effective_from == date(2025, 1, 1)
    assert AuditEntry.objects.get(action="reminder_policy.withdrawn").before["signoff-count"] == 1


def test_what_somebody_else_changed_or_withdrew_is_not_overwritten(raw, office):
    policy = add(raw, office)
    reminder_policies.change(policy=policy, version=1, raw=raw, actor=office, now=NOW)
    for stale in (
        lambda: reminder_policies.change(policy=policy, version=1, raw=raw, actor=office, now=NOW),
        lambda: reminder_policies.withdraw(policy=policy, version=1, actor=office, now=NOW),
    ):
        with pytest.raises(StaleVersion, match="policy_changed"):
            stale()
    reminder_policies.withdraw(policy=policy, version=2, actor=office, now=NOW)
    with pytest.raises(StaleVersion, match="policy_gone"):
        reminder_policies.change(policy=policy, version=2, raw=raw, actor=office, now=NOW)


def test_a_version_that_has_begun_stays_as_it_is(raw, office):
    policy = add(raw, office)
    begun = NOW + timedelta(days=7)
    later = raw | {"effective_from": "2025-08-01"}
    for late in (
        lambda: reminder_policies.change(policy=policy, version=1, raw=later, actor=office, now=begun),
        lambda: reminder_policies.withdraw(policy=policy, version=1, actor=office, now=begun),
    ):
        with pytest.raises(IllegalTransition, match="policy_begun"):
            late()


def test_only_the_office_makes_rules(raw, actor, office):
    policy = add(raw, office)
    head = actor("nyj_head")
    for strange in (
        lambda: reminder_policies.add(raw=raw, actor=head, now=NOW),
        lambda: reminder_policies.change(policy=policy, version=1, raw=raw, actor=head, now=NOW),
        lambda: reminder_policies.withdraw(policy=policy, version=1, actor=head, now=NOW),
    ):
        with pytest.raises(NotPermitted):
            strange()
