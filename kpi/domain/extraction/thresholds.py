"""Why a number with a unit is not what is to be reached.

Thresholds (“过亿元的项目10个” is 10), what a thing is described by (“总投资50亿元的项目”), differences already said
(“比上年增加1.6万亿元”), estimates, ages and durations, and counts that only say along what (“围绕5条产业链”).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kpi.domain.extraction.quantities import Amount, Form
from kpi.domain.extraction.units import MAGNITUDE, UNIT, is_count, is_measure, is_money, is_time

WINDOW = 40
# Things that may be described by a number: “10万千瓦以下的机组”.
_THING = (
    r"(?:项目|企业|公司|产业(?!投资|引导|发展|基金)|集群|园区|链|工程|电站|电厂|机组|水厂|处理厂|厂|生产线|产线|码头|航道|泊位|港|枢纽|储罐|光伏|风电|变电站|线路"
    r"|基地|镇|乡|县|村|区|户|楼宇|楼|单品|品牌|商贸|主体|单位|家庭|人群|老人|儿童|学生|人口|锅炉|商户|门店|载体|平台|设备|产品|合同|订单"
    r"|综合体|医院|学校|中心|场|站|群|水库|河流|船舶|车辆|城市)"
)
# What is itself measured in money, length or weight, and so never described by a threshold.
_MASS = (
    r"(?:目标|任务|增速|增长|速度|幅度|水平|规模|资金|投资|债券|贷款|份额|比例|比重|占比|贡献|产能|能力|产值|收入|税收|营收|道路|农田|绿地|面积"
    r"|补贴|补助|资产|产量|要求|年度|标准厂房)"
)
_OR_MORE = r"(?:及?以上|及?以下|以内|左右|级)?"
_PASSING = re.compile(r"(?:过|超过?|逾|破|满|达到?|不足|低于|高于|不低于|不超过|超出|突破|大于|小于|少于)$")
_PASSED_THING = re.compile(rf"(?!{_MASS}){_OR_MORE}的?[^，。；、0-9]{{0,14}}?{_THING}")
_BOUND_THING = re.compile(
    rf"(?:及?以上|及?以下|以内|级)的?(?![，。；、）]|$)(?!{_MASS})[^，。；、0-9]{{0,16}}?{_THING}"
)
_SIZE = re.compile(
    r"(?:总投资|投资额?|总长|全长|总里程|总面积|建筑面积|占地(?:面积)?|年产|日产|年产值|年加工|年处理|日处理|日供水|日处理能力|装机(?:容量)?|总装机|规模|库容|注册资本|产值|营收"
    r"|销售额|年收入|年税收|税收|主营业务收入|集体经济收入)(?:规模|额|能力)?(?:约|近|超过?|达到?|过|为)?$"
)
_SIZED = re.compile(rf"{_OR_MORE}的(?![^，。；、]{{0,8}}(?:基金|资金池|目标|任务))")
# One size after another: “占地1200亩、投资65亿元的产业园”.
_SIZED_ON = re.compile(rf"、[^，。；、0-9]{{1,8}}[0-9.']{{1,12}}{MAGNITUDE}?{UNIT}{_OR_MORE}的")
# Told in brackets: “二期（建筑面积23万平方米）”.
_IN_BRACKETS = re.compile(r"（[^（）]{1,10}$")
_REST_OF_RANGE = re.compile(rf"[-~至到]{{1,2}}[0-9.']{{1,12}}{MAGNITUDE}?(?:{UNIT})?")
_CAPACITY = re.compile(
    r"(?:年产|日产|年加工|年处理|日处理|日供水|总投资|总建筑面积|占地(?:面积)?|装机(?:容量)?|总装机|总库容)(?:约|近|超过?|达)?$"
)
_ALONE = re.compile(r"(?:以上)?(?:[，。；、）]|$)")
_USE = re.compile(
    r"(?:新建|建设|改造|实施|推进|用于|完成|改善|支持|建成|扩建|打造|开展|启动|购置|加快|提升|新增|解决|对|升级|维修|修缮|迁建|改扩建|整治"
    r"|推动|发展|扶持|培育|奖补|设立|优化)"
)
_MONEY_THING = re.compile(
    rf"的?(?!{_USE.pattern})[^，。；、0-9的]{{0,4}}?(?:企业|项目|产业(?!投资|引导|发展|基金)|集群|园区|大户|楼宇|单品|品牌|公司|产业链)"
    rf"|的?强?[镇乡县村市]|的(?!{_MASS})[^，。；]{{0,20}}?{_THING}"
)
_POWER = ("千瓦", "兆瓦", "MW", "GW", "MWp", "MWh", "GWh", "千瓦时", "兆瓦时")
_POWERED = re.compile(
    r"[^，。；0-9]{0,24}?(?:项目|工程|电站|电厂|生产线|产线|厂|基地|机组|光伏|风电|变电站|产业园|园区)"
)
_BULK = ("立方米", "立方", "方", "吨", "平方公里")
_BULKY = re.compile(
    r"[^，。；、0-9]{0,10}?(?:储罐|码头|航道|水库|光伏|风电|电站|生产线|产线|冶炼|泊位|核心区|精深加工|项目)"
)

# Villages and works for so many people: “20户以上自然村”.
_HOUSED = re.compile(r"以[上下]的?(?:自然村|行政村|村|屯|组|供水|工程|企业|学校|小区|社区|乡镇|景区|单位)")
_LINE = re.compile(r"[^，。；、]{0,6}(?:红线|底线|政策)")
_ESTIMATED = re.compile(r"预计(?:将有|将|有|达到?|为|约)?$")
_COMPARED = re.compile(
    r"(?:比|较)(?:上年|去年|上一年|年初|去年预算|上年预算|去年同期|上年同期|20[0-9]{2}年)[^，。；、]{0,6}?"
    r"(?:增加|提高|高|扩大|多|减少|下降|降低|低|少|增长|上升|压减|净增)(?:约|近|超过?)?$"
)
# A count that says along what, not how many.
_SCOPE = re.compile(
    r"(?:紧紧|牢牢|重点|积极|持续|全面)?(?:围绕|聚焦|紧扣|针对|按照|对照|对标|瞄准|依托|立足|对接|根据|锚定|紧盯|坚持|统筹|发挥)"
)
_ACTING = re.compile(
    r"新增|新建|建设|建成|引进|培育|完成|改造|实施|打造|推进|推动|发展|达|突破|超过|增长|提高|提升|降低|下降|举办|开展|创建|净增|争取|力争|确保"
    r"|招引|布局|开工|竣工|投产|改建|招商|落地"
)
_ASPECT = re.compile(
    r"(?:重点)?(?:方面|领域|环节|关键|层面|阶段|原则|字|大(?!型|棚|桥|学)|维度|专题|板块|目标|主要指标|意识|关系|要素|问题清单)"
)
_POLICY = re.compile(r"[^，。；、0-9]{0,6}(?:措施|政策|意见|举措|制度)")
_CARRYING_OUT = re.compile(r"(?:落实|用好|用足|执行|兑现|出台的|贯彻|健全|完善|推行|坚持|深化|巩固)[^，。；]{0,16}$")
_WHOLE = re.compile(r"全[市县省区州](?:的)?$")
_ALL_OF_IT = re.compile(r"[^，。；]{0,24}(?:全覆盖|全部|100%|均)")

# “在8个重点县建设基地6.2万亩”: where, because what is counted stands behind.
_IN = re.compile(r"(?:^|[，。；：])在[^，。；]{0,30}$")
_COUNTED_LATER = re.compile(r"[^，。；0-9]{1,24}[0-9]")
_YEARS_OF_LIFE = re.compile(r"(?:寿命|受教育年限)[^，。；]{0,8}$")
_GOOD_DAYS = re.compile(r"(?:天数|优良天|蓝天|达标天)[^，。；、]{0,10}$")
_QUICKER = re.compile(
    r"(?:压缩|压减|缩短|减少|缩减|控制|降低|压降|降|不超过|不多于|时限|时长|时间|用时|耗时|工期|周期|办结)[^，。；]{0,10}$"
)


def is_described(text: str, amount: Amount, earlier: Sequence[Amount]) -> bool:
    """Whether ``amount`` is no target. ``earlier``: the targets before it in the sentence."""
    if amount.form not in (Form.FIGURE, Form.WORDS):
        return False
    end = _range_end(text, amount)
    before, after = text[max(0, amount.start - WINDOW) : amount.start], text[end : end + WINDOW]
    if is_time(amount.unit):
        return not _is_time_target(before, after, amount.unit)
    if _ESTIMATED.search(before) or _is_difference(before, amount, earlier):
        return True
    if is_count(amount.unit):
        is_size = _CAPACITY.search(before) is not None and not _ALONE.match(after)
        is_housed = amount.unit in ("户", "人") and _HOUSED.match(after) is not None
        return is_size or is_housed or _is_scope(before, after)
    return is_measure(amount.unit) and _is_threshold(before, after, amount.unit)


def _range_end(text: str, amount: Amount) -> int:
    """What stands behind the first end of a range stands behind the second."""
    rest = _REST_OF_RANGE.match(text, amount.end) if amount.is_range else None
    return rest.end() if rest else amount.end


def _is_time_target(before: str, after: str, unit: str) -> bool:
    """Years of life, days of clean air, and how quickly something is done; other times are ages and durations."""
    if unit in ("岁", "周岁", "年") and _YEARS_OF_LIFE.search(before):
        return True
    if unit.endswith(("年", "周", "日", "岁")) and not unit.endswith(("工作日", "自然日")):
        return False
    is_good_days = unit == "天" and _GOOD_DAYS.search(before) is not None
    return is_good_days or (_QUICKER.search(before) is not None and not after.startswith(("的", "内完成", "前")))


def _is_difference(before: str, amount: Amount, earlier: Sequence[Amount]) -> bool:
    """“比上年增加1.6万亿元” behind the amount itself says nothing new; “比上年增长5%” is a target."""
    return bool(earlier) and amount.unit != "%" and _COMPARED.search(before) is not None


def _is_scope(before: str, after: str) -> bool:
    if _ASPECT.match(after) or (_POLICY.match(after) and _CARRYING_OUT.search(before)):
        return True
    if (_WHOLE.search(before) and _ALL_OF_IT.match(after)) or (_IN.search(before) and _COUNTED_LATER.match(after)):
        return True
    clause = re.split(r"[，。；：]", before)[-1]
    return _SCOPE.match(clause) is not None and not _ACTING.search(clause)


def _is_threshold(before: str, after: str, unit: str) -> bool:
    """Whether money or a measure says which things are meant, or how large one of them is."""
    if _CAPACITY.search(before) and not _ALONE.match(after) and not _USE.match(after):
        return True
    if _SIZE.search(before) and (_SIZED.match(after) or _SIZED_ON.match(after) or _IN_BRACKETS.search(before)):
        return True
    if _BOUND_THING.match(after) or (_PASSING.search(before) and _PASSED_THING.match(after)):
        return True
    if _LINE.match(after):
        return True
    if is_money(unit):
        return _MONEY_THING.match(after) is not None
    bare = re.sub(f"^{MAGNITUDE}", "", unit) if not unit.startswith(_POWER) else unit
    return (bare in _POWER and _POWERED.match(after) is not None) or (bare in _BULK and _BULKY.match(after) is not None)
