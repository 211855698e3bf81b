"""A score sheet as its page shows it: each line with its words, and the form a refusal gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from kpi.domain.errors import DomainError
from kpi.models import ScoreLine, ScoreSheet
from kpi.selectors.scores import Cases, Row, cases_of, tasks_of
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.score_words import correction_in_words, explain, share_in_words, source_in_words


@dataclass(frozen=True)
class Shown:
    """One line of the page. ``is_open``: the form to correct it is there, after a refusal with what was ``typed`` and
    its ``errors``."""

    row: Row
    words: str
    source: str
    correction: str
    is_open: bool
    errors: Sequence[FieldError]
    typed: Mapping[str, str]

    @property
    def line(self) -> ScoreLine:
        return self.row.line

    @property
    def share(self) -> str:
        return share_in_words(self.row.share)


@dataclass(frozen=True)
class Refused:
    """What a form of the page said and what was wrong with it: ``action`` and ``line`` say which form. Without a
    problem ``line`` is the one that somebody wants to correct."""

    problem: DomainError | None = None
    action: str = ""
    line: str = ""
    typed: Mapping[str, str] | None = None

    @classmethod
    def of(cls, request: HttpRequest, problem: DomainError) -> Refused:
        return cls(problem, request.POST.get("action", ""), request.POST.get("line", ""), request.POST)

    @property
    def errors(self) -> Sequence[FieldError]:
        return self.problem.errors if isinstance(self.problem, ContentInvalid) else ()

    def at(self, error: FieldError) -> str:
        """The id of the field an error stands at: forms of lines carry the line's."""
        return f"{error.field}-{self.line}" if self.line else error.field

    @property
    def summary(self) -> list[tuple[str, FieldError]]:
        return [(self.at(error), error) for error in self.errors]


def shown_tasks(sheet: ScoreSheet, refused: Refused) -> list[Shown]:
    return [_shown(row, explain(row.line), refused) for row in tasks_of(sheet)]


def shown_cases(sheet: ScoreSheet, refused: Refused) -> list[tuple[Cases, list[Shown]]]:
    """Each reason with its sum and its lines."""
    return [(cases, [_shown(row, "", refused) for row in cases.rows]) for cases in cases_of(sheet)]


def _shown(row: Row, words: str, refused: Refused) -> Shown:
    is_mine = refused.action == "correct" and refused.line == str(row.line.pk)
    return Shown(
        row,
        words,
        source_in_words(row.line),
        correction_in_words(row.line),
        refused.line == str(row.line.pk),
        refused.errors if is_mine else (),
        refused.typed if is_mine and refused.typed is not None else {},
    )
