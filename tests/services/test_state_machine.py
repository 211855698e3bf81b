"""Any order of steps by anybody: what happens is what the transition table and the table of rights say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import AuditEntry, User
from accounts.permissions import Actor, actor_for
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted
from kpi.models import Period, Review, Submission
from kpi.selectors.content import Content
from kpi.services import permissions, submissions
from tests.conftest import NOW
from tests.content import FARMLAND, attach, indicator, read
from tests.domain.tables import rows

# Written out here once more, on purpose: the code must agree with what people were told.
TABLE = {
    (values["state"], values["verb"]): values["新状态"] for values in (case.values[0] for case in rows("workflow"))
}
DEPARTMENT = ("nyj_staff", "nyj_head")
EVERYBODY = (*DEPARTMENT, "gxj_staff", "gxj_head", "dcs_1", "mayor", "sysadmin", "secadmin", "auditadmin")
# Two thousand real transactions: on a busy machine they take longer than the usual limit of a test.
pytestmark = pytest.mark.timeout(600)

REASON = "请按验收单核对面积"
DECISIONS = {
    "withdraw": submissions.withdraw,
    "sign_off": submissions.sign_off,
    "return": submissions.return_for_revision,
    "approve": submissions.approve,
    "correct": submissions.begin_correction,
    "abandon": submissions.abandon_correction,
}
VERBS = ("save", "submit", *DECISIONS)
# How often each step was taken, over the whole exploration.
TAKEN: Counter[tuple[str, str]] = Counter()


def holders(verb: str, state: str) -> tuple[str, ...]:
    """Who may take a step, whatever the state allows."""
    if verb in ("save", "submit", "withdraw", "correct", "abandon"):
        return DEPARTMENT
    if verb == "approve" or (verb == "return" and state == "signed_off"):
        return ("dcs_1",)
    return ("nyj_head",)


class OneReport(RuleBasedStateMachine):
    """The model of one report: its state, who wrote it last, whether a version counts, how many steps were taken."""

    # Who they are and what the report says does not change from one exploration to the next.
    actors: dict[str, Actor]
    content: Content

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.june = Period.objects.select_related("report").get(code="2025-06")
        self.indicator = indicator("A06")
        self.state, self.author, self.counts = "draft", "nyj_staff", False
        # A correction needs proof: it is there from the start, on a draft that came with it.
        attach("A06", "2025-06", self.actors["nyj_staff"], NOW)
        self.report = self.stored()
        self.audited, self.steps = AuditEntry.objects.count(), 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @rule(who=st.sampled_from(EVERYBODY), verb=st.sampled_from(VERBS))
    def anybody_tries_anything(self, who: str, verb: str) -> None:
        self.attempt(who, verb)

    @rule(choice=st.integers(min_value=0, max_value=999))
    def somebody_does_what_is_allowed(self, choice: int) -> None:
        """One of the steps taken least so far: blind tries would hardly ever leave the draft."""
        allowed = [(who, verb) for verb in VERBS for who in EVERYBODY if self.foreseen(who, verb) is None]
        fewest = min(TAKEN[self.state, verb] for _, verb in allowed)
        rare = [(who, verb) for who, verb in allowed if TAKEN[self.state, verb] == fewest]
        self.attempt(*rare[choice % len(rare)])

    def step(self, who: str, verb: str) -> Submission:
        actor = self.actors[who]
        if verb in ("save", "submit"):
            content = replace(self.content, source_note=f"第{self.steps}稿")
            service = submissions.save_draft if verb == "save" else submissions.submit
            return service(
                indicator=self.indicator, period=self.june, content=content,
                version=self.report.version, actor=actor, now=NOW,
            )  # fmt: skip
        reason = {"reason": REASON} if verb in ("return", "correct") else {}
        return DECISIONS[verb](submission=self.report, version=self.report.version, actor=actor, now=NOW, **reason)

    def stored(self) -> Submission:
        found = Submission.objects.select_related("indicator__lead_department", "period__report")
        return found.get(indicator=self.indicator, period=self.june)

    def attempt(self, who: str, verb: str) -> None:
        """Take the step, or see the refusal the model foresees."""
        refusal = self.foreseen(who, verb)
        if refusal is not None:
            try:
                with transaction.atomic():
                    self.step(who, verb)
            except refusal as problem:
                assert type(problem) is refusal
                return
            raise AssertionError(f"{who} could {verb} from {self.state}")
        self.step(who, verb)
        self.report = self.stored()
        TAKEN[self.state, verb] += 1
        self.state, self.steps = TABLE[self.state, verb], self.steps + 1
        self.author = who if verb in ("save", "submit") else self.author
        self.counts = self.counts or verb == "approve"

    def foreseen(self, who: str, verb: str) -> type[Exception] | None:
        if who not in holders(verb, self.state):
            return NotPermitted
        if verb == "sign_off" and who == self.author:
            return DomainError
        return None if TABLE[self.state, verb] and (self.counts or verb != "abandon") else IllegalTransition

    @invariant()
    def what_is_stored_is_what_the_model_says(self) -> None:
        assert self.report.state == self.state
        assert (self.report.approved_at is not None) is self.counts
        assert AuditEntry.objects.count() == self.audited + self.steps
        last = Review.objects.filter(submission=self.report).order_by("-version").first()
        assert last is None or last.to_state in (self.state, "draft")


def explore() -> None:
    OneReport.actors = {name: actor_for(User.objects.get(username=name), NOW.date()) for name in EVERYBODY}
    OneReport.content = read("A06", FARMLAND)
    run_state_machine_as_test(
        OneReport,
        settings=settings(
            max_examples=25,
            derandomize=True,
            stateful_step_count=80,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_two_thousand_steps_by_nine_people_equal_the_model(db):
    explore()
    assert set(TAKEN) == {move for move, state in TABLE.items() if state}, "every step of the table was taken"


def test_the_model_notices_a_right_too_many(db, monkeypatch):
    """Negative control: were leaders allowed to approve, the same exploration fails."""
    too_many = lambda actor, _indicator: actor.is_supervisor or actor.is_leader  # noqa: E731
    monkeypatch.setitem(permissions.POLICY, submissions.Verb.APPROVE, too_many)
    with pytest.raises((AssertionError, DomainError)):
        explore()
