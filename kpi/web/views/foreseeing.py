"""Who would be told what tomorrow, and why: the ladders' own forecast, before anything is sent."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import clock
from kpi.selectors.calendar import work_calendar
from kpi.services import foreseeing, permissions
from notifications.rules import rules


@login_required
def show_reminders(request: HttpRequest, year: int) -> HttpResponse:
    """The reminders of one day, person by person; by default of the next workday."""
    permissions.require_supervisor(request.actor)
    now, calendar = clock.now(), work_calendar()
    days = foreseeing.days_ahead(now, calendar)
    day = _day(request.GET.get("day", ""), days)
    hearings = foreseeing.foresee(day=day, found=rules(now), now=now)
    context = {
        "days": days,
        "day": day,
        "today": now.date(),
        "hearings": hearings,
        "count": sum(each.count for each in hearings),
        "capped": sum(len(found.about) for each in hearings for found in each.occasions if found.is_capped),
        "new_rules": foreseeing.new_rules_by(day, now),
    }
    return render(request, "kpi/reminders.html", context)


def _day(text: str, days: list[date]) -> date:
    """The day asked for, if it is one of ``days``; the next workday where none is."""
    if not text:
        return days[1]
    for day in days:
        if day.isoformat() == text:
            return day
    raise Http404
