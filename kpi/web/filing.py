"""The monthly form of one indicator: what is stored, what came before, what is being posted, and what may be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest

from accounts import clock
from accounts.models import Department
from kpi import labels
from kpi.domain.errors import DomainError
from kpi.domain.periods import Period as Month
from kpi.domain.rag import Assessment
from kpi.domain.values import Kind, SubmissionState, Verb
from kpi.domain.window import Phase, Window
from kpi.labels import Label
from kpi.models import Evidence, Extension, Indicator, Period, Submission
from kpi.selectors import scoreboard
from kpi.selectors.content import Content, carried, carried_fields, content_in_force, content_of, in_force
from kpi.selectors.people import coverage_units
from kpi.selectors.scoreboard import MonthLamp, Row
from kpi.selectors.standing import RuleBook, assess_figure
from kpi.services import content as content_service
from kpi.services import examining, permissions
from kpi.services.content import FieldError
from kpi.web.forms import ReportForm, raw_of

EDITABLE = (None, SubmissionState.DRAFT, SubmissionState.RETURNED)
RECENT = 5


@dataclass(frozen=True)
class Filing:
    """One indicator in one month: the row up to it, what is stored, what came before, and what is being posted."""

    row: Row
    period: Period
    last: Submission | None
    units: Sequence[Department]
    request: HttpRequest

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator

    @property
    def month(self) -> MonthLamp:
        return self.row.current

    @cached_property
    def submission(self) -> Submission | None:
        """The stored report; the board of a locked month holds lamps only."""
        if self.period.locked_at is None:
            return self.month.submission
        reports = Submission.objects.visible_to(self.request.actor).with_standing()
        found = reports.filter(indicator=self.indicator, period=self.period).first()
        if found is None or found.approved_at is None:
            return found
        # A correction that the lock overtook was never in force: what was published is shown.
        found = in_force(found)
        found.state = SubmissionState.APPROVED
        return found

    @property
    def state_label(self) -> Label:
        return labels.SUBMISSION_STATE[self.submission.state] if self.submission else labels.NOT_STARTED

    @property
    def version(self) -> int:
        return self.submission.version if self.submission else 0

    @property
    def is_editable(self) -> bool:
        state = self.submission.state if self.submission else None
        return state in EDITABLE and self.refusal is None

    @property
    def is_at_first_step(self) -> bool:
        """Whether the report is the department's to write, in the row of steps."""
        state = self.submission.state if self.submission else None
        return state in EDITABLE and self.period.locked_at is None

    @cached_property
    def window(self) -> Window:
        assert self.month.window is not None
        return self.month.window

    @cached_property
    def refusal(self) -> str | None:
        """Why the report cannot be written now, as a code."""
        was_filed = self.submission is not None and self.submission.first_submitted_at is not None
        return self.window.refusal(clock.now(), was_filed=was_filed)

    @property
    def is_under_correction(self) -> bool:
        """Whether an approved version counts while this one is written."""
        return self.submission is not None and self.submission.approved_at is not None and self.is_editable

    @property
    def standing(self) -> Content | None:
        """The approved version that counts."""
        return content_in_force(self.submission) if self.submission else None

    @property
    def can_be_corrected(self) -> bool:
        is_approved = self.submission is not None and self.submission.state == SubmissionState.APPROVED
        return is_approved and self.refusal is None

    @cached_property
    def extension(self) -> Extension | None:
        """The department's latest request for more time."""
        found = Extension.objects.filter(period=self.period, department=self.indicator.lead_department_id)
        return found.order_by("-asked_at", "-pk").first()

    @property
    def can_ask_for_time(self) -> bool:
        """Whether asking would help: the report is not filed, and nobody has asked already."""
        is_waiting = self.extension is not None and self.extension.decided_at is None
        is_unfiled = self.submission is None or self.submission.first_submitted_at is None
        return is_unfiled and not is_waiting and self.window.phase(clock.now()) not in (Phase.LOCKED, Phase.NOT_OPEN)

    @property
    def may_be_unpublished(self) -> bool:
        return self.indicator.kind in content_service.PUBLISHED_KINDS

    @property
    def recent(self) -> list[MonthLamp]:
        """The latest months before this one that have figures of their own."""
        return [month for month in reversed(self.row.months[:-1]) if month.is_own][:RECENT]

    @cached_property
    def stored(self) -> Content:
        """What the fields show at first: the draft, else what is carried over from the last report."""
        return content_of(self.submission) if self.submission else carried(self.last, self.period)

    @property
    def carried(self) -> list[str]:
        """The words of the fields carried over into a report nobody has begun."""
        if self.submission is not None:
            return []
        return [str(Submission._meta.get_field(name).verbose_name) for name in carried_fields(self.stored)]

    @cached_property
    def raw(self) -> dict[str, Any]:
        """What was posted, after the choices of a merge."""
        return raw_of(self.request.POST, theirs=ReportForm.stored(self.submission, self.indicator).raw)

    @cached_property
    def posted(self) -> tuple[Content, Sequence[FieldError]]:
        """What was posted as far as it can be read, and what cannot."""
        units = [unit.code for unit in self.units]
        return content_service.read(indicator=self.indicator, raw=self.raw, units=units, today=clock.today())

    @cached_property
    def editor(self) -> UUID:
        """The open form: named when it is first shown, and kept through every answer to it."""
        try:
            return UUID(self.request.POST["editor"]) if "editor" in self.request.POST else uuid4()
        except ValueError:
            raise DomainError("version_missing") from None

    @cached_property
    def rules(self) -> RuleBook:
        return RuleBook.load()

    def assess(self, content: Content) -> Assessment:
        figure = content_service.with_last_figure(content, self.last).figure()
        period = Month.parse(self.period.code)
        return assess_figure(self.indicator, period=period, figure=figure, rules=self.rules)

    def need(self, content: Content, lamp: Assessment) -> Label | None:
        """Why the content would have to bring evidence, in a word."""
        need = examining.evidence_need(self.indicator, content, lamp, last=self.last, rules=self.rules)
        return labels.EVIDENCE_NEED[need] if need else None

    @cached_property
    def files(self) -> list[Evidence]:
        """What is attached."""
        return list(self.submission.evidence.attached().select_related("uploaded_by")) if self.submission else []

    @property
    def can_be_discarded(self) -> bool:
        """A draft that was never submitted; also one that the page itself may begin any moment."""
        found = self.submission
        return found is None or (found.state == SubmissionState.DRAFT and found.first_submitted_at is None)


def filing_or_404(request: HttpRequest, year: int, period: str, code: str) -> Filing:
    """404 for what does not exist, 403 for another department's form."""
    indicators = Indicator.objects.of_year(year).filter(code=code)
    try:
        board = scoreboard.build(
            year=year, now=clock.now(), actor=request.actor, period_code=period, indicators=indicators
        )
    except Period.DoesNotExist as problem:
        raise Http404 from problem
    if not board.rows:
        raise Http404
    row = board.rows[0]
    permissions.require(request.actor, Verb.SAVE, row.indicator)
    last = examining.last_approved(row.indicator, board.period)
    units = coverage_units(row.indicator.coverage_scope) if row.indicator.kind == Kind.COVERAGE else []
    return Filing(row, board.period, last, units, request)
