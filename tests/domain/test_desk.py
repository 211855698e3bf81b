"""The desk's rules against their decision tables: how reports come, what to look at twice, windows that are moved."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from kpi.domain import scrutiny
from kpi.domain.errors import DomainError
from kpi.domain.reporting import Came, days_late, is_due, rates
from kpi.domain.values import Outlook, Rag, Timeliness, timeliness
from kpi.domain.window import Extension, Window
from kpi.domain.window_acts import Moments, WindowAct, after, check_undo, moments_of
from tests.domain.tables import rows
from tests.domain.test_tables import official_calendar

ZONE = ZoneInfo("Asia/Shanghai")


def moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE) if text else None


def june(**changed: object) -> Window:
    known = {
        "opens_at": moment("2025-06-25T00:00:00"),
        "due_at": moment("2025-07-07T18:00:00"),
        "grace_ends_at": moment("2025-07-09T18:00:00"),
    }
    return Window(**known | changed)


def granted(text: str) -> list[Extension]:
    return [Extension(*map(moment, pair.split("/"))) for pair in text.split()]


@pytest.mark.parametrize("row", rows("reporting"))
def test_a_report_comes_as_the_table_says(row):
    window = june(extensions=granted(row["extensions"]), locked_at=moment(row["locked"]))
    filings, now = [moment(text) for text in row["filed"].split()], moment(row["now"])
    first = min(filings, default=None)
    came = timeliness(submitted_at=first, due_at=window.due_for_unit, grace_ends_at=window.missing_after, now=now)
    assert (is_due(window, now), str(came)) == (row["到期"] == "是", row["报送"])
    late = "" if first is None else str(days_late(first, window.due_for_unit))
    assert late == row["迟报天数"]


@pytest.mark.parametrize("row", rows("reporting_rates"))
def test_the_two_rates_are_those_of_the_table(row):
    found = rates(Came(Timeliness(text.rstrip("!")), text.endswith("!")) for text in row["reports"].split())
    assert [str(each) for each in (found.due, found.filed, found.on_time)] == [row["到期"], row["已交"], row["按时"]]
    assert (share(found.completeness), share(found.timeliness)) == (row["报送率"], row["按时率"])


def share(rate: Decimal | None) -> str:
    return "" if rate is None else f"{(rate * 100).quantize(Decimal('0.1')).normalize():f}%"


@pytest.mark.parametrize("row", rows("scrutiny_claims"))
def test_words_are_held_against_the_lamp(row):
    outlook = Outlook(row["outlook"]) if row["outlook"] else None
    found = scrutiny.claims(outlook=outlook, narrative=row["narrative"], rag=Rag(row["亮灯"]))
    assert " ".join(found) == row["说法"]


@pytest.mark.parametrize("row", rows("scrutiny_owners"))
def test_who_is_missing_is_named(row):
    found = scrutiny.gaps(
        has_staff=row["有填报人"] == "是",
        has_head=row["有负责人"] == "是",
        post_is_held=row["分管有人"] == "是",
        is_lead_proposed=row["牵头仅为建议"] == "是",
    )
    assert " ".join(found) == row["缺口"]


@pytest.mark.parametrize("row", rows("scrutiny_changes"))
def test_a_definition_that_changed_on_the_whole_is_named(row):
    changes = [changed(text) for text in row["changes"].split("|") if text]
    found = scrutiny.amendments(changes)
    assert ";".join(f"{each.field}:{each.before}→{each.after}" for each in found) == row["变化"]


def changed(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """``field:before→after;…`` as two mappings."""
    halves = [(name, *said.split("→")) for name, said in (part.split(":") for part in text.split(";"))]
    return {name: before for name, before, _ in halves}, {name: after for name, _, after in halves}


@pytest.mark.parametrize("row", rows("scrutiny_proof"))
def test_completion_without_a_file_is_named(row):
    found = scrutiny.lacks_proof(
        rag=Rag(row["本期亮灯"]),
        last_rag=Rag(row["上期亮灯"]) if row["上期亮灯"] else None,
        no_progress=row["无新进展"] == "是",
        is_correction=row["数据更正"] == "是",
        has_files=row["有附件"] == "是",
    )
    assert found is (row["缺附件"] == "是")


@pytest.mark.parametrize("row", rows("window_acts"))
def test_a_window_moves_as_the_table_says(row):
    window = june(locked_at=moment(row["locked"]))

    def act() -> Moments:
        return after(
            WindowAct(row["动作"]),
            window,
            now=moment(row["now"]),
            until=moment(row["until"]),
            calendar=official_calendar(),
        )

    if row["拒绝"]:
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.code == row["拒绝"]
        return
    assert act() == tuple(moment(row[name]) for name in ("开放", "截止", "宽限截止"))


@pytest.mark.parametrize("row", rows("window_undos"))
def test_an_act_is_taken_back_only_where_nobody_relied_on_it(row):
    before = Moments(*(moment(row[name]) for name in ("原开放", "原截止", "原宽限")))
    present = moments_of(june(due_at=moment(row["现截止"]), grace_ends_at=moment("2025-07-30T18:00:00")))

    def undo() -> None:
        check_undo(
            WindowAct(row["动作"]),
            before=before,
            present=present,
            now=moment(row["now"]),
            has_reports=row["已有填报"] == "是",
        )

    if row["拒绝"]:
        with pytest.raises(DomainError) as refused:
            undo()
        assert refused.value.code == row["拒绝"]
        return
    undo()
