"""A score sheet in words, for page and workbook alike: how each line came to its points, and what it rests on."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from kpi import labels, wording
from kpi.domain.score_runs import Answer
from kpi.domain.scoring import ScoreReason, Yardstick, raw_share
from kpi.domain.values import Kind, Polarity
from kpi.models import ScoreCorrection, ScoreLine


def share_in_words(share: Fraction | None) -> str:
    """“66.7%”; “--” for what is left out."""
    if share is None:
        return wording.MISSING
    return wording.percent(Decimal(share.numerator) / Decimal(share.denominator))


def explain(line: ScoreLine) -> str:
    """How a task's share was computed: “30 ÷ 40 = 75.0%”, or why its weight is left out."""
    if line.left_out:
        return _("权重不计入：%(why)s") % {"why": labels.SCORE_UNMEASURED[line.left_out].text}
    if line.actual is None:
        return _("应报未报，没有数字")
    if line.against == Yardstick.FACT:
        return _fact(line)
    if line.yardstick <= 0:
        return _("%(what)s不大于零，%(met)s") % {
            "what": labels.YARDSTICK[line.against].text,
            "met": _("达到") if line.fraction else _("未达到"),
        }
    return _division(line)


def _fact(line: ScoreLine) -> str:
    if line.kind == Kind.RANK:
        words = (
            _("位次保持：第 %(place)s 位，目标第 %(target)s 位")
            if line.fraction
            else _("位次未保持：第 %(place)s 位，目标第 %(target)s 位")
        )
        return words % {"place": wording.figure(line.actual), "target": wording.figure(line.yardstick)}
    if line.fraction:
        return _("未发生突破底线的情况")
    return _("发生 %(count)s 起") % {"count": wording.figure(line.actual)}


def _division(line: ScoreLine) -> str:
    raw = raw_share(line.actual, line.yardstick, Polarity(line.polarity))
    words = _("%(actual)s ÷ %(what)s %(yardstick)s = %(share)s")
    if line.polarity == Polarity.LOWER_IS_BETTER:
        words = _("2 − %(actual)s ÷ %(what)s %(yardstick)s = %(share)s")
    said = words % {
        "actual": wording.with_unit(line.actual, line.indicator),
        "what": labels.YARDSTICK[line.against].text,
        "yardstick": wording.with_unit(line.yardstick, line.indicator),
        "share": _signed_percent(raw),
    }
    if raw == line.fraction:
        return said
    return _("%(said)s，按 %(share)s 计") % {"said": said, "share": share_in_words(line.fraction)}


def _signed_percent(share: Fraction) -> str:
    return share_in_words(share).replace("-", wording.MINUS)


def source_in_words(line: ScoreLine) -> str:
    """The record a line rests on, and where the figure is of another month."""
    if line.basis:
        return line.basis
    if line.review is not None:
        return _("%(day)s退回：%(why)s") % {
            "day": wording.short_day(localtime(line.review.at)),
            "why": line.review.comment,
        }
    if line.snapshot is None:
        return ""
    said = _("%(period)s 快照第 %(edition)s 版") % {"period": line.month, "edition": line.snapshot.edition}
    if not line.reason and line.snapshot.source_period not in ("", line.month):
        return _("%(said)s，沿用 %(period)s 期数据") % {"said": said, "period": line.snapshot.source_period}
    return said


def correction_in_words(line: ScoreLine) -> str:
    """What the office put in place of what was computed, both values; empty where it did not."""
    said = line.in_force
    if said is None:
        return ""
    return _("原为 %(was)s，更正为 %(now)s（%(why)s）：%(words)s　%(who)s %(day)s") % {
        "was": _computed(line),
        "now": _corrected(said),
        "why": labels.SCORE_CORRECTION[said.reason].text,
        "words": said.words,
        "who": said.actor,
        "day": wording.short_day(localtime(said.at)),
    }


def _corrected(said: ScoreCorrection) -> str:
    if said.is_left_out:
        return _("不计")
    return share_in_words(said.fraction) if said.share else wording.figure(said.points, 2)


def _computed(line: ScoreLine) -> str:
    if line.reason == ScoreReason.EXCESS:
        return _("该项分值的 %(points)s%%") % {"points": wording.figure(line.points, 2)}
    if line.reason:
        return wording.figure(line.points, 2)
    return _("不计") if line.left_out else share_in_words(line.fraction)


def answer_in_words(answer: Answer, is_over: bool) -> str:
    """How far a unit's answer has come; without a word by the end it has none to say."""
    if answer is Answer.NONE and is_over:
        return _("逾期，视为无意见")
    return str(labels.SCORE_ANSWER[answer].text)
