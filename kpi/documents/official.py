"""The layout of an official document (党政机关公文格式, GB/T 9704-2012), measured once.

A4 upright; the type area is 156 × 225 mm with 22 lines of 28 characters in 三号 (16 pt) 仿宋.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.timezone import localtime

from kpi.domain.bulletin_record import AnnexRow, Content
from kpi.domain.official import document_number, official_date, one_line
from kpi.models import Bulletin

# Millimetres.
PAGE = (210, 297)
TOP, BOTTOM, LEFT, RIGHT = 37, 35, 28, 26
TYPE_WIDTH, TYPE_HEIGHT = PAGE[0] - LEFT - RIGHT, PAGE[1] - TOP - BOTTOM
# The page number's line ends so far above the paper's edge that its dash lies 7 mm below the type area.
FOOTER = 25
LINES, CHARACTERS = 22, 28
# Points.
BODY, TITLE, NUMBER, SMALL = 16, 22, 14, 14
# 225 mm are 637.8 pt, so 22 lines of 28.95 pt; 28 characters of 16 pt need 0.25 pt less each to fit into 442.2 pt.
LINE_PITCH = 28.95
TIGHTER = 0.25
CHARACTER = BODY - TIGHTER
RED = "FF0000"
LEAST_MARK, LARGEST_MARK = 22, 48


class Face(NamedTuple):
    """A typeface by its usual name, with what takes its place where it is missing, for the file's own font table.

    ``panose`` and ``family`` let a program find a similar one that is named nowhere here.
    """

    name: str
    instead: str
    family: str
    panose: str


FANGSONG = Face("仿宋_GB2312", "FangSong,仿宋,STFangsong,华文仿宋,Noto Serif CJK SC", "modern", "02010609030101010101")
SONG_TITLE = Face(
    "方正小标宋简体", "FZXiaoBiaoSong-B05S,小标宋,SimSun,宋体,Noto Serif CJK SC", "script", "02010601030101010101"
)
HEI = Face("黑体", "SimHei,STHeiti,Noto Sans CJK SC", "modern", "02010609060101010101")
KAI = Face("楷体_GB2312", "KaiTi,楷体,STKaiti,华文楷体,Noto Serif CJK SC", "modern", "02010609030101010101")
SONG = Face("宋体", "SimSun,STSong,Noto Serif CJK SC", "auto", "02010600030101010101")
FACES = (FANGSONG, SONG_TITLE, HEI, KAI, SONG)


def mark_size(mark: str) -> int:
    """Points of the red head line so that it fills the width in one line, within reason."""
    points = TYPE_WIDTH / 25.4 * 72
    return min(max(int(points / max(len(mark), 1)), LEAST_MARK), LARGEST_MARK)


@dataclass(frozen=True)
class Line:
    """A paragraph: ``lead`` is the heading it runs in with."""

    lead: str
    text: str


@dataclass(frozen=True)
class Chapter:
    heading: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Document:
    """What is printed, word for word; ``number`` and ``day`` are empty before it is published."""

    mark: str
    number: str
    title: str
    addressed_to: str
    chapters: Sequence[Chapter]
    annex_title: str
    annex: Sequence[AnnexRow]
    signer: str
    day: str
    copied_to: str
    is_draft: bool
    made_at: datetime


def document_of(bulletin: Bulletin, content: Content) -> Document:
    """A bulletin with its text as a document. What people typed has lost what cannot be printed."""
    year, month = bulletin.period.code.split("-")
    day = official_date(localtime(bulletin.published_at).date()) if bulletin.published_at else ""
    chapters = [Chapter(heading, _lines(part.shown)) for heading, part in content.headed]
    return Document(
        mark=one_line(bulletin.mark),
        number=document_number(one_line(bulletin.series), int(year), bulletin.number) if bulletin.number else "",
        title=one_line(bulletin.title),
        addressed_to=one_line(bulletin.addressed_to),
        chapters=chapters,
        annex_title=f"{year}年{int(month)}月欠序时进度任务表" if content.annex else "",
        annex=content.annex,
        signer=one_line(bulletin.signer),
        day=day,
        copied_to=one_line(bulletin.copied_to),
        is_draft=bulletin.published_at is None,
        made_at=bulletin.published_at or bulletin.sent_at or bulletin.drafted_at,
    )


def _lines(paragraphs: Sequence) -> list[Line]:
    """Line ends that somebody typed begin a paragraph of their own."""
    found = []
    for each in paragraphs:
        first, *others = [one_line(line) for line in each.text.split("\n") if line.strip()]
        found += [Line(each.paragraph.lead, first), *(Line("", line) for line in others)]
    return found


def printed_on(document: Document) -> str:
    """“2025年7月10日印发”, or nothing before it is published."""
    return f"{document.day}印发" if document.day else ""
