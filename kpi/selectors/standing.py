"""From stored rows to the domain's question: where does this indicator stand against its plan?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from kpi.domain.periods import Period
from kpi.domain.rag import Assessment, Basis, Rule, Standing, assess
from kpi.domain.values import Comparator, Frequency, Kind, Polarity
from kpi.models import Indicator, RuleSet, Submission
from kpi.selectors.terms import Terms, terms_at


@dataclass(frozen=True)
class Figure:
    """What a form says: the figure in the indicator's unit, and for milestones the nodes done with their days."""

    value: Decimal | None = None
    completed_nodes: Mapping[int, date] = field(default_factory=dict)
    is_confirmed: bool = True

    @classmethod
    def of(cls, submission: Submission) -> Figure:
        nodes = {int(ordinal): date.fromisoformat(day) for ordinal, day in submission.completed_nodes.items()}
        return cls(submission.value, nodes)


class RuleBook:
    """All lamp rules, loaded once per request (1 query), answering which one judges an indicator on a day."""

    def __init__(self, rule_sets: list[RuleSet]):
        self.rule_sets = rule_sets
        self._rules = {rule_set.pk: as_rule(rule_set) for rule_set in rule_sets}
        self._defaults = sorted(
            (rule_set for rule_set in rule_sets if rule_set.is_default), key=lambda found: found.effective_from
        )

    @classmethod
    def load(cls) -> RuleBook:
        return cls(list(RuleSet.objects.all()))

    def rule_for(self, indicator: Indicator, day: date) -> Rule:
        """The indicator's own rule, else the default in force on ``day`` (the earliest one before that)."""
        if indicator.rule_set_id is not None:
            return self._rules[indicator.rule_set_id]
        in_force = [rule_set for rule_set in self._defaults if rule_set.effective_from <= day]
        return self._rules[(in_force or self._defaults)[-1].pk]


def as_rule(rule_set: RuleSet) -> Rule:
    """A stored rule set as the domain's rule; thresholds are kept as text so that no float comes near them."""
    return Rule.from_thresholds(
        code=rule_set.code, version=rule_set.version, basis=Basis(rule_set.basis), thresholds=rule_set.thresholds
    )


def is_asked(indicator: Indicator, period: Period) -> bool:
    """Whether the indicator owes a report for the period: its rhythm says so and the month has a plan."""
    in_rhythm = Frequency(indicator.frequency).reports_in(period.month)
    return in_rhythm and str(period) in terms_at(indicator, period).planned


def assess_figure(
    indicator: Indicator, *, period: Period, figure: Figure, rules: RuleBook, terms: Terms | None = None
) -> Assessment:
    """The lamp a figure gives for a period, by the plan that holds in it or by ``terms``.

    ``indicator`` must carry ``target_value`` (``with_target``).
    """
    day, held = period.last_day, terms or terms_at(indicator, period)
    standing = Standing(
        kind=Kind(indicator.kind),
        comparator=Comparator(indicator.comparator),
        polarity=Polarity(indicator.polarity),
        as_of=day,
        target=held.target,
        expected=held.expected_at(period),
        actual=figure.value,
        final_due_on=held.final_due_on,
        nodes=held.nodes(figure.completed_nodes),
        peers_known=bool(indicator.peer_set),
        baseline=indicator.baseline_value,
        decimals=indicator.decimals,
        is_confirmed=figure.is_confirmed,
    )
    return assess(standing, rules.rule_for(indicator, day))


def assess_submission(submission: Submission, rules: RuleBook) -> Assessment:
    """The lamp a submission's own figure gives, approved or not (3 queries)."""
    month = Period.parse(submission.period.code)
    indicator = Indicator.objects.for_board(submission.period).get(pk=submission.indicator_id)
    return assess_figure(indicator, period=month, figure=Figure.of(submission), rules=rules)
