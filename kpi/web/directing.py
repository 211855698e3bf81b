"""The forms of a directive as the page sees them: what was typed, what is wrong with it, and what may be done next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID, uuid4

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import Department, Post
from accounts.permissions import Actor
from kpi import labels
from kpi.domain import directives as rules
from kpi.domain.calendar import WorkCalendar
from kpi.domain.directives import DirectiveKind, DirectiveVerb
from kpi.domain.errors import DomainError
from kpi.models import Directive, Indicator
from kpi.selectors.directives import Thread
from kpi.services import directives
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.directives import Wish

V = DirectiveVerb
# What the unit is proposed to ask for, in workdays after the day in force.
PROPOSED_WORKDAYS = 5


@dataclass(frozen=True)
class IssueForm:
    """The fields of a new directive as they stand, with errors by field."""

    kind: DirectiveKind
    key: UUID
    text: str = ""
    phrase: str = ""
    unit: str = ""
    copies: Sequence[str] = ()
    day: str = ""
    post: str = ""
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)
    problem: DomainError | None = None

    @property
    def phrases(self) -> Mapping[str, labels.Label]:
        return labels.DIRECTIVE_PHRASES[self.kind]

    @property
    def words(self) -> str:
        """What was typed; the phrase that was chosen where nothing was."""
        chosen = self.phrases.get(self.phrase)
        return self.text.strip() or (str(chosen.text) if chosen else "")

    def refused(self, problem: DomainError) -> IssueForm:
        """The same fields with what is wrong with them."""
        if isinstance(problem, ContentInvalid):
            return replace(self, errors=by_field(problem.errors))
        # The form has sent something: pressed once more it is another directive.
        return replace(self, problem=problem, key=uuid4())


def by_field(errors: Sequence[FieldError]) -> dict[str, list[FieldError]]:
    found: dict[str, list[FieldError]] = {}
    for error in errors:
        found.setdefault(error.field, []).append(error)
    return found


def kind_of(text: str) -> DirectiveKind:
    return DirectiveKind.EXPLAIN if text == DirectiveKind.EXPLAIN else DirectiveKind.INSTRUCT


def fresh(kind: DirectiveKind, indicator: Indicator, due_on: date, phrase: str = "") -> IssueForm:
    """Filled in as far as it can be, so that one tap on a phrase and one on 交办 send it; with ``phrase`` only 交办."""
    chosen = labels.DIRECTIVE_PHRASES[kind].get(phrase)
    return IssueForm(
        kind=kind,
        key=uuid4(),
        text=str(chosen.text) if chosen else "",
        phrase=phrase if chosen else "",
        unit=indicator.lead_department.code,
        day=due_on.isoformat(),
        post=indicator.accountable_post.code,
    )


def typed(request: HttpRequest) -> IssueForm:
    """Exactly what was posted. A key that was tampered with is a new form."""
    data = request.POST
    try:
        key = UUID(data.get("key", ""))
    except ValueError:
        key = uuid4()
    return IssueForm(
        kind=kind_of(data.get("kind", "")),
        key=key,
        text=data.get("text", ""),
        phrase=data.get("phrase", ""),
        unit=data.get("unit", ""),
        copies=data.getlist("copies"),
        day=data.get("day", ""),
        post=data.get("post", ""),
    )


def send(form: IssueForm, indicator: Indicator, actor: Actor, now) -> Directive:
    """Hand the form to the service. Raises what it raises, and ``ContentInvalid`` for what cannot be read."""
    unit = Department.objects.filter(code=form.unit, is_active=True).first()
    copies = list(Department.objects.filter(code__in=form.copies, is_active=True))
    post = None if actor.is_leader else Post.objects.filter(code=form.post).first()
    errors = [] if unit else [FieldError("department", "unit_required")]
    try:
        due_on = day_of(form.day)
    except ContentInvalid as problem:
        due_on = None
        errors += problem.errors
    if unit is None or errors:
        raise ContentInvalid(errors)
    wish = Wish(form.kind, form.words, unit, copies, due_on, post)
    return directives.issue(indicator=indicator, wish=wish, form_key=form.key, actor=actor, now=now)


def day_of(text: str) -> date | None:
    """A day as the browser's field gives it; ``None`` where it is empty."""
    text = text.strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ContentInvalid([FieldError("day", "date_malformed")]) from None


@dataclass(frozen=True)
class Act:
    """One thing that may be done on a thread. ``look`` is ``button``, ``open`` or ``folded``."""

    verb: DirectiveVerb
    look: str
    css: str = ""
    text_label: str = ""
    is_required: bool = False
    day_label: str = ""
    text: str = ""
    day: str = ""
    hint: str = ""
    other: DirectiveVerb | None = None
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return _("答复延期申请") if self.other else str(labels.DIRECTIVE_VERB[self.verb].text)

    @property
    def summary(self) -> list[FieldError]:
        return [error for errors in self.errors.values() for error in errors]

    @property
    def anchor(self) -> str:
        return str(self.verb)


def acts(thread: Thread, calendar: WorkCalendar, posted: Mapping[str, str], problem: DomainError | None) -> list[Act]:
    """What the reader may do now, in the order of likelihood; what was refused keeps its words and says why."""
    found = [act(thread, calendar) for verb, act in ACTS.items() if verb in thread.verbs]
    return [_again(act, posted, problem) if problem and _is_of(act, posted) else act for act in found]


def _is_of(act: Act, posted: Mapping[str, str]) -> bool:
    return posted.get("action") in (act.verb, act.other)


def _again(act: Act, posted: Mapping[str, str], problem: DomainError) -> Act:
    errors = by_field(problem.errors) if isinstance(problem, ContentInvalid) else {}
    look = "open" if act.look == "folded" else act.look
    return replace(act, text=posted.get("text", ""), day=posted.get("day", ""), errors=errors, look=look)


def _proposed(thread: Thread, calendar: WorkCalendar) -> str:
    standing = thread.standing
    return calendar.add_workdays(max(standing.due_on, standing.today), PROPOSED_WORKDAYS).isoformat()


def _redo(thread: Thread, calendar: WorkCalendar) -> str:
    standing = thread.standing
    day = calendar.add_workdays(standing.today, rules.REDO_WORKDAYS)
    return rules.due_after_sending_back(standing.due_on, day).isoformat()


def _ask(thread: Thread, calendar: WorkCalendar) -> Act:
    is_late = thread.standing.is_overdue
    hint = _("期限已过：同意后另约日期，仍按超期计") if is_late else _("期限前申请，同意后期限后移")
    return Act(V.ASK_EXTENSION, "folded", "", _("理由"), True, _("延至"), day=_proposed(thread, calendar), hint=hint)


def _answer(thread: Thread, _calendar: WorkCalendar) -> Act:
    asked = thread.standing.asked
    day = asked.day if asked else thread.standing.due_on + timedelta(days=1)
    hint = _("期限之后才申请的，同意了仍按超期计") if asked and asked.is_late else ""
    return Act(
        V.GRANT_EXTENSION,
        "open",
        "btn-o",
        _("答复（不同意时必填）"),
        day_label=_("延至"),
        day=day.isoformat(),
        hint=hint,
        other=V.REFUSE_EXTENSION,
    )


def _correct(thread: Thread, _calendar: WorkCalendar) -> Act:
    standing = thread.standing
    hint = _("签收前可以更正；签收后只能补充说明")
    return Act(
        V.CORRECT,
        "folded",
        "",
        _("批示内容"),
        True,
        _("反馈期限"),
        standing.text,
        standing.due_on.isoformat(),
        hint,
    )


ACTS: Mapping[DirectiveVerb, Callable[[Thread, WorkCalendar], Act]] = {
    V.RECEIVE: lambda _thread, _calendar: Act(V.RECEIVE, "button", "btn-p btn-l"),
    V.TAKE_IN_HAND: lambda _thread, _calendar: Act(V.TAKE_IN_HAND, "button", "btn-p btn-l"),
    V.GRANT_EXTENSION: _answer,
    V.REPLY: lambda _thread, _calendar: Act(
        V.REPLY, "open", "btn-p btn-l", _("反馈内容"), True, hint=_("写明办理结果、原因和下一步；送督查室和批示领导")
    ),
    V.ASK_EXTENSION: _ask,
    V.CLOSE: lambda _thread, _calendar: Act(V.CLOSE, "button", "btn-p btn-l"),
    V.BEGIN_REVIEW: lambda _thread, _calendar: Act(V.BEGIN_REVIEW, "button", "btn-l"),
    V.SEND_BACK: lambda thread, calendar: Act(
        V.SEND_BACK, "folded", "btn-d", _("退回原因"), True, _("重办期限"), day=_redo(thread, calendar)
    ),
    V.CLARIFY: lambda _thread, _calendar: Act(
        V.CLARIFY, "folded", "", _("补充或更正的话"), True, hint=_("批示原文不动，写成新的一条")
    ),
    V.CORRECT: _correct,
    V.WITHDRAW: lambda _thread, _calendar: Act(V.WITHDRAW, "folded", "btn-d", _("撤回原因（选填）")),
}
