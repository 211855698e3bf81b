"""Every kind of indicator: what its form accepts, and what each wrong entry is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Department
from kpi.models import Indicator
from kpi.selectors.people import coverage_units
from kpi.services.content import ContentInvalid, parse
from tests.content import TODAY

# kind → an indicator of the real report
EXAMPLES = {
    "cumulative": "A06",
    "point_in_time": "I21",
    "ratio": "T36",
    "milestone": "T01",
    "coverage": "A11",
    "rank": "T24",
    "bottom_line": "A04",
    "stage": "T40",
}
ACCEPTED = [
    ("cumulative", {"value": "2.86"}, "2.86"),
    ("cumulative", {"value": "1,234.5"}, "1234.50"),
    ("cumulative", {"value": ""}, None),
    ("cumulative", {"value": "0"}, "0.00"),
    ("point_in_time", {"value": "200"}, "200"),
    ("ratio", {"numerator": "1", "denominator": "3"}, "33.3333"),
    ("ratio", {}, None),
    ("milestone", {"node_1": "2025-02-26", "node_3": "2025-06-12"}, "2"),
    ("milestone", {}, "0"),
    ("coverage", {"covered_units": ["cili", "sangzhi"]}, "2"),
    ("rank", {"value": "1"}, "1"),
    ("bottom_line", {"value": "0"}, "0"),
    ("stage", {"value": "4"}, "4"),
]
REFUSED = [
    ("cumulative", {"value": "-1"}, "value", "number_negative"),
    ("point_in_time", {"value": "200.5"}, "value", "number_too_precise"),
    ("ratio", {"numerator": "1"}, "denominator", "ratio_needs_both"),
    ("ratio", {"denominator": "1"}, "numerator", "ratio_needs_both"),
    ("ratio", {"numerator": "1", "denominator": "0"}, "denominator", "denominator_not_positive"),
    ("ratio", {"numerator": "4", "denominator": "3"}, "numerator", "numerator_out_of_range"),
    ("milestone", {"node_1": "2025-07-03"}, "node_1", "date_in_future"),
    ("milestone", {"node_1": "昨天"}, "node_1", "date_malformed"),
    ("coverage", {"covered_units": ["yongding_07"]}, "covered_units", "choice_unknown"),
    ("rank", {"value": "0"}, "value", "rank_starts_at_one"),
    ("bottom_line", {"value": "-1"}, "value", "number_negative"),
    ("stage", {"value": "5"}, "value", "stage_out_of_range"),
    ("cumulative", {"narrative": "长" * 2001}, "narrative", "text_too_long"),
    ("cumulative", {"narrative": "a\x00b"}, "narrative", "text_has_control_characters"),
    ("cumulative", {"deviation_reasons": ["bad"]}, "deviation_reasons", "choice_unknown"),
    ("cumulative", {"catch_up_period": "2025-13"}, "catch_up_period", "month_malformed"),
]


def read(kind: str, raw: dict[str, object], today: date = TODAY):
    indicator = Indicator.objects.prefetch_related("milestones").get(code=EXAMPLES[kind])
    assert indicator.kind == kind
    units = [unit.code for unit in coverage_units(indicator.coverage_scope)] if kind == "coverage" else []
    return parse(indicator=indicator, raw=raw, units=units, today=today)


@pytest.mark.parametrize(("kind", "raw", "value"), ACCEPTED)
def test_an_entry_becomes_an_exact_figure(db, kind, raw, value):
    found = read(kind, raw).value
    assert found == (None if value is None else Decimal(value))


@pytest.mark.parametrize(("kind", "raw", "field", "code"), REFUSED)
def test_a_wrong_entry_is_named_at_its_field(db, kind, raw, field, code):
    with pytest.raises(ContentInvalid) as refused:
        read(kind, raw)
    assert (field, code) in [(error.field, error.code) for error in refused.value.errors]


def test_all_problems_come_in_one_go(db):
    with pytest.raises(ContentInvalid) as refused:
        read("cumulative", {"value": "x", "outlook": "y", "catch_up_period": "z"})
    assert {error.field for error in refused.value.errors} == {"value", "outlook", "catch_up_period"}


def test_townships_and_districts_are_their_own_lists(db):
    assert len(coverage_units("district")) == 4
    townships = coverage_units("township")
    assert len(townships) == 63 == Department.objects.filter(kind="township").count()
    assert all(unit.parent for unit in townships)
