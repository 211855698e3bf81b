"""The generated draft of the monthly bulletin: facts in, paragraphs out, the same words for the same facts.

The document is Chinese whatever language the reader's pages have, so its sentences stand here. Every number in them is
a ``Field`` that names what it counts. Nothing is ranked: units and tasks come in the order the facts give them, which
is the official one. The tables are tests/domain/cases/bulletin_*.csv.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from kpi.domain.official import numeral


@dataclass(frozen=True)
class Field:
    """A number or figure in a sentence: ``source`` says what it counts, ``code`` of which task or unit."""

    text: str
    source: str
    code: str = ""


Piece = str | Field


@dataclass(frozen=True)
class Paragraph:
    """``key`` names it for good; ``lead`` is the heading it runs in with (二级标题)."""

    key: str
    pieces: tuple[Piece, ...]
    lead: str = ""

    @property
    def text(self) -> str:
        return "".join(piece.text if isinstance(piece, Field) else piece for piece in self.pieces)

    @property
    def figures(self) -> dict[str, str]:
        """Its fields by ``source:code``, to see later whether one has changed."""
        return {f"{each.source}:{each.code}": each.text for each in self.pieces if isinstance(each, Field)}


@dataclass(frozen=True)
class Section:
    key: str
    title: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True)
class Counts:
    """Five-way (五分法): behind is red and amber together. ``total`` is counted apart, so that the sum can fail."""

    total: int
    done: int
    ahead: int
    on_plan: int
    red: int
    amber: int
    not_due: int
    adjusted: int = 0

    @property
    def behind(self) -> int:
        return self.red + self.amber


@dataclass(frozen=True)
class Item:
    """One task. ``figures`` is its standing in words; what follows are the approved report's, or empty."""

    code: str
    name: str
    lead: str
    figures: str
    lamp: str = ""
    supporting: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    measures: str = ""
    catch_up: str = ""
    is_adjusted: bool = False


@dataclass(frozen=True)
class UnitReports:
    """What one lead department was asked for, in official order."""

    code: str
    name: str
    asked: int
    on_time: int
    late: int
    missing: int

    @property
    def pending(self) -> int:
        return self.asked - self.on_time - self.late - self.missing


@dataclass(frozen=True)
class Directives:
    """Leaders' directives of the year by state, withdrawn ones left out. ``total`` is counted apart."""

    total: int
    waiting: int
    in_hand: int
    in_review: int
    closed: int
    overdue: int


@dataclass(frozen=True)
class Facts:
    """A month as the scoreboard shows it. ``change`` of reds and ambers against the month before, ``None`` without one;
    ``as_of`` is the day up to which directives count, in words; ``praised`` and ``reminded`` units by code and name."""

    year: int
    month: int
    as_of: str
    counts: Counts
    reds_before: int | None = None
    ambers_before: int | None = None
    newly_done: tuple[Item, ...] = ()
    ahead: tuple[Item, ...] = ()
    reds: tuple[Item, ...] = ()
    ambers: tuple[Item, ...] = ()
    asked: int = 0
    units: tuple[UnitReports, ...] = ()
    directives: Directives = field(default_factory=lambda: Directives(0, 0, 0, 0, 0, 0))
    praised: tuple[tuple[str, str], ...] = ()
    reminded: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Options:
    """What the office switched on. ``demands`` are sentences with their codes, in order."""

    has_good: bool = True
    has_praise: bool = False
    has_reminder: bool = False
    demands: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Check:
    """A whole beside its parts: 32 = 2 + 3 + 16 + 9 + 2."""

    name: str
    whole: int
    parts: tuple[int, ...]

    @property
    def is_right(self) -> bool:
        return self.whole == sum(self.parts)


def share(part: int, whole: int) -> str:
    """Per cent with one decimal, half up: ``(1, 16)`` → “6.3%”; 0 of 0 is “0.0%”. Shares need not add up to 100."""
    exact = Decimal(part * 100) / whole if whole else Decimal(0)
    return f"{exact.quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


def checks(facts: Facts) -> tuple[Check, ...]:
    """What must add up before the bulletin may be sent for approval."""
    counts, units, said = facts.counts, facts.units, facts.directives
    settled = [sum(each) for each in zip(*((u.on_time, u.late, u.missing, u.pending) for u in units), strict=True)]
    return (
        Check("overall", counts.total, (counts.done, counts.ahead, counts.on_plan, counts.behind, counts.not_due)),
        Check("behind", counts.behind, (counts.red, counts.amber)),
        Check("listed", counts.behind, (len(facts.reds), len(facts.ambers))),
        Check("reporting", facts.asked, tuple(settled) or (0,)),
        Check("directives", said.total, (said.closed, said.waiting, said.in_hand, said.in_review)),
    )


def draft(facts: Facts, options: Options) -> tuple[Section, ...]:
    """All sections that have something to say, in the order of the document."""
    sections = (
        Section("overall", "总体情况", tuple(_overall(facts))),
        Section("good", "进展较好", tuple(_good(facts)) if options.has_good else ()),
        Section("behind", "滞后事项", tuple(_behind(facts))),
        Section("reporting", "报送情况", tuple(_reporting(facts))),
        Section("directives", "批示办理", (_directives(facts),)),
        Section("praise", "表扬", _named("praise", facts.praised) if options.has_praise else ()),
        Section("reminder", "提醒", _named("reminder", facts.reminded) if options.has_reminder else ()),
        Section("demands", "工作要求", tuple(_demands(options.demands))),
    )
    return tuple(section for section in sections if section.paragraphs)


def _count(number: int, source: str, code: str = "") -> Field:
    return Field(str(number), source, code)


def _overall(facts: Facts) -> Iterable[Paragraph]:
    counts = facts.counts

    def part(word: str, number: int, source: str) -> tuple[Piece, ...]:
        return (word, _count(number, source), "项，占", Field(share(number, counts.total), f"{source}_share"))

    yield Paragraph(
        "overall",
        (
            f"{facts.year}年《政府工作报告》确定的目标任务共",
            _count(counts.total, "total"),
            f"项。截至{facts.month}月底，",
            *part("已完成", counts.done, "done"),
            "；",
            *part("超序时进度", counts.ahead, "ahead"),
            "；",
            *part("达序时进度", counts.on_plan, "on_plan"),
            "；",
            *part("欠序时进度", counts.behind, "behind"),
            "，其中红灯",
            _count(counts.red, "red"),
            "项、黄灯",
            _count(counts.amber, "amber"),
            "项；",
            *part("未到期", counts.not_due, "not_due"),
            "。",
            *_adjusted(counts),
        ),
    )
    if facts.reds_before is not None and facts.ambers_before is not None:
        red = _change(counts.red, facts.reds_before, "red_change")
        amber = _change(counts.amber, facts.ambers_before, "amber_change")
        yield Paragraph("change", ("与上月相比，红灯", *red, "，黄灯", *amber, "。"))


def _adjusted(counts: Counts) -> tuple[Piece, ...]:
    if not counts.adjusted:
        return ()
    return ("以上亮灯中，", _count(counts.adjusted, "adjusted"), "项经督查室复核调整。")


def _change(now: int, before: int, source: str) -> tuple[Piece, ...]:
    if now == before:
        return (Field("持平", source),)
    return ("增加" if now > before else "减少", _count(abs(now - before), source), "项")


def _good(facts: Facts) -> Iterable[Paragraph]:
    if facts.newly_done:
        head = ("本月新完成", _count(len(facts.newly_done), "newly_done"), "项：")
        yield Paragraph("newly_done", (*head, *_listed(facts.newly_done), "。"))
    if facts.ahead:
        head = ("超序时进度", _count(len(facts.ahead), "ahead"), "项：")
        yield Paragraph("ahead", (*head, *_listed(facts.ahead), "。"))


def _listed(items: Sequence[Item]) -> Iterable[Piece]:
    for number, item in enumerate(items):
        yield f"{'；' if number else ''}{item.name}（{item.lead}），"
        yield Field(item.figures, "figures", item.code)


def _behind(facts: Facts) -> Iterable[Paragraph]:
    red, amber = _count(len(facts.reds), "red"), _count(len(facts.ambers), "amber")
    if not facts.reds and not facts.ambers:
        yield Paragraph("behind", ("本月没有欠序时进度的任务。",))
    elif not facts.reds:
        yield Paragraph("behind", ("本月没有红灯任务；黄灯", amber, "项，见附件。"))
    elif not facts.ambers:
        yield Paragraph("behind", ("红灯", red, "项，情况如下。"))
    else:
        yield Paragraph("behind", ("红灯", red, "项，情况如下；黄灯", amber, "项，见附件。"))
    for number, item in enumerate(facts.reds, start=1):
        yield Paragraph(f"item:{item.code}", tuple(_item(item)), f"（{numeral(number)}）{item.name}。")


def _item(item: Item) -> Iterable[Piece]:
    yield f"牵头单位：{item.lead}"
    if item.supporting:
        yield f"；配合单位：{'、'.join(item.supporting)}"
    yield "。"
    yield Field(item.figures, "figures", item.code)
    yield "（亮灯经督查室复核调整）。" if item.is_adjusted else "。"
    yield f"主要原因：{'、'.join(item.reasons) or '填报单位未说明'}。"
    yield f"下一步措施：{_sentence(item.measures) or '填报单位未说明。'}"
    if item.catch_up:
        yield "预计"
        yield Field(item.catch_up, "catch_up", item.code)
        yield "追平。"


def _sentence(text: str) -> str:
    """What somebody wrote, ended as a sentence."""
    return text if not text or text[-1] in "。！？；.!?" else f"{text}。"


def _reporting(facts: Facts) -> Iterable[Paragraph]:
    units = facts.units
    sums = {name: sum(getattr(u, name) for u in units) for name in ("on_time", "late", "missing", "pending")}
    pieces: list[Piece] = ["本期应报", _count(facts.asked, "asked"), "项，按时报送", _count(sums["on_time"], "on_time")]
    pieces += ["项，迟报", _count(sums["late"], "late"), "项，缺报", _count(sums["missing"], "missing"), "项"]
    if sums["pending"]:
        pieces += ["，未到截止", _count(sums["pending"], "pending"), "项"]
    yield Paragraph("reporting", (*pieces, "。"))
    for key, word in (("late", "迟报单位"), ("missing", "缺报单位")):
        named = [(u, getattr(u, key)) for u in units if getattr(u, key)]
        if named:
            yield Paragraph(key, (f"{word}：", *_units(named, key), "。"))


def _units(named: Sequence[tuple[UnitReports, int]], source: str) -> Iterable[Piece]:
    for number, (unit, count) in enumerate(named):
        yield f"{'、' if number else ''}{unit.name}（"
        yield _count(count, source, unit.code)
        yield "项）"


def _directives(facts: Facts) -> Paragraph:
    said = facts.directives
    if not said.total:
        return Paragraph("directives", (f"截至{facts.as_of}，本年度没有领导批示督办事项。",))
    pieces: list[Piece] = [f"截至{facts.as_of}，本年度领导批示督办", _count(said.total, "directives"), "件，已办结"]
    pieces += [_count(said.closed, "directives_closed"), "件，待签收", _count(said.waiting, "directives_waiting")]
    pieces += ["件，办理中", _count(said.in_hand, "directives_in_hand"), "件，已反馈待复核"]
    pieces += [_count(said.in_review, "directives_in_review"), "件；"]
    if said.overdue:
        pieces += ["其中超过反馈期限", _count(said.overdue, "directives_overdue"), "件。"]
    else:
        pieces += ["没有超过反馈期限的。"]
    return Paragraph("directives", tuple(pieces))


NAMED = {
    "praise": ("到期任务均达序时进度且报送按时的单位（按机构序列）：", "本月没有符合条件的单位。"),
    "reminder": ("有红灯任务或缺报的单位（按机构序列）：", "本月没有需要提醒的单位。"),
}


def _named(key: str, units: Sequence[tuple[str, str]]) -> tuple[Paragraph, ...]:
    head, nobody = NAMED[key]
    if not units:
        return (Paragraph(key, (nobody,)),)
    pieces: list[Piece] = [head]
    for number, (code, name) in enumerate(units):
        pieces += ["、"] if number else []
        pieces.append(Field(name, "unit", code))
    return (Paragraph(key, (*pieces, "。")),)


def _demands(demands: Sequence[tuple[str, str]]) -> Iterable[Paragraph]:
    for number, (code, sentence) in enumerate(demands, start=1):
        yield Paragraph(f"demand:{code}", (sentence,), f"（{numeral(number)}）")


@dataclass(frozen=True)
class UnitMonth:
    """A lead department's month, for the lists that are off unless the office wants them."""

    name: str
    due: int
    red: int
    amber: int
    asked: int
    on_time: int
    missing: int

    @property
    def may_be_praised(self) -> bool:
        """Something was due, all of it on plan or done, and every report asked for came in time."""
        return self.due > 0 and not (self.red or self.amber) and self.asked > 0 and self.on_time == self.asked

    @property
    def is_to_be_reminded(self) -> bool:
        return self.red > 0 or self.missing > 0
