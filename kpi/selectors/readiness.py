"""What a year lacks before it can start, and what it inherits by date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kpi.models import DueRule, Period, ReminderPolicy, Report, RuleSet
from kpi.selectors import configuration, succession
from kpi.selectors.calendar import work_calendar
from kpi.selectors.configuration import Gap
from kpi.selectors.succession import Standing

MONTHS = 12


class Need(StrEnum):
    """In the order in which they are met. The first ones must be, the others should be looked at."""

    MONTHS = "months"
    DUE_RULE = "due_rule"
    LAMP_RULE = "lamp_rule"
    REMINDERS = "reminders"
    TEXT = "text"
    INDICATORS = "indicators"
    PLANS = "plans"
    TARGETS = "targets"
    CALENDAR = "calendar"
    DECIDED = "decided"
    UNOWNED = "unowned"
    LEADS = "leads"
    CLOSED_LEADS = "closed_leads"


MUST = frozenset(
    {Need.MONTHS, Need.DUE_RULE, Need.LAMP_RULE, Need.REMINDERS, Need.TEXT, Need.INDICATORS, Need.PLANS, Need.TARGETS}
)


@dataclass(frozen=True)
class Check:
    """How many are missing of what is needed."""

    need: Need
    missing: int

    @property
    def is_met(self) -> bool:
        return self.missing == 0

    @property
    def is_must(self) -> bool:
        return self.need in MUST


@dataclass(frozen=True)
class Inherited:
    """Rules that are valid by date, in force on the year's first day; ``None`` where there is none."""

    due_rule: DueRule | None
    lamp_rule: RuleSet | None
    reminders: ReminderPolicy | None


def inherited(year: int) -> Inherited:
    """What goes on without anybody's doing (3 queries)."""
    by_date = {"effective_from__lte": date(year, 1, 1)}
    return Inherited(
        due_rule=DueRule.objects.filter(**by_date).order_by("-effective_from").first(),
        lamp_rule=RuleSet.objects.filter(is_default=True, **by_date).order_by("-effective_from").first(),
        reminders=ReminderPolicy.objects.filter(**by_date).order_by("-effective_from").first(),
    )


def checks(report: Report, rules: Inherited, heirs: Sequence[succession.Heir]) -> list[Check]:
    """Everything that is looked at, met or not (4 queries)."""
    lines = [line for line in configuration.lines(report.year) if line.indicator.is_active]
    gaps = Counter(gap for line in lines for gap in line.gaps)
    missing = {
        Need.MONTHS: MONTHS - Period.objects.filter(report=report).count(),
        Need.DUE_RULE: int(rules.due_rule is None),
        Need.LAMP_RULE: int(rules.lamp_rule is None),
        Need.REMINDERS: int(rules.reminders is None),
        Need.TEXT: int(not report.text.strip()),
        Need.INDICATORS: int(not lines),
        Need.PLANS: gaps[Gap.NO_PLAN],
        Need.TARGETS: gaps[Gap.NO_TARGET],
        Need.CALENDAR: len(work_calendar().unknown_years([report.year])),
        Need.DECIDED: sum(heir.standing is Standing.OPEN for heir in heirs),
        Need.UNOWNED: len(configuration.unowned(report)),
        Need.LEADS: gaps[Gap.LEAD_PROPOSED],
        Need.CLOSED_LEADS: sum(not line.indicator.lead_department.is_active for line in lines),
    }
    return [Check(need, missing[need]) for need in Need]
