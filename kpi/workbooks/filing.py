"""The columns of a department's monthly workbook, written once for the template and for reading it back.

A row is known by the indicator's code; two hidden columns say for which period it was made and what it said then, so
that a row nobody touched is told from a row that changed meanwhile. Headings that the exports have too come from there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from kpi import labels
from kpi.domain.values import Kind
from kpi.selectors.content import Content
from kpi.services.content import FLAGS
from kpi.workbooks.shared_columns import SHARED

# Nodes with their days and ticks per township do not fit a line; they are filed on the page.
KINDS = frozenset({Kind.CUMULATIVE, Kind.POINT_IN_TIME, Kind.RATIO, Kind.RANK, Kind.BOTTOM_LINE, Kind.STAGE})
YES = gettext_lazy("是")
SEPARATORS = re.compile(r"[、，,;；\s]+")
STAMP = re.compile(r"(\d{1,9}):([0-9a-f]{12})")
DAY_OF_MONTH = re.compile(r"(\d{4}-\d{2})-\d{2}( 00:00:00)?")


@dataclass(frozen=True)
class Column:
    """One column: ``key`` is its stable name in the hidden first row; an ``is_open`` one is for typing."""

    key: str
    heading: Promise | str
    width: int
    is_open: bool = False
    is_hidden: bool = False


COLUMNS = (
    Column("code", SHARED["code"], 7),
    Column("name", SHARED["name"], 30),
    Column("unit", SHARED["unit"], 8),
    Column("last", gettext_lazy("上期"), 11),
    Column("plan", SHARED["plan"], 11),
    Column("target", SHARED["target"], 11),
    Column("value", gettext_lazy("本期完成"), 12, is_open=True),
    Column("numerator", gettext_lazy("分子"), 9, is_open=True),
    Column("denominator", gettext_lazy("分母"), 9, is_open=True),
    Column("no_progress", gettext_lazy("没有新进展"), 11, is_open=True),
    Column("is_unpublished", gettext_lazy("数据尚未公布"), 11, is_open=True),
    Column("is_correction", gettext_lazy("数据更正"), 9, is_open=True),
    Column("narrative", gettext_lazy("进展说明"), 40, is_open=True),
    Column("deviation_reasons", gettext_lazy("偏差原因"), 14, is_open=True),
    Column("measures", gettext_lazy("下一步措施"), 30, is_open=True),
    Column("catch_up_period", gettext_lazy("预计追平"), 10, is_open=True),
    Column("outlook", gettext_lazy("年底能否完成"), 13, is_open=True),
    Column("source_note", gettext_lazy("数据来源"), 18, is_open=True),
    Column("period", gettext_lazy("报告期"), 9, is_hidden=True),
    Column("stamp", gettext_lazy("版本"), 22, is_hidden=True),
)
KEYS = tuple(column.key for column in COLUMNS)
OPEN = tuple(column.key for column in COLUMNS if column.is_open)
HEADINGS: Mapping[str, Promise | str] = {column.key: column.heading for column in COLUMNS}


def stamp_of(version: int, content: Content) -> str:
    """What a row says when the template is made: the report's version and a digest of the open cells."""
    return f"{version}:{digest(content)}"


def digest(content: Content) -> str:
    """Twelve hex digits of the content the open columns hold: figures by value, not by their zeros; lists as sets."""
    fields = content.as_fields()
    plain = {key: _plain(fields[key]) for key in OPEN}
    return sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:12]


def _plain(value: object) -> object:
    if isinstance(value, list):
        return sorted(value)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def cells_of(raw: Mapping[str, Any]) -> dict[str, str]:
    """The open cells for a report's raw fields, in words."""
    cells = {key: str(raw.get(key) or "") for key in OPEN}
    cells |= {key: str(YES) if raw.get(key) else "" for key in FLAGS}
    cells["deviation_reasons"] = "、".join(labels.words(labels.DEVIATION, raw.get("deviation_reasons") or ()))
    cells["outlook"] = str(labels.OUTLOOK[raw["outlook"]].text) if raw.get("outlook") else ""
    return cells


def raw_of(cells: Mapping[str, str]) -> dict[str, Any]:
    """The raw fields that ``services.content.read`` reads, from a row's cells; unknown words stay as they are."""
    raw: dict[str, Any] = {key: cells.get(key, "").strip() for key in OPEN}
    return raw | {key: READERS[key](raw[key]) for key in READERS}


def _read_flag(text: str) -> str:
    """“Yes” in any of the product's languages, or a ticked box; another word stays, to be refused."""
    return "on" if text in _yes_words() else text.replace("FALSE", "")


def _read_reasons(text: str) -> list[str]:
    codes = _codes("DEVIATION")
    return [codes.get(word, word) for word in SEPARATORS.split(text) if word]


def _read_outlook(text: str) -> str:
    return _codes("OUTLOOK").get(text, text)


def _read_month(text: str) -> str:
    """A month may have been turned into its first day by the spreadsheet program."""
    found = DAY_OF_MONTH.fullmatch(text)
    return found.group(1) if found else text


READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(FLAGS, _read_flag),
    "deviation_reasons": _read_reasons,
    "outlook": _read_outlook,
    "catch_up_period": _read_month,
}


# Words do not change while the product runs, and a workbook asks for them five thousand times.
@cache
def _yes_words() -> frozenset[str]:
    """“Yes” in every language, and a workbook's own truth value."""
    found = {"TRUE"}
    for code, __ in settings.LANGUAGES:
        with override(code):
            found.add(str(YES))
    return frozenset(found)


@cache
def _codes(table: str) -> Mapping[str, str]:
    """Word → code of a table of labels: a template made in one language is read in another."""
    found = {}
    for language, __ in settings.LANGUAGES:
        with override(language):
            found |= {str(label.text): str(code) for code, label in getattr(labels, table).items()}
    return found


def instructions() -> list[tuple[str, str]]:
    """What the second sheet says, point by point."""
    return [
        (_("怎么填"), _("只填白色格子；灰色格子已锁定。一行一个指标，不填的行不受影响。")),
        (_("本期完成"), _("填截至本期末的数字，不带单位。空白是没有填，0 是数字为零，两者不同。")),
        (_("没有新进展"), _("与上期相同时选“是”，数字可以不填。")),
        (_("数据尚未公布"), _("数字还没有公布时选“是”，数字留空，在说明里写何时公布。")),
        (_("比率"), _("只填分子和分母，比率由系统计算。")),
        (_("黄灯、红灯"), _("须填偏差原因、下一步措施和预计追平。原因可写多个，用顿号隔开。")),
        (_("公式"), _("不接受公式。请复制后“选择性粘贴—数值”。")),
        (_("上传"), _("保存为 .xlsx 后在网页上传。先预览、后确认，确认前什么都不会写入。")),
    ]
