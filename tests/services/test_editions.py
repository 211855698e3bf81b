"""A corrected edition of the report: commitments find their sentences again, or say that they cannot."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts import audit
from accounts.models import AuditEntry
from kpi.domain.errors import DomainError, NotPermitted, StaleVersion
from kpi.models import AssessmentSnapshot, Commitment, Report, ReportEdition
from kpi.selectors import scoreboard
from kpi.selectors.editions import checksum, unanchored
from kpi.services.checking import check_report
from kpi.services.editions import correct_report, preview_correction
from kpi.services.plaintext import with_line_ends_of
from tests.conftest import NOW

FARMLAND = "建设高标准农田6.95万亩"
SOWN, GRAIN = "确保粮食播种面积191万亩以上", "粮食产量64万吨以上"
PLANT = "提高标准厂房利用率"


@pytest.fixture
def report(db) -> Report:
    return Report.objects.get(year=2025)


@pytest.fixture
def correct(report, actor):
    """Store a text as the office does."""

    def store(text: str, **changes):
        options = {"base_sha256": report.sha256, "reason": "市政府公报全文本", "actor": actor("dcs_1"), "now": NOW}
        return correct_report(report=report, text=text, **(options | changes))

    return store


def codes(moves) -> set[str]:
    return {move.commitment.code for move in moves}


def whole(report: Report) -> list[str]:
    """Gaps the year's own check finds, other than of commitments that are openly unanchored."""
    lost = set(report.commitments.filter(is_anchored=False).values_list("code", flat=True))
    return [gap for gap in check_report(report).gaps if gap.split(":")[0] not in lost]


def test_text_added_before_moves_every_commitment_and_changes_no_word(report, correct):
    before = dict(report.commitments.values_list("code", "start"))
    done = correct("编者按：以市政府公报为准。\n\n" + report.text)
    assert len(done.moved) == len(before) and not done.changed and not done.lost
    report.refresh_from_db()
    assert {code: start - 15 for code, start in report.commitments.values_list("code", "start")} == before
    assert whole(report) == []


def test_a_slip_in_a_quotation_changes_that_commitment_and_no_other(report, correct):
    done = correct(report.text.replace(FARMLAND, "新建高标准农田6.95万亩"))
    assert codes(done.changed) == {"C090"} and not done.lost and not done.moved
    assert Commitment.objects.get(code="C090").quote == "新建高标准农田6.95万亩"
    report.refresh_from_db()
    assert whole(report) == []


def test_a_changed_figure_is_told_and_the_target_left_to_people(report, correct):
    done = correct(report.text.replace(FARMLAND, "建设高标准农田9.65万亩"))
    assert [move.is_figure_changed for move in done.changed] == [True]
    assert f"{report.indicators.get(code='A06').targets.get().value:.2f}" == "6.95"


def test_the_same_words_elsewhere_do_not_draw_a_commitment_away(report, correct):
    done = correct(report.text.replace("巩固基础产业。", f"巩固基础产业。上年{FARMLAND}。", 1))
    assert not done.lost and not done.changed
    found = Commitment.objects.get(code="C090")
    assert found.prefix.endswith("“非粮化”，")


def test_a_sentence_that_stands_twice_is_not_guessed(report, correct):
    around = f"防止永久基本农田“非粮化”，{FARMLAND}。坚持科技强农。发挥签约专家团队作用，加快"
    done = correct(report.text.replace("▶▶", f"{around}\n\n▶▶"))
    assert {move.commitment.code: str(move.loss) for move in done.lost}["C090"] == "ambiguous"


def test_a_removed_sentence_is_listed_and_keeps_its_last_words(report, correct):
    done = correct(report.text.replace(f"，{PLANT}", ""))
    assert codes(done.lost) == {"C074"}
    [lost] = unanchored(2025)
    assert (lost.code, lost.quote, [owner.code for owner in lost.owners]) == ("C074", PLANT, ["I30"])


def test_what_was_lost_is_found_again_in_a_later_edition(report, correct):
    original = report.text
    correct(original.replace(f"，{PLANT}", ""))
    report.refresh_from_db()
    done = correct(original, base_sha256=report.sha256, reason="恢复漏排的一句")
    assert not done.lost and "C074" in codes(done.moved)
    assert unanchored(2025) == []
    report.refresh_from_db()
    assert whole(report) == []


def test_two_commitments_that_change_places_are_told_apart(report, correct):
    done = correct(report.text.replace(f"{SOWN}、{GRAIN}", f"{GRAIN}、{SOWN}"))
    assert not done.lost and not done.changed and codes(done.moved) == {"C086", "C087"}
    sown, grain = Commitment.objects.get(code="C086"), Commitment.objects.get(code="C087")
    assert grain.end < sown.start and (sown.quote, grain.quote) == (SOWN, GRAIN)
    assert codes(done.doubtful) <= {"C086", "C087"}


def test_the_old_text_is_kept_and_cannot_be_rewritten(report, correct):
    old = report.text
    correct(old.replace(PLANT, "提升标准厂房利用率"))
    first, second = ReportEdition.objects.order_by("number")
    assert (first.number, first.text, first.sha256, first.created_by) == (1, old, checksum(old), None)
    assert (second.number, second.created_by.username, second.reason) == (2, "dcs_1", "市政府公报全文本")
    assert first.anchors["C074"][2] == PLANT and second.anchors["C074"][2] == "提升标准厂房利用率"
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        ReportEdition.objects.filter(pk=first.pk).update(text="")


def test_published_months_keep_their_lamps(report, correct):
    def lamps(period: str) -> dict[str, str]:
        board = scoreboard.build(year=2025, now=NOW, period_code=period)
        return {row.indicator.code: str(row.rag) for row in board.rows}

    before = lamps("2025-05")
    frozen = list(AssessmentSnapshot.objects.order_by("pk").values())
    correct(report.text.replace(f"，{PLANT}", "").replace(FARMLAND, "建设高标准农田9.65万亩"))
    assert lamps("2025-05") == before
    assert list(AssessmentSnapshot.objects.order_by("pk").values()) == frozen


def test_one_entry_in_the_trail_says_what_moved(report, correct):
    correct(report.text.replace(f"，{PLANT}", "").replace(FARMLAND, "建设高标准农田9.65万亩"))
    entry = AuditEntry.objects.get(action="report.corrected")
    assert entry.before == {"edition": 1, "sha256": report.sha256} and entry.reason == "市政府公报全文本"
    assert entry.after["lost"] == {"C074": "gone"}
    assert entry.after["changed"] == {"C090": [FARMLAND, "建设高标准农田9.65万亩"]}
    assert audit.verify().is_intact


@pytest.mark.parametrize(
    ("text", "changes", "error", "code"),
    [
        ("", {}, DomainError, "edition_empty"),
        ("same", {}, DomainError, "edition_same"),
        ("甲" * 300_001, {}, DomainError, "edition_too_long"),
        ("甲\x07", {}, DomainError, "text_has_control_characters"),
        ("新的", {"reason": "  短 "}, DomainError, "reason_too_short"),
        ("新的", {"base_sha256": "0" * 64}, StaleVersion, "edition_overtaken"),
        ("新的", {"actor": "mayor"}, NotPermitted, "supervisor_only"),
    ],
)
def test_refusals_leave_everything_as_it_was(report, correct, actor, text, changes, error, code):
    if "actor" in changes:
        changes = {"actor": actor(changes["actor"])}
    with pytest.raises(error) as refusal:
        correct(report.text if text == "same" else text, **changes)
    assert refusal.value.code == code
    assert not ReportEdition.objects.exists() and not AuditEntry.objects.filter(action="report.corrected").exists()


def test_looking_at_what_would_move_stores_nothing(report):
    found = preview_correction(report=report, text=report.text.replace(f"，{PLANT}", ""))
    assert codes(found.lost) == {"C074"} and not found.lost[0].place
    assert Commitment.objects.get(code="C074").is_anchored and not ReportEdition.objects.exists()


def test_the_database_lets_no_two_commitments_share_a_place(report):
    with pytest.raises(IntegrityError, match="commitment_spans_apart"), transaction.atomic():
        Commitment.objects.filter(code="C090").update(start=8780)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_text_takes_the_line_ends_of_the_present_one():
    text = "甲。\r\n\r\n乙。"
    assert with_line_ends_of("甲。\n", text) == "甲。\n\n乙。"
    assert with_line_ends_of("甲。\r\n", text) == with_line_ends_of("甲。\r\n", "甲。\n\n乙。") == text
