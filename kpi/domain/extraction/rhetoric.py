"""Whether a Chinese numeral is a number to be reached, or a way of speaking: “一条新路”, “三大行动”, “千亿产业”."""

from __future__ import annotations

import re

from kpi.domain.extraction.units import is_count, is_time

_BOUND = re.compile(r"以上|以内|以下|左右")
_LAST = re.compile(r"$|[，。；、）]")
# After these words a count from one to nine is meant …
_VERB = (
    r"(?:新建|新增|新改建|新开|改建|扩建|改造|建成|建设|建好|引进|招引|引育|培育|创建|开工|竣工|投产|投用|办好|办实|完成|实施|打造|净增|组建|设立"
    r"|举办|选树|评选|申报|认定|突破|超过|达到|达|至少|不少于|不低于|每年|再|争取|新认定|获批|落地|布局)了?"
)
_BEHIND_VERB, _FROM_VERB = re.compile(rf"{_VERB}$"), re.compile(_VERB)
# … a single one only after these.
_BEHIND_ONE_VERB = re.compile(
    r"(?:新建|新增|新改建|改扩建|引进|建成|开工建设|至少|不少于|每[^，。；]{1,8}(?:建设|建成|建|有|打造|培育|创建|引进|新增))$"
)
# A bare magnitude describes (“千亿元产业”) unless something is to pass or reach it and no thing follows.
_PASSING = re.compile(r"(?:突破|超过?|破|达到?|过|逾|迈上|跨越|跃上|跨入|冲刺|站稳|迈向|挺进|登上|跨上)$")
_PASSED = re.compile(r"(?:以上|左右)?(?:$|[，。；、）])|大关|台阶|新台阶|目标|规模")
_SAYING = re.compile(
    r"方面|原则|坚持|统筹|转变|体系|关系|确保|着力|环节|维度|层面|阶段|战略|理念|重点|一|字|好|新"
    r"|[^，。；、]{0,4}(?:任务|工作|改革|行动|工程|计划)"
)
_WINDOW = 12


def is_meant(text: str, start: int, end: int, numeral: str, unit: str) -> bool:
    """For a Chinese numeral with its unit at ``text[start:end]``; ``unit`` may be empty (“突破百亿”)."""
    before, after = text[max(0, start - _WINDOW) : start], text[end : end + _WINDOW]
    if is_time(unit) or after[:1] in ("级", "型", "大"):
        return False
    has_bound = _BOUND.match(after) is not None
    if numeral == "一":
        return has_bound or _BEHIND_ONE_VERB.search(before) is not None
    if numeral[0] in "百千万亿":
        return _PASSING.search(before) is not None and _PASSED.match(after) is not None
    if has_bound or _SAYING.match(after):
        return has_bound
    if not is_count(unit):
        return len(numeral) > 1 or unit in ("成", "倍")
    is_last = _LAST.match(after) is not None
    opens_with_verb = _FROM_VERB.match(re.split(r"[，。；、：]", before)[-1]) is not None
    return _BEHIND_VERB.search(before) is not None or (is_last and (len(numeral) > 1 or opens_with_verb))
