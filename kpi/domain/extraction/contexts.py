"""Why a number with a unit is not what is to be reached.

Thresholds (“过亿元的项目10个” is 10), what a thing is described by (“总投资50亿元的项目”), where something starts from
(“从380元提高至1000元”), what was (“去年完成120亿元”), differences already said (“比上年增加1.6万亿元”), ages, durations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kpi.domain.extraction.amounts import Amount, Form
from kpi.domain.extraction.units import is_count, is_measure, is_money, is_rate, is_time

# What is counted, and may itself be described by a number.
_ENTITY = (
    r"(?:项目|企业|公司|产业|集群|园区|链|工程|电站|电厂|机组|水厂|处理厂|厂|生产线|产线|码头|航道|泊位|港|枢纽|储罐|光伏|风电|变电站|线路|基地|镇|乡|县|村|区|户|楼宇|楼|单品|品牌|大户"
    r"|商贸|主体|单位|家庭|人群|老人|儿童|学生|人口|锅炉|商户|门店|载体|平台|设备|产品|合同|订单|综合体|医院|学校|中心|场|站|群|水库|河流|船舶|车辆|贷款户|城市|大县)"
)
# What is measured itself: money, length, capacity. Never a thing described by a threshold.
_MASS = r"(?:目标|任务|增速|增长|速度|幅度|水平|规模|资金|投资|债券|贷款|份额|比例|比重|占比|贡献|产能|能力|产值|收入|税收|营收|道路|农田|绿地|面积|补贴|补助|资产|产量|要求|年度|标准厂房)"
_QUANTIFIER = r"(?:及?以上|及?以下|以内|左右|以上规模|级)?"
# A description by a threshold: passing it, or with 以上 and the thing behind it.
_PASSING = re.compile(r"(?:过|超过?|逾|破|满|达到?|不足|低于|高于|不低于|不超过|超出|突破|大于|小于|少于|在)$")
_THING_BEHIND = re.compile(rf"{_QUANTIFIER}(?:的)?(?:[^，。；、0-9]{{0,14}}?){_ENTITY}")
_BOUND_THING = re.compile(rf"(?:及?以上|及?以下|以内|级)的?(?![，。；、）]|$)(?!{_MASS})[^，。；、0-9]{{0,16}}?{_ENTITY}")
_OF = re.compile(rf"{_QUANTIFIER}的(?!{_MASS})[^，。；]")
_DESCRIBED = re.compile(
    r"(?:总投资|投资额?|总建筑面积|建筑面积|占地面积?|年产|日产|年产值|年加工|年处理|日处理|日供水|日处理能力|装机容量?|总装机|规模|库容|注册资本|产值|营收|销售额|年收入|年税收|税收|主营业务收入|集体经济收入|单体投资|单个投资)"
    r"(?:规模|额|能力)?(?:约|近|超过?|达到?|过|为)?$"
)
_CAPACITY = re.compile(r"(?:年产|日产|年加工|年处理|日处理|日供水|总投资|总建筑面积|占地面积?|装机容量?|总装机|总库容)(?:约|近|超过?|达)?$")
_VERB_BEHIND = re.compile(
    r"(?:新建|建设|改造|实施|推进|用于|完成|改善|支持|建成|扩建|打造|开展|启动|购置|加快|提升|新增|解决|对|升级|维修|修缮|迁建|改扩建|整治|推动|发展|扶持|培育|奖补|设立|优化)"
)
_CAPACITY_THING = re.compile(r"[^，。；0-9]{0,24}?(?:项目|工程|电站|电厂|生产线|产线|厂|码头|航道|储罐|基地|机组|光伏|风电|变电站|产业园|物流园|园区|核心区|中心)")
_BARE_MONEY_THING = re.compile(r"(?:级)?(?:的)?(?:[^，。；、0-9的]{0,6}?)(?:企业|项目|产业(?!投资)|集群|园区|镇|乡|县|村|大户|楼宇|单品|品牌|公司|区|链|市|强县|骨干|龙头)")

_FROM_TO = re.compile(
    r"(?:由|从|自|现行|原来的?|目前的?|上年的?|去年的?)(?P<old>[^，。；]{1,40}?)"
    r"(?:提高|增加|提升|增长|上升|上调|扩大|降低|下降|下调|压缩|压减|缩短|缩减|减少|调整|扩展|拓展|延长|恢复|增|升|降|减|扩|调|提|缩)?(?:到|至|为)(?=[^，。；]{0,14}[0-9])"
)
_FROM_TO_COMMA = re.compile(r"(?:由|从)(?P<old>[^，。；]{1,24})，(?:提高|增加|提升|降低|下降|压缩|缩短|调整|统一)(?:到|至|为)")
_ON_BASIS = re.compile(r"在[^，。；]{0,60}?基础上|继[^，。；]{0,40}?之后")
_COMPARED = re.compile(r"(?:比|较)(?:上年|去年|上一年|年初|去年预算|上年预算|去年同期|上年同期|20[0-9]{2}年)[^，。；、]{0,6}?(?:增加|提高|高|扩大|多|减少|下降|降低|低|少|增长|上升|压减|净增)(?:了)?(?:约|近|超过?)?$")
_PAST_CLAUSE = re.compile(
    r"^(?:其中)?(?:截至|目前|当前|现有|此前|去年|上年|前年|过去|近[几年两三五0-9]|几年来|近年来|[一五]年来|今年以来|前期|年初以来|往年|历年|累计已|全[市县省区州]现有|今年(?:上半年|前[一二三]季度|[1-9]-[0-9]+月))"
)
_NEW_START = re.compile(r"今年(?!以来|上半年|前|[1-9])|今后|下一步|下步|力争|确保|要(?![求素])|将|争取|计划|拟|再|继续|还|明年|必须|努力|务必|到20[0-9]{2}年")
_DONE = re.compile(r"(?<!力争)已(?:经)?(?!核准|建成的|完成的|开工的|纳入|签约|批复|建|入库|备案|立项|有的)[一-龥]|[成现得出到立建]了(?!的)")
_DATED_PAST = re.compile(r"^(?:在)?(20[0-9]{2})年(?:底|末|以来|[，,]|[^，。；]{0,3}(?:全|我|完成|实现|新增|已))?")
_SCOPE = re.compile(r"^(?:紧紧|牢牢|重点|积极|持续|全面)?(?:围绕|聚焦|紧扣|针对|按照|对照|对标|瞄准|依托|立足|根据|锚定|紧盯|坚持|统筹|发挥)")
_ACTING = re.compile(
    r"新增|新建|建设|建成|引进|培育|完成|改造|实施|打造|推进|推动|发展|达|突破|超过|增长|提高|提升|降低|下降|举办|开展|创建|净增|争取|力争|确保|招引|布局|开工|竣工|投产|改建|招商|落地"
)
_POLICIES = re.compile(r"(?:落实|用好|用足|执行|兑现|出台的|贯彻|健全|完善|推行|坚持|深化|巩固)[^，。；]{0,16}$")
_ASPECT = re.compile(r"(?:方面|领域|环节|关键|重点领域|层面|阶段|原则|字|大(?!型|棚|桥|学)|维度|专题|板块|目标|指标|主要指标|意识|关系|要素|问题清单)")
_LIFE = re.compile(r"寿命[^，。；]{0,8}$")
_DAYS = re.compile(r"(?:天数|优良天|蓝天|达标天)[^，。；、]{0,10}$")
_SPEED = re.compile(r"(?:压缩|压减|缩短|减少|缩减|控制|降低|压降|降|不超过|不多于|时限|时长|时间|用时|耗时|工期|周期|办结)[^，。；]{0,10}$")


def past_spans(text: str, year: int | None) -> list[tuple[int, int]]:
    """Clauses of a sentence that say what was or is, up to where it looks ahead again."""
    spans: list[tuple[int, int]] = [found.span() for found in _ON_BASIS.finditer(text)]
    is_past = False
    for clause in re.finditer(r"[^，；]+[，；]?", text):
        words = clause[0]
        if _PAST_CLAUSE.match(words) or _is_dated_before(words, year):
            is_past = True
        elif _NEW_START.search(words) or _is_dated_since(words, year):
            is_past = False
        if is_past or _DONE.search(words):
            spans.append(clause.span())
        is_past = is_past and words[-1] != "；"
    return spans


def _is_dated_before(words: str, year: int | None) -> bool:
    found = _DATED_PAST.match(words)
    return found is not None and year is not None and int(found[1]) < year


def _is_dated_since(words: str, year: int | None) -> bool:
    found = _DATED_PAST.match(words)
    return found is not None and year is not None and int(found[1]) >= year


def start_spans(text: str) -> list[tuple[int, int]]:
    """Where a number stands that something starts from: “由14%提升至57%”."""
    return [found.span("old") for words in (_FROM_TO, _FROM_TO_COMMA) for found in words.finditer(text)]


def is_described(text: str, amount: Amount, earlier: Sequence[Amount]) -> bool:
    """Whether the amount describes a thing or is no target for another reason. ``earlier``: targets before it."""
    before, after = text[max(0, amount.start - 40) : amount.start], text[amount.end : amount.end + 40]
    if amount.form in (Form.RANK, Form.COVERAGE, Form.FIRST_ONES, Form.NO_GROWTH, Form.MULTIPLE, Form.FRACTION):
        return False
    if is_time(amount.unit):
        return not _is_time_target(before, after, amount.unit)
    if is_count(amount.unit):
        return _is_scope(before, after)
    if _is_difference(before, amount, earlier):
        return True
    return is_measure(amount.unit) and _is_threshold(before, after, amount.unit)


def _is_time_target(before: str, after: str, unit: str) -> bool:
    if unit.endswith("岁"):
        return _LIFE.search(before) is not None
    if unit.endswith(("年", "周", "日")) and "工作日" not in unit and "自然日" not in unit:
        return False
    is_days = unit == "天" and _DAYS.search(before) is not None
    return is_days or (_SPEED.search(before) is not None and not after.startswith(("的", "内完成", "前")))


def _is_scope(before: str, after: str) -> bool:
    """A count that only says where or along what: “围绕5条产业链”, “8个方面”, “落实33条措施”."""
    if _ASPECT.match(after) or (after.startswith(("措施", "政策", "意见", "硬措施")) and _POLICIES.search(before)):
        return True
    clause = re.split(r"[，。；：]", before)[-1]
    return _SCOPE.match(clause) is not None and not _ACTING.search(clause)


def _is_difference(before: str, amount: Amount, earlier: Sequence[Amount]) -> bool:
    """“比上年增加1.6万亿元” behind the amount itself says nothing new; “比上年增长5%” is a target."""
    return bool(earlier) and amount.unit != "%" and _COMPARED.search(before) is not None


def _is_threshold(before: str, after: str, unit: str) -> bool:
    if _CAPACITY.search(before) and not re.match(r"(?:以上)?(?:[，。；、）]|$)", after) and not _VERB_BEHIND.match(after):
        return True
    if _DESCRIBED.search(before) and re.match(rf"{_QUANTIFIER}的", after):
        return True
    if _BOUND_THING.match(after) or (_PASSING.search(before) and _THING_BEHIND.match(after) and not re.match(_MASS, after)):
        return True
    if is_money(unit):
        return _BARE_MONEY_THING.match(after) is not None or (_OF.match(after) is not None and re.match(rf"的[^，。；]{{0,20}}?{_ENTITY}", after) is not None)
    if re.match(r"(?:千瓦|兆瓦|MW|GW|MWp|MWh|GWh|千瓦时|兆瓦时|吨级|立方米|平方公里|亩|吨|万吨)", unit.lstrip("百千万亿")):
        return _CAPACITY_THING.match(after) is not None and re.match(r"(?:千瓦|兆瓦|MW|GW|MWh|GWh)", unit.lstrip("百千万亿")) is not None and not after.startswith(("，", "、"))
    return False


def is_rate_share(unit: str) -> bool:
    return is_rate(unit)
