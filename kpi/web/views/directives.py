"""Leaders' directives: the list, a new one from any indicator, and the thread with what each reader may do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts import clock
from accounts.permissions import require
from kpi import labels, wording
from kpi.domain import directives as rules
from kpi.domain.directives import DirectiveKind, DirectiveVerb
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import Directive, Indicator
from kpi.selectors import cockpit
from kpi.selectors import directives as selector
from kpi.selectors.calendar import work_calendar
from kpi.selectors.directives import Filters, Thread
from kpi.services import directives
from kpi.services.content import ContentInvalid, FieldError
from kpi.web import directing
from kpi.web.directing import IssueForm
from kpi.web.errors import status_of
from kpi.web.look import board_or_404
from kpi.web.views.filing import version_of

V = DirectiveVerb
A_PAGE = 50


@login_required
def show_directives(request: HttpRequest, year: int) -> HttpResponse:
    """Every directive the reader may see, by where it stands, worst first."""
    actor = request.actor
    require(selector.can_issue(actor) or bool(actor.department_ids), "not_permitted")
    filters = _filters(request)
    found = selector.listing(actor=actor, year=year, now=clock.now(), filters=filters)
    page = Paginator(found.rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "found": found,
        "page": page,
        "filters": filters,
        "tabs": [(tab, word, found.counts[tab]) for tab, word in _tabs().items()],
        "kinds": labels.DIRECTIVE_KIND,
        "query": _query_of(filters),
        "is_filtered": bool(filters.unit or filters.kind or filters.words),
        "can_issue": selector.can_issue(actor),
    }
    return render(request, "kpi/directives.html", context)


def _tabs() -> dict[str, str]:
    words = (_("未办结"), _("待签收"), _("办理中"), _("待复核"), _("超期"), _("已办结"))
    return dict(zip(selector.TABS, words, strict=True))


def _filters(request: HttpRequest) -> Filters:
    tab, kind = request.GET.get("tab", "open"), request.GET.get("kind", "")
    if tab not in selector.TABS or (kind and kind not in labels.DIRECTIVE_KIND):
        raise Http404
    return Filters(tab, request.GET.get("unit", ""), kind, request.GET.get("q", "").strip()[:60])


def _query_of(filters: Filters) -> str:
    """The filters without the tab, to be carried from tab to tab."""
    query = QueryDict(mutable=True)
    for name, value in (("unit", filters.unit), ("kind", filters.kind), ("q", filters.words)):
        if value:
            query[name] = value
    return query.urlencode()


@login_required
def new_directive(request: HttpRequest, year: int) -> HttpResponse:
    """The form of one directive: everything is filled in but the words, and a phrase fills those."""
    require(selector.can_issue(request.actor), "not_permitted")
    code = request.POST.get("kpi") or request.GET.get("kpi", "")
    if not code:
        choices = Indicator.objects.of_year(year).select_related("lead_department").order_by("code")
        kind = directing.kind_of(request.GET.get("kind", ""))
        return render(request, "kpi/directive_choose.html", {"choices": choices, "kind": kind})
    if request.method != "POST":
        return _show_form(request, year, code)
    indicator = Indicator.objects.of_year(year).filter(code=code).select_related("report", "lead_department").first()
    if indicator is None:
        raise Http404
    form = directing.typed(request)
    try:
        directive = directing.send(form, indicator, request.actor, clock.now())
    except NotPermitted:
        raise
    except DomainError as problem:
        return _show_form(request, year, code, form.refused(problem), status=status_of(problem))
    words = {"unit": directive.department.short_name, "day": wording.short_day(directive.due_on)}
    said = (
        _("批示已交办 %(unit)s，%(day)s前反馈")
        if form.kind is DirectiveKind.INSTRUCT
        else _("说明要求已发 %(unit)s，%(day)s前反馈")
    )
    messages.success(request, said % words)
    return redirect("directive", year, directive.pk)


def _show_form(
    request: HttpRequest, year: int, code: str, form: IssueForm | None = None, *, status: int = 200
) -> HttpResponse:
    now = clock.now()
    today = localtime(now).date()
    indicators = selector.with_choices(Indicator.objects.of_year(year).filter(code=code), today)
    board = board_or_404(request, year, indicators=indicators.with_directives(request.actor, now))
    if not board.rows:
        raise Http404
    row = board.rows[0]
    due_on = rules.due_by_default(today, work_calendar())
    kind = directing.kind_of(request.GET.get("kind", ""))
    context = {
        "board": board,
        "row": row,
        "indicator": row.indicator,
        "form": form or directing.fresh(kind, row.indicator, due_on, request.GET.get("phrase", "")),
        "other_kind": DirectiveKind.INSTRUCT if kind is DirectiveKind.EXPLAIN else DirectiveKind.EXPLAIN,
        "default_due": due_on,
        "workdays": rules.ANSWER_WORKDAYS,
        "said": [each for each in selector.of_row(row.indicator, now) if each.is_open],
        "bad": cockpit.BAD,
        "now": now,
    }
    return render(request, "kpi/directive_new.html", context, status=status)


@login_required
def show_directive(request: HttpRequest, year: int, pk: int) -> HttpResponse:
    """One thread, with the steps the reader may take; a stranger's does not exist."""
    thread = _thread(request, year, pk)
    if request.method != "POST":
        return _show(request, thread)
    step = STEPS.get(request.POST.get("action", ""))
    if step is None:
        raise Http404
    try:
        moved = step(request, thread.directive)
    except NotPermitted:
        raise
    except DomainError as problem:
        return _show(request, _thread(request, year, pk), problem=problem, status=status_of(problem))
    messages.success(request, _done(DirectiveVerb(request.POST["action"]), moved))
    return redirect(request.path)


def _thread(request: HttpRequest, year: int, pk: int) -> Thread:
    found = selector.thread(actor=request.actor, year=year, pk=pk, now=clock.now())
    if found is None:
        raise Http404
    return found


def _show(
    request: HttpRequest, thread: Thread, *, problem: DomainError | None = None, status: int = 200
) -> HttpResponse:
    acts = directing.acts(thread, work_calendar(), request.POST, problem) if thread.verbs else []
    has_place = any(request.POST.get("action") in (act.verb, act.other) for act in acts)
    context = {
        "thread": thread,
        "standing": thread.standing,
        "directive": thread.directive,
        "indicator": thread.directive.indicator,
        "acts": acts,
        "problem": problem,
        "failed": next((act for act in acts if act.errors), None),
        # What was typed for a step that is no longer possible stays readable.
        "homeless": "" if has_place else request.POST.get("text", ""),
        "first": thread.entries[0],
    }
    return render(request, "kpi/directive.html", context, status=status)


def _base(request: HttpRequest, directive: Directive) -> dict[str, object]:
    return {
        "directive": directive,
        "version": version_of(request),
        "actor": request.actor,
        "now": clock.now(),
    }


def _plain(service: Callable[..., Directive]) -> Callable[[HttpRequest, Directive], Directive]:
    return lambda request, directive: service(**_base(request, directive))


def _said(service: Callable[..., Directive], name: str) -> Callable[[HttpRequest, Directive], Directive]:
    return lambda request, directive: service(**_base(request, directive), **{name: request.POST.get("text", "")})


def _dated(service: Callable[..., Directive], text: str, day: str) -> Callable[[HttpRequest, Directive], Directive]:
    def step(request: HttpRequest, directive: Directive) -> Directive:
        words = {text: request.POST.get("text", ""), day: directing.day_of(request.POST.get("day", ""))}
        return service(**_base(request, directive), **words)

    return step


def _grant(request: HttpRequest, directive: Directive) -> Directive:
    until = directing.day_of(request.POST.get("day", ""))
    if until is None:
        raise ContentInvalid([FieldError("day", "date_required")])
    return directives.answer_extension(**_base(request, directive), until=until, answer=request.POST.get("text", ""))


def _refuse(request: HttpRequest, directive: Directive) -> Directive:
    return directives.answer_extension(**_base(request, directive), until=None, answer=request.POST.get("text", ""))


STEPS: dict[str, Callable[[HttpRequest, Directive], Directive]] = {
    V.CORRECT: _dated(directives.correct, "text", "due_on"),
    V.WITHDRAW: _said(directives.withdraw, "reason"),
    V.RECEIVE: _plain(directives.receive),
    V.TAKE_IN_HAND: _plain(directives.take_in_hand),
    V.REPLY: _said(directives.reply, "text"),
    V.BEGIN_REVIEW: _plain(directives.begin_review),
    V.SEND_BACK: _dated(directives.send_back, "reason", "due_on"),
    V.CLOSE: _plain(directives.close),
    V.CLARIFY: _said(directives.clarify, "text"),
    V.ASK_EXTENSION: _dated(directives.ask_extension, "reason", "until"),
    V.GRANT_EXTENSION: _grant,
    V.REFUSE_EXTENSION: _refuse,
}


def _done(verb: DirectiveVerb, directive: Directive) -> str:
    """What has just been done, and who hears of it."""
    day: Callable[[datetime], str] = wording.short_day
    return {
        V.CORRECT: _("批示已更正，承办单位会收到"),
        V.WITHDRAW: _("批示已撤回"),
        V.RECEIVE: _("已签收，%(day)s前反馈") % {"day": day(directive.due_on)},
        V.TAKE_IN_HAND: _("已转入办理"),
        V.REPLY: _("已反馈，等督查室复核"),
        V.BEGIN_REVIEW: _("已开始复核，承办单位会看到"),
        V.SEND_BACK: _("已退回重办，%(day)s前再反馈") % {"day": day(directive.due_on)},
        V.CLOSE: _("已办结"),
        V.CLARIFY: _("补充说明已送承办单位"),
        V.ASK_EXTENSION: _("延期申请已送督查室和批示领导"),
        V.GRANT_EXTENSION: _("已同意延期，承办单位会收到"),
        V.REFUSE_EXTENSION: _("已答复不同意延期"),
    }[verb]
