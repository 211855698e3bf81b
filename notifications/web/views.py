"""In a trial: the mailbox that shows outgoing mail."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from notifications.mailbox import letters


@login_required
def mailbox(request: HttpRequest) -> HttpResponse:
    """Outgoing mail of a trial."""
    if not settings.TRIAL:
        raise Http404
    return render(request, "notifications/mailbox.html", {"letters": letters(settings.TRIAL_MAIL_DIR)})
