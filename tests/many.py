"""More than a city has: real indicators copied, with or without their history, and months filled to the year's end.

The one maker of many rows: the workbooks' tests take ``copies``, the query budgets ``widen``, the benchmark ``fill``
and ``widen``. Nothing depends on chance: the same call makes the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import connection, models, transaction

from accounts.models import Department
from kpi.domain.periods import Period as Month
from kpi.domain.values import Kind
from kpi.models import (
    AssessmentSnapshot,
    CoSignature,
    Indicator,
    Milestone,
    Period,
    PlanPoint,
    RagOverride,
    Report,
    Review,
    Submission,
    Target,
)
from kpi.services import demo, periods

MODEL = "A06"


def copies(codes: Sequence[str], unit: Department | None = None, months: str = "") -> list[Indicator]:
    """One copy of a real indicator for each code, led by ``unit`` or by whoever leads it; planned for what ``months``
    begins, with its target and without any report."""
    model = Indicator.objects.get(code=MODEL)
    lead = unit.pk if unit else model.lead_department_id
    made = Indicator.objects.bulk_create(_copy(model, code=code, lead_department_id=lead) for code in codes)
    plan, target = list(model.plan_points.filter(period__startswith=months)), model.targets.first()
    PlanPoint.objects.bulk_create(_copy(point, indicator_id=each.pk) for each in made for point in plan)
    Target.objects.bulk_create(_copy(target, indicator_id=each.pk) for each in made)
    return made


def _copy(found: models.Model, **changed: object):
    values = {
        each.attname: getattr(found, each.attname) for each in found._meta.concrete_fields if not each.primary_key
    }
    return type(found)(**values | changed)


def _free_codes() -> Iterator[str]:
    """Codes that no fixture has: theirs have two digits, and none has more than three."""
    return (f"{letter}{number}" for number in range(100, 1000) for letter in "TIA")


@transaction.atomic
def widen(report: Report, count: int) -> None:
    """Copies of the report's indicators in turn, with all that hangs on them but files, until there are ``count``.

    Their history is written into locked months too, which the product itself refuses: triggers are off meanwhile.
    """
    originals = list(report.indicators.order_by("pk"))
    copied = [originals[number % len(originals)] for number in range(count - len(originals))]
    made = Indicator.objects.bulk_create(
        _copy(each, code=code) for each, code in zip(copied, _free_codes(), strict=False)
    )
    pairs = [each.pk for each in copied], [each.pk for each in made]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in (Target, PlanPoint, Milestone, Submission, Indicator.supporting_departments.through):
            _copy_rows(cursor, table, pairs, indicator_id="pair.copy")
        for table in (Review, RagOverride, CoSignature):
            _copy_rows(cursor, table, pairs, OF_SUBMISSION, submission_id="new.id")
        _copy_rows(
            cursor,
            AssessmentSnapshot,
            pairs,
            OF_SNAPSHOT,
            indicator_id="pair.copy",
            submission_id="new.id",
            override_id=SAME_OVERRIDE,
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE")


def ask_monthly(report: Report) -> None:
    """Every indicator owes a report each month, and nothing is approved in a month that is open."""
    Submission.objects.filter(period__report=report, period__locked_at=None).update(state="draft", approved_at=None)
    report.indicators.update(frequency="monthly")
    months = list(report.periods.values_list("code", flat=True))
    points = (PlanPoint(indicator_id=pk, period=month, value=1) for pk in _ids(report) for month in months)
    PlanPoint.objects.bulk_create(points, ignore_conflicts=True)


def _ids(report: Report) -> list[int]:
    return list(report.indicators.values_list("pk", flat=True))


OF_INDICATOR = "JOIN pair ON pair.original = row.indicator_id"
OF_SUBMISSION = """
    JOIN kpi_submission old ON old.id = row.submission_id JOIN pair ON pair.original = old.indicator_id
    JOIN kpi_submission new ON new.indicator_id = pair.copy AND new.period_id = old.period_id
"""
OF_SNAPSHOT = """
    JOIN pair ON pair.original = row.indicator_id LEFT JOIN kpi_submission old ON old.id = row.submission_id
    LEFT JOIN kpi_submission new ON new.indicator_id = pair.copy AND new.period_id = old.period_id
"""
SAME_OVERRIDE = """(
    SELECT twin.id FROM kpi_ragoverride said JOIN kpi_ragoverride twin ON twin.at = said.at
    WHERE said.id = row.override_id AND twin.submission_id = new.id
)"""


def _copy_rows(
    cursor, table: type[models.Model], pairs: tuple[list[int], list[int]], joins: str = OF_INDICATOR, **changed: str
) -> None:
    columns = [field.column for field in table._meta.concrete_fields if not field.primary_key]
    taken = [changed.get(column, f'row."{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    cursor.execute(
        f"WITH pair AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS pair(original, copy)) "
        f"INSERT INTO {table._meta.db_table} ({names}) SELECT {', '.join(taken)} "
        f"FROM {table._meta.db_table} row {joins}",
        pairs,
    )


def fill(report: Report, through: str, seed: object = 0) -> None:
    """The year goes on to ``through``, which stays open: months without reports get them and are locked in order.

    One in fifteen reports is missing, one in ten late, and the open month waits in every state. The same ``seed`` makes
    the same figures.
    """
    people = demo._people()
    indicators = {found.code: found for found in report.indicators.select_related("lead_department")}
    for period in report.periods.filter(code__lte=through, locked_at=None).order_by("code"):
        if not period.submissions.exists():
            rows = list(records(indicators.values(), period, is_open=period.code == through, seed=seed))
            demo._load_month(period, rows, indicators, people, period.due_at)
        if period.code < through:
            periods.close(period=period, user=None, now=period.grace_ends_at + timedelta(hours=1))


def records(
    indicators: Sequence[Indicator], period: Period, *, is_open: bool = False, seed: object = 0
) -> Iterator[Mapping[str, str]]:
    """Invented reports of a month, as the demo's own files hold them; the same for the same ``seed``."""
    month = Month.parse(period.code)
    for indicator in indicators:
        chance = Random(f"{seed} {indicator.code} {period.code}")
        if chance.random() < 1 / 15:
            continue
        late = timedelta(hours=20) if chance.random() < 0.1 else timedelta(hours=-chance.randint(1, 90))
        state = chance.choice(["approved", "submitted", "signed_off", "returned", "draft"]) if is_open else "approved"
        yield {
            "indicator": indicator.code,
            "state": state,
            "submitted_at": (period.due_at + late).isoformat(),
            "numerator": "",
            "denominator": "",
            "covered_units": "",
            "no_progress": "false",
            "narrative": f"{indicator.name}按计划推进，{month.month}月完成阶段任务，下一步继续督促落实。",
            "deviation_reasons": "",
            "measures": "",
            "catch_up": "",
            "outlook": chance.choice(["confident", "at_risk"]),
            "return_reason": "请补充数据来源" if state == "returned" else "",
            **_figure(indicator, month, chance),
        }


def _figure(indicator: Indicator, month: Month, chance: Random) -> Mapping[str, str]:
    """A figure from well behind the plan to ahead of it; nodes done some days after they were due."""
    nodes: dict[str, str] = {}
    if indicator.kind == Kind.MILESTONE:
        for node in indicator.milestones.all():
            done = node.due_on + timedelta(days=chance.randint(-20, 40))
            if done <= month.last_day:
                nodes[node.key] = done.isoformat()
        return {"value": str(len(nodes)), "completed_nodes": ";".join(f"{key}={day}" for key, day in nodes.items())}
    if indicator.kind == Kind.BOTTOM_LINE:
        return {"value": str(chance.choice([0, 0, 0, 1])), "completed_nodes": ""}
    plan = next((point.value for point in indicator.plan_points.all() if point.period == str(month)), Decimal(1))
    value = plan * Decimal(chance.randint(70, 108)) / 100
    decimals = 0 if indicator.kind in (Kind.RANK, Kind.STAGE) else indicator.decimals
    return {"value": str(value.quantize(Decimal(1).scaleb(-decimals))), "completed_nodes": ""}


def empty_year() -> Report:
    """Next year's report on its first day: its months, no indicator, nothing filed."""

    def a_year_later(moment: datetime) -> datetime:
        return moment.replace(year=moment.year + 1)

    report = Report.objects.create(year=2026, title="2026年政府工作报告", text="加快建设。", sha256="0" * 64)
    Period.objects.bulk_create(
        Period(
            report=report,
            code=month.code.replace("2025", "2026"),
            opens_at=a_year_later(month.opens_at),
            due_at=a_year_later(month.due_at),
            grace_ends_at=a_year_later(month.grace_ends_at),
        )
        for month in Period.objects.filter(report__year=2025)
    )
    return report
