"""The scoring scheme in versions: a new one from a day that nothing was scored by yet; edited or withdrawn until scores
rest on it, never after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, IllegalTransition, StaleVersion
from kpi.domain.periods import Period as Month
from kpi.domain.score_runs import ScoreState
from kpi.models import ScoreRun, ScoringLine, ScoringScheme, ScoringWeight
from kpi.services import permissions, scheme_content
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.scheme_content import Raw, SchemeContent


@transaction.atomic
def add(*, year: int, begun_from: ScoringScheme, raw: Raw, actor: Actor, now: datetime) -> ScoringScheme:
    """A new version that begins as a copy of another, whose code it keeps; its version is the day it begins.

    Raises ``NotPermitted`` or ``ContentInvalid``, also for a day that has a version already.
    """
    permissions.require_supervisor(actor)
    content = scheme_content.read(raw, year=year, scored_until=scored_until())
    scheme = ScoringScheme(code=begun_from.code, is_default=True, created_by=actor.user)
    _write(scheme, content)
    _audit("scoring_scheme.created", scheme, actor, now, after=scheme_content.raw_of(scheme))
    return scheme


@transaction.atomic
def change(*, year: int, scheme: ScoringScheme, revision: int, raw: Raw, actor: Actor, now: datetime) -> ScoringScheme:
    """A version that nothing was scored by says something else. Raises besides, ``StaleVersion`` or
    ``scheme_in_use``."""
    permissions.require_supervisor(actor)
    stored = _locked(scheme, revision)
    content = scheme_content.read(raw, year=year, scored_until=scored_until())
    before = scheme_content.raw_of(stored)
    stored.revision += 1
    stored.lines.all().delete()
    stored.weights.all().delete()
    _write(stored, content)
    _audit("scoring_scheme.changed", stored, actor, now, before=before, after=scheme_content.raw_of(stored))
    return stored


@transaction.atomic
def withdraw(*, scheme: ScoringScheme, revision: int, actor: Actor, now: datetime) -> None:
    """A version that nothing was scored by goes, unless it is the only one; the audit entry keeps what it said."""
    permissions.require_supervisor(actor)
    stored = _locked(scheme, revision)
    if not ScoringScheme.objects.filter(is_default=True).exclude(pk=stored.pk).exists():
        raise DomainError("scheme_first")
    _audit("scoring_scheme.withdrawn", stored, actor, now, before=scheme_content.raw_of(stored))
    stored.delete()


def scored_until() -> date | None:
    """The last day of the latest month that was scored (1 query): rules are not made after the game."""
    runs = ScoreRun.objects.exclude(state=ScoreState.DISCARDED).order_by("-period__code")
    code = runs.values_list("period__code", flat=True).first()
    return None if code is None else Month.parse(code).last_day


def _locked(scheme: ScoringScheme, revision: int) -> ScoringScheme:
    """The row, locked, provided no scores rest on it and it is still what the form showed."""
    stored = ScoringScheme.objects.select_for_update().filter(pk=scheme.pk, is_default=True).first()
    if stored is None:
        raise StaleVersion("scheme_gone")
    if stored.runs.exists():
        raise IllegalTransition("scheme_in_use")
    if stored.revision != revision:
        raise StaleVersion("scheme_changed", given=revision, current=stored.revision)
    return stored


def _write(scheme: ScoringScheme, content: SchemeContent) -> None:
    for name, value in content.fields.items():
        setattr(scheme, name, value)
    scheme.version = scheme.effective_from.isoformat()
    with _one_a_day(scheme.version):
        scheme.save()
    ScoringLine.objects.bulk_create(ScoringLine(scheme=scheme, **line) for line in content.lines)
    ScoringWeight.objects.bulk_create(
        ScoringWeight(scheme=scheme, indicator=each.indicator, weight=each.weight, is_key=each.is_key)
        for each in content.weights
    )


@contextmanager
def _one_a_day(day: str) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as problem:
        if "scoring_scheme_one_default_per_day" not in str(problem) and "version_once" not in str(problem):
            raise
        raise ContentInvalid([FieldError("effective_from", "scheme_day_taken", {"day": day})]) from problem


def _audit(action: str, scheme: ScoringScheme, actor: Actor, now: datetime, **states: dict[str, Any]) -> None:
    audit.record(action=action, obj=scheme, actor=actor.user, now=now, reason=scheme.source, **states)
