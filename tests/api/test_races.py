"""Many at once, over real connections: one key has one effect (R2), one version one winner (R8)."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection

from accounts.models import User
from kpi.models import IdempotencyKey, Submission
from tests.api.conftest import System, make_token
from tests.api.test_filing import content
from tests.races import in_parallel

REPORT = "/2025/submissions/2025-06/A06/"
CROWD, PAIRS = 8, 12


@pytest.fixture
def texts(committed_db) -> dict[str, str]:
    return {person: make_token(person).text for person in ("nyj_staff", "nyj_head")}


def crowd(text: str, count: int = CROWD) -> list:
    """The same request so many times at once, each over a connection of its own."""
    sent = {"If_Match": '"v0"', "Idempotency_Key": "crowd"}
    return in_parallel(*(lambda: System(text).put(REPORT, content(), **sent) for _ in range(count)))


def test_one_key_has_one_effect(texts):
    """R2: all get the first one's answer, byte for byte, and one row was written once."""
    answers = crowd(texts["nyj_staff"])
    assert Counter(answer.status_code for answer in answers) == {200: CROWD}
    assert len({answer.content for answer in answers}) == 1
    assert sum(answer.has_header("Idempotency-Replayed") for answer in answers) == CROWD - 1
    assert IdempotencyKey.objects.count() == 1
    assert Submission.objects.get(indicator__code="A06", period__code="2025-06").version == 1


def test_without_the_unique_key_the_crowd_is_not_one(texts):
    """The negative control: take the database's promise away, and repeats are no longer answered as the first was."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kpi_idempotencykey DROP CONSTRAINT idempotency_key_once")
    answers = crowd(texts["nyj_staff"])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CROWD - 1}


def test_a_directive_is_issued_once(committed_db):
    """A write without a version of its own: only the key stands between a retry and a second one."""
    from kpi.models import Directive

    text = make_token("dcs_1").text
    wish = {"indicator": "A06", "kind": "instruct", "text": "示例：请加快推进", "post": "mayor"}
    before = Directive.objects.count()
    answers = in_parallel(
        *(lambda: System(text).post("/2025/directives/", wish, Idempotency_Key="once") for _ in range(CROWD))
    )
    assert Counter(answer.status_code for answer in answers) == {201: CROWD}, answers[0].content.decode()
    assert Directive.objects.count() == before + 1 and len({answer.content for answer in answers}) == 1


def pairs(texts: dict[str, str]) -> list[Counter]:
    """Two people with the same version write at once, again and again."""
    found, tag = [], '"v0"'
    for place in range(PAIRS):
        jobs = [
            lambda text=text, value=value, tag=tag: System(text).put(REPORT, content(value), If_Match=tag)
            for text, value in ((texts["nyj_staff"], f"1.{place:02}"), (texts["nyj_head"], f"2.{place:02}"))
        ]
        answers = in_parallel(*jobs)
        found.append(Counter(answer.status_code for answer in answers))
        tag = f'"v{Submission.objects.get(indicator__code="A06", period__code="2025-06").version}"'
    return found


def test_one_version_has_one_winner(texts):
    """R8: the other is told the present version; the version grows by exactly one a pair."""
    assert pairs(texts) == [Counter({200: 1, 412: 1})] * PAIRS
    assert Submission.objects.get(indicator__code="A06", period__code="2025-06").version == PAIRS


def test_without_the_version_the_last_one_overwrites(texts, monkeypatch):
    """The negative control: a service that does not look at the version lets both through."""
    from kpi.services import writing

    monkeypatch.setattr(writing, "lock", lambda submission, version, editor=None: writing.lock_row(submission))
    assert Counter({200: 2}) in pairs(texts)


def test_old_keys_are_forgotten(db):
    from datetime import timedelta

    from kpi.services import idempotency
    from tests.conftest import NOW

    user = User.objects.get(username="nyj_staff")
    for hours in (1, 47, 49):
        IdempotencyKey.objects.create(user=user, key=str(hours), created_at=NOW - timedelta(hours=hours))
    assert idempotency.forget(now=NOW) == 1
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"1", "47"}
