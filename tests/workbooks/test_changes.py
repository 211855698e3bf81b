"""Changes of target in workbooks: a line a case, both targets and both lamps, in the kinds that have columns for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kpi.domain.target_changes import ChangeState
from kpi.models import TargetChange
from kpi.workbooks import export
from tests.conftest import NOW
from tests.target_changes import ask, walk
from tests.web.test_same_counts import lines_by_code
from tests.workbooks.test_exports import job_of

FORMULA = '=HYPERLINK("http://x.invalid","点我")，六月以来持续干旱'


def made(kind: str, folder: Path, period: str = "2025-06", *units: str):
    made = export.make(job_of(kind, period, *units), folder / f"{kind}.xlsx", lambda done, total: None, NOW)
    return load_workbook(folder / f"{kind}.xlsx"), made


def lines(sheet) -> list[Mapping[str, object]]:
    rows = sheet.iter_rows(min_row=3, values_only=True)
    headings = next(rows)
    return [found for row in rows if (found := dict(zip(headings, row, strict=True)))["目标任务"]]


def test_every_case_is_a_line_with_both_targets_when_it_moved_and_what_scores_go_by(db, tmp_path):
    walk(ChangeState.AGREED, ask(text=FORMULA, target="6.20", **{"plan_2025-12": "6.20"}))
    book, job = made("changes", tmp_path)
    assert book.sheetnames == ["目标调整", "汇总", "口径与规则"] and job.rows == 4
    found = {line["编号"]: line for line in lines(book["目标调整"])}
    assert {code: line["状态"] for code, line in found.items()} == {
        "T07": "待分管领导审定", "I31": "已调整", "I35": "未予调整", "A06": "待督查室办理",
    }  # fmt: skip
    farmland, applied, opening = found["A06"], found["I31"], found["T07"]
    assert (farmland["原目标"], farmland["新目标"], farmland["情况说明"]) == (6.95, 6.2, FORMULA)
    assert (farmland["领导审定时间"], farmland["办理时间"]) == (NOW.replace(tzinfo=None), "--")
    assert (applied["自何期适用"], applied["亮灯"], applied["按原目标亮灯"]) == ("2025-06", "正常", "预警")
    assert (applied["考核依据"], opening["考核依据"]) == ("新目标", "--")
    assert (opening["原完成时限"], opening["新完成时限"]) == ("2025-07-31", "2025-10-31")
    assert "节点“对外营业” 7月31日 → 10月31日" in opening["调整内容"]
    assert all(cell.data_type != "f" for row in book["目标调整"].iter_rows() for cell in row)


def test_a_department_has_its_own_cases_and_a_year_without_any_says_so(db, tmp_path):
    book, job = made("changes", tmp_path, "2025-06", "commerce")
    assert [line["编号"] for line in lines(book["目标调整"])] == ["I31"] and job.rows == 1
    book, job = made("changes", tmp_path, "2025-06", "science")
    assert job.rows == 0 and book["目标调整"]["A4"].value == "没有目标调整"


@pytest.mark.parametrize("kind", ["ledger", "detail"])
def test_ledger_and_detail_have_the_first_target_plan_and_lamp_beside_the_present_ones(db, tmp_path, kind):
    book, _job = made(kind, tmp_path)
    sheet = book.worksheets[0]
    changed = lines_by_code(sheet)["I31"]
    assert (changed["目标值"], changed["序时计划"], changed["亮灯"]) == (10, 4, "正常")
    assert (changed["原目标"], changed["原序时"], changed["按原目标亮灯"]) == (10, 5, "预警")
    other = lines_by_code(sheet)["A08"]
    assert {other[name] for name in ("原目标", "原序时", "按原目标亮灯")} == {"--"}
    if kind == "detail":
        may = [line for line in lines(sheet) if (line["编号"], line["报告期"]) == ("I31", "2025-05")]
        assert (may[0]["当月计划"], may[0]["原序时"]) == (4, "--"), "nothing was changed yet"
    else:
        assert "自 2025年6月期起目标调整" in changed["备注"]


def test_every_kind_has_the_same_fingerprint(db, tmp_path):
    assert len({made(kind, tmp_path)[1].data_sha256 for kind in ("ledger", "changes", "detail")}) == 1
    assert TargetChange.objects.count() == 3
