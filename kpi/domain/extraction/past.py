"""Where a sentence that looks ahead looks back: clauses about what was, and where a number starts from.

“在去年完成120亿元的基础上”, “去年新建86座，今年再新建50座”, “从380元提高至1000元”: only 50 and 1000 are to be reached.
"""

from __future__ import annotations

import re

_ON_BASIS = re.compile(r"在[^，。；]{0,60}?基础上|继[^，。；]{0,40}?之后")
_CLAUSE = re.compile(r"[^，；：]+[，；：]?")
# From such a beginning on, clauses are about what was …
_LOOKS_BACK = re.compile(
    r"(?:其中)?(?:[我全][市县省区州])?(?:截至|目前|当前|现有|此前|去年|上年|前年|过去|近(?:年|几年|[两三五0-9]年)|几年来|近年来|[一五]年来|今年以来|前期|年初以来|往年|历年"
    r"|已有|全[市县省区州]已|今年(?:上半年|前[一二三]季度|[1-9]-[0-9]+月))"
)
# … until one of these.
_LOOKS_AHEAD = re.compile(
    r"今年(?!以来|上半年|前|[1-9])|今后|下一步|下步|力争|确保|要(?![求素])|将|争取|计划|拟|再|继续|还|明年|必须|努力|务必|到20[0-9]{2}年|[0-9十]月[底末]?前|年底前|年内"
)
# A clause of its own that tells what is done: 已建成, 完成了.
_DONE = re.compile(
    r"(?<!力争)已(?:经)?(?!核准|建成的|完成的|开工的|纳入|签约|批复|建|入库|备案|立项|有的)[一-龥]|[成现得出到立建]了(?!的)"
)
_YEAR_FIRST = re.compile(r"(?:在)?(20[0-9]{2})年(?:底|末|以来|[，,]|[^，。；]{0,3}(?:全|我|完成|实现|新增|已))?")
_CHANGE = (
    r"(?:提高|增加|提升|增长|上升|上调|扩大|降低|下降|下调|压缩|压减|缩短|缩减|减少|调整|扩展|拓展|延长|恢复"
    r"|增|升|降|减|扩|调|提|缩)"
)
_FROM_TO = re.compile(
    rf"(?:由|从|自|现行|原来的?|目前的?|上年的?|去年的?)(?P<old>[^，。；]{{1,40}}?){_CHANGE}?(?:到|至|为)(?=[^，。；]{{0,14}}[0-9])"
)
_FROM_TO_NEXT_CLAUSE = re.compile(rf"(?:由|从)(?P<old>[^，。；]{{1,24}})，(?:{_CHANGE}|统一)(?:到|至|为)")


def past_spans(text: str, year: int | None) -> list[tuple[int, int]]:
    """Where a sentence says what was or is."""
    spans = [found.span() for found in _ON_BASIS.finditer(text)]
    is_past = False
    for clause in _CLAUSE.finditer(text):
        words = clause[0]
        stated = _stated_year(words)
        if _LOOKS_BACK.match(words) or (stated and year and stated < year):
            is_past = True
        elif _LOOKS_AHEAD.search(words) or (stated and year and stated >= year):
            is_past = False
        if is_past or _DONE.search(words):
            spans.append(clause.span())
        is_past = is_past and words[-1] != "；"
    return spans


def _stated_year(words: str) -> int:
    found = _YEAR_FIRST.match(words)
    return int(found[1]) if found else 0


def start_spans(text: str) -> list[tuple[int, int]]:
    """Where the number stands that another one is reached from: “由14%提升至57%”."""
    return [found.span("old") for words in (_FROM_TO, _FROM_TO_NEXT_CLAUSE) for found in words.finditer(text)]
