"""What the office should look at twice, found in real rows; and nothing found where there is nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import localtime

from accounts import audit
from accounts.models import Membership, User
from kpi.domain.scrutiny import Finding
from kpi.models import Commitment, Evidence, Indicator, Period, Submission
from kpi.selectors import editions, history, scoreboard, scrutiny
from tests.conftest import NOW

MAY = "2025-05"


@pytest.fixture
def look(actor):
    """The lists as the office sees them: what was found by code."""

    def found(now=NOW, period: str | None = None) -> dict[Finding, dict[str, tuple[str, ...]]]:
        indicators = Indicator.objects.of_year(2025).with_owners(localtime(now).date())
        board = scoreboard.build(year=2025, now=now, actor=actor("dcs_1"), period_code=period, indicators=indicators)
        before = history.before([row.indicator for row in board.rows], board.period)
        lists = scrutiny.findings(board, before, editions.unanchored(2025), now)
        assert list(lists) == list(Finding)
        return {
            finding: {item.row.indicator.code if item.row else item.commitment.code: item.words for item in items}
            for finding, items in lists.items()
        }

    return found


def report(code: str, **changed: object) -> None:
    """June's report of an indicator as it was approved, changed."""
    found = Submission.objects.get(indicator__code=code, period__code="2025-06")
    Submission.objects.filter(pk=found.pk).update(**{"state": "approved", "approved_at": NOW, **changed})


def change(code: str, *, at, **fields: str) -> None:
    """A change of an indicator as administration leaves it in the trail."""
    found = Indicator.objects.get(code=code)
    before = {name: str(getattr(found, name)) for name in ("definition", "unit", "name")}
    person = User.objects.get(username="dcs_1")
    audit.record(action="indicator.changed", obj=found, actor=person, now=at, before=before, after=before | fields)
    Indicator.objects.filter(pk=found.pk).update(**fields)


def test_nobody_files_signs_or_leads(look):
    assert look()[Finding.UNOWNED] == {}
    Membership.objects.filter(user__username="gxj_staff").update(ends_on=NOW.date())
    User.objects.filter(username="gxj_head").update(is_active=False)
    Membership.objects.filter(user__username="vm_tourism").delete()
    of_unit = set(Indicator.objects.filter(lead_department__code="industry").values_list("code", flat=True))
    found = look()[Finding.UNOWNED]
    assert {code for code, words in found.items() if {"没有填报人", "没有负责人"} <= set(words)} == of_unit
    vacant = {code for code, words in found.items() if "分管职务空缺" in words}
    assert vacant and vacant == set(
        Indicator.objects.filter(accountable_post__code="vice_mayor_tourism").values_list("code", flat=True)
    )


def test_a_lead_that_is_only_proposed_is_a_list_of_its_own(look):
    assert len(look()[Finding.PROPOSED]) == 103
    Indicator.objects.exclude(code="A06").update(is_lead_proposed=False)
    assert list(look()[Finding.PROPOSED]) == ["A06"]


def test_words_and_judgement_against_the_lamp(look):
    row = next(row for row in scoreboard.build(year=2025, now=NOW).rows if row.rag == "red" and row.current.is_own)
    code = row.indicator.code
    report(code, outlook="at_risk", narrative="征地滞后，正在协调。")
    assert code not in look()[Finding.CLAIM]
    report(code, outlook="confident", narrative="各标段进展顺利。")
    assert look()[Finding.CLAIM][code] == ("亮灯滞后", "判断“能完成”", "文字说进展正常")


def test_what_a_unit_has_not_let_out_is_not_read(look):
    row = next(row for row in scoreboard.build(year=2025, now=NOW).rows if row.rag == "red" and row.current.is_own)
    code = row.indicator.code
    report(code, outlook="confident", state="draft", approved_at=None)
    assert code not in look()[Finding.CLAIM]


def test_a_jump_in_value_by_the_guards_rule(look):
    """A02 grows by about the same each month; three times that is asked about."""
    code, before = "A02", look()[Finding.JUMP]
    assert code not in before
    earlier = Submission.objects.filter(indicator__code=code, approved_at__isnull=False).order_by("period__code")
    last = earlier.exclude(period__code="2025-06").last()
    report(code, value=last.value * 100)
    found = look()[Finding.JUMP]
    assert set(found) == {code} and "可能应为" in found[code][1]


@pytest.mark.parametrize(("after_due", "is_found"), [(timedelta(hours=1), True), (timedelta(hours=-1), False)])
def test_a_definition_changed_since_last_month_was_due(look, after_due, is_found):
    due = Period.objects.get(code=MAY).due_at
    change("A06", at=due + after_due, definition="按开工面积")
    change("A07", at=due + after_due, name="换了名字")
    found = look()[Finding.DEFINITION]
    assert set(found) == ({"A06"} if is_found else set())
    if is_found:
        assert found["A06"][0].endswith("→ 按开工面积") and "督查室一科" in found["A06"][-1]
    # What changed before that due moment belongs to last month.
    assert ("A06" in look(period=MAY)[Finding.DEFINITION]) is not is_found


def test_a_definition_changed_and_changed_back_is_no_change(look):
    was = Indicator.objects.get(code="A06").unit
    change("A06", at=NOW - timedelta(hours=2), unit="亩")
    change("A06", at=NOW - timedelta(hours=1), unit=was)
    assert look()[Finding.DEFINITION] == {}


def test_completion_without_a_file(look):
    known = set(look()[Finding.EVIDENCE])
    finished = next(
        row.indicator
        for row in scoreboard.build(year=2025, now=NOW).rows
        if row.indicator.kind == "cumulative" and row.rag == "green" and row.current.is_own
    )
    report(finished.code, value=finished.target_value * Decimal("1.01"))
    assert set(look()[Finding.EVIDENCE]) - known == {finished.code}
    submission = Submission.objects.get(indicator=finished, period__code="2025-06")
    person = User.objects.get(username="nyj_staff")
    Evidence.objects.create(
        submission=submission, name="验收单.pdf", size=9, sha256="a" * 64, content_type="application/pdf",
        uploaded_by=person, uploaded_at=NOW,
    )  # fmt: skip
    assert finished.code not in look()[Finding.EVIDENCE]


def test_an_unanchored_commitment(look):
    assert look()[Finding.UNANCHORED] == {}
    Commitment.objects.filter(code="C004").update(is_anchored=False)
    assert list(look()[Finding.UNANCHORED]) == ["C004"]
