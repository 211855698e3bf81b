"""Lending a signature: every row of the decision table in the database, each refusal, and races."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEntry, Delegation, Department, Membership, Role, User
from accounts.permissions import Actor, actor_for
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, StaleVersion
from kpi.domain.values import SubmissionState
from kpi.models import Period, Review, Submission
from kpi.selectors import worklist
from kpi.selectors.people import Directory, signing_for
from kpi.services import batches, delegations, signing, submissions, writing
from kpi.services.content import ContentInvalid
from kpi.services.delegations import Wish
from notifications.models import Notice
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.domain.tables import rows
from tests.people import TODAY, lend
from tests.races import in_parallel

GREEN = {"value": "3.10", "narrative": FARMLAND["narrative"], "outlook": "confident"}
DAY = timedelta(days=1)


def filed_by(person: Actor) -> Submission:
    june = Period.objects.select_related("report").get(code="2025-06")
    return submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", GREEN), version=0, actor=person, now=NOW
    )


def sign(submission: Submission, person: Actor) -> Submission:
    return submissions.sign_off(submission=submission, version=submission.version, actor=person, now=NOW)


def new_head(name: str) -> User:
    """A second head of the agriculture department."""
    user = User.objects.create_user(name, "x", display_name=name)
    department = Department.objects.get(code="agriculture")
    Membership.objects.create(user=user, role=Role.HEAD, department=department, starts_on=date(2025, 1, 1))
    return user


def leave(username: str) -> None:
    Membership.objects.filter(user__username=username).update(ends_on=TODAY)


def switch_off(username: str) -> None:
    User.objects.filter(username=username).update(is_active=False)


DAYS = {
    "first_day": (TODAY, TODAY + DAY),
    "last_day": (TODAY - 3 * DAY, TODAY),
    "not_yet": (TODAY + DAY, TODAY + 3 * DAY),
    "expired": (TODAY - 3 * DAY, TODAY - DAY),
}
# What happens after the signature was lent.
AFTER: dict[str, Callable[[], object]] = {
    "revoked": lambda: Delegation.objects.filter(delegate__username="nyj_staff").update(
        revoked_at=NOW, revoked_by=User.objects.get(username="nyj_head")
    ),
    "head_left": lambda: leave("nyj_head"),
    "head_inactive": lambda: switch_off("nyj_head"),
    "delegate_inactive": lambda: switch_off("nyj_staff"),
}
SIGNERS = {"head": "second_head", "staff": "nyj_staff", "left": "nyj_staff", "other_head": "gxj_head"}


@pytest.mark.parametrize("row", rows("signing"))
def test_the_decision_table_holds_in_the_database(actor, row):
    new_head("second_head")
    signer = SIGNERS[row["岗位"]]
    if row["委托"] == "elsewhere":
        lend("gxj_head", "gxj_staff", "industry")
        signer = "gxj_staff"
    elif row["委托"]:
        first, last = DAYS.get(row["委托"], (TODAY - DAY, TODAY + DAY))
        lend(delegate=signer, first=first, last=last)
        AFTER.get(row["委托"], lambda: None)()
    if row["岗位"] == "left":
        leave("nyj_staff")
    submission = filed_by(actor("second_head"))
    if row["本人提交"] == "yes":
        Submission.objects.filter(pk=submission.pk).update(author=User.objects.get(username=signer))
    else:
        # Somebody else filed it.
        Submission.objects.filter(pk=submission.pk).update(author=User.objects.get(username="fgw_staff"))
    person = actor(signer)
    try:
        if row["批量"] == "yes":
            chosen = {submission.pk: submission.version}
            batches.sign_off_batch(chosen=chosen, actor=person, now=NOW)
        else:
            sign(submission, person)
        step = Review.objects.get(submission=submission, verb="sign_off")
        outcome = ("delegate" if step.on_behalf_of else "head") + ("_own" if step.is_own_submission else "")
    except DomainError as refusal:
        outcome = refusal.code
    assert outcome == row["结果"]


def test_the_record_keeps_for_whom_it_was_signed(actor):
    lent = lend()
    signed = sign(filed_by(actor("nyj_staff")), actor("nyj_staff"))
    step = signed.reviews.get(verb="sign_off")
    assert (step.on_behalf_of.username, step.delegation, step.is_own_submission) == ("nyj_head", lent, True)
    entry = AuditEntry.objects.filter(action="submission.signed_off").latest("seq")
    assert (entry.after["on_behalf_of"], entry.after["is_own_submission"]) == ("nyj_head", True)


def test_a_delegate_returns_in_the_heads_name_too(actor):
    lend()
    filed = filed_by(actor("nyj_head"))
    back = submissions.return_for_revision(
        submission=filed, version=filed.version, actor=actor("nyj_staff"), now=NOW, reason="请补充验收面积来源"
    )
    assert back.reviews.get(verb="return").on_behalf_of.username == "nyj_head"


def test_a_delegate_has_the_heads_list_and_hears_what_the_head_hears(actor):
    before = len(worklist.awaiting_sign_off(actor=actor("nyj_staff"), year=2025, now=NOW))
    lend()
    waiting = worklist.awaiting_sign_off(actor=actor("nyj_staff"), year=2025, now=NOW)
    assert (before, len(waiting)) == (0, 2)
    agriculture = Department.objects.get(code="agriculture")
    assert [user.username for user in signing_for(agriculture.pk, day=TODAY)] == ["nyj_head", "nyj_staff"]
    delegate = User.objects.get(username="nyj_staff").pk
    assert delegate in Directory(TODAY).in_department(Role.HEAD, agriculture.pk)
    assert delegate not in Directory(TODAY + 30 * DAY).in_department(Role.HEAD, agriculture.pk)
    filed = filed_by(actor("nyj_head"))
    told = Notice.objects.filter(kind="submission.submitted", subject_code="A06", key__endswith=f"v{filed.version}")
    assert {notice.recipient.username for notice in told} == {"nyj_head", "nyj_staff"}


def test_who_the_person_is_costs_one_query(actor, django_assert_num_queries):
    lend()
    for username in ("nyj_staff", "nyj_head", "mayor", "dcs_1", "sysadmin"):
        user = User.objects.get(username=username)
        with django_assert_num_queries(1):
            found = actor_for(user, TODAY)
            assert bool(found.delegated) is (username == "nyj_staff")


def wish(**changes) -> Wish:
    given = {
        "delegate": User.objects.get(username="nyj_staff"),
        "starts_on": TODAY,
        "last_on": TODAY + 5 * DAY,
        "reason": "外出学习",
    }
    return Wish(**(given | changes))


def give(actor, who: str = "nyj_head", **changes) -> Delegation:
    agriculture = Department.objects.get(code="agriculture")
    return delegations.delegate(department=agriculture, wish=wish(**changes), actor=actor(who), now=NOW)


def test_a_head_lends_and_takes_back_and_the_delegate_is_told(actor):
    lent = give(actor)
    assert (lent.ends_on, lent.created_by.username) == (TODAY + 6 * DAY, "nyj_head")
    assert actor("nyj_staff").is_head_of(lent.department_id)
    told = Notice.objects.get(kind="delegation.given")
    assert told.recipient.username == "nyj_staff" and "7月2日至7日" in told.body
    delegations.revoke(delegation=lent, actor=actor("nyj_head"), now=NOW)
    assert not actor("nyj_staff").is_head_of(lent.department_id)
    told.refresh_from_db()
    assert told.state == "superseded"
    assert Notice.objects.get(kind="delegation.revoked").recipient.username == "nyj_staff"
    entries = AuditEntry.objects.filter(object_type="accounts.delegation").order_by("seq")
    assert [entry.action for entry in entries] == ["delegation.given", "delegation.revoked"]
    assert entries[0].reason == "外出学习"
    with pytest.raises(DomainError, match="delegation_revoked_already"):
        delegations.revoke(delegation=lent, actor=actor("nyj_head"), now=NOW)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"delegate": None}, "delegate", "delegate_required"),
        ({"delegate": "nyj_head"}, "delegate", "delegate_not_in_department"),
        ({"delegate": "gxj_staff"}, "delegate", "delegate_not_in_department"),
        ({"delegate": "auditadmin"}, "delegate", "delegate_not_in_department"),
        ({"starts_on": TODAY - DAY}, "starts_on", "delegation_in_past"),
        ({"last_on": TODAY - DAY}, "last_on", "delegation_ends_before_start"),
        ({"last_on": TODAY + 62 * DAY}, "last_on", "delegation_too_long"),
        ({"reason": " 出 "}, "reason", "reason_too_short"),
        ({"reason": "长" * 201}, "reason", "text_too_long"),
    ],
)
def test_each_gap_of_the_form_is_named_at_its_field(actor, changes, field, code):
    if isinstance(changes.get("delegate"), str):
        changes = {"delegate": User.objects.get(username=changes["delegate"])}
    before = Delegation.objects.count()
    with pytest.raises(ContentInvalid) as refused:
        give(actor, **changes)
    assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]
    assert Delegation.objects.count() == before


@pytest.mark.parametrize("days", [0, 61])
def test_one_day_and_the_longest_span_are_allowed(actor, days):
    assert give(actor, last_on=TODAY + days * DAY).pk


@pytest.mark.parametrize("who", ["nyj_staff", "gxj_head", "mayor", "dcs_1", "sysadmin"])
def test_nobody_lends_what_is_not_theirs(actor, who):
    with pytest.raises(NotPermitted):
        give(actor, who=who)


def test_who_received_a_signature_neither_passes_it_on_nor_revokes_it(actor):
    lent = lend()
    with pytest.raises(NotPermitted):
        give(actor, who="nyj_staff", delegate=User.objects.get(username="nyj_head"))
    with pytest.raises(NotPermitted):
        delegations.revoke(delegation=lent, actor=actor("nyj_staff"), now=NOW)


def test_a_signature_is_in_one_hand_at_a_time(actor):
    first = give(actor)
    with pytest.raises(DomainError, match="delegation_overlaps"):
        give(actor, starts_on=first.ends_on - DAY, last_on=first.ends_on + DAY)
    give(actor, starts_on=first.ends_on, last_on=first.ends_on + DAY)
    delegations.revoke(delegation=first, actor=actor("nyj_head"), now=NOW)
    give(actor, last_on=TODAY + DAY)


@pytest.mark.parametrize(
    "fault",
    [
        {"delegate": "nyj_head"},
        {"last": TODAY - DAY},
    ],
)
def test_the_database_refuses_what_makes_no_sense(db, fault):
    with pytest.raises(IntegrityError), transaction.atomic():
        lend(**fault)


# Races
def persons(*usernames: str) -> list[Actor]:
    return [actor_for(User.objects.get(username=name), TODAY) for name in usernames]


def test_of_head_and_delegate_signing_at_once_one_is_told(committed_db):
    lend()
    (author,) = persons("nyj_staff")
    submission = filed_by(author)
    head, delegate = persons("nyj_head", "nyj_staff")
    outcomes = in_parallel(lambda: sign(submission, head), lambda: sign(submission, delegate))
    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert kinds == ["StaleVersion", "Submission"], outcomes
    assert submission.reviews.filter(verb="sign_off").count() == 1


def test_without_the_row_lock_both_would_go_on(committed_db, monkeypatch):
    """Negative control: without version and lock it is the unique key of the record that stops the second."""
    lend()
    (author,) = persons("nyj_staff")
    submission = filed_by(author)
    head, delegate = persons("nyj_head", "nyj_staff")

    def blind(submission, version, editor=None):
        return Submission.objects.select_related("indicator__lead_department", "period").get(pk=submission.pk)

    monkeypatch.setattr(writing, "lock", blind)
    outcomes = in_parallel(lambda: sign(submission, head), lambda: sign(submission, delegate))
    assert StaleVersion not in {type(outcome) for outcome in outcomes}
    assert {type(outcome) for outcome in outcomes} <= {Submission, IntegrityError, IllegalTransition}


def test_a_request_that_began_before_the_revocation_signs_nothing(committed_db):
    """Rights are looked at again where the step is taken."""
    lent = lend()
    head, delegate = persons("nyj_head", "nyj_staff")
    submission = filed_by(delegate)
    delegations.revoke(delegation=lent, actor=head, now=NOW)
    with pytest.raises(NotPermitted, match="delegation_ended"):
        sign(submission, delegate)
    submission.refresh_from_db()
    assert submission.state == SubmissionState.SUBMITTED


def test_without_looking_again_it_would_be_signed(committed_db, monkeypatch):
    """Negative control of the test above."""
    lent = lend()
    head, delegate = persons("nyj_head", "nyj_staff")
    submission = filed_by(delegate)
    delegations.revoke(delegation=lent, actor=head, now=NOW)
    monkeypatch.setattr(signing, "hand_of", lambda **given: signing.OWN_HAND)
    assert sign(submission, delegate).state == SubmissionState.SIGNED_OFF
