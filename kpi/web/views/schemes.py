"""The scoring schemes: the one in force, those to come and the presets; the form of a new one, with its effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts import clock
from kpi import labels
from kpi.domain.errors import DomainError, NotPermitted
from kpi.domain.scoring import Scheme
from kpi.models import Period, ScoringScheme
from kpi.selectors import schemes, score_sources
from kpi.selectors.score_sources import Judged
from kpi.services import permissions, scheme_content, scoring_schemes
from kpi.services.content import ContentInvalid, FieldError
from kpi.web import scheme_form
from kpi.web.errors import status_of
from kpi.web.scheme_form import SchemeForm


@login_required
def list_schemes(request: HttpRequest, year: int) -> HttpResponse:
    """The versions that are in use one after the other, and the presets to begin a new one from."""
    permissions.require_supervisor(request.actor)
    today = clock.today()
    found = list(ScoringScheme.objects.select_related("created_by").prefetch_related("lines", "weights__indicator"))
    used = set(ScoringScheme.objects.filter(runs__isnull=False).values_list("pk", flat=True))
    versions = [each for each in found if each.is_default]
    begun = [each for each in versions if each.effective_from <= today]
    context = {
        "current": begun[-1] if begun else None,
        "coming": [each for each in versions if each.effective_from > today],
        "earlier": begun[-2::-1],
        "presets": [each for each in found if not each.is_default],
        "used": used,
    }
    return render(request, "kpi/schemes.html", context)


@login_required
def new_scheme(request: HttpRequest, year: int) -> HttpResponse:
    """A new version, which begins as a copy of ``?from=``, else of the one in force."""
    permissions.require_supervisor(request.actor)
    begun_from = _begun_from(request)
    if request.method == "POST":
        return _take(request, year, begun_from, None)
    raw = scheme_content.raw_of(begun_from) | {"effective_from": "", "source": ""}
    return _page(request, year, SchemeForm.of(raw), begun_from)


def _begun_from(request: HttpRequest) -> ScoringScheme:
    wanted = request.POST.get("from") or request.GET.get("from", "")
    if wanted:
        return get_object_or_404(ScoringScheme, pk=int(wanted) if wanted.isdecimal() and len(wanted) < 9 else 0)
    found = schemes.scheme_on(clock.today()) or ScoringScheme.objects.first()
    if found is None:
        raise Http404
    return found


@login_required
def edit_scheme(request: HttpRequest, year: int, pk: int) -> HttpResponse:
    """A version that nothing was scored by: its form, saving it, and taking it back."""
    permissions.require_supervisor(request.actor)
    scheme = get_object_or_404(ScoringScheme, pk=pk, is_default=True)
    if request.method == "POST":
        return _take(request, year, scheme, scheme)
    if scheme.runs.exists():
        return redirect("score-schemes", year)
    return _page(request, year, SchemeForm.of(scheme_content.raw_of(scheme)), scheme, scheme)


def _take(request: HttpRequest, year: int, begun_from: ScoringScheme, scheme: ScoringScheme | None) -> HttpResponse:
    raw = scheme_form.typed(request.POST)
    try:
        if request.POST.get("action") == "preview":
            return _page(request, year, SchemeForm.of(raw), begun_from, scheme, effect=_effect(raw, year))
        said = _save(request, year, raw, begun_from, scheme)
    except NotPermitted:
        raise
    except ContentInvalid as problem:
        return _page(request, year, SchemeForm.of(raw, problem.errors), begun_from, scheme, status=422)
    except DomainError as problem:
        form = SchemeForm.of(raw)
        return _page(request, year, form, begun_from, scheme, problem=problem, status=status_of(problem))
    messages.success(request, said)
    return redirect("score-schemes", year)


def _save(
    request: HttpRequest, year: int, raw: scheme_content.Raw, begun_from: ScoringScheme, scheme: ScoringScheme | None
) -> str:
    base = {"actor": request.actor, "now": clock.now()}
    if scheme is None:
        saved = scoring_schemes.add(year=year, begun_from=begun_from, raw=raw, **base)
        return _("新方案已保存，%(day)s 起用") % {"day": saved.effective_from.isoformat()}
    text = request.POST.get("revision", "")
    revision = int(text) if text.isdecimal() and len(text) < 9 else 0
    if request.POST.get("action") == "withdraw":
        if not request.POST.get("sure"):
            raise ContentInvalid([FieldError("sure", "withdraw_unconfirmed")])
        scoring_schemes.withdraw(scheme=scheme, revision=revision, **base)
        return _("%(day)s 起用的方案已撤回") % {"day": scheme.effective_from.isoformat()}
    saved = scoring_schemes.change(year=year, scheme=scheme, revision=revision, raw=raw, **base)
    return _("方案已修改，%(day)s 起用") % {"day": saved.effective_from.isoformat()}


@dataclass(frozen=True)
class Change:
    """A unit's score by the version in force and by the one in the form."""

    unit: Judged
    before: Decimal | None
    after: Decimal | None

    @property
    def name(self) -> str:
        return getattr(self.unit, "short_name", None) or self.unit.title

    @property
    def difference(self) -> Decimal | None:
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Effect:
    """What a version would make of the latest locked month, in official order; nothing is stored."""

    period: Period
    changes: Sequence[Change]


def _effect(raw: scheme_content.Raw, year: int) -> Effect | None:
    """``None`` before any month is locked. Raises ``ContentInvalid``."""
    content = scheme_content.read(raw, year=year, scored_until=scoring_schemes.scored_until())
    period = Period.objects.filter(report__year=year, locked_at__isnull=False).order_by("-code").first()
    if period is None:
        return None
    ground, present = score_sources.gather(period), schemes.scheme_on(clock.today())
    after = _totals(ground, content.as_scheme())
    before = _totals(ground, schemes.stored(present)) if present else {}
    return Effect(period, [Change(unit, before.get(unit), total) for unit, total in after.items()])


def _totals(ground: score_sources.Ground, scheme: Scheme) -> dict[Judged, Decimal | None]:
    return {sheet.unit: sheet.score.total for sheet in score_sources.judge(ground, scheme)}


def _page(
    request: HttpRequest,
    year: int,
    form: SchemeForm,
    begun_from: ScoringScheme,
    scheme: ScoringScheme | None = None,
    *,
    problem: DomainError | None = None,
    effect: Effect | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "begun_from": begun_from,
        "scheme": scheme,
        # What was shown when the form was opened: pressing again must not overwrite a colleague's version.
        "revision": request.POST.get("revision") or (scheme.revision if scheme else ""),
        "scored_until": scoring_schemes.scored_until(),
        "bases": labels.SCORE_BASIS,
        "effect": effect,
        "is_previewed": request.POST.get("action") == "preview",
        "problem": problem,
        "today": clock.today(),
    }
    return render(request, "kpi/scheme_form.html", context, status=status)
