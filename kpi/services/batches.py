"""Signing several reports at once: only what needs no second look, and all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from accounts.models import Department
from accounts.permissions import Actor
from kpi.domain.cosigning import CoSigning
from kpi.domain.errors import DomainError
from kpi.domain.values import Rag
from kpi.models import Submission
from kpi.selectors import cosigning
from kpi.selectors.standing import RuleBook, assess_submission
from kpi.services import submissions


class OneByOne(StrEnum):
    """Why a report has to be looked at by itself."""

    OWN = "own"
    CORRECTION = "correction"
    UNPUBLISHED = "unpublished"
    COSIGN = "cosign"
    COMPLETED = "completed"
    LAMP = "lamp"


def why_one_by_one(
    submission: Submission, rag: Rag, actor: Actor, progress: CoSigning[Department] = cosigning.NOT_ASKED
) -> OneByOne | None:
    """``None`` where the report may be signed in a batch: green, no correction, not the signer's own, co-signed.

    ``rag`` is the lamp the report's figure gives. What is behind, at risk, done or not due is a statement the head
    answers for in person.
    """
    if submission.author_id == actor.user.pk:
        return OneByOne.OWN
    if submission.is_correction:
        return OneByOne.CORRECTION
    if submission.is_unpublished:
        return OneByOne.UNPUBLISHED
    if not progress.is_complete:
        return OneByOne.COSIGN
    if rag is Rag.DONE:
        return OneByOne.COMPLETED
    return None if rag is Rag.GREEN else OneByOne.LAMP


@transaction.atomic
def sign_off_batch(*, chosen: Mapping[int, int], actor: Actor, now: datetime) -> int:
    """Sign every report of ``chosen`` (id → the version that was seen); how many.

    Raises ``nothing_chosen``, ``not_for_batch`` naming the indicator, or what ``sign_off`` raises; nothing is signed
    then.
    """
    if not chosen:
        raise DomainError("nothing_chosen")
    rules = RuleBook.load()
    waiting = Submission.objects.visible_to(actor).filter(pk__in=chosen)
    # In one order for everyone, so that two batches never wait for each other.
    found = list(waiting.select_related("period", "indicator").order_by("pk"))
    progress = cosigning.of_submissions(found)
    for submission in found:
        signed = submissions.sign_off(
            submission=submission, version=chosen[submission.pk], actor=actor, now=now, is_batch=True
        )
        lamp = assess_submission(signed, rules).rag
        if why_one_by_one(signed, lamp, actor, progress.get(signed.pk, cosigning.NOT_ASKED)) is not None:
            raise DomainError("not_for_batch", indicator=signed.indicator.code)
    if len(found) < len(chosen):
        raise DomainError("choice_gone")
    return len(found)
