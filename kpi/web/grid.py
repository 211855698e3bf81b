"""The bulk grid: one line per report a department owes for a month, read by the parser of the form.

A line shows a few of a report's fields; whatever else its draft holds stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from typing import Any

from django.http import QueryDict
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Actor
from kpi.domain.errors import DomainError, StaleVersion
from kpi.domain.periods import Period as Month
from kpi.domain.rag import Assessment
from kpi.domain.values import Kind, Rag, SubmissionState, Timeliness
from kpi.models import Indicator, Period, Submission
from kpi.selectors import history, scoreboard
from kpi.selectors.content import Content, carried, content_of
from kpi.selectors.scoreboard import Row
from kpi.selectors.standing import RuleBook, assess_figure
from kpi.services import content as content_service
from kpi.services import examining
from kpi.services.content import FLAGS, LISTS, ContentInvalid, FieldError, with_last_figure
from kpi.services.examining import FigureInDoubt
from kpi.web.forms import ReportForm
from kpi.workbooks.filing import KINDS

EDITABLE = (None, SubmissionState.DRAFT, SubmissionState.RETURNED)
# What a figure of the kind is, in the empty field.
HINTS = {
    Kind.CUMULATIVE: _("累计数"),
    Kind.POINT_IN_TIME: _("时点数"),
    Kind.RANK: _("位次"),
    Kind.BOTTOM_LINE: _("没有填 0"),
}
MODES = ("fill", "form", "filed")
DEVIATION = ("deviation_reasons", "measures", "catch_up_period")
DEVIATION_MISSING = tuple(f"{name}_required" for name in DEVIATION)


def shown_fields(indicator: Indicator, *, has_last: bool) -> tuple[str, ...]:
    """THE list of a report's fields that a line of the grid shows, left to right."""
    figures = ("numerator", "denominator") if indicator.kind == Kind.RATIO else ("value",)
    return (*figures, "narrative", "outlook", *(("no_progress",) if has_last else ()))


@dataclass
class Line:
    """One report: its row of the scoreboard, what came before, and what is being posted.

    ``posted`` are the shown fields as typed, ``None`` where nothing was sent for the line. ``refusal`` is why it could
    not be written; ``is_checked`` asks for everything that keeps it from being submitted.
    """

    row: Row
    period: Period
    earlier: Sequence[Submission]
    rules: RuleBook
    now: datetime
    posted: Mapping[str, str] | None = None
    stamp_given: str = ""
    sure_given: str = ""
    is_checked: bool = False
    is_picked: bool = False
    refusal: DomainError | None = None
    has_evidence: bool = False

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator

    @property
    def code(self) -> str:
        return self.indicator.code

    @property
    def submission(self) -> Submission | None:
        return self.row.current.submission

    @property
    def state(self) -> str | None:
        return self.submission.state if self.submission else None

    @property
    def last(self) -> Submission | None:
        return self.earlier[-1] if self.earlier else None

    @property
    def expected(self) -> Decimal | None:
        return self.row.terms.expected_at(Month.parse(self.period.code))

    @property
    def mode(self) -> str:
        """``fill`` here, ``form`` for what does not fit a line, ``filed`` for what is no longer the department's."""
        if not self.is_open or self.state not in EDITABLE:
            # What was typed and refused stays to be seen.
            return "fill" if self.refusal is not None and self.posted is not None else "filed"
        # That there is no figure yet is said on the form; a figure typed here would be dropped.
        is_awaited = self.submission is not None and self.submission.is_unpublished
        return "fill" if self.indicator.kind in KINDS and not is_awaited else "form"

    @property
    def is_open(self) -> bool:
        """Whether the department may write it now."""
        assert self.row.current.window is not None
        was_filed = self.submission is not None and self.submission.first_submitted_at is not None
        return self.row.current.window.refusal(self.now, was_filed=was_filed) is None

    @property
    def is_missing(self) -> bool:
        """Whether the grace is over and nothing was filed: more time can be asked for on its form."""
        return self.row.current.timeliness is Timeliness.MISSING and not self.is_open

    @property
    def begun_with(self) -> Content:
        """What is stored, else what a new report carries over."""
        return content_of(self.submission) if self.submission else carried(self.last, self.period)

    @property
    def hint(self) -> str:
        return str(HINTS.get(Kind(self.indicator.kind), ""))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        return shown_fields(self.indicator, has_last=self.last is not None)

    @cached_property
    def stored(self) -> Mapping[str, Any]:
        return ReportForm.stored(self.submission, self.indicator, self.begun_with).raw

    @property
    def stamp(self) -> str:
        """The version shown and a digest of the shown fields: an untouched line is told from a touched one."""
        return f"{self.submission.version if self.submission else 0}:{_digest(self.stored, self.fields)}"

    @property
    def version_given(self) -> int:
        version = self.stamp_given.partition(":")[0]
        if not version.isascii() or not version.isdigit() or len(version) > 9:
            raise DomainError("version_missing")
        return int(version)

    @property
    def is_conflict(self) -> bool:
        """Somebody else saved the report after the line was shown."""
        return isinstance(self.refusal, StaleVersion)

    @property
    def is_touched(self) -> bool:
        return self.posted is not None and _digest(self.posted, self.fields) != self.stamp_given.partition(":")[2]

    @cached_property
    def raw(self) -> dict[str, Any]:
        """The whole report as it would stand: what is stored, with the posted fields laid over it."""
        return dict(self.stored) | dict(self.posted or {})

    @cached_property
    def content(self) -> tuple[Content, Sequence[FieldError]]:
        """As far as it can be read, and what cannot."""
        if self.posted is None and not (self.submission and self.submission.typed):
            return self.begun_with, ()
        return content_service.read(indicator=self.indicator, raw=self.raw, today=localtime(self.now).date())

    @cached_property
    def lamp(self) -> Assessment | None:
        """The lamp the line's figure gives; ``None`` while there is no figure."""
        content, errors = self.content
        content = with_last_figure(content, self.last)
        if content.value is None or any(error.field not in ("narrative", *DEVIATION) for error in errors):
            return None
        month = Month.parse(self.period.code)
        return assess_figure(self.indicator, period=month, figure=content.figure(), rules=self.rules)

    @property
    def last_value(self) -> Decimal | None:
        return self.last.value if self.last else None

    @property
    def actual(self) -> Decimal | None:
        return self.lamp.actual if self.lamp else None

    @property
    def step(self) -> Decimal | None:
        """This month's part of the figure."""
        if self.actual is None or self.last_value is None:
            return self.actual
        return self.actual - self.last_value

    @property
    def needs_deviation(self) -> bool:
        return self.lamp is not None and self.lamp.rag in (Rag.RED, Rag.AMBER)

    @property
    def lacks_deviation(self) -> bool:
        content, _errors = self.content
        return self.needs_deviation and not all(getattr(content, name) for name in DEVIATION)

    @cached_property
    def problem(self) -> ContentInvalid | FigureInDoubt | None:
        """What keeps the line from being submitted; only looked for where that was asked."""
        if not self.is_checked or self.mode != "fill" or self.refusal is not None:
            return None
        content, errors = self.content
        try:
            if errors:
                raise ContentInvalid(errors)
            examining.examine(
                indicator=self.indicator,
                period=self.period,
                content=content,
                earlier=self.earlier,
                rules=self.rules,
                is_corrected=self.submission is not None and self.submission.approved_at is not None,
                has_evidence=self.has_evidence,
            )
        except (ContentInvalid, FigureInDoubt) as problem:
            return problem
        return None

    @property
    def errors(self) -> Sequence[FieldError]:
        problem = self.problem
        return problem.errors if isinstance(problem, ContentInvalid) else self.content[1]

    @property
    def errors_at(self) -> Mapping[str, Sequence[FieldError]]:
        """By shown field."""
        found: dict[str, list[FieldError]] = defaultdict(list)
        for error in self.errors:
            found[error.field].append(error)
        return dict(found)

    @property
    def errors_elsewhere(self) -> Sequence[FieldError]:
        """About fields that only the form shows; what a red or amber lamp asks for counts as one."""
        others = [error for error in self.errors if error.field not in self.fields]
        rest = [error for error in others if error.code not in DEVIATION_MISSING]
        return [*rest, FieldError("form", "deviation_required")] if len(rest) < len(others) else rest

    @property
    def doubt(self) -> FigureInDoubt | None:
        return self.problem if isinstance(self.problem, FigureInDoubt) else None

    @property
    def sure_text(self) -> str:
        """The figure as it is typed: what a person stands by who was asked about it."""
        return content_service.plain(self.content[0].value, self.indicator)

    @property
    def said(self) -> Sequence[FieldError | DomainError]:
        """Everything that keeps the line from being written or filed."""
        found = self.refusal or self.doubt
        if found is not None:
            return [found]
        return [*(error for error in self.errors if error.field in self.fields), *self.errors_elsewhere]

    @property
    def place(self) -> str:
        """The id of the element to go to for the first of ``said``."""
        if self.refusal is not None:
            return f"r-{self.code}"
        first = self.fields[0] if self.doubt is not None else next(iter(self.said)).field
        return f"{self.code}-{first if first in self.fields else 'form'}"

    @property
    def for_merge(self) -> Iterator[tuple[str, str]]:
        """The whole report as fields of the form, to be merged there with what a colleague saved."""
        for name, value in self.raw.items():
            if name in LISTS:
                yield from ((name, item) for item in value)
            elif name not in FLAGS or value:
                yield name, "on" if name in FLAGS else str(value)


@dataclass(frozen=True)
class Grid:
    """All lines of a month: what is to be filled in here, what has a form of its own, what is filed; each in report
    order, so that a column of the department's workbook pastes onto the lines it came from."""

    period: Period
    lines: Sequence[Line]
    units: Sequence[str] = field(default_factory=tuple)

    @property
    def open_lines(self) -> Sequence[Line]:
        return [line for line in self.lines if line.mode != "filed"]

    @property
    def can_fill(self) -> bool:
        return any(line.mode == "fill" for line in self.lines)

    @property
    def checked(self) -> Sequence[Line]:
        return [line for line in self.lines if line.is_checked]

    @property
    def filed(self) -> Sequence[Line]:
        """Of the lines that were to be submitted: those that are by now."""
        return [line for line in self.checked if line.state not in EDITABLE and line.refusal is None]

    @property
    def in_trouble(self) -> Sequence[Line]:
        """Lines with something to mend before they can be submitted, or that could not be written."""
        return [line for line in self.lines if line.refusal is not None or (line.is_checked and line.said)]

    @property
    def doubtful(self) -> Sequence[Line]:
        """Checked, not filed, and nothing found that keeps them: worth another try."""
        return [line for line in self.checked if line.mode != "filed" and not line.said]


def load(
    *,
    actor: Actor,
    year: int,
    period_code: str,
    now: datetime,
    code: str | None = None,
    checked: Collection[str] = (),
) -> Grid:
    """The reports the actor's departments owe for a month, or one of them (8 queries).

    Raises ``Period.DoesNotExist``.
    """
    led = Indicator.objects.of_year(year).led_by(actor.department_ids)
    led = led if code is None else led.filter(code=code)
    board = scoreboard.build(year=year, now=now, actor=actor, period_code=period_code, indicators=led)
    owed = [row for row in board.rows if row.current.is_asked or row.current.submission]
    before = history.before([row.indicator for row in owed], board.period)
    lines = [
        Line(
            row=row,
            period=board.period,
            earlier=before.earlier.get(row.indicator.pk, ()),
            rules=board.rules,
            now=now,
            is_checked=row.indicator.code in checked,
            is_picked=row.indicator.code in checked,
            has_evidence=row.current.submission is not None and row.current.submission.pk in before.proved,
        )
        for row in owed
    ]
    lines.sort(key=lambda line: MODES.index(line.mode))
    return Grid(board.period, lines, sorted({line.indicator.lead_department.short_name for line in lines}))


def take_posted(grid: Grid, data: QueryDict) -> None:
    """Lay what was sent over the lines it names; fields of a line are called “<code>-<field>”."""
    picked = set(data.getlist("pick"))
    for line in grid.lines:
        stamp = data.get(f"{line.code}-stamp")
        if stamp is None:
            continue
        line.stamp_given = stamp
        line.posted = {name: data.get(f"{line.code}-{name}", "") for name in line.fields}
        line.sure_given = data.get(f"{line.code}-sure", "")
        line.is_picked = line.code in picked
        line.is_checked = f"{line.code}-checked" in data


def _digest(raw: Mapping[str, Any], fields: Sequence[str]) -> str:
    """Twelve hex digits of the shown fields as a browser would send them back."""
    said = [("1" if raw.get(name) else "") if name in FLAGS else _sent(raw.get(name)) for name in fields]
    return sha256("\x1f".join(said).encode(errors="replace")).hexdigest()[:12]


def _sent(value: object) -> str:
    return str(value or "").replace("\r\n", "\n").strip()
