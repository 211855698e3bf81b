"""The words of the field as enums, figures with units, and the one parser of figures."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from kpi.domain.errors import DomainError

# A workbook keeps 15 significant digits; a figure must survive it unchanged.
MAX_DIGITS = 15


class Rag(StrEnum):
    """The lamp. ``DONE`` is never called a light, ``NOT_DUE`` never counts as green."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    DONE = "done"
    NOT_DUE = "not_due"


class Kind(StrEnum):
    """How an indicator is counted, and so what its form asks."""

    CUMULATIVE = "cumulative"
    POINT_IN_TIME = "point_in_time"
    RATIO = "ratio"
    MILESTONE = "milestone"
    COVERAGE = "coverage"
    RANK = "rank"
    BOTTOM_LINE = "bottom_line"
    STAGE = "stage"


# Kinds whose figures are counted in whole things, whatever precision the indicator names.
WHOLE_KINDS = frozenset({Kind.RANK, Kind.STAGE, Kind.BOTTOM_LINE, Kind.MILESTONE, Kind.COVERAGE})


class Polarity(StrEnum):
    HIGHER_IS_BETTER = "higher"
    LOWER_IS_BETTER = "lower"


class Accumulation(StrEnum):
    YEAR_TO_DATE = "year_to_date"
    PERIOD = "period"
    POINT_IN_TIME = "point_in_time"
    RATIO = "ratio"


class Comparator(StrEnum):
    """What the report's wording demands of the figure: 以上 is ≥, 超过 is >, a bare number is judged as reached."""

    AT_LEAST = ">="
    MORE_THAN = ">"
    EQUAL = "="
    AT_MOST = "<="
    LESS_THAN = "<"
    ABOUT = "~"
    RANGE = "range"
    RANK = "rank"

    def is_met(self, actual: Decimal, target: Decimal, polarity: Polarity = Polarity.HIGHER_IS_BETTER) -> bool:
        """Whether ``actual`` reaches ``target`` exactly as worded. “超过200” is not met by 200.

        A bare number, 约 and 区间 (whose near end is the target) count as reached from the good side of the target:
        at or above it where higher is better, at or below it where lower is better. A rank is met at the named
        place or a better (smaller) one.
        """
        if self is Comparator.MORE_THAN:
            return actual > target
        if self is Comparator.LESS_THAN:
            return actual < target
        if self is Comparator.AT_LEAST:
            return actual >= target
        if self in (Comparator.AT_MOST, Comparator.RANK):
            return actual <= target
        return actual >= target if polarity is Polarity.HIGHER_IS_BETTER else actual <= target


class Strength(StrEnum):
    """确保 / 力争 / 推动: shown and kept, never used to derive the lamp."""

    MUST = "must"
    AIM = "aim"
    SUPPORT = "support"


class Frequency(StrEnum):
    """How often a report is owed."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"

    def reports_in(self, month: int) -> bool:
        """Whether a report is owed for ``month`` (1–12): each, each third, or each sixth one."""
        return month % {"monthly": 1, "quarterly": 3, "half_yearly": 6}[self] == 0


class SubmissionState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    SIGNED_OFF = "signed_off"
    APPROVED = "approved"
    RETURNED = "returned"


class Verb(StrEnum):
    SAVE = "save"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    SIGN_OFF = "sign_off"
    RETURN = "return"
    APPROVE = "approve"
    CORRECT = "correct"
    ABANDON = "abandon"


class Timeliness(StrEnum):
    """Whether a report came in time: an axis of its own, which never changes a lamp."""

    ON_TIME = "on_time"
    LATE = "late"
    MISSING = "missing"
    PENDING = "pending"


class Outlook(StrEnum):
    """The department's own judgement, kept beside the computed lamp."""

    CONFIDENT = "confident"
    AT_RISK = "at_risk"
    UNLIKELY = "unlikely"


@dataclass(frozen=True)
class Quantity:
    """A figure with its unit, e.g. ``Quantity(Decimal("6.95"), "万亩")``."""

    value: Decimal
    unit: str


PLAIN_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
NOT_PLAIN = re.compile(r"[+-]?(?:nan|inf|infinity|0x[0-9a-f]+|[\d.]+e[+-]?\d+|\d+(?:_\d+)+(?:\.\d+)?)", re.IGNORECASE)
NUMBER_WITH_UNIT = re.compile(rf"({PLAIN_NUMBER.pattern})\s*[^\d\s.,+-]\D*")


def parse_number(text: str, *, decimals: int, field: str = "value") -> Decimal:
    """A figure as typed, exactly: the one parser of form, API and workbook.

    Accepts plain decimals with an optional sign and well-formed thousands commas, at most ``decimals`` places (zeros
    beyond them do not count) and 15 significant digits. Raises ``DomainError``: ``number_required``,
    ``number_full_width``, ``number_not_plain`` (1E14, NaN, 1_000), ``number_has_unit``, ``number_malformed``,
    ``number_too_precise``, ``number_too_long``; ``suggestion`` holds the figure that was probably meant.
    """
    typed = text.strip()
    if not typed:
        raise DomainError("number_required", field=field)
    _refuse_full_width(typed, field)
    if NOT_PLAIN.fullmatch(typed):
        raise DomainError("number_not_plain", field=field, value=typed)
    if not PLAIN_NUMBER.fullmatch(typed):
        _refuse_unit(typed, field)
        raise DomainError("number_malformed", field=field, value=typed)
    return _within_limits(Decimal(typed.replace(",", "")), decimals, field)


def _refuse_full_width(typed: str, field: str) -> None:
    narrow = unicodedata.normalize("NFKC", typed)
    if narrow != typed and PLAIN_NUMBER.fullmatch(narrow):
        raise DomainError("number_full_width", field=field, suggestion=narrow)


def _refuse_unit(typed: str, field: str) -> None:
    found = NUMBER_WITH_UNIT.fullmatch(typed)
    if found:
        raise DomainError("number_has_unit", field=field, suggestion=found.group(1))


def _within_limits(number: Decimal, decimals: int, field: str) -> Decimal:
    digits, exponent = number.as_tuple().digits, number.as_tuple().exponent
    assert isinstance(exponent, int)  # a plain number is finite
    significant = len(digits) if exponent <= 0 else len(digits) + exponent
    if significant > MAX_DIGITS:
        raise DomainError("number_too_long", field=field, limit=MAX_DIGITS)
    shortened = number.quantize(Decimal(1).scaleb(-decimals))
    if shortened != number:
        raise DomainError("number_too_precise", field=field, decimals=decimals)
    return shortened


def timeliness(
    *, submitted_at: datetime | None, due_at: datetime, grace_ends_at: datetime, now: datetime
) -> Timeliness:
    """On time up to and including the due moment, late afterwards; missing once the grace is over and nothing came."""
    if submitted_at is not None:
        return Timeliness.ON_TIME if submitted_at <= due_at else Timeliness.LATE
    return Timeliness.PENDING if now <= grace_ends_at else Timeliness.MISSING
