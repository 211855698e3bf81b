"""What the pages of scores say in words: spans, units, answers, points."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kpi import labels, wording
from kpi.domain.score_runs import Answer
from kpi.models import ScoreRun, ScoreSheet
from kpi.selectors.scores import Cases
from kpi.services.content import FieldError
from kpi.services.score_notices import name_of
from kpi.services.score_words import answer_in_words

register = template.Library()

register.filter("span", wording.span)
register.filter("unit_name", name_of)


@register.filter
def has(errors: Sequence[FieldError], name: str) -> bool:
    """Whether something is wrong with a field."""
    return any(error.field == name for error in errors)


@register.filter
def points(value: Decimal | None) -> str:
    """Two places, half up already: “91.67”; “--” where nothing could be measured."""
    return wording.figure(value, 2)


@register.filter
def weight(value: Decimal | None) -> str:
    """A weight without the zeros that only say how it is stored: “1”, “0.5”."""
    return wording.MISSING if value is None else f"{value.normalize():f}"


@register.simple_tag
def answer_tag(answer: Answer, is_over: bool = False) -> SafeString:
    """A state with little colour, because it is no lamp."""
    css = labels.SCORE_ANSWER[answer].css
    return format_html('<span class="st st-{}">{}</span>', css, answer_in_words(answer, is_over))


@register.simple_tag
def run_tag(run: ScoreRun) -> SafeString:
    label = labels.SCORE_STATE[run.state]
    return format_html('<span class="st st-{}">{}</span>', label.css, label.text)


@register.simple_tag
def sheet_url(run: ScoreRun, sheet: ScoreSheet) -> str:
    name = "score-post" if sheet.post_id is not None else "score-unit"
    return f"{reverse(name, args=(run.period.report.year, run.period.code, sheet.unit.code))}?edition={run.edition}"


@register.simple_tag
def cases_sum(cases: Cases) -> str:
    """“3 次，共 0.60” and what a cap left of it."""
    said = _("%(count)s 次，合计 %(raw)s") % {"count": len(cases.rows), "raw": wording.figure(cases.raw, 2)}
    if not cases.is_capped:
        return said
    return _("%(said)s，封顶 %(cap)s") % {"said": said, "cap": wording.figure(cases.counted, 2)}
