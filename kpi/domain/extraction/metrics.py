"""What a number measures, in the report's words, and which kind of indicator that makes."""

from __future__ import annotations

import re

from kpi.domain.extraction.quantities import Amount, Form
from kpi.domain.extraction.units import is_rate
from kpi.domain.values import Comparator, Kind

LONGEST = 60
# As far before a number as its words can reach.
_REACH = 120
_LEADING = re.compile(
    r"(?:(?:到|至|在|于)?20[0-9]{2}年[底末]?|今年|全年|年内|年底前?|[0-9一二三四五六七八九十]{1,2}月底?前|上半年|[一二三四]季度|[全我][市县省区州]"
    r"|其中|同时|另外|再|还要|要|将|拟|力争|确保|争取|努力|务必|奋力|力求|预期|计划|实现|推动|推进|使|让|带动|促进|，|、|和|与|及)+"
)
_TRAILING = re.compile(
    r"(?:稳定|保持|控制|严控|维持|压控|稳控)?(?:在|到|至|为|达到?|突破|超过?|不少于|不低于|不超过|不高于|至少|(?:提高|提升|降低|增加)[到至]|压缩至|降至"
    r"|左右|约|近|分别|力争|总数|累计){1,4}$"
)
_VERBS_ONLY = re.compile(
    r"(?:新建|建设|改造|新增|完成|实施|培育|引进|打造|建成|开工|竣工|举办|开展|办好|组建|创建|发展|新改建|改扩建|改建|和|净增|招引|选派|培训|发放"
    r"|争取|安排|投资|推广|布局|治理|修复|提供|为|让|对|抓好|落地|办理|救助|更换|淘汰|加装|筹集|新开|达|约|至少|近|不少于|超过){0,6}"
)
_BEHIND = re.compile(r"(?:以上|以内|左右)?的?([^，；。：、]{0,60})")
_SUBJECTS = re.compile(r"[、和与及]|以及")
_CHANGE = re.compile(r"(?:增长|下降|提高|降低|达到?|突破)$")
_FLOW = re.compile(
    r"新增|新建|净增|新改建|改造|完成|建成|建设|实施|举办|开展|培训|发放|引进|开工|竣工|投产|新开|治理|修复|办理|争取|安排|投资|发行|转移|销售|接待"
    r"|产量|产值|收入|总额"
)
_STOCK = re.compile(r"达到?$|总数|总量|稳定在|保持在|保有量|存量|余额|累计|面积|库容|里程|数量|认定|入库")
_FLOOR = re.compile(r"不突破|不新增|零|不发生")


def metric(text: str, start: int, end: int, amount: Amount, order: int, inherited: str) -> str:
    """The words for what is measured. ``order`` is the place in a bare list, whose subjects stand before it."""
    before = text[max(start, amount.start - _REACH) : amount.start]
    leading = _LEADING.match(before)
    subject = _TRAILING.sub("", (before[leading.end() :] if leading else before).replace("分别", ""))
    if _VERBS_ONLY.fullmatch(subject):
        behind = _BEHIND.match(text, amount.end, end)
        subject += behind[1] if behind else ""
    return ((_one_of(subject, order) if "分别" in before else subject) or inherited)[:LONGEST]


def _one_of(subject: str, order: int) -> str:
    """“城镇、农村居民收入增长” (分别) has two subjects; the words of change belong to each."""
    subjects = [each for each in _SUBJECTS.split(subject) if each]
    if len(subjects) < 2 or order >= len(subjects):
        return subject
    change = _CHANGE.search(subject)
    is_last = order == len(subjects) - 1
    return subjects[order] + (change[0] if change and not is_last else "")


def kind(words: str, amount: Amount, comparator: Comparator, *, is_per_unit: bool) -> Kind:
    """A proposal from the words before the number, its unit and its comparator: a person decides."""
    if comparator is Comparator.RANK:
        return Kind.RANK
    if amount.form is Form.COVERAGE or is_per_unit:
        return Kind.COVERAGE
    if amount.form is Form.NO_GROWTH or _FLOOR.search(words):
        return Kind.BOTTOM_LINE
    if is_rate(amount.unit) or amount.unit in ("成", "倍", "番"):
        return Kind.RATIO
    return Kind.POINT_IN_TIME if _STOCK.search(words) and not _FLOW.search(words) else Kind.CUMULATIVE
