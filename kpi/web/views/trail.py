"""The auditor's pages: searching the trail, one entry, and having the chain verified."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import chain_checks, clock
from accounts.models import AuditEntry
from accounts.permissions import require
from kpi import trail_words
from kpi.selectors import trail
from kpi.selectors.trail_rows import rows_of
from kpi.services import handouts
from kpi.web.trail import Asked, chain_light, checkpoint_light, place
from kpi.workbooks import trail as trail_file


@login_required
@require_safe
def show_trail(request: HttpRequest) -> HttpResponse:
    """The trail newest first, narrowed by what was asked; ``?before=`` and ``?after=`` are numbers to go on from."""
    require(chain_checks.may_read(request.actor), "not_permitted")
    asked = Asked.read(request.GET)
    page = None
    if not asked.errors:
        before, after = place(request.GET.get("before", "")), place(request.GET.get("after", ""))
        page = trail.page(asked.filters, before=before, after=after)
    query = urlencode(asked.filters.as_query())
    context = {
        "asked": asked,
        "page": page,
        "rows": rows_of(page.entries) if page else [],
        "query": f"{query}&" if query else "",
        "kinds": trail_words.KINDS,
        "outcomes": trail_words.OUTCOME,
        "most": trail_file.MOST_LINES,
        **_chain(),
    }
    return render(request, "kpi/trail.html", context, status=422 if asked.errors else 200)


def _chain() -> dict[str, object]:
    """The line on top: what is known of the chain (2 queries)."""
    standing = chain_checks.standing()
    real_now = clock.real_now()
    return {
        "standing": standing,
        "chain": chain_light(standing, clock.now()),
        "outside": checkpoint_light(standing, real_now),
        "outside_age": standing.checkpoint_age(real_now),
    }


@login_required
@require_POST
def export_trail(request: HttpRequest) -> HttpResponse:
    """What the filters show as a file; that it was taken is on record, with the filters and the file's SHA-256."""
    require(chain_checks.may_read(request.actor), "not_permitted")
    asked, file_format, now = Asked.read(request.POST), request.POST.get("format", ""), clock.now()
    if asked.errors or file_format not in trail_file.FORMATS:
        raise Http404
    data, lines = trail_file.write(asked.filters, file_format)
    name = f"{_('审计记录')}-{now:%Y%m%d-%H%M}.{file_format}"
    handouts.note_trail(
        criteria=asked.filters.as_query(), name=name, rows=lines, data=data, actor=request.actor, now=now
    )
    response = HttpResponse(data, content_type=trail_file.FORMATS[file_format].CONTENT_TYPE)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_safe
def show_entry(request: HttpRequest, seq: int) -> HttpResponse:
    """One entry with everything it holds; its address may be quoted."""
    require(chain_checks.may_read(request.actor), "not_permitted")
    entry = AuditEntry.objects.select_related("actor").filter(pk=seq).first()
    if entry is None:
        raise Http404
    (row,) = rows_of([entry])
    return render(request, "kpi/trail_entry.html", {"row": row, "entry": entry, **_chain()})


@login_required
@require_POST
def check_chain(request: HttpRequest) -> HttpResponse:
    """Have the whole chain verified: at once if that takes seconds, otherwise a worker goes on."""
    chain_checks.ask(actor=request.actor, now=clock.now())
    check = chain_checks.go_on(now=clock.now(), seconds=chain_checks.AT_ONCE_SECONDS)
    if check is None or check.finished_at is None:
        messages.info(request, _("正在校验，记录较多，由后台继续；完成后会显示在本页上方"))
    elif check.is_intact:
        messages.success(request, _("已校验 %(count)s 条，记录完整") % {"count": check.checked_to})
    else:
        messages.error(request, _("记录不完整，请看上方说明，并立即报告"))
    return redirect("trail")
