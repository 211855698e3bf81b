"""The log of everything sent: what was tried, what failed, what was not sent; trying again, and releasing the brake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import clock
from accounts.models import Role
from accounts.permissions import Actor, require
from notifications import logbook, running, services
from notifications.logbook import Filters
from notifications.models import Channel, Dispatch, DispatchState, NoticeState

A_PAGE = 30
READERS = (Role.SUPERVISOR, Role.SYSTEM_ADMIN)


def require_reader(actor: Actor) -> None:
    """Raise ``PermissionRefused`` unless the office or the system's administrator looks."""
    require(any(actor.has(role) for role in READERS), "not_permitted")


@login_required
def show_log(request: HttpRequest) -> HttpResponse:
    """Messages newest first, or the notices that were not sent, with why."""
    require_reader(request.actor)
    filters, closed = _filters(request), request.GET.get("closed", "")
    if closed and closed not in logbook.CLOSED:
        raise Http404
    rows = logbook.closed_notices(closed, filters) if closed else logbook.messages(filters)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filters": filters,
        "closed": closed,
        "closed_word": NoticeState(closed).label if closed else "",
        "totals": logbook.totals(),
        "tabs": [(state.value, state.label) for state in logbook.CLOSED],
        "states": DispatchState.choices,
        "channels": [choice for choice in Channel.choices if choice[0] != Channel.INBOX],
        "query": _query_of(filters, closed),
        "dead": [] if closed else [each.pk for each in page if each.state == DispatchState.DEAD],
        "health": logbook.health(),
    }
    return render(request, "notifications/log.html", context)


def _filters(request: HttpRequest) -> Filters:
    """What the address narrows the log to; a day that cannot be read narrows nothing."""
    sent = request.GET
    state, channel = sent.get("state", ""), sent.get("channel", "")
    if (state and state not in DispatchState) or (channel and channel not in Channel):
        raise Http404
    try:
        day = date.fromisoformat(sent.get("day", ""))
    except ValueError:
        day = None
    return Filters(state, channel, sent.get("who", "").strip()[:40], day, sent.get("code", "").strip()[:12])


def _query_of(filters: Filters, closed: str) -> str:
    query = QueryDict(mutable=True)
    values = {
        "closed": closed,
        "state": filters.state,
        "channel": filters.channel,
        "who": filters.who,
        "day": filters.day.isoformat() if filters.day else "",
        "code": filters.code,
    }
    for name, value in values.items():
        if value:
            query[name] = value
    return query.urlencode()


@login_required
def retry(request: HttpRequest) -> HttpResponse:
    """Which dead messages would be sent again (GET ``?id=``), and queueing them (POST)."""
    require_reader(request.actor)
    sent = request.POST if request.method == "POST" else request.GET
    wanted = Dispatch.objects.filter(pk__in=_ids(sent.getlist("id")))
    if request.method == "POST":
        count = services.retry_dead(dispatches=wanted, actor=request.actor.user, now=clock.now())
        said = ngettext("%(count)s 条消息已重新排队", "%(count)s 条消息已重新排队", count) % {"count": count}
        messages.success(request, said) if count else messages.warning(request, _("这些消息已不在“无法送达”中"))
        return redirect("send-log")
    found = list(wanted.filter(state=DispatchState.DEAD).select_related("recipient", "robot").order_by("-id"))
    if not found:
        messages.warning(request, _("这些消息已不在“无法送达”中"))
        return redirect("send-log")
    return render(request, "notifications/retry.html", {"found": found})


def _ids(texts: Sequence[str]) -> list[int]:
    return [int(text) for text in texts[:A_PAGE] if text.isdecimal() and len(text) < 18]


@login_required
def release_brake(request: HttpRequest) -> HttpResponse:
    """What the brake holds (GET), and letting go (POST): a person has looked."""
    require_reader(request.actor)
    brake = logbook.current_brake()
    if brake is None:
        messages.success(request, _("发送没有暂停"))
        return redirect("send-log")
    if request.method == "POST":
        running.release(brake=brake, actor=request.actor.user, now=clock.now())
        messages.success(request, _("已恢复发送，一分钟内继续"))
        return redirect("send-log")
    return render(request, "notifications/release.html", {"brake": brake, "totals": logbook.totals()})
