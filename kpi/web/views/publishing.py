"""The wizard's later steps: the details of what was accepted, and publishing it as the year's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import clock
from kpi import labels
from kpi.domain.decomposition import SpanState
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import Decomposition, Indicator, ProposedSpan
from kpi.selectors import decomposition as selector
from kpi.services import decomposing as acts
from kpi.services import decomposition_publishing as publishing
from kpi.services.content import ContentInvalid
from kpi.services.decomposition_content import with_codes
from kpi.services.indicator_content import Directory
from kpi.web import decomposing
from kpi.web.errors import status_of
from kpi.web.rendering import render as render_rows
from kpi.web.views.decomposing import FOLDER, draft_or_404, number_of, versions_of


@login_required
def fill_details(request: HttpRequest, pk: int) -> HttpResponse:
    """The details of the accepted phrases as a table; what is typed is kept, right or wrong."""
    draft = draft_or_404(request, pk)
    if draft.state != "working":
        return redirect("decomposition-publish", pk)
    directory = Directory.load(draft.year)
    if request.method != "POST":
        return _details_page(request, draft, directory)
    versions = versions_of(request.POST.getlist("rows"))
    typed = {key: decomposing.typed_row(request.POST, key, directory) for key in versions}
    if request.POST.get("action") == "fill":
        typed = _filled_in(request, typed, directory)
    try:
        count = acts.save_details(draft=draft, typed=typed, versions=versions, actor=request.actor, now=clock.now())
    except NotPermitted:
        raise
    except DomainError as problem:
        return _details_page(request, draft, directory, typed=typed, problem=problem, status=status_of(problem))
    messages.success(
        request, ngettext("已保存，改了 %(count)s 项", "已保存，改了 %(count)s 项", count) % {"count": count}
    )
    return redirect(request.get_full_path())


def _filled_in(
    request: HttpRequest, typed: dict[int, dict[str, Any]], directory: Directory
) -> dict[int, dict[str, Any]]:
    """Lead, post and shape of the line “fill in”, in the rows that leave them empty (the shape: in all rows)."""
    raw = {name: request.POST.get(f"fill-{name}", "").strip() for name in ("lead", "post", "preset")}
    given = with_codes(raw, directory)
    shape = {"preset": given["preset"]} if given["preset"] else {}
    return {
        key: {**row, **shape, **{name: row.get(name) or given[name] for name in ("lead", "post") if given[name]}}
        for key, row in typed.items()
    }


def _details_page(
    request: HttpRequest,
    draft: Decomposition,
    directory: Directory,
    *,
    typed: Mapping[int, Mapping[str, Any]] | None = None,
    problem: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    accepted = list(draft.spans.filter(state=SpanState.ACCEPTED))
    for span in accepted:
        span.task = {**span.task, **(typed or {}).get(span.pk, {})}
    every = decomposing.rows_of(draft, accepted, directory, selector.last_year_shapes(draft.year))
    is_lacking = request.GET.get("show") == "lacking"
    chosen = [row for row in every if row.errors] if is_lacking else every
    page = Paginator(chosen, decomposing.PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "draft": draft,
        "page": page,
        "total": len(every),
        "lacking": sum(bool(row.errors) for row in every),
        "is_lacking": is_lacking,
        "directory": directory,
        "units": [unit for unit in directory.departments.values() if unit.kind not in ("township", "subdistrict")],
        "tables": {name: getattr(labels, name) for name in ("KIND", "COMPARATOR", "PRESET")},
        "names": decomposing.names_of_fields(),
        "problem": problem,
    }
    answer = render_rows(request, "kpi/decomposition_details.html", context)
    answer.status_code = status
    return answer


@login_required
def fill_one(request: HttpRequest, pk: int, span: int) -> HttpResponse:
    """Every field of one task, with its curve; “look” draws it without keeping anything."""
    draft = draft_or_404(request, pk)
    if draft.state != "working":
        return redirect("decomposition-publish", pk)
    found = get_object_or_404(ProposedSpan, decomposition=draft, pk=span, state=SpanState.ACCEPTED)
    directory = Directory.load(draft.year)
    if request.method != "POST":
        return _one_page(request, draft, found, found.task, directory)
    task = {**found.task, **decomposing.typed_task(request.POST)}
    if request.POST.get("action") == "look":
        return _one_page(request, draft, found, task, directory)
    try:
        acts.save_details(
            draft=draft,
            typed={found.pk: task},
            versions={found.pk: number_of(request, "version")},
            actor=request.actor,
            now=clock.now(),
        )
    except NotPermitted:
        raise
    except DomainError as problem:
        return _one_page(request, draft, found, task, directory, problem=problem)
    found.refresh_from_db()
    _details, errors = decomposing.details_of(task, directory, draft.year, selector.last_year_shapes(draft.year))
    if errors:
        return _one_page(request, draft, found, found.task, directory, is_kept=True, status=422)
    messages.success(request, _("已保存"))
    return redirect("decomposition-details", pk)


def _one_page(
    request: HttpRequest,
    draft: Decomposition,
    span: ProposedSpan,
    task: Mapping[str, Any],
    directory: Directory,
    *,
    problem: DomainError | None = None,
    is_kept: bool = False,
    status: int = 200,
) -> HttpResponse:
    details, errors = decomposing.details_of(task, directory, draft.year, selector.last_year_shapes(draft.year))
    is_asked = request.method == "POST" or is_kept
    names = decomposing.names_of_fields()
    shown = errors if is_asked else ()
    context = {
        "draft": draft,
        "span": span,
        "quote": draft.text[span.start : span.end],
        "task": task,
        "form": decomposing.form_of(task, directory, shown),
        "labelled": [(names.get(error.field, ""), error) for error in shown],
        "errors": shown,
        "lacking": errors,
        "points": sorted(details.points.items()) if details else (),
        "bars": decomposing.bars(details.points) if details else (),
        "presets": labels.PRESET,
        "months": [str(month) for month in range(1, 13)],
        "version": span.version,
        "is_kept": is_kept,
        "problem": problem,
    }
    return render(request, "kpi/decomposition_task.html", context, status=status_of(problem) if problem else status)


@login_required
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """What publishing makes and what is in its way; POST publishes. Afterwards: what was made."""
    draft = draft_or_404(request, pk)
    if request.method != "POST":
        return _publish_page(request, draft)
    try:
        publishing.publish(
            draft=draft,
            version=number_of(request, "version"),
            confirmed_open=request.POST.get("confirm", ""),
            folder=FOLDER,
            actor=request.actor,
            now=clock.now(),
        )
    except NotPermitted:
        raise
    except ContentInvalid as problem:
        first = problem.errors[0]
        return _publish_page(request, draft_or_404(request, pk), DomainError(first.code, **first.params), 422)
    except DomainError as problem:
        return _publish_page(request, draft_or_404(request, pk), problem, status_of(problem))
    return redirect("decomposition-publish", pk)


def _publish_page(
    request: HttpRequest, draft: Decomposition, problem: DomainError | None = None, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"draft": draft, "problem": problem, "typed": request.POST}
    if draft.state == "published":
        made = Indicator.objects.filter(report=draft.report, code__in=draft.outcome["codes"])
        context["made"] = made.select_related("lead_department").order_by("commitment__start", "code")
    elif draft.state == "working":
        preview = publishing.preview(draft)
        names = decomposing.names_of_fields()
        context |= {
            "preview": preview,
            "problems": [
                (span, [(names.get(error.field, ""), error) for error in errors]) for span, errors in preview.problems
            ],
            "open_sentences": [draft.text[slice(*span)] for span in preview.coverage.open_ones],
        }
    return render(request, "kpi/decomposition_publish.html", context, status=status)
