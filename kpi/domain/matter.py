"""What a phrase of a report is about: its words without figures, times, verbs, words of degree; how alike two are.

No dictionary of the city and no model: two characters that stand together are the unit, weighed by how rare they are.
The tables are ``tests/domain/cases/continuing.csv`` and ``ownership.csv``.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from kpi.domain.extraction.folding import fold
from kpi.domain.extraction.targets import targets

# Short forms of the genre, written out so that both ways of writing meet.
_SHORT_FORMS = (
    ("规上", "规模以上"),
    ("规模工业", "规模以上工业"),
    ("非遗", "非物质文化遗产"),
    ("高企", "高新技术企业"),
    ("入境", "境外"),
    ("社零", "社会消费品零售"),
    ("国企", "国有企业"),
    ("医保", "医疗保险"),
    ("覆盖面", "覆盖率"),
    ("全覆盖", "覆盖率"),
    ("总产量", "产量"),
    ("技改", "技术改造"),
    ("优良天数比例", "优良率"),
)
# What is done and how firmly, but not with what. The longer before the shorter where one begins with the other.
_VERBS = (
    "新改扩建 新改建 改扩建 新建 改建 扩建 续建 再建 建成 建设 建好 改造提升 改造 完成 实施 实现"
    " 落实 落地 开展 推动 推进 推行 推广 加快 加强 加大 深入 深化 深耕 支持 鼓励 引导 培育 培养"
    " 壮大 引进 打造 创建 创新 发展 提升 提高 提质 优化 完善 健全 强化 扩大 拓展 巩固 促进 带动"
    " 做大 做强 做优 做响 做好 办好 抓好 用好 擦亮 升级 持续 继续 大力 着力 积极 稳步 稳居 稳定"
    " 全面 全力 全线 有序 逐步 纵深 重点 进一步 切实 坚决 严格 坚持 力争 争取 确保 努力 奋力"
    " 务必 保持 控制 达到 突破 超过 不低于 不少于 不超过 新增 净增 新 再 累计 总数 分别 增长"
    " 增加 下降 降低 增幅 同比 今年 全年 年内 每年 全市 我市 全县 全省 每个 各 一批 更多 更高"
    " 以上 以下 以内 左右 开工 竣工 投产 投用 通车 启动 制定 出台 编制 探索 组织 举办 承办 申报"
    " 开发 公开 管理 保护 服务 高质量 工作 行动 工程 项目 体系 机制 的 和 与 及 等 在 为 对"
    " 到 至"
)
_PARTS = re.compile(
    r"20[0-9]{2}年(?:[底末内]前?)?|(?:1[0-2]|[1-9])月(?:[底末份]|[1-3]?[0-9]日)?前?|年底前?|第[一二三四五六七八九十百0-9]+[届次批期轮]"
    rf"|{_VERBS.replace(' ', '|')}|[^\w%]+"
)
# “高质量发展” is no matter of quality.
_BORDERS = re.compile(r"高质量|[^\w%]+")
# Two phrases with fewer characters of matter in common than this share a word by chance.
SHORTEST = 2


def matter(phrase: str) -> tuple[str, ...]:
    """The stretches of a phrase that say what it is about, in their order: “建设高标准农田6.95万亩” is 高标准农田."""
    text = fold(phrase)
    for found in reversed(targets(text, ())):
        text = f"{text[: found.amount.start]}，{text[found.amount.end :]}"
    return tuple(part for part in _PARTS.split(_written_out(text)) if len(part) >= SHORTEST)


def counted_in(phrase: str) -> frozenset[str]:
    """The units of a phrase's targets without their magnitude: 亩 for 万亩."""
    return frozenset(found.amount.unit.lstrip("万亿") for found in targets(fold(phrase), ()))


def pairs(stretches: Iterable[str]) -> frozenset[str]:
    """Every two characters that stand together."""
    return frozenset(part[at : at + 2] for part in stretches for at in range(len(part) - 1))


def common(stretches: Iterable[str], others: frozenset[str]) -> tuple[str, ...]:
    """The longest words of ``stretches`` whose pairs are all among ``others``, in their order."""
    found: list[str] = []
    for part in stretches:
        word = ""
        for at in range(len(part) - 1):
            if part[at : at + 2] in others:
                word = word + part[at + 1] if word else part[at : at + 2]
                continue
            found, word = [*found, word], ""
        found.append(word)
    return tuple(dict.fromkeys(word for word in found if word))


def whole(text: str) -> tuple[str, ...]:
    """The text with its verbs, in one way of writing, parted at punctuation: for words that are looked for in it."""
    return tuple(part for part in _BORDERS.split(_written_out(fold(text))) if len(part) >= SHORTEST)


def _written_out(text: str) -> str:
    for short, long in _SHORT_FORMS:
        text = text.replace(short, long)
    return text


class Rarity:
    """How much each pair says, by how few of some texts have it: 1 where one or none has it, less for every other."""

    def __init__(self, texts: Iterable[frozenset[str]]) -> None:
        known = list(texts)
        self._number, self._having = len(known), Counter(pair for text in known for pair in text)

    def of(self, found: Iterable[str]) -> float:
        # ``fsum``, because a set has no order and a plain sum would differ in the last digit from run to run.
        most = math.log1p(max(1, self._number))
        return math.fsum(math.log1p(self._number / max(1, self._having[pair])) / most for pair in found)

    def is_alone(self, pair: str) -> bool:
        """Whether one text only has it."""
        return self._having[pair] == 1


class Likeness:
    """Texts, and how alike a phrase is to each of them: 1 for the same matter, 0 for none in common."""

    def __init__(self, texts: Sequence[frozenset[str]]) -> None:
        self._texts = texts
        self._rarity = Rarity(texts)
        self._sizes = [self._rarity.of(text) for text in texts]
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for place, text in enumerate(texts):
            for pair in text:
                self._places[pair].append(place)

    def to(self, phrase: frozenset[str]) -> dict[int, float]:
        """By place in the texts; those that share nothing are not in it."""
        size = self._rarity.of(phrase)
        touched = sorted({place for pair in phrase for place in self._places.get(pair, ())})
        return {
            place: self._rarity.of(phrase & self._texts[place]) / math.sqrt(size * self._sizes[place])
            for place in touched
        }
