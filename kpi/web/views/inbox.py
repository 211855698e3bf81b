"""The inbox: three tabs, by indicator; read, put away, put off, call back, and take all that back."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts import clock
from kpi import wording
from kpi.domain.snoozing import Snooze, snooze_choices
from kpi.selectors.calendar import work_calendar
from kpi.selectors.inbox import groups_of
from kpi.selectors.reminding import office_hours
from notifications import selectors, services
from notifications.messages import KINDS, NEXT
from notifications.models import Notice

A_PAGE = 50
GROUP = re.compile(r"[\w-]{1,40}")
# What is done at a moment is undone by naming the moment.
READ, ARCHIVE, RESTORE, WAKE, SNOOZE = "read", "archive", "restore", "wake", "snooze-"
TO_MANY = (READ, ARCHIVE)


class _Counted(Paginator):
    """Pages of a tab whose number of notices is known already."""

    def __init__(self, notices: QuerySet[Notice], number: int):
        super().__init__(notices, A_PAGE)
        self._number = number

    @cached_property
    def count(self) -> int:
        return self._number


@login_required
def show_inbox(request: HttpRequest) -> HttpResponse:
    """One tab, a page at a time, the newest group first; what was put off stands folded below."""
    now, tab = clock.now(), _tab(request.GET.get("tab", selectors.TABS[0]))
    counts = selectors.counts(request.user, now)
    page = _page(request, tab, counts[tab], now)
    later = selectors.inbox(request.user, selectors.SNOOZED, now).order_by("snoozed_until", "id")
    is_archive = tab == "archived"
    groups = groups_of(list(page.object_list))
    context = {
        "tab": tab,
        "tabs": [(name, word, counts[name]) for name, word in _words().items()],
        "page": page,
        "groups": groups,
        "later": list(later[:A_PAGE]) if counts[selectors.SNOOZED] and not is_archive else [],
        "later_count": counts[selectors.SNOOZED],
        "choices": _choices(now) if any(entry.is_open for group in groups for entry in group.entries) else [],
        "undo": _undoable(request),
        "kinds": KINDS,
        "next": NEXT,
        "is_archive": is_archive,
        "today": localtime(now).date(),
    }
    return render(request, "kpi/inbox.html", context)


@login_required
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a notice leads; it counts as read. Only one's own, and only to pages of this site."""
    notice = get_object_or_404(Notice, pk=pk, recipient=request.user, not_before__lte=clock.now())
    if not url_has_allowed_host_and_scheme(notice.url, None) or not notice.url.startswith("/"):
        raise Http404
    services.mark_read(notices=Notice.objects.filter(pk=notice.pk), now=clock.now())
    return redirect(notice.url)


@login_required
@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """One notice: read, put away, taken back, put off, called back; a stranger's does not exist."""
    notice = get_object_or_404(Notice, pk=pk, recipient=request.user)
    one, action, now = Notice.objects.filter(pk=notice.pk), request.POST.get("action", ""), clock.now()
    if action in TO_MANY:
        return _do(request, one, action, now)
    if action == RESTORE:
        services.restore(notices=one)
        messages.success(request, _("已取回：%(title)s") % {"title": notice.title})
    elif action == WAKE:
        services.wake(notices=one)
        messages.success(request, _("已取回：%(title)s") % {"title": notice.title})
    elif action.startswith(SNOOZE):
        _put_off(request, one, action.removeprefix(SNOOZE), now)
    else:
        raise Http404
    return redirect(_place(request))


@login_required
@require_POST
def act_on_many(request: HttpRequest) -> HttpResponse:
    """A whole tab, or one group in it."""
    action, now = request.POST.get("action", ""), clock.now()
    tab, group = _tab(request.POST.get("tab", "")), request.POST.get("all_of", "")
    if action not in TO_MANY or tab == "archived" or (group and not GROUP.fullmatch(group)):
        raise Http404
    notices = selectors.inbox(request.user, tab, now)
    return _do(request, selectors.of_group(notices, group) if group else notices, action, now)


@login_required
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what was read or put away at the moment the form names."""
    moment = _moment(request.POST.get("at", ""))
    if moment is None:
        raise Http404
    count = services.undo(user=request.user, moment=moment)
    if count:
        said = ngettext("已撤销，%(count)s 条消息恢复原样", "已撤销，%(count)s 条消息恢复原样", count)
        messages.success(request, said % {"count": count})
    return redirect(_place(request))


def _tab(name: str) -> str:
    if name not in selectors.TABS:
        raise Http404
    return name


def _words() -> dict[str, str]:
    return dict(zip(selectors.TABS, (_("需我处理"), _("与我有关"), _("已归档")), strict=True))


def _page(request: HttpRequest, tab: str, count: int, now: datetime) -> Page:
    notices = selectors.in_groups(selectors.inbox(request.user, tab, now)).select_related("department")
    return _Counted(notices, count).get_page(request.GET.get("page"))


def _do(request: HttpRequest, notices: QuerySet[Notice], action: str, now: datetime) -> HttpResponse:
    done = services.archive if action == ARCHIVE else services.mark_read
    count = done(notices=notices, now=now)
    if not count:
        messages.info(request, _("没有变化：这些消息已经读过或归档了"))
    return redirect(_place(request, undo=now.isoformat() if count else ""))


def _put_off(request: HttpRequest, one: QuerySet[Notice], name: str, now: datetime) -> None:
    until = dict(_choices(now)).get(name)
    if until is None:
        messages.error(request, _("这个时间已经过了，请另选一个"))
    elif services.snooze(notices=one, until=until):
        messages.success(request, _("%(when)s再提醒") % {"when": wording.moment(until)})
    else:
        messages.error(request, _("这条消息已经了结，不用再提醒"))


def _choices(now: datetime) -> list[tuple[Snooze, datetime]]:
    local = localtime(now)
    return list(snooze_choices(local, office_hours(local.date()), work_calendar()).items())


def _undoable(request: HttpRequest) -> dict[str, object]:
    """What the reader has just done and may take back, as long as it still stands."""
    moment = _moment(request.GET.get("undo", ""))
    if moment is None:
        return {}
    archived, read = selectors.done_at(request.user, moment)
    return {"at": moment.isoformat(), "archived": archived, "read": read} if archived or read else {}


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _place(request: HttpRequest, **more: str) -> str:
    """Back to where the form stood: its tab, page and group."""
    page, group = request.POST.get("page", ""), request.POST.get("group", "")
    wanted = {"tab": _tab(request.POST.get("tab", selectors.TABS[0])), **more}
    if page.isascii() and page.isdigit() and page != "1":
        wanted["page"] = page[:6]
    anchor = f"#g-{group}" if GROUP.fullmatch(group) else ""
    return "/inbox/?" + urlencode({name: value for name, value in wanted.items() if value}) + anchor
