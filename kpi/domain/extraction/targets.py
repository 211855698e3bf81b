"""The numbers of a sentence that are to be reached, with the unit in which they are counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from kpi.domain.extraction.names import names
from kpi.domain.extraction.past import start_spans
from kpi.domain.extraction.quantities import Amount, Form, amounts
from kpi.domain.extraction.thresholds import is_described
from kpi.domain.extraction.units import is_rate


class Target(NamedTuple):
    """``unit_from``: the words its unit was completed from, empty where the whole unit stands at the number."""

    amount: Amount
    unit_from: str = ""

    @property
    def is_per_unit(self) -> bool:
        return self.unit_from.startswith("每")


_EACH = re.compile(
    r"每一?个?(?P<unit>县（市、区）|县（区）|县市区|区县|县区|县|区|市州|市县|市|乡镇（街道）|镇（街道）|镇街|乡镇街道|乡镇|镇|乡|街道|社区"
    r"|村（社区）|社区（村）|村（居）|街道（乡镇）|行政村|建制村|贫困村|村居|村|园区|学校|部门|单位|产业链)(?![民长级])"
)
# What is counted by another word than 个.
_COUNTED_BY = {
    **dict.fromkeys(("企业", "公司", "机构", "景区", "医院", "酒店"), "家"),
    **dict.fromkeys(("高校", "学校"), "所"),
    "项目": "个",
}
_NUMBERS = re.compile(r"[0-9一二两三四五六七八九十百千万亿半番零首榜覆]")
_NO_SUBJECT = re.compile(r"[，；、](?:力争|确保|争取)?(?:实现|取得)?$")
# A target said again with its reasons: “确定增长5%的目标，综合考虑了…”.
_REASONING = re.compile(
    r"目标[^。；0-9]{0,12}(?:考虑|兼顾|体现|着眼|有利于|有基础|有条件|符合|衔接|匹配)|适度提高[^。；]{0,10}，考虑"
)
# How far “每个乡镇” or “企业” can stand before the number.
_NEAR, _NEARER = 40, 20


def targets(text: str, past: Sequence[tuple[int, int]]) -> list[Target]:
    """In their order. ``past``: where the sentence says what was."""
    if not _NUMBERS.search(text) or _REASONING.search(text):
        return []
    behind = [*past, *start_spans(text)]
    barred = [*names(text), *behind]
    kept: list[Amount] = []
    for each in amounts(text):
        # “第一” and “第3位” look like names; only what lies behind bars them.
        is_barred = _touches(each, behind if each.form is Form.RANK else barred)
        if not (is_barred or is_described(text, each, kept) or _only_repeats(text, each, kept)):
            kept.append(each)
    return [_with_unit(text, each) for each in kept]


def _only_repeats(text: str, amount: Amount, earlier: Sequence[Amount]) -> bool:
    """“新增1家上市公司，实现零的突破” says nothing more."""
    return bool(earlier) and amount.form is Form.FIRST_ONES and _NO_SUBJECT.search(text, 0, amount.start) is not None


def _touches(amount: Amount, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start < amount.end and amount.start < end for start, end in spans)


def _with_unit(text: str, amount: Amount) -> Target:
    """“破零” has the unit of what there was none of; “每个乡镇引进1家” is counted in 家/乡镇."""
    if amount.form is Form.FIRST_ONES:
        before = text[max(0, amount.start - _NEARER) : amount.start]
        noun = max(_COUNTED_BY, key=before.rfind)
        return (
            Target(amount._replace(unit=_COUNTED_BY[noun]), noun)
            if noun in before
            else Target(amount._replace(unit="个"))
        )
    begin = max(amount.start - _NEAR, 0, *(text.rfind(mark, 0, amount.start) for mark in "，；。："))
    each = list(_EACH.finditer(text, begin, amount.start))
    if not each or amount.form not in (Form.FIGURE, Form.WORDS) or is_rate(amount.unit):
        return Target(amount)
    return Target(amount._replace(unit=f"{amount.unit}/{each[-1]['unit']}"), each[-1][0])
