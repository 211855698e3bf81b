"""Following an indicator, from its page or from the list of those followed."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from kpi.models import Indicator
from kpi.services import following


@login_required
@require_POST
def follow(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Begin or end, then back to where the button stood."""
    indicator = get_object_or_404(Indicator.objects.filter(report__year=year), code=code)
    action, now = request.POST.get("action", ""), clock.now()
    if action == "follow" and indicator.is_active:
        following.follow(indicator=indicator, user=request.user, now=now)
        messages.success(request, _("已关注：公布的亮灯与上月不同时会告诉你"))
    elif action == "unfollow":
        following.unfollow(indicator=indicator, user=request.user, now=now)
        messages.success(request, _("已取消关注 %(code)s") % {"code": code})
    else:
        raise Http404
    back = request.POST.get("next", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, {request.get_host()})
    return redirect(back if is_ours else reverse("indicator", args=[year, code]))
