"""The inbox, and in a trial the mailbox that shows outgoing mail."""

from __future__ import annotations

from itertools import groupby

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts import clock
from notifications import services
from notifications.mailbox import letters
from notifications.models import Notice
from notifications.selectors import TABS, inbox

MOST_SHOWN = 200


@login_required
def show(request: HttpRequest) -> HttpResponse:
    """One tab of the inbox, grouped by indicator."""
    tab = request.GET.get("tab", TABS[0])
    if tab not in TABS:
        raise Http404
    now = clock.now()
    notices = list(inbox(request.user, tab, now)[:MOST_SHOWN])
    notices.sort(key=lambda notice: (notice.subject_code, notice.period))
    groups = [(code, list(found)) for code, found in groupby(notices, key=lambda notice: notice.subject_code)]
    groups.sort(key=lambda group: max(notice.created_at for notice in group[1]), reverse=True)
    counts = {name: inbox(request.user, name, now).count() for name in TABS}
    return render(request, "notifications/inbox.html", {"tab": tab, "groups": groups, "counts": counts})


@login_required
@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one notice as read or archive it; a stranger's notice does not exist."""
    notice = get_object_or_404(Notice, pk=pk, recipient=request.user)
    action = services.ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        raise Http404
    action(notice=notice, now=clock.now())
    return redirect(f"/inbox/?tab={request.POST.get('tab', TABS[0])}")


@login_required
def mailbox(request: HttpRequest) -> HttpResponse:
    """Outgoing mail of a trial."""
    if not settings.TRIAL:
        raise Http404
    return render(request, "notifications/mailbox.html", {"letters": letters(settings.TRIAL_MAIL_DIR)})
