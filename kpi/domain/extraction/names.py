"""Numbers that belong to a name, a date or a rule, and so are no amount of anything."""

from __future__ import annotations

import re

from kpi.domain.extraction.numerals import CHINESE

_DIGITS = r"(?<![0-9.])[0-9]{1,6}"
_WORDS = rf"(?<![{CHINESE}])[{CHINESE}]{{1,6}}"
_N = rf"(?:{_DIGITS}(?:\.[0-9]{{1,4}})?|{_WORDS})"
_PATTERNS = (
    # Quotation marks and titles of papers.
    r"“[^“”]{1,40}”|《[^《》]{1,60}》|〔[^〕]{1,8}〕(?:第?[0-9]{1,5}号)?",
    # Years, months, days, hours, decades, and spans of them.
    r"[0-9]{4}(?:[-~至到/、和与][0-9]{2,4}){0,3}(?:年度|年)(?:[0-9]{1,2}月(?:[0-9]{1,2}日)?)?|[0-9]{1,2}月[0-9]{1,2}日",
    r"[0-9]{1,2}(?:[-~至到、和][0-9]{1,2})?月(?!子)|[0-9]{1,2}：[0-9]{2}|[0-9]{1,2}·[0-9]{1,2}|[0-9]0年代|[0-9]{1,2}[-~至到][0-9]{1,2}日",
    # Ordinals, sessions, anniversaries.
    rf"第{_N}(?:[-~至]{_N})?[一-龥]|{_N}届(?:{_N}次)?|{_N}中全会|{_N}周年|[一二三四五六七八九十]{{1,3}}大(?=[^，。]{{0,2}}(?:精神|报告|召开|以来))",
    # Roads, models, voltages, sums of names (1+N), hot lines, telephone numbers, ratios.
    rf"[A-Z]{{1,3}}[0-9]{{1,4}}(?:\+[0-9]{{1,4}})?|{_DIGITS}(?:国道|省道|县道|乡道|线)|{_DIGITS}(?:千伏|kV|KV)|{_DIGITS}[A-Z]级",
    r"(?:[0-9]{1,4}|[NXn一二三四五六七八九十]{1,4})(?:\+(?:[0-9]{1,4}|[NXn一二三四五六七八九十]{1,4})){1,6}",
    r"[0-9]{3,5}(?=热线|电话|平台|急救|指挥|报警|便民|应急)|[0-9]{3,4}-[0-9]{7,8}|(?<![0-9])1[0-9]{10}(?![0-9])",
    r"[0-9.]{1,8}：[0-9.]{1,8}|[0-9.]{1,8}/(?:10|十)?[百千万]{1,3}(?![0-9元人])|[0-9.]{1,8}/10万",
    # Somebody else's list: “十四五”规划102项工程.
    r"十[一二三四五六七]五”?(?:规划|国家|期间|时期)?[0-9]{2,4}项",
    # Slogans: “两个100%”.
    r"[一二两三四五六七八九十]个[0-9]{1,4}(?:%|万|亿)?(?![0-9个])",
    # Denominators and rhythms: 每千人口, 每10万人, 每两年; 每周1次.
    rf"每{_N}(?:名|个|人|户|位|年|月|天|小时)?|每[年季月周天日]度?[^，。；、0-9]{{0,8}}[0-9一二两三]{{1,2}}[次场期轮]",
    # Reach by time (15分钟生活圈), stages of a project, grades (10万吨级), numbered things.
    rf"{_N}(?:个?小时|分钟|公里)[^，。；、]{{0,10}}圈|[0-9]期(?:工程|项目|建设)|{_DIGITS}号(?:线|楼|院|地块|文件|令|公告|台|机组|路|井|隧道)",
    rf"{_N}[多余]?(?:[百千万亿]{{0,3}}(?:吨|元|千伏|兆瓦|千瓦|平方米|美元)?|星|A{{1,5}})级",
)
_NAMES = re.compile("|".join(_PATTERNS))


def names(text: str) -> list[tuple[int, int]]:
    """Where they stand, in their order."""
    return [found.span() for found in _NAMES.finditer(text)]
