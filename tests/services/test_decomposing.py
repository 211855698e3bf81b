"""Two people at one report: what is published once is published once, and every place stays apart."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.permissions import actor_for
from kpi.domain.decomposition import SpanVerb
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, StaleVersion
from kpi.models import Decomposition, Indicator, ProposedSpan, Report
from kpi.services import decomposing, decomposition_publishing, decompositions
from kpi.web.views.decomposing import FOLDER
from tests.conftest import NOW
from tests.decompositions import TEXT, half_done
from tests.races import in_parallel


def ready(draft: Decomposition) -> Decomposition:
    """Everything accepted has a lead and a leader."""
    for span in draft.spans.filter(state="accepted"):
        span.task = {**span.task, "lead": span.task.get("lead") or "finance", "post": "mayor"}
        span.save(update_fields=["task"])
    return draft


def publisher(draft: Decomposition, who: str = "dcs_1", version: int = 1):
    actor = actor_for(User.objects.get(username=who), NOW.date())
    count = str(decomposition_publishing.preview(draft).open_count)
    return lambda: decomposition_publishing.publish(
        draft=draft, version=version, confirmed_open=count, folder=FOLDER, actor=actor, now=NOW
    )


def test_two_who_publish_at_once_make_one_year(committed_db):
    draft = ready(half_done())
    outcomes = in_parallel(publisher(draft), publisher(draft, "dcs_2"))
    refused = [each for each in outcomes if isinstance(each, Exception)]
    assert [type(each) for each in refused] == [IllegalTransition] and refused[0].code == "decomposition_over"
    assert Report.objects.filter(year=2026).count() == 1 and Indicator.objects.filter(report__year=2026).count() == 7
    assert draft.spans.filter(state="accepted").count() == 7


def test_what_went_on_meanwhile_is_looked_at_again(db, actor):
    draft = ready(half_done())
    publish = publisher(draft)
    open_one = draft.spans.filter(state="proposed").first()
    given = {"actor": actor("dcs_2"), "now": NOW}
    chosen = {open_one.pk: open_one.version}
    decomposing.decide_many(draft=draft, chosen=chosen, verb=SpanVerb.SET_ASIDE, **given)
    with pytest.raises(StaleVersion, match="decomposition_stale"):
        publish()
    with pytest.raises(NotPermitted):
        decomposing.undo(draft=draft, version=2, actor=actor("nyj_head"), now=NOW)


def test_a_report_that_was_corrected_meanwhile_is_not_published_over(db):
    draft = ready(half_done())
    Report.objects.create(year=2026, title="别的原文", text="另一份", sha256="0" * 64)
    with pytest.raises(StaleVersion, match="decomposition_text_moved"):
        publisher(draft)()
    assert not Indicator.objects.filter(report__year=2026).exists()


def test_nothing_is_published_unfinished_or_without_a_task(db):
    draft = half_done()
    draft.spans.filter(state="accepted").update(state="proposed")
    with pytest.raises(DomainError, match="decomposition_not_ready"):
        publisher(draft)()


def test_the_database_keeps_places_apart_and_one_draft_a_year(db):
    draft = half_done()
    first = draft.spans.first()
    copied = {field.attname: getattr(first, field.attname) for field in ProposedSpan._meta.concrete_fields[1:]}
    with pytest.raises(IntegrityError, match="proposed_spans_apart"), transaction.atomic():
        ProposedSpan.objects.create(**copied | {"end": first.end - 1})
    with pytest.raises(IntegrityError, match="decomposition_one_under_way"), transaction.atomic():
        half_done()


def test_of_two_who_begin_a_year_one_is_told(committed_db):
    actor = actor_for(User.objects.get(username="dcs_1"), NOW.date())

    def begin() -> Decomposition:
        return decompositions.begin(year=2026, title="", text=TEXT, folder=FOLDER, actor=actor, now=NOW)

    outcomes = in_parallel(begin, begin)
    assert [each.code for each in outcomes if isinstance(each, DomainError)] == ["decomposition_under_way"]
    assert Decomposition.objects.filter(year=2026).count() == 1
