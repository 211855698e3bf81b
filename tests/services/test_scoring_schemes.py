"""The scoring scheme in versions: from a day nothing was scored by, changed or withdrawn until something is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import AuditEntry
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, StaleVersion
from kpi.domain.scoring import OwnWeight, ReasonRule, ScoreReason
from kpi.models import ScoringScheme
from kpi.selectors import schemes
from kpi.services import scheme_content, scoring_schemes
from kpi.services.content import ContentInvalid
from tests.conftest import NOW
from tests.scores import drafted, past_every_trigger

# The demo's scores are of March and May.
DAY = date(2025, 6, 1)


@pytest.fixture
def preset(db) -> ScoringScheme:
    return ScoringScheme.objects.get(code="guiyang")


@pytest.fixture
def raw(preset) -> dict[str, object]:
    """The version in force, typed again for the first day that is free."""
    return scheme_content.raw_of(preset) | {"effective_from": DAY.isoformat(), "source": "市政府常务会议（示例）"}


@pytest.fixture
def office(actor):
    return actor("dcs_1")


def add(raw, office, preset) -> ScoringScheme:
    return scoring_schemes.add(year=2025, begun_from=preset, raw=raw, actor=office, now=NOW)


def wrong(raw, office, preset) -> list[tuple[str, str]]:
    with pytest.raises(ContentInvalid) as refused:
        add(raw, office, preset)
    assert not ScoringScheme.objects.filter(effective_from=DAY).exists()
    return [(error.field, error.code) for error in refused.value.errors]


def test_a_new_version_is_in_force_from_its_day_and_says_what_was_typed(raw, office, preset):
    raw |= {"weights": "a06 2.5 重点\n\nI12 0", "points-late": "0.3", "points-award": "", "cap-award": ""}
    made = add(raw, office, preset)
    assert (made.code, made.version, made.created_by) == ("guiyang", "2025-06-01", office.user)
    assert schemes.scheme_on(date(2025, 5, 31)) == preset and schemes.scheme_on(DAY) == made
    found = schemes.stored(made)
    assert found.own == {"A06": OwnWeight(Decimal("2.5"), True), "I12": OwnWeight(Decimal(0))}
    assert found.rules[ScoreReason.LATE] == ReasonRule(Decimal("0.3"), Decimal(2))
    assert ScoreReason.AWARD not in found.rules
    entry = AuditEntry.objects.get(action="scoring_scheme.created")
    assert entry.reason == "市政府常务会议（示例）" and entry.after["weights"] == "A06 2.5 重点\nI12 0"


def test_what_is_typed_again_unchanged_is_the_same(raw, office, preset):
    assert schemes.stored(add(raw, office, preset)) == schemes.stored(preset)


def test_rules_are_not_made_after_the_game(raw, office, preset):
    raw |= {"effective_from": "2025-05-31"}
    assert wrong(raw, office, preset) == [("effective_from", "scheme_day_scored")]


def test_every_mistake_stands_at_its_field(raw, office, preset):
    raw |= {
        "effective_from": "六月",
        "name": " ",
        "basis": "guess",
        "lead_weight": "0",
        "supporting_weight": "101",
        **dict.fromkeys(("weight_must", "weight_aim", "weight_support"), "0"),
        "most_bonus": "五",
        "answer_workdays": "0",
        "cap-late": "0.1",
        "points-missing": "",
        "points-returned": "0",
        "source": "长" * 1001,
        "weights": "A06 2\nA06 3\nZ99 1\nA07 二\nA08",
    }
    assert wrong(raw, office, preset) == [
        ("name", "scheme_name_required"),
        ("effective_from", "date_malformed"),
        ("basis", "choice_unknown"),
        ("supporting_weight", "score_out_of_bounds"),
        ("most_bonus", "number_malformed"),
        ("answer_workdays", "count_malformed"),
        ("source", "text_too_long"),
        ("lead_weight", "scheme_weight_zero"),
        ("weight_must", "scheme_weight_zero"),
        ("cap-late", "scheme_cap_below"),
        ("points-missing", "scheme_points_required"),
        ("points-returned", "scheme_points_required"),
        ("weights", "scheme_indicator_twice"),
        ("weights", "scheme_indicator_unknown"),
        ("weights", "scheme_weight_malformed"),
        ("weights", "scheme_weight_malformed"),
    ]


def test_one_version_a_day_and_only_by_the_office(raw, office, preset, actor):
    with pytest.raises(NotPermitted, match="supervisor_only"):
        add(raw, actor("mayor"), preset)
    add(raw, office, preset)
    with pytest.raises(ContentInvalid) as refused:
        add(raw, office, preset)
    assert refused.value.errors[0].code == "scheme_day_taken"


def test_it_may_be_changed_until_something_is_scored_by_it(raw, office, preset):
    made = add(raw, office, preset)
    base = {"year": 2025, "scheme": made, "actor": office, "now": NOW}
    changed = scoring_schemes.change(**base, revision=1, raw=raw | {"points-late": "0.5", "weights": ""})
    assert (changed.revision, schemes.stored(changed).rules[ScoreReason.LATE].points) == (2, Decimal("0.5"))
    with pytest.raises(StaleVersion, match="scheme_changed"):
        scoring_schemes.change(**base, revision=1, raw=raw)
    assert AuditEntry.objects.get(action="scoring_scheme.changed").before["points-late"] == "0.2"


def test_one_that_scores_rest_on_stands(raw, office, preset):
    assert drafted("2025-04").scheme == preset
    for act in (
        lambda: scoring_schemes.change(year=2025, scheme=preset, revision=1, raw=raw, actor=office, now=NOW),
        lambda: scoring_schemes.withdraw(scheme=preset, revision=1, actor=office, now=NOW),
    ):
        with pytest.raises(IllegalTransition, match="scheme_in_use"):
            act()


def test_it_can_be_withdrawn_but_for_the_only_one(raw, office, preset):
    made = add(raw, office, preset)
    scoring_schemes.withdraw(scheme=made, revision=1, actor=office, now=NOW)
    assert schemes.scheme_on(DAY) == preset
    assert AuditEntry.objects.get(action="scoring_scheme.withdrawn").before["points-late"] == "0.2"
    with pytest.raises(StaleVersion, match="scheme_gone"):
        scoring_schemes.withdraw(scheme=made, revision=1, actor=office, now=NOW)


def test_a_preset_is_no_version_and_the_only_version_stays(raw, office, preset):
    other = ScoringScheme.objects.get(code="sichuan")
    with pytest.raises(StaleVersion, match="scheme_gone"):
        scoring_schemes.withdraw(scheme=other, revision=1, actor=office, now=NOW)
    past_every_trigger(lambda: ScoringScheme.objects.filter(pk=preset.pk).update(is_default=False))
    past_every_trigger(lambda: ScoringScheme.objects.filter(pk=other.pk).update(is_default=True))
    with pytest.raises(DomainError, match="scheme_first"):
        scoring_schemes.withdraw(scheme=other, revision=1, actor=office, now=NOW)
