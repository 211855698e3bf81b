"""The forms of a change of target as the page sees them: what was typed, what is wrong with it, what may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest
from django.utils.translation import gettext as _

from kpi import labels
from kpi.domain.errors import DomainError
from kpi.domain.periods import Period as Month
from kpi.domain.replanning import FIXED_TARGET, Held
from kpi.domain.target_changes import ChangeVerb, Timing
from kpi.domain.values import Kind
from kpi.models import Indicator, TargetChange, TargetChangeFile
from kpi.selectors import target_changes as selector
from kpi.selectors.target_changes import Thread
from kpi.selectors.terms import Terms
from kpi.services import target_change_content, target_change_files
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.target_change_content import NODE, PLAN

FILES = "files"
V = ChangeVerb


@dataclass(frozen=True)
class Field:
    """One planned month or node: its field's name, what holds, what stands in the field, and what is wrong with it."""

    name: str
    label: str
    held: Decimal | date | None
    value: str
    errors: Sequence[FieldError] = ()
    is_done: bool = False


@dataclass(frozen=True)
class ChangeForm:
    """The request as it stands. ``terms`` are what holds, ``first`` the month it would hold from at the earliest."""

    indicator: Indicator
    terms: Terms
    first: Month
    timing: Timing
    key: UUID
    raw: Mapping[str, Any]
    done: frozenset[int] = frozenset()
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)
    waiting: Sequence[TargetChangeFile] = ()
    kept: Sequence[TargetChangeFile] = ()
    is_filled: bool = False

    @property
    def held(self) -> Held:
        return self.terms.held

    @property
    def is_overdue(self) -> bool:
        return self.timing is not Timing.IN_TIME

    @property
    def has_target(self) -> bool:
        return self.indicator.kind not in FIXED_TARGET

    @property
    def summary(self) -> list[FieldError]:
        return [error for errors in self.errors.values() for error in errors]

    @property
    def months(self) -> list[Field]:
        plan = self.held.plan
        return [
            self._field(f"{PLAN}{month}", _("%(month)s月") % {"month": month.month}, plan.get(month))
            for month in target_change_content.editable_months(self.indicator, self.first)
        ]

    @property
    def nodes(self) -> list[Field]:
        if self.indicator.kind != Kind.MILESTONE:
            return []
        return [
            replace(
                self._field(f"{NODE}{node.ordinal}", f"{node.ordinal}. {node.name}", node.due_on),
                is_done=node.ordinal in self.done,
            )
            for node in self.terms.nodes()
        ]

    def _field(self, name: str, label: str, held: Decimal | date | None) -> Field:
        return Field(name, label, held, str(self.raw.get(name, "")), self.errors.get(name, ()))

    def with_errors(self, errors: Sequence[FieldError]) -> ChangeForm:
        found: dict[str, list[FieldError]] = {}
        for error in errors:
            found.setdefault(error.field, []).append(error)
        return replace(self, errors=found)


def form_of(request: HttpRequest, indicator: Indicator, today: date, change: TargetChange | None = None) -> ChangeForm:
    """The form as it opens or as it was posted.

    Raises what keeps anything from being asked for: ``target_change_too_early`` or ``target_change_no_month_left``.
    """
    asked_on = change.asked_on if change else today
    first = selector.first_month(indicator, asked_on)
    terms = selector.present_terms(indicator)
    key = change.form_key if change else form_key(request)
    if request.method == "POST":
        raw: Mapping[str, Any] = request.POST.dict()
    else:
        raw = target_change_content.shown(indicator, terms.held, first, change)
    return ChangeForm(
        indicator=indicator,
        terms=terms,
        first=first,
        timing=Timing(change.timing) if change else selector.timing_on(today, indicator, terms),
        key=key,
        raw=raw,
        done=selector.subject_of(indicator).done,
        waiting=target_change_files.waiting(key, request.actor),
        kept=list(change.files.all()) if change else (),
    )


def form_key(request: HttpRequest) -> UUID:
    """The form's own; a key that was tampered with is a new form."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid4()


def with_files(form: ChangeForm, request: HttpRequest) -> ChangeForm:
    """The form with the files it was sent by now."""
    return replace(form, waiting=target_change_files.waiting(form.key, request.actor))


def refilled(form: ChangeForm) -> ChangeForm:
    """The form with its plan stretched to the target that was typed."""
    raw, problem = target_change_content.refilled(form.raw, indicator=form.indicator, held=form.held, first=form.first)
    if problem is not None:
        return form.with_errors([problem])
    return replace(form, raw=raw, is_filled=True)


def stash(request: HttpRequest, form: ChangeForm, now) -> list[FieldError]:
    """Keep the request's files with the form; what was refused of them."""
    refused = []
    for file in request.FILES.getlist(FILES):
        try:
            target_change_files.stash(
                indicator=form.indicator,
                form_key=form.key,
                name=file.name,
                content=file,
                actor=request.actor,
                now=now,
            )
        except DomainError as problem:
            refused.append(FieldError(FILES, problem.code, problem.params))
    return refused


@dataclass(frozen=True)
class Act:
    """One thing that may be done on a case. ``look`` is ``open`` or ``folded``."""

    verb: ChangeVerb
    look: str
    css: str = ""
    text_label: str = ""
    is_required: bool = False
    hint: str = ""
    text: str = ""
    errors: Sequence[FieldError] = ()

    @property
    def title(self) -> str:
        return str(labels.CHANGE_VERB[self.verb].text)


def acts(thread: Thread, posted: Mapping[str, str], problem: DomainError | None) -> list[Act]:
    """What the reader may do now, in the order of likelihood; what was refused keeps its words and says why."""
    found = [act for act in _acts(thread) if act.verb in thread.verbs]
    return [_again(act, posted, problem) if problem and posted.get("action") == act.verb else act for act in found]


def _again(act: Act, posted: Mapping[str, str], problem: DomainError) -> Act:
    errors = problem.errors if isinstance(problem, ContentInvalid) else ()
    return replace(act, text=posted.get("text", ""), errors=errors, look="open")


def _acts(thread: Thread) -> list[Act]:
    note, reason = _("意见（选填）"), _("理由")
    hint = _("年度内已没有可以适用的月份，不能办理调整")
    if thread.first is not None:
        hint = _("自 %(month)s月期起适用（已锁定的月份不变）；原目标和原计划留存") % {"month": thread.first.month}
    if thread.change.is_overdue:
        hint = _("%(hint)s。逾期申请：考核仍按原目标计") % {"hint": hint}
    return [
        Act(V.SIGN, "open", "btn-p btn-l", note, hint=_("审签后送分管领导审定")),
        Act(V.AGREE, "open", "btn-p btn-l", note, hint=hint),
        Act(V.APPLY, "open", "btn-p btn-l", note, hint=hint),
        Act(V.SEND_BACK, "folded", "btn-d", reason, True, _("退回申请单位补正，补正后从审签重新走起")),
        Act(V.REFUSE, "folded", "btn-d", reason, True, _("不予调整，目标和计划不变；此件办结")),
        Act(V.WITHDRAW, "folded", "btn-d", note, hint=_("撤回后可以另行申请")),
    ]
