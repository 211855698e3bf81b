"""What reaches a person by which way and when, and what they follow."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts import clock
from kpi.domain.hours import OfficeHours
from kpi.models import Follow
from kpi.selectors.reminding import policy_on
from kpi.services import preferences
from kpi.services.content import ContentInvalid
from kpi.web import preferring
from kpi.web.directing import by_field
from kpi.web.preferring import Choices
from notifications.models import Hours


@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """The person's choices; a form that is refused comes back as it was filled in."""
    now = clock.now()
    policy = policy_on(localtime(now).date())
    general = OfficeHours(policy.opens_at, policy.closes_at, tuple(policy.slots))
    hours = Hours.objects.filter(user=request.user).first()
    choices, status = None, 200
    if request.method == "POST":
        wanted = frozenset(_pair(value) for value in request.POST.getlist("on"))
        times = {name: request.POST.get(name, "") for name in preferences.TIMES}
        try:
            preferences.store(user=request.user, wanted=wanted, times=times, hours=general, now=now)
        except ContentInvalid as problem:
            choices, status = Choices(wanted, times, by_field(problem.errors)), 422
        else:
            messages.success(request, _("消息设置已保存"))
            return redirect("inbox-preferences")
    choices = choices or Choices.stored(request.user, hours)
    ways = preferring.ways_of(request.user)
    followed = Follow.objects.filter(user=request.user).select_related("indicator__report").order_by("indicator__code")
    context = {
        "choices": choices,
        "ways": ways,
        "lines": preferring.lines_of(choices, ways),
        "effect": preferring.effect(policy, general, hours),
        "general": general,
        "half_hours": [f"{each:%H:%M}" for each in preferences.half_hours(general)],
        "followed": followed,
    }
    return render(request, "kpi/preferences.html", context, status=status)


def _pair(value: str) -> tuple[str, str]:
    group, _sep, channel = value.partition(":")
    return group, channel
