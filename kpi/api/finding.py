"""Finding what an address names, as far as the caller may see it; anything else does not exist (404)."""

from __future__ import annotations

from datetime import date, datetime, time

from django.http import Http404

from accounts import clock
from accounts.permissions import Actor
from kpi.api.operations import ApiView
from kpi.api.problems import Refused
from kpi.models import Indicator, Period, Submission
from kpi.models.querysets import IndicatorQuerySet, SubmissionQuerySet
from kpi.selectors import periods as period_selector
from kpi.selectors import scoreboard
from kpi.selectors.scoreboard import Scoreboard

RELATED = ("indicator__lead_department", "indicator__accountable_post", "period__report", "author")


def indicators(view: ApiView, year: int) -> IndicatorQuerySet:
    """The year's indicators within the token's units."""
    found = Indicator.objects.of_year(year)
    return found if view.reach is None else found.led_by(view.reach)


def indicator(view: ApiView, year: int, code: str) -> Indicator:
    found = indicators(view, year).filter(code=code).select_related("report", "lead_department", "accountable_post")
    return _or_404(found.first())


def indicator_in(view: ApiView, month: Period, code: str) -> Indicator:
    """The same with what its lamp of a month depends on."""
    return _or_404(indicators(view, month.report.year).filter(code=code).for_board(month).first())


def period(year: int, code: str) -> Period:
    return _or_404(Period.objects.filter(report__year=year, code=code).select_related("report").first())


def submissions(view: ApiView, year: int) -> SubmissionQuerySet:
    """Reports of the year that the caller may read."""
    found = Submission.objects.visible_to(view.actor).filter(period__report__year=year, indicator__is_active=True)
    if view.reach is not None:
        found = found.filter(indicator__lead_department__in=view.reach)
    return found.select_related(*RELATED)


def submission(view: ApiView, year: int, month: str, code: str) -> Submission:
    return _or_404(submissions(view, year).filter(period__code=month, indicator__code=code).first())


def visible_submission(view: ApiView, year: int, month: str, code: str) -> Submission:
    """The same whoever leads, for a unit that is asked about another's report."""
    found = Submission.objects.visible_to(view.actor).filter(period__report__year=year, period__code=month)
    return _or_404(found.filter(indicator__code=code).select_related(*RELATED).first())


def board(view: ApiView, year: int, found: IndicatorQuerySet) -> Scoreboard:
    """The board of ``?period=``, of the month reported on the day ``?as_of=``, or of now."""
    try:
        return scoreboard.build(
            year=year, now=view.now, actor=view.actor, period_code=_month(view, year), indicators=found
        )
    except Period.DoesNotExist as problem:
        raise Http404 from problem


def _month(view: ApiView, year: int) -> str | None:
    asked = view.request.query_params
    if "as_of" not in asked:
        return asked.get("period") or None
    try:
        day = date.fromisoformat(asked["as_of"])
    except ValueError:
        raise Refused(400, "date_malformed") from None
    periods = period_selector.of_year(year)
    if not periods:
        raise Http404
    return period_selector.current(periods, datetime.combine(day, time.max, clock.ZONE)).code


def may_name(actor: Actor, department_id: int) -> bool:
    """Whether the caller is told who it was: their own unit's people, the office and the leaders are."""
    return actor.is_supervisor or actor.is_leader or department_id in actor.department_ids


def _or_404(found):
    if found is None:
        raise Http404
    return found
