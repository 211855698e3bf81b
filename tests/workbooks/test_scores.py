"""The scores' workbook: the same figures as the pages, official order, each point explained, and its rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from openpyxl import load_workbook

from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import ScoreRun
from kpi.services import exporting
from kpi.workbooks import export
from tests.conftest import NOW
from tests.scores import APRIL, opened
from tests.web.test_scores import rows_of
from tests.workbooks.test_exports import job_of

HEAD = 3


@pytest.fixture(scope="module")
def april(django_db_setup, django_db_blocker) -> Iterator[ScoreRun]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield opened()
        transaction.set_rollback(True)


def made(tmp_path: Path, *units: str):
    job = job_of("scores", APRIL, *units)
    done = export.make(job, tmp_path / "scores.xlsx", lambda done, total: None, NOW)
    return load_workbook(tmp_path / "scores.xlsx"), done


def lines(sheet) -> list[dict[str, object]]:
    head, *rows = list(sheet.iter_rows(min_row=HEAD, values_only=True))
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_the_workbook_says_what_the_page_says(april, db, tmp_path, as_user):
    book, done = made(tmp_path)
    assert book.sheetnames == ["考核得分", "逐项得分", "扣分加分", "口径与规则"]
    units = lines(book["考核得分"])
    page = rows_of(as_user("dcs_1").get(f"/2025/scores/{APRIL}/").content.decode())
    assert [line["单位"] for line in units] == list(page), "official order, leaders last"
    for line in units:
        shown = [f"{line[name]:.2f}" for name in ("得分", "基础分", "扣分", "加分")]
        assert shown == page[line["单位"]][:4], line["单位"]
    assert done.rows == len(units) + len(lines(book["逐项得分"])) + len(lines(book["扣分加分"]))


def test_each_units_tasks_are_those_of_its_page(april, db, tmp_path, as_user):
    book, _done = made(tmp_path)
    text = as_user("dcs_1").get(f"/2025/scores/{APRIL}/units/commerce/").content.decode()
    shown = re.findall(r'class="code">(\w+)<.*?得分</span><b>([\d.]+|--)</b>', text, re.S)
    mine = [line for line in lines(book["逐项得分"]) if line["单位"] == "市商务局"]
    points = [line["得分"] if isinstance(line["得分"], str) else f"{line['得分']:.2f}" for line in mine]
    assert [(line["编号"], each) for line, each in zip(mine, points, strict=True)] == shown
    assert all(line["说明"] and line["出处"] for line in mine)


def test_a_department_has_its_own_and_no_other(april, db, tmp_path):
    book, done = made(tmp_path, "commerce")
    assert [line["单位"] for line in lines(book["考核得分"])] == ["市商务局"]
    assert {line["单位"] for line in lines(book["逐项得分"])} == {"市商务局"}
    assert done.data_sha256 == made(tmp_path, "commerce")[1].data_sha256 != made(tmp_path)[1].data_sha256


def test_its_rules_name_scheme_snapshot_caps_and_what_never_scores(april, db, tmp_path):
    book, done = made(tmp_path)
    said = {row[0]: row[1] for row in book["口径与规则"].iter_rows(values_only=True)}
    assert said["数据校验值"] == done.data_sha256 and "第 1 版" in said["快照"] and "贵阳" in said["方案"]
    assert said["迟报"] == "每次 0.2，封顶 2" and "领导批示" in said["不计分"] and "不排名" in said["排名"]


def test_there_is_none_before_units_have_seen_it(db, actor):
    asked = {"year": 2025, "kind": "scores", "period": "2025-02", "language": "zh-hans", "now": NOW}
    with pytest.raises(DomainError, match="export_no_scores"):
        exporting.ask(**asked, departments=[], actor=actor("dcs_1"))
    with pytest.raises(NotPermitted):
        exporting.ask(**asked | {"period": "2025-05"}, departments=["commerce"], actor=actor("nyj_head"))
    with pytest.raises(DomainError, match="export_no_scores"):
        export.make(job_of("scores", "2025-02"), Path("never.xlsx"), lambda done, total: None, NOW)
