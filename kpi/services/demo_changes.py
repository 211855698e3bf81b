"""The trial's changes of target, from ``fixtures/demo/``: invented, by posts only. Never run in production."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.core.files.base import ContentFile

from accounts.models import User
from kpi.domain import target_changes as rules
from kpi.domain.periods import Period as Month
from kpi.domain.replanning import Wish, merged
from kpi.domain.target_changes import ChangeState, ChangeVerb
from kpi.domain.values import Kind
from kpi.models import Indicator, Report, TargetChange, TargetChangeEntry, TargetChangeFile
from kpi.selectors.target_changes import first_month, present_terms, timing_on, wish_of
from kpi.services import vault
from kpi.services.evidence import examined
from kpi.services.replanning import replace_plan
from kpi.services.samples import sample_pdf
from kpi.services.target_change_content import as_json, wish_fields

Record = Mapping[str, str]


@dataclass
class Changes:
    """Steps in the order of time, written as far as the trial's months have come. No notices: nobody waits for them."""

    report: Report
    steps: list[Record]
    cases: dict[str, TargetChange] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, report: Report) -> Changes:
        with open(path, encoding="utf-8", newline="") as file:
            return cls(report, sorted(csv.DictReader(file), key=lambda row: row["at"]))

    def until(self, moment: datetime) -> None:
        """Take the steps up to a moment, before the months after it are locked."""
        while self.steps and datetime.fromisoformat(self.steps[0]["at"]) <= moment:
            row = self.steps.pop(0)
            if row["verb"] == ChangeVerb.ASK:
                self.cases[row["ref"]] = _ask(row, self.report)
            else:
                _step(self.cases[row["ref"]], row)


def _ask(row: Record, report: Report) -> TargetChange:
    indicator = Indicator.objects.select_related("report").get(report=report, code=row["indicator"])
    at, terms = datetime.fromisoformat(row["at"]), present_terms(indicator)
    change = TargetChange.objects.create(
        indicator=indicator,
        reason=row["reason"],
        text=row["text"],
        held=terms.as_row(),
        asked_on=at.date(),
        asked_at=at,
        timing=timing_on(at.date(), indicator, terms),
        filed_by=User.objects.get(username=row["user"]),
        state=ChangeState.ASKED,
        form_key=uuid5(NAMESPACE_URL, f"demo/{report.year}/target-change/{row['ref']}"),
        **wish_fields(_wish(row)),
    )
    _attach(change, row["file"], at)
    _entry(change, row, "", as_json(change))
    return change


def _wish(row: Record) -> Wish:
    plan = dict(part.split("=") for part in row["plan"].split(";") if part)
    nodes = dict(part.split("=") for part in row["nodes"].split(";") if part)
    return Wish(
        target=Decimal(row["target"]) if row["target"] else None,
        final_due_on=date.fromisoformat(row["final_due_on"]) if row["final_due_on"] else None,
        plan={Month.parse(month): Decimal(value) for month, value in plan.items()},
        nodes={int(ordinal): date.fromisoformat(day) for ordinal, day in nodes.items()},
    )


def _attach(change: TargetChange, name: str, at: datetime) -> None:
    lines = ("示例文件，仅供试用", "SAMPLE — invented for the trial", change.indicator.code)
    content = ContentFile(sample_pdf(lines), name=name)
    file = TargetChangeFile(
        change=change,
        version=change.version,
        form_key=change.form_key,
        key=uuid4(),
        uploaded_by=change.filed_by,
        uploaded_at=at,
        **examined(name, content),
    )
    vault.put(file.key, content)
    file.save(force_insert=True)


def _step(change: TargetChange, row: Record) -> None:
    verb, before = ChangeVerb(row["verb"]), change.state
    if verb is ChangeVerb.APPLY:
        _apply(change, datetime.fromisoformat(row["at"]))
    change.state = rules.next_state(ChangeState(before), verb)
    change.version += 1
    change.save(update_fields=["state", "version", "former"])
    _entry(change, row, before, None)


def _apply(change: TargetChange, at: datetime) -> None:
    indicator, first = change.indicator, first_month(change.indicator, change.asked_on)
    held = present_terms(indicator).held
    change.former = replace_plan(
        indicator=indicator,
        new=merged(held, wish_of(change), first, kind=Kind(indicator.kind)),
        applies_from=first,
        reason=change.text,
        stays_yardstick=change.is_overdue,
        now=at,
    )


def _entry(change: TargetChange, row: Record, before: str, wish: dict | None) -> None:
    TargetChangeEntry.objects.create(
        change=change,
        version=change.version,
        verb=row["verb"],
        from_state=before,
        to_state=change.state,
        text=row["text"],
        wish=wish,
        actor=User.objects.get(username=row["user"]),
        at=datetime.fromisoformat(row["at"]),
    )
