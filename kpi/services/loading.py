"""Loading a year from ``fixtures/``: the report, its commitments, indicators, plans, calendar and rules.

Loading twice changes nothing that was loaded before: rows are found by their codes and only missing ones are added,
so that what the city has edited since is never overwritten.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from accounts import audit
from accounts.models import Department, Post
from kpi.domain.periods import Period as Month
from kpi.models import (
    Commitment,
    DueRule,
    Indicator,
    Milestone,
    PlanPoint,
    ReminderPolicy,
    ReminderStep,
    Report,
    RuleSet,
    ScoringLine,
    ScoringScheme,
    Target,
    TargetChangeWindow,
    WorkdayOverride,
)
from kpi.selectors.calendar import due_rule, work_calendar
from kpi.services.periods import ZONE, create_periods

Record = Mapping[str, str]


@dataclass(frozen=True)
class YearFiles:
    """Where the files of one year lie."""

    folder: Path
    year: int

    def text(self) -> str:
        # newline="" keeps the source byte for byte, whatever its line ends.
        with open(self.folder / f"report-{self.year}.txt", encoding="utf-8", newline="") as file:
            return file.read()

    def source_note(self) -> str:
        """What is known of the printed text's defects; empty where the year has no such file."""
        path = self.folder / f"source-notes-{self.year}.txt"
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

    def records(self, name: str) -> Iterator[Record]:
        """Rows of ``<name>-<year>.csv``, or of ``<name>.csv`` for what does not depend on the year."""
        yearly = self.folder / f"{name}-{self.year}.csv"
        path = yearly if yearly.exists() else self.folder / f"{name}.csv"
        with open(path, encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    def document(self, name: str) -> object:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


@transaction.atomic
def load_year(*, files: YearFiles, now: datetime) -> Report:
    """Everything a year needs before anybody can file. Raises ``ValueError`` where the files contradict."""
    _load_units(files)
    load_calendar(files.folder)
    _load_rules(files)
    report, is_new = _load_report(files)
    if is_new:
        _load_commitments(files, report)
        _load_indicators(files, report)
        _load_plans(files, report)
        create_periods(report, calendar=work_calendar(), rule=due_rule(date(report.year, 1, 1)))
        counts = {"commitments": report.commitments.count(), "indicators": report.indicators.count()}
        audit.record(action="report.loaded", obj=report, actor=None, now=now, after=counts)
    return report


def _load_units(files: YearFiles) -> None:
    known = {department.code: department for department in Department.objects.all()}
    for record in files.records("departments"):
        if record["code"] not in known:
            known[record["code"]] = Department.objects.create(
                code=record["code"],
                name=record["name"],
                short_name=record["short_name"],
                name_en=record["name_en"],
                kind=record["kind"],
                parent=known[record["parent"]] if record["parent"] else None,
                ordinal=int(record["ordinal"]),
                duties=record.get("duties", ""),
            )
    for record in files.records("posts"):
        Post.objects.get_or_create(
            code=record["code"],
            defaults={
                "title": record["title"],
                "title_en": record["title_en"],
                "ordinal": int(record["ordinal"]),
            },
        )


def calendar_days(folder: Path) -> Iterator[WorkdayOverride]:
    """The days of every ``workdays-<year>.json`` of a folder, as they would be stored."""
    for path in sorted(folder.glob("workdays-*.json")):
        days = json.loads(path.read_text(encoding="utf-8"))
        for is_workday, key in ((False, "holidays"), (True, "makeup_workdays")):
            for item in days[key]:
                yield WorkdayOverride(
                    day=date.fromisoformat(item["day"]),
                    is_workday=is_workday,
                    name=item.get("name", ""),
                    source=days["source"][:200],
                )


def load_calendar(folder: Path) -> None:
    """Store the days that are not stored yet; what the city has changed since stays."""
    WorkdayOverride.objects.bulk_create(calendar_days(folder), ignore_conflicts=True)


def _load_rules(files: YearFiles) -> None:
    for rule in files.document("rulesets.json"):
        RuleSet.objects.get_or_create(
            code=rule["code"],
            version=rule["version"],
            defaults={
                "name": rule["name"],
                "basis": rule["basis"],
                "thresholds": rule["thresholds"],
                "effective_from": date.fromisoformat(rule["effective_from"]),
                "is_default": rule["is_default"],
                "source": rule["source"],
            },
        )
    DueRule.objects.get_or_create(
        effective_from=date(files.year, 1, 1),
        defaults={"day": 5, "month_offset": 1, "at": time(18, 0), "roll": "forward"},
    )
    TargetChangeWindow.objects.get_or_create(
        effective_from=date(files.year, 1, 1),
        defaults={
            "opens_on": "01-01",
            "closes_on": "10-31",
            "basis": "默认：成都市林业局目标管理办法，须在 10 月底前报告",
            "created_at": datetime(files.year, 1, 1, tzinfo=ZONE),
        },
    )
    _load_reminders(files)
    _load_scoring(files)


def _load_scoring(files: YearFiles) -> None:
    for record in files.document("scoring.json"):
        lines = record.pop("lines")
        scheme, is_new = ScoringScheme.objects.get_or_create(
            code=record.pop("code"), version=record.pop("version"), defaults=record
        )
        if is_new:
            ScoringLine.objects.bulk_create(ScoringLine(scheme=scheme, **line) for line in lines)


def _load_reminders(files: YearFiles) -> None:
    for rule in files.document("reminders.json"):
        steps = rule.pop("steps")
        policy, is_new = ReminderPolicy.objects.get_or_create(
            effective_from=date.fromisoformat(rule.pop("effective_from")), defaults=rule
        )
        if is_new:
            ReminderStep.objects.bulk_create(ReminderStep(policy=policy, **step) for step in steps)


def _load_report(files: YearFiles) -> tuple[Report, bool]:
    text = files.text()
    return Report.objects.get_or_create(
        year=files.year,
        defaults={
            "title": next(line.strip() for line in text.splitlines() if line.strip()),
            "text": text,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "source_note": files.source_note(),
        },
    )


def _load_commitments(files: YearFiles, report: Report) -> None:
    Commitment.objects.bulk_create(
        Commitment(
            report=report,
            code=record["code"],
            quote=record["quote"],
            start=int(record["start"]),
            end=int(record["end"]),
            prefix=record["prefix"],
            suffix=record["suffix"],
            quote_sha256=record["quote_sha256"],
            section=record["section"],
            subsection=record["subsection"],
            strength=record["strength"],
            is_context=_is_true(record["is_context"]),
            context_reason=record["context_reason"],
            notes=record["notes"],
        )
        for record in files.records("commitments")
    )


def _load_indicators(files: YearFiles, report: Report) -> None:
    commitments = {found.code: found for found in report.commitments.all()}
    departments = {found.code: found for found in Department.objects.all()}
    posts = {found.code: found for found in Post.objects.all()}
    start = date(report.year, 1, 1)
    for record in files.records("indicators"):
        indicator = _indicator(record, report, commitments, departments, posts)
        indicator.full_clean(exclude=["report", "commitment", "lead_department", "accountable_post"])
        indicator.save()
        indicator.supporting_departments.set([departments[code] for code in _codes(record["supporting"])])
        Target.objects.create(
            indicator=indicator, value=Decimal(record["target"]), effective_on=start, reason=report.title
        )


def _indicator(
    record: Record,
    report: Report,
    commitments: Mapping[str, Commitment],
    departments: Mapping[str, Department],
    posts: Mapping[str, Post],
) -> Indicator:
    return Indicator(
        report=report,
        commitment=commitments[record["commitment"]],
        lead_department=departments[record["lead"]],
        accountable_post=posts[record["post"]],
        decimals=int(record["decimals"]),
        baseline_value=Decimal(record["baseline_value"]) if record["baseline_value"] else None,
        final_due_on=date.fromisoformat(record["final_due_on"]),
        evidence_required=_is_true(record["evidence_required"]),
        needs_cosign=_is_true(record.get("needs_cosign", "")),
        **{name: record[name] for name in PLAIN_COLUMNS},
    )


PLAIN_COLUMNS = (
    "code",
    "name",
    "kind",
    "unit",
    "comparator",
    "polarity",
    "accumulation",
    "strength",
    "frequency",
    "baseline_unit",
    "baseline_quote",
    "baseline_note",
    "definition",
    "peer_set",
    "coverage_scope",
    "notes",
)


def _load_plans(files: YearFiles, report: Report) -> None:
    indicators = {found.code: found for found in report.indicators.all()}
    months = [str(month) for month in Month.range(Month(report.year, 1), Month(report.year, 12))]
    PlanPoint.objects.bulk_create(
        PlanPoint(indicator=indicators[record["indicator"]], period=month, value=Decimal(record[month]))
        for record in files.records("plans")
        for month in months
        if record[month]
    )
    Milestone.objects.bulk_create(
        Milestone(
            indicator=indicators[record["indicator"]],
            ordinal=int(record["ordinal"]),
            name=record["name"],
            due_on=date.fromisoformat(record["due_on"]),
        )
        for record in files.records("milestones")
    )


def _is_true(text: str) -> bool:
    return text.strip().lower() in {"true", "1", "yes"}


def _codes(text: str) -> list[str]:
    return [code for code in text.split(";") if code]
