"""Which sentences look back and which look ahead.

Past figures stand in the same words as targets, so that mostly only the place tells. Headings say it in so many words;
where there are none, the sentences do: each has some words of looking back or ahead, and the text as a whole changes
sides seldom. The cheapest course through all of them is taken (Viterbi's algorithm over two states), so that a single
odd sentence changes nothing, and a heading everything.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """``REVIEW``: what was done, and what is wanting. ``PLAN``: what shall be done."""

    REVIEW = "review"
    PLAN = "plan"


@dataclass(frozen=True)
class Passage:
    """A heading or a sentence, folded."""

    text: str
    is_heading: bool


# A heading that names its side outweighs whatever its chapter's sentences seem to say.
HEADING_WEIGHT = 60.0
MOST_PER_SENTENCE = 4.0
# To turn from looking back to looking ahead is the way of every report; back again is rare.
TURN_AHEAD, TURN_BACK = 5.0, 9.0

_PAST_HEADING = re.compile(
    r"回顾|过去[一二三四五六七八九十几0-9两]*年|过去的|去年|上年|上一年|一年来|五年来|所做的?工作|工作总结|主要(?:工作)?(?:成绩|成就)"
    r"|取得的?(?:成|进展)|(?:完成|执行|进展|运行|落实|开展|主要|工作|基本)情况|今年以来|上半年(?:工作|经济|主要)?(?:总结|情况|回顾)?$"
    r"|问题(?:和|与|及)?(?:困难|不足|挑战)?$|困难(?:和|与|及)?(?:问题|挑战)?$|体会|做法|成效$|实现历史性|迈上新台阶$"
)
_PAST_STRONG = re.compile(r"回顾|工作总结|完成情况|执行情况|进展情况|落实情况|过去[一二三四五几]年|过去的[一二五]年|今年以来|所做的?工作")
# With a word of looking back these make the title of a whole report: “2024年工作总结及2025年工作计划”.
_BOTH = re.compile(r"安排|打算|工作计划|部署|下一步|下半年|今后")
_AHEAD_HEADING = re.compile(
    r"安排|打算|部署|总体要求|总体思路|(?:发展|工作|总体|基本)思路|预期目标|奋斗目标|目标任务|发展目标|主要目标|工作目标|主要任务|工作任务|重点任务"
    r"|重点工作|工作重点|重点抓好|下一步|下步|下半年|今后|未来|今年(?!以来)|明年|指导思想|工作计划|工作举措|自身建设|政策取向|工作建议|为民办?实事"
    r"|民生实事项目|展望|愿景|怎么干|干什么"
)
_YEARS = re.compile(r"(?<![0-9])(20[0-9]{2}|19[0-9]{2})年?(?![0-9])")
_PERIODS = re.compile(r"“?十([一二三四五六七八])五”?")
_PERIOD_ENDS = dict(zip("一二三四五六七八", range(2010, 2050, 5), strict=True))

_PAST_WORDS: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(words), weight)
    for words, weight in (
        (r"^(?:“[^”]*”时期，|五年来|一年来|过去[一二三四五几]年|过去的[一二五]?年|去年|上年|回首|回顾|回望|今年以来|几年来|近年来|总的看|上半年[，,全])", 3.0),
        (r"(?:我们|全市|全县|全省|全区)?(?:先后|累计|共|已经?|成功|圆满|超额|顺利|如期)(?:完成|建成|实施|举办|争取|实现|发放|获|引进|开工|通过|承办)", 2.0),
        (r"[成立现了得出到]了", 1.0),
        (r"同比|较上年|比上年|较去年|比去年|连续[一二三四五六七八九十0-9]+年|创.{0,6}新高|历史最|首次|首个|首批|突破性", 1.0),
        (r"荣获|获评|获批|获得|入选|上榜|被.{2,14}(?:评为|授予|确定|认定|列为)|表彰|表扬|激励|推介|点赞|全部(?:完成|办结|摘帽)", 1.5),
        (r"(?:稳步|持续|不断|明显|显著|大幅|全面|进一步|逐步|有序|有力|有效|深入|扎实|加快)(?:提升|提高|改善|优化|增强|向好|好转|推进|完善|推开|显现|释放|巩固|夯实|加强|遏制|化解|保障)[，。；]", 0.6),
        (r"(?:位居|排名|位列|居|排|列)(?:全|第)", 0.8),
        (r"预计(?:全年|增长|达|完成|可)|超额|完成年度|省定任务|完成.{0,6}任务的[0-9]|得到|竣工投产。|实施完成|告别|写入|取得", 0.8),
        (r"感谢|不容易|来之不易|体会到|清醒|不足|困难和|差距|短板还|有待|制约|不够|偏低|不高|仍然|还存在|尚未", 1.5),
        (r"由[^，。；]{1,14}(?:提高|增加|提升|增长|下降|上升|增至|升至|降至|扩大|减少)(?:到|至)?[0-9]", 0.6),
        (r"(?:增长|下降|提高|提升|上升)[0-9.]+(?:%|个百分点)", 0.4),
        (r"^(?:新增|新建|建成|完成|实施|改造|引进|开通|发放|办理|获|签约|举办|开展)[^，。；]{0,18}[0-9]", 0.2),
    )
)
_AHEAD_WORDS: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(words), weight)
    for words, weight in (
        (r"力争(?!了|多年)|争取(?=.{0,30}(?:突破|达|以上|开工|获批|落地|进入))|务必|奋力|预期目标|奋斗目标|总体要求|拟(?:安排|发行|按|新|投)", 2.5),
        (r"确保(?!了)", 1.5),
        (r"(?:^|[，；：。]|我们|今年|全市|全县|全省|全区|各级|必须|还|都|仍)要(?![求素闻])|要(?:坚持|把|以|抓|在|加|大|深|全|持|进|做|积|着|聚|扎|紧|始|坚|突|严|健|推|充|切|统|更|继|围|完|努|保|压|用|优|提|强|建|实)", 1.5),
        (r"(?:我们|今年|还|也)?将(?!近|军|其|原|城|由|农)(?![^，。；]{0,12}(?:作为|纳入|列入|摆在))|必将", 0.8),
        (r"今年(?!以来|上半年|[一二三]季度，|[0-9])|下一步|下半年，|今后|未来五年|明年|新的一年|收官之年|开局之年|关键之年", 1.2),
        (r"(?:年|月|季度|年中)底?前(?:[^期]|$)|年内|年底(?:建成|完成|通车|竣工|投)|到20[0-9]{2}年", 0.8),
        (r"努力(?:实现|完成|在|把|让|使|打造|建设|争|开创)|让我们|而努力奋斗|继续(?:推进|实施|加|支持|办好|深|抓|做|保|完|开)", 1.2),
        (r"(?:增长|涨幅|失业率|降低|下降)[^，。；]{0,6}(?:左右|以内)", 0.8),
        (r"以上[，。；、]|不少于|不低于|不超过|控制在", 0.3),
        (r"^(?:[一二三四五六七八九十]是|（[^）]{1,3}）|[0-9]{1,2}[.。、])?(?:加快|加强|推进|深化|强化|完善|健全|落实|大力|着力|深入|坚持|支持|实施|培育|推动|抓好|抓实|聚焦|提升|优化|持续|严格|统筹|做好|做优|做强|全力|全面|积极|鼓励|引导|探索|稳步|办好|守牢|扛牢|用好)", 0.4),
    )
)


def sides(passages: Sequence[Passage], year: int | None) -> list[Side]:
    """The side of each passage. ``year`` is the one the report plans for, where it is known."""
    scores = [_heading_score(each.text, year) if each.is_heading else _sentence_score(each.text, year) for each in passages]
    # Lowest cost so far of standing in each state, and from which state the best way came.
    review, plan = 0.0, 0.5
    came: list[tuple[bool, bool]] = []
    for score in scores:
        to_review, to_plan = plan + TURN_BACK, review + TURN_AHEAD
        came.append((to_review < review, to_plan < plan))
        review, plan = min(review, to_review) + max(score, 0.0), min(plan, to_plan) + max(-score, 0.0)
    return _walk_back(came, is_plan=plan <= review)


def _walk_back(came: Sequence[tuple[bool, bool]], *, is_plan: bool) -> list[Side]:
    found: list[Side] = []
    for review_turned, plan_turned in reversed(came):
        found.append(Side.PLAN if is_plan else Side.REVIEW)
        is_plan = is_plan != (plan_turned if is_plan else review_turned)
    return found[::-1]


def _heading_score(text: str, year: int | None) -> float:
    """Above 0: ahead; below: back; 0: the heading does not say."""
    is_past = bool(_PAST_STRONG.search(text) or (_PAST_HEADING.search(text) and not _AHEAD_HEADING.search(text)))
    is_ahead = bool(_AHEAD_HEADING.search(text)) and not _PAST_STRONG.search(text)
    named = _named_years(text)
    if _PAST_HEADING.search(text) and _BOTH.search(text):
        return 0.0
    if named and year is not None and not is_past:
        is_past = max(named) < year
        is_ahead = not is_past
    return HEADING_WEIGHT * (is_ahead - is_past)


def _named_years(text: str) -> list[int]:
    return [int(found[1]) for found in _YEARS.finditer(text)] + [
        _PERIOD_ENDS[found[1]] for found in _PERIODS.finditer(text)
    ]


def _sentence_score(text: str, year: int | None) -> float:
    """Words of looking ahead less words of looking back, kept within bounds."""
    ahead = sum(weight for words, weight in _AHEAD_WORDS if words.search(text))
    past = sum(weight for words, weight in _PAST_WORDS if words.search(text))
    if year is not None:
        named = _named_years(text[:40])
        past += 2.0 * any(each < year for each in named) * (not any(each >= year for each in named))
        ahead += 1.0 * any(each >= year for each in named)
    return max(-MOST_PER_SENTENCE, min(MOST_PER_SENTENCE, ahead - past))


_PLAN_YEAR = re.compile(
    r"(20[0-9]{2})年(?:度)?(?:[^，。；0-9]{0,12})(?:安排|打算|部署|总体要求|目标|任务|思路|重点抓好|计划|怎么干|为民办?实事|民生实事|是[^。]{0,20}(?:开局|收官|关键|起步|攻坚|决胜)之年)"
)
_REVIEW_YEAR = re.compile(r"(20[0-9]{2})年(?:度)?(?:[^，。；0-9]{0,14})(?:回顾|总结|工作情况|主要成绩|所做)")
_TO_COME = re.compile(r"(20[0-9]{2})年")


def guess_year(passages: Sequence[Passage]) -> int | None:
    """The year a report plans for, from its headings and leading words; ``None`` where nothing says it."""
    votes: Counter[int] = Counter()
    for each in passages:
        weight = 5 if each.is_heading else 1
        votes.update({int(found[1]): weight for found in _PLAN_YEAR.finditer(each.text[:200])})
        votes.update({int(found[1]) + 1: weight for found in _REVIEW_YEAR.finditer(each.text[:200])})
    if votes:
        return max(votes, key=lambda year: (votes[year], year))
    title = next((found for each in passages[:6] for found in _TO_COME.finditer(each.text[:60])), None)
    return int(title[1]) if title else None
