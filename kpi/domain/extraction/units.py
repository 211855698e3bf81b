"""The units that numbers of a work report have, as one expression.

A number without one of these is no amount: most numbers in names (5G, 500强, 4A级, 318国道) fall away by that alone.
"""

from __future__ import annotations

import re

from kpi.domain.extraction.numerals import MAGNITUDES

RATES = "个百分点 百分点 个点 % ‰"
MONEY = "元 美元 欧元 块钱"
MEASURES = (
    f"{MONEY} 亩 亩次 公顷 平方公里 平方千米 平方米 平米 平方 ㎡ 立方米 立方 方 m² m³"
    " 公里 千米 米 海里 延米 车道公里 芯公里 皮长公里 吨 公斤 千克 斤 担 克 毫克 微克 吨标准煤 吨标煤 吨位 载重吨 蒸吨"
    " 千瓦时 千瓦 兆瓦时 兆瓦 度 度电 千伏安 千伏 MW GW kW KW MWp MWh GWh kV KV kWh"
    " 升 毫升 标方 标准立方米 摄氏度 ℃ 分贝 标箱 标准箱 TEU"
    " EFLOPS PFLOPS EFlops PFlops Eflops Pflops P TB PB EB Mbps Gbps"
)
COUNTS = (
    "人次 人 名 位 户次 户 人份 个 个次 家 家次 项 项次 件 件次 所 座 条 处 台 台套 台次 套 套件 部 辆 架 架次 艘 列"
    " 班 班次 场 场次 次 批 批次 期 届 轮 支 只 头 羽 尾 匹 株 棵 粒 颗 盏 张 本 册 篇 间 栋 幢 宗 块 片 口 眼 段"
    " 枚 份 门 款 例 起 笔 单 对 双 组 床 床位 学位"
    " 座位 车位 泊位 路 票 剂 剂次 桩 枪 车次 航班 航次 蔸 集 首 道 幅 箱 梯次"
)
TIMES = "个工作日 工作日 个自然日 自然日 天 日 个小时 小时 分钟 秒 个月 年 周 周岁 岁 课时 学时"
OTHERS = "倍 番 成 个位次 位次 个名次 名次 分"
PER = (
    "年 月 日 天 时 小时 秒 人 户 亩 吨 公里 平方米 平方公里 立方米 升 千瓦时 万元 万人 千人 百人 台 次 只 头 公斤"
    " 人次 床 生 学年 学期 个 家 村 度"
)
# A unit of one character is none where it begins one of these words: 分别, 对口, 成功, 位于 …
_NOT_BEFORE = {
    "分": "之别布类级行公批层解期区散工享局院校阶",
    "对": "口接标应外内于全照重",
    "成": "功立为果员本长都效交品群",
    "位": "于列居置数",
    "日": "均常处产",
    "年": "均度产",
    "所": "属在需",
    "度": "假夏过",
    "方": "面案式便针",
    "口": "岸径号袋",
    "期": "间末限",
    "次": "性生之要高",
    "单": "位项元体",
    "首": "位批个次店",
    "台": "阶州湾账风",
    "路": "段网灯面",
    "门": "槛诊店户票",
    "起": "来步草到点降止重伏航飞",
    "班": "列子组车线",
    "列": "车入为支第居全",
    "头": "部等雁",
    "张": "家掖北",
    "本": "级市科地县省土届次年区",
    "只": "增减有跑要进",
    "道": "路口德",
    "幅": "员度",
    "组": "织建团",
    "双": "创一减向随语拥下碳",
    "支": "持部出撑付队行",
    "例": "如会行",
    "间": "接隔",
    "部": "门分署队委级省长落位件属",
    "架": "构设空",
    "集": "中群聚团约成体镇",
    "场": "馆所景",
    "周": "年边",
    "担": "当保负任",
    "批": "发准复",
    "元": "旦素宝",
    "人": "均才民大制",
    "户": "均籍外",
    "家": "庭",
    "名": "列次",
    "天": "然津",
    "片": "区",
    "宗": "教旨",
    "份": "额",
    "款": "项",
    "件": "均",
    "克": "服",
    "米": "粉",
    "箱": "包",
    "P": "MPO",
}


def _pattern(word: str) -> str:
    barred = _NOT_BEFORE.get(word)
    return re.escape(word) + (f"(?![{barred}])" if barred else "")


def _either(words: str) -> str:
    return "|".join(_pattern(word) for word in sorted(set(words.split()), key=len, reverse=True))


_ONE = f"(?:{_either(' '.join((RATES, MEASURES, COUNTS, TIMES, OTHERS)))})"
UNIT = rf"{_ONE}(?:（{_ONE}）)?(?:[/·](?:{_either(PER)})){{0,3}}"
MAGNITUDE = f"(?:{'|'.join(MAGNITUDES)})"


def _test(words: str) -> re.Pattern[str]:
    return re.compile(rf"{MAGNITUDE}?(?:{'|'.join(map(re.escape, words.split()))})(?:（.*）)?(?:/.*)?")


_MONEY, _MEASURE, _COUNT, _TIME = map(_test, (MONEY, MEASURES, COUNTS, TIMES))
_RATES = frozenset(RATES.split())


def is_rate(unit: str) -> bool:
    return unit in _RATES


def is_money(unit: str) -> bool:
    return _MONEY.fullmatch(unit) is not None


def is_measure(unit: str) -> bool:
    """Money, area, length, weight, power: what a thing may be described by."""
    return _MEASURE.fullmatch(unit) is not None


def is_count(unit: str) -> bool:
    return _COUNT.fullmatch(unit) is not None


def is_time(unit: str) -> bool:
    return _TIME.fullmatch(unit) is not None
