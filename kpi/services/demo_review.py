"""The trial's delegations, co-signatures and adjusted lamps, from ``fixtures/demo/``. Never run in production."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from accounts.models import Delegation, Department, Role, User
from kpi.domain.override import check_override
from kpi.domain.values import Rag
from kpi.models import CoSignature, Period, RagOverride, Submission
from kpi.selectors.standing import RuleBook, assess_submission

Record = Mapping[str, str]
People = Mapping[tuple[str, int | None], User]


def records(path: Path) -> tuple[Record, ...]:
    with open(path, encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def load_delegations(path: Path) -> None:
    users = {user.username: user for user in User.objects.all()}
    departments = {found.code: found for found in Department.objects.all()}
    for row in records(path):
        Delegation.objects.create(
            head=users[row["head"]],
            delegate=users[row["delegate"]],
            department=departments[row["department"]],
            starts_on=date.fromisoformat(row["first_day"]),
            ends_on=date.fromisoformat(row["last_day"]) + timedelta(days=1),
            reason=row["reason"],
            created_by=users[row["head"]],
            created_at=datetime.fromisoformat(row["created_at"]),
        )


@dataclass(frozen=True)
class Beside:
    """What stands beside the months' submissions."""

    cosignatures: tuple[Record, ...]
    overrides: tuple[Record, ...]

    @classmethod
    def read(cls, folder: Path, year: int) -> Beside:
        return cls(records(folder / f"cosignatures-{year}.csv"), records(folder / f"overrides-{year}.csv"))

    def load(self, period: Period, people: People) -> None:
        """Write one month's rows, while it is open."""
        for row in self.cosignatures:
            if row["period"] == period.code:
                _cosign(row, _submission(row, period), people)
        for row in self.overrides:
            if row["period"] == period.code:
                _override(row, _submission(row, period), people)


def _submission(row: Record, period: Period) -> Submission:
    found = Submission.objects.select_related("period", "indicator")
    return found.get(indicator__code=row["indicator"], period=period)


def _cosign(row: Record, submission: Submission, people: People) -> None:
    department = Department.objects.get(code=row["department"])
    CoSignature.objects.create(
        submission=submission,
        department=department,
        version=submission.version,
        cycle=submission.cycle,
        stance=row["stance"],
        comment=row["comment"],
        actor=people[Role.STAFF, department.pk],
        at=datetime.fromisoformat(row["at"]),
    )


def _override(row: Record, submission: Submission, people: People) -> None:
    computed, lamp = assess_submission(submission, RuleBook.load()), Rag(row["lamp"])
    check_override(computed.rag, lamp)
    RagOverride.objects.create(
        submission=submission,
        version=submission.version,
        computed_rag=computed.rag,
        rule_code=computed.rule_code,
        rule_version=computed.rule_version,
        reviewed_rag=lamp,
        reason=row["reason"],
        actor=people[Role.SUPERVISOR, None],
        at=datetime.fromisoformat(row["at"]),
    )
