"""A filled workbook → preview → reports, on django-import-export.

Preview and confirmation run the same resource over the same rows, and it never writes. Confirming goes on only if every
row is good, and then writes each through the service the form uses, all rows or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from import_export.resources import ModelResource
from import_export.results import RowResult

from accounts import audit
from accounts.models import Department
from accounts.permissions import Actor
from accounts.spreadsheets.child import FORMULA
from kpi.domain.errors import DomainError
from kpi.domain.values import SubmissionState
from kpi.domain.window import Window
from kpi.models import Indicator, Period, ReportUpload, Submission
from kpi.selectors import periods as period_selector
from kpi.selectors import scoreboard
from kpi.selectors.content import Content, content_of
from kpi.services import content as content_service
from kpi.services import imports, submissions
from kpi.services.content import FIGURES, FLAGS, FieldError
from kpi.workbooks.filing import HEADINGS, KEYS, KINDS, OPEN, STAMP, digest, raw_of
from kpi.workbooks.template import HEAD_ROWS

NEEDED = ("code", "period", "stamp")
EDITABLE = (SubmissionState.DRAFT, SubmissionState.RETURNED)


class Status(StrEnum):
    """What confirming would do to a row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    ERROR = "error"


STATUS_OF = {
    RowResult.IMPORT_TYPE_NEW: Status.NEW,
    RowResult.IMPORT_TYPE_UPDATE: Status.CHANGED,
    RowResult.IMPORT_TYPE_SKIP: Status.UNCHANGED,
    RowResult.IMPORT_TYPE_INVALID: Status.ERROR,
}
CONFLICT_CODE = "import_conflict"


@dataclass(frozen=True)
class PreviewRow:
    """A row as the sheet counts it, what would happen to it, and what is wrong with which column."""

    number: int
    code: str
    name: str
    status: Status
    errors: Sequence[FieldError] = ()
    changes: Sequence[str] = ()

    @property
    def problems(self) -> list[tuple[str, FieldError]]:
        """Each error with its column's heading; none for one about the whole row."""
        return [(str(HEADINGS.get(error.field, "")), error) for error in self.errors]


@dataclass(frozen=True)
class Preview:
    """Every filled row of a workbook and what confirming would do."""

    rows: Sequence[PreviewRow]

    @property
    def counts(self) -> dict[Status, int]:
        found = Counter(row.status for row in self.rows)
        return {status: found[status] for status in Status}

    def shown(self, status: Status | None) -> Sequence[PreviewRow]:
        """Rows of one status in the sheet's order; all of them worst first."""
        if status is not None:
            return [row for row in self.rows if row.status is status]
        return sorted(self.rows, key=lambda row: WORST_FIRST.index(row.status))

    @property
    def can_be_confirmed(self) -> bool:
        """All or nothing: one bad row holds the whole sheet; without a change there is nothing to do."""
        counts = self.counts
        return not (counts[Status.ERROR] or counts[Status.CONFLICT]) and bool(
            counts[Status.NEW] or counts[Status.CHANGED]
        )


# What a person has to look at first.
WORST_FIRST = (Status.ERROR, Status.CONFLICT, Status.CHANGED, Status.NEW, Status.UNCHANGED)


class ImportRefused(DomainError):
    """Nothing was written: rows changed since they were previewed (409)."""


def require_template(rows: Sequence[Sequence[str]]) -> None:
    """Raise ``import_not_template`` or ``import_empty`` for a workbook there is nothing to preview of."""
    _filled(rows)


def preview(*, upload: ReportUpload, actor: Actor, now: datetime) -> Preview:
    """What confirming the upload would do now; writes nothing (about 12 queries however many rows)."""
    return _run(upload, actor, now)[0]


@transaction.atomic
def confirm(*, upload: ReportUpload, sha256: str, actor: Actor, now: datetime) -> int:
    """Write every new and changed row as a draft, or nothing; how many were written.

    ``sha256`` names the file that was previewed. Raises ``ImportRefused`` where a row is bad by now, or what
    ``imports.claim`` and ``submissions.save_draft`` raise.
    """
    locked = imports.claim(upload=upload, digest=sha256, actor=actor, now=now)
    seen, lines = _run(locked, actor, now)
    if not seen.can_be_confirmed:
        raise ImportRefused("import_changed")
    with audit.together():
        for line in lines:
            submissions.save_draft(
                indicator=line.indicator,
                period=locked.period,
                content=line.content,
                version=line.submission.version,
                actor=actor,
                now=now,
            )
        imports.settle(upload=locked, written=len(lines), actor=actor, now=now)
    return len(lines)


def _run(upload: ReportUpload, actor: Actor, now: datetime) -> tuple[Preview, list[Line]]:
    """What each row would do, and the lines that would be written."""
    numbers, dataset = _filled(upload.rows)
    resource = ReportResource(Known.load(upload, actor, now), numbers)
    # Not the library's dry run, which puts a savepoint around each row: this resource has nothing that writes.
    result = resource.import_data(dataset, use_transactions=False)
    for failed in result.base_errors:
        raise failed.error
    rows = [resource.row_of(number, found) for number, found in enumerate(result.rows)]
    return Preview(rows), [line for line in resource.seen.lines.values() if not line.is_unchanged]


def _filled(rows: Sequence[Sequence[str]]) -> tuple[list[int], tablib.Dataset]:
    """Rows with anything in them below the headings, with their numbers in the sheet."""
    keys = list(rows[0]) if rows else []
    if not set(NEEDED) <= set(keys):
        raise DomainError("import_not_template")
    numbers, dataset = [], tablib.Dataset(headers=[key for key in keys if key])
    for number, row in enumerate(rows[HEAD_ROWS:], start=HEAD_ROWS + 1):
        cells = dict(zip(keys, row, strict=False))
        if any(text.strip() for text in row):
            numbers.append(number)
            dataset.append([cells.get(key, "") for key in dataset.headers])
    if not numbers:
        raise DomainError("import_empty")
    return numbers, dataset


@dataclass(frozen=True)
class Known:
    """Everything the rows are held against, loaded once."""

    period: Period
    department: Department
    actor: Actor
    now: datetime
    indicators: Mapping[str, Indicator]
    foreign: frozenset[str]
    submissions: Mapping[int, Submission]
    window: Window

    @classmethod
    def load(cls, upload: ReportUpload, actor: Actor, now: datetime) -> Known:
        year = upload.period.report.year
        led = Indicator.objects.of_year(year).led_by([upload.department_id])
        board = scoreboard.build(year=year, now=now, actor=actor, period_code=upload.period.code, indicators=led)
        asked = [row.indicator for row in board.rows if row.current.is_asked or row.current.submission]
        others = Indicator.objects.of_year(year).exclude(lead_department=upload.department_id)
        stored = Submission.objects.filter(period=upload.period, indicator__in=asked)
        return cls(
            period=board.period,
            department=upload.department,
            actor=actor,
            now=now,
            indicators={indicator.code: indicator for indicator in asked},
            foreign=frozenset(others.values_list("code", flat=True)),
            submissions={found.indicator_id: found for found in stored},
            window=period_selector.window(board.period, upload.department_id),
        )


@dataclass(frozen=True)
class Line:
    """A row that could be read: what it says, and the report it is about (unsaved where there is none)."""

    indicator: Indicator
    submission: Submission
    content: Content
    is_unchanged: bool


class RowRefused(ValidationError):
    """A row that cannot be taken over, with its errors by column."""

    def __init__(self, errors: Sequence[FieldError]):
        super().__init__({error.field: error.code for error in errors})
        self.errors = tuple(errors)


@dataclass
class Seen:
    """What the run has met so far, by position."""

    codes: set[str] = field(default_factory=set)
    names: list[tuple[str, str]] = field(default_factory=list)
    lines: dict[int, Line] = field(default_factory=dict)


class ReportResource(ModelResource):
    """Rows of a template as reports; every rule is the service's, this only asks it row by row."""

    class Meta:
        model = Submission
        fields = ()
        import_id_fields = ()
        skip_diff = True

    def __init__(self, known: Known, numbers: Sequence[int]):
        super().__init__()
        self.known = known
        self.numbers = numbers
        self.seen = Seen()
        self.line: Line | None = None

    def before_import_row(self, row: Mapping[str, str], **kwargs: Any) -> None:
        code = row["code"].strip()
        indicator = self.known.indicators.get(code)
        self.seen.names.append((code, indicator.name if indicator else ""))
        self.line = self._read(code, indicator, row)
        self.seen.lines[len(self.seen.names) - 1] = self.line

    def get_or_init_instance(self, instance_loader: object, row: Mapping[str, str]) -> tuple[Submission, bool]:
        assert self.line is not None
        return self.line.submission, self.line.submission.pk is None

    def import_instance(self, instance: Submission, row: Mapping[str, str], **kwargs: Any) -> None:
        """Nothing: the content is read once, by the parser of the form."""

    def skip_row(self, instance: Submission, original: object, row: object, import_validation_errors: object) -> bool:
        return self.line is not None and self.line.is_unchanged

    def save_instance(self, instance: Submission, is_create: bool, row: object, **kwargs: Any) -> None:
        """Nothing: rows are written once all of them are known to be good."""

    def save_m2m(self, obj: object, data: object, **kwargs: Any) -> None:
        """Nothing: a report has no relations of its own."""

    def after_import(self, dataset: object, result: object, **kwargs: Any) -> None:
        """Nothing: the library would set the table's sequence back under other writers."""

    def row_of(self, position: int, result: RowResult) -> PreviewRow:
        """The preview of one row. A fault of ours is not the row's: it is raised."""
        for fault in result.errors:
            raise fault.error
        code, name = self.seen.names[position]
        errors = result.validation_error.errors if result.validation_error else ()
        is_conflict = any(error.code == CONFLICT_CODE for error in errors)
        status = Status.CONFLICT if is_conflict else STATUS_OF[result.import_type]
        changes = _changes(self.seen.lines[position]) if status is Status.CHANGED else ()
        return PreviewRow(self.numbers[position], code, name, status, errors, changes)

    def _read(self, code: str, indicator: Indicator | None, row: Mapping[str, str]) -> Line:
        if indicator is None:
            raise RowRefused([self._stranger(code)])
        if code in self.seen.codes:
            raise RowRefused([FieldError("code", "import_code_twice", {"code": code})])
        self.seen.codes.add(code)
        if row["period"] != self.known.period.code:
            wrong = {"period": self.known.period.code, "given": row["period"][:20]}
            raise RowRefused([FieldError("period", "import_wrong_period", wrong)])
        if indicator.kind not in KINDS:
            raise RowRefused([FieldError("code", "import_needs_form", {"code": code})])
        formulas = [FieldError(key, "import_formula") for key in KEYS if row.get(key) == FORMULA]
        if formulas:
            raise RowRefused(formulas)
        return self._held_against_stored(indicator, row)

    def _stranger(self, code: str) -> FieldError:
        if not code:
            return FieldError("code", "import_code_missing")
        is_foreign = code in self.known.foreign
        params = {"code": code[:20], "unit": self.known.department.short_name}
        return FieldError("code", "import_foreign_department" if is_foreign else "import_code_unknown", params)

    def _held_against_stored(self, indicator: Indicator, row: Mapping[str, str]) -> Line:
        stored = self.known.submissions.get(indicator.pk)
        raw, today = raw_of(row), localtime(self.known.now).date()
        said, errors = content_service.read(indicator=indicator, raw=raw, today=today)
        unknown = [
            FieldError(flag, "choice_unknown", {"value": raw[flag]}) for flag in FLAGS if raw[flag] not in ("", "on")
        ]
        if errors or unknown:
            raise RowRefused([*errors, *unknown])
        before = content_of(stored) if stored else Content()
        content = replace(before, **{key: getattr(said, key) for key in OPEN})
        submission = stored or Submission(indicator=indicator, period=self.known.period, version=0)
        stamp = STAMP.fullmatch(row["stamp"])
        if digest(content) == digest(before) or (stamp and stamp.group(2) == digest(content)):
            return Line(indicator, submission, content, is_unchanged=True)
        if stamp is None:
            raise RowRefused([FieldError("stamp", "import_stamp_missing")])
        if int(stamp.group(1)) != submission.version:
            raise RowRefused([FieldError("row", CONFLICT_CODE)])
        if stored is not None and stored.state not in EDITABLE:
            raise RowRefused([FieldError("row", "import_not_editable")])
        was_filed = stored is not None and stored.first_submitted_at is not None
        refusal = self.known.window.refusal(self.known.now, was_filed=was_filed)
        if refusal is not None:
            raise RowRefused([FieldError("row", refusal, {"period": self.known.period.code})])
        return Line(indicator, submission, content, is_unchanged=False)


def _changes(line: Line) -> list[str]:
    """Which columns differ from what is stored, with the figure before and after."""
    before, found = content_of(line.submission), []
    for key in OPEN:
        old, new = getattr(before, key), getattr(line.content, key)
        if old == new:
            continue
        text = f"{_shown(old)} → {_shown(new)}" if key in FIGURES else _("已改")
        found.append(f"{HEADINGS[key]} {text}")
    return found


def _shown(value: Any) -> str:
    return "--" if value is None else f"{value.normalize():f}"
