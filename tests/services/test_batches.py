"""Signing several reports at once: what may be in a batch, and that it is all of them or none."""

from __future__ import annotations

import pytest

from accounts.permissions import Actor
from kpi.domain.errors import DomainError, NotPermitted, StaleVersion
from kpi.domain.values import Rag, SubmissionState
from kpi.models import Period, Submission
from kpi.services import batches, submissions
from kpi.services.batches import OneByOne, sign_off_batch, why_one_by_one
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read

GREEN = {"value": "3.10", "narrative": FARMLAND["narrative"], "outlook": "confident"}


@pytest.mark.parametrize(
    ("author", "is_correction", "rag", "why"),
    [
        ("nyj_staff", False, Rag.GREEN, None),
        ("nyj_staff", False, Rag.AMBER, OneByOne.LAMP),
        ("nyj_staff", False, Rag.RED, OneByOne.LAMP),
        ("nyj_staff", False, Rag.DONE, OneByOne.COMPLETED),
        ("nyj_staff", False, Rag.NOT_DUE, OneByOne.LAMP),
        ("nyj_staff", True, Rag.GREEN, OneByOne.CORRECTION),
        ("nyj_head", False, Rag.GREEN, OneByOne.OWN),
        ("nyj_head", True, Rag.RED, OneByOne.OWN),
    ],
)
def test_only_the_unremarkable_may_be_in_a_batch(actor, author, is_correction, rag, why):
    submission = Submission(author=actor(author).user, is_correction=is_correction)
    assert why_one_by_one(submission, rag, actor("nyj_head")) is why


def filed(person: Actor, june: Period, raw: dict[str, object]) -> Submission:
    return submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", raw), version=0, actor=person, now=NOW
    )


def states(*rows: Submission) -> set[str]:
    return set(Submission.objects.filter(pk__in=[row.pk for row in rows]).values_list("state", flat=True))


@pytest.fixture
def waiting(actor, june) -> Submission:
    """Another report of the department that waits for its head, made green."""
    return filed(actor("nyj_staff"), june, GREEN)


def test_a_batch_signs_what_was_chosen(actor, waiting):
    assert sign_off_batch(chosen={waiting.pk: waiting.version}, actor=actor("nyj_head"), now=NOW) == 1
    assert states(waiting) == {SubmissionState.SIGNED_OFF}


def test_a_remarkable_report_stops_the_whole_batch(actor, june):
    amber = filed(actor("nyj_staff"), june, FARMLAND)
    with pytest.raises(DomainError) as refusal:
        sign_off_batch(chosen={amber.pk: amber.version}, actor=actor("nyj_head"), now=NOW)
    assert (refusal.value.code, refusal.value.params) == ("not_for_batch", {"indicator": "A06"})
    assert states(amber) == {SubmissionState.SUBMITTED}


def test_without_the_check_the_remarkable_report_would_be_signed(actor, june, monkeypatch):
    """Negative control of the test above."""
    amber = filed(actor("nyj_staff"), june, FARMLAND)
    monkeypatch.setattr(batches, "why_one_by_one", lambda *given: None)
    sign_off_batch(chosen={amber.pk: amber.version}, actor=actor("nyj_head"), now=NOW)
    assert states(amber) == {SubmissionState.SIGNED_OFF}


def test_a_stale_or_vanished_choice_signs_nothing(actor, waiting):
    head = actor("nyj_head")
    with pytest.raises(StaleVersion):
        sign_off_batch(chosen={waiting.pk: waiting.version + 1}, actor=head, now=NOW)
    with pytest.raises(DomainError, match="choice_gone"):
        sign_off_batch(chosen={waiting.pk: waiting.version, 999_999: 1}, actor=head, now=NOW)
    with pytest.raises(DomainError, match="nothing_chosen"):
        sign_off_batch(chosen={}, actor=head, now=NOW)
    assert states(waiting) == {SubmissionState.SUBMITTED}


def test_another_departments_head_signs_nothing(actor, waiting):
    with pytest.raises((NotPermitted, DomainError)) as refusal:
        sign_off_batch(chosen={waiting.pk: waiting.version}, actor=actor("gxj_head"), now=NOW)
    assert refusal.value.code in ("not_permitted", "choice_gone")
    assert states(waiting) == {SubmissionState.SUBMITTED}
