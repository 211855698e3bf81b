"""One indicator's whole story, and who is covered by it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import clock
from kpi.domain.target_changes import ChangeParty
from kpi.domain.values import Kind
from kpi.models import Indicator
from kpi.selectors import cosigning, directives, history, target_changes
from kpi.selectors.comparing import last_year_of, with_last_year
from kpi.selectors.configuration import with_leads
from kpi.selectors.splitting import with_unit_targets
from kpi.selectors.story import with_follow, with_story
from kpi.web.look import look
from kpi.web.rendering import render
from kpi.web.story import Story


@login_required
@require_safe
def show_indicator(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Lamp, gap, curve, why this colour, every step taken; as of ``?period=`` where one is asked for."""
    story = story_or_404(request, year, code)
    row = story.row
    context = {
        "board": story.board,
        "row": row,
        "indicator": row.indicator,
        "story": story,
        "figure_rows": [month for month in reversed(row.months) if month.assessment and month.is_own],
        "progress": cosigning.of_row(row.current.submission) if row.current.submission else None,
        "last": last_year_of(row.indicator),
        "directives": directives.for_indicator(row.indicator, request.actor, story.cutoff),
        "reads_cases": target_changes.may_read(request.actor, row.indicator),
        "asks_for_change": ChangeParty.UNIT in target_changes.parties(request.actor, row.indicator),
        "now": clock.now(),
    }
    return render(request, "kpi/indicator.html", context)


@login_required
@require_safe
def show_coverage(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Every district or township a target counts, month by month: covered or not yet."""
    story = story_or_404(request, year, code)
    if story.kind is not Kind.COVERAGE:
        raise Http404
    context = {"board": story.board, "row": story.row, "indicator": story.indicator, "story": story, "now": clock.now()}
    return render(request, "kpi/coverage.html", context)


def story_or_404(request: HttpRequest, year: int, code: str) -> Story:
    """The indicator with those of the same sentence, as the reader may see them."""
    indicators = Indicator.objects.of_year(year).filter(commitment__indicators__code=code)
    told = with_follow(with_story(indicators.with_supporting()), request.user)
    told = with_leads(with_unit_targets(with_last_year(told)))
    seen = look(request, year, keeps=(), indicators=told)
    row = next((row for row in seen.board.rows if row.indicator.code == code), None)
    if row is None:
        raise Http404
    siblings = [other for other in seen.board.rows if other is not row]
    steps = history.steps_of(row.indicator, request.actor)
    cases = target_changes.of_indicator(row.indicator, request.actor) if row.indicator.has_cases else []
    return Story(row, seen.board, siblings, steps, seen.cut_off, is_past=seen.is_past, cases=cases)
