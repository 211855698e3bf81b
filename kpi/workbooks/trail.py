"""The audit trail as a file: the same words as on the page, a line for each entry, newest first."""

from __future__ import annotations

import tablib
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.spreadsheets.formats import BoundedCSV, BoundedXLSX
from kpi import trail_words
from kpi.domain.errors import DomainError
from kpi.selectors import trail
from kpi.selectors.trail import Filters
from kpi.selectors.trail_rows import Row, rows_of
from kpi.workbooks.cells import fitting

# Written in a few seconds; whoever needs more takes it in spans of days.
MOST_LINES = 10_000
# Entries whose objects are looked up together.
BATCH = 500
FORMATS = {"csv": BoundedCSV, "xlsx": BoundedXLSX}


def write(filters: Filters, file_format: str) -> tuple[bytes, int]:
    """The file and its lines. Raises ``DomainError`` ``trail_too_long`` for more than ``MOST_LINES`` entries."""
    found = list(trail.narrowed(filters).select_related("actor").order_by("-seq")[: MOST_LINES + 1])
    if len(found) > MOST_LINES:
        raise DomainError("trail_too_long", limit=MOST_LINES)
    data = tablib.Dataset(headers=_headings())
    for start in range(0, len(found), BATCH):
        for row in rows_of(found[start : start + BATCH]):
            data.append(_cells(row))
    content: bytes = FORMATS[file_format]().export_data(data)
    return content, len(found)


def _headings() -> list[str]:
    return [
        _("序号"), _("时间"), _("人员"), _("当日任职"), _("来自"), _("动作"), _("结果"), _("对象类别"), _("对象"),
        _("改了什么"), _("原因"), _("请求编号"), _("动作代码"), _("校验值"),
    ]  # fmt: skip


def _cells(row: Row) -> list[str]:
    entry = row.entry
    changes = "；".join(f"{change.label}：{change.before} → {change.after}" for change in row.changes)
    cells = [
        str(entry.seq), f"{localtime(entry.occurred_at):%Y-%m-%d %H:%M:%S}", row.who, row.posts, entry.ip or "",
        row.what, str(trail_words.OUTCOME[row.outcome]), row.kind_of_object, row.object_name, changes, entry.reason,
        entry.request_id, entry.action, entry.hash,
    ]  # fmt: skip
    return [fitting(cell) for cell in cells]
