"""Whether a notice still matters, by what is on record now: asked again before each message leaves.

A reminder of a ladder stands while the ladder would plan it: still owed, in this cycle, by a unit whose duty the person
still has. A notice of an event stands while it waits for an answer, or while its person may still read of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.utils.functional import SimpleLazyObject
from django.utils.timezone import localtime

from accounts.models import Delegation, Role
from kpi.domain.directives import OPEN, OWED, DirectiveState
from kpi.domain.reminders import Holding
from kpi.domain.target_changes import WAITS_FOR, ChangeParty, ChangeState
from kpi.domain.values import SubmissionState
from kpi.models import Directive, Extension, Submission, TargetChange, Unlock
from kpi.models.querysets import BEING_COSIGNED
from kpi.selectors.obligations import owed_at
from kpi.selectors.people import Directory
from kpi.selectors.reminding import Ground, ground_on
from kpi.selectors.scoreboard import UNFILED
from kpi.services.settling import LADDER_OF
from notifications.models import Notice

S = SubmissionState


def standing(notices: Collection[Notice], now: datetime, ground: Ground | None = None) -> set[int]:
    """Ids of the notices that still matter and still concern their recipient.

    A fixed number of queries however many there are, and none for what does not occur among them.
    """
    day = localtime(now).date()
    reminders = [notice for notice in notices if notice.kind in LADDER_OF]
    events = [notice for notice in notices if notice.kind not in LADDER_OF]
    found: set[int] = set()
    if reminders:
        ladders = {LADDER_OF[notice.kind] for notice in reminders}
        codes = {notice.subject_code for notice in reminders}
        policy = (ground or ground_on(day)).policy
        holding = Holding(policy, owed_at(now, ladders=ladders, codes=codes))
        found |= {notice.pk for notice in reminders if holding.stands(notice.key)}
    if events:
        records = Records.load(events, now)
        found |= {notice.pk for notice in events if records.stands(notice)}
    return found


class Said(NamedTuple):
    """A report as far as notices of it ask: its state, and how often it came back."""

    state: str
    cycle: int
    lead: int


@dataclass(frozen=True)
class Records:
    """What the notices are about, as it is now."""

    directory: Directory
    reports: Mapping[tuple[str, str], Said] = field(default_factory=dict)
    directives: Mapping[int, Directive] = field(default_factory=dict)
    changes: Mapping[int, TargetChange] = field(default_factory=dict)
    undecided: Mapping[str, set[int]] = field(default_factory=dict)
    lent: frozenset[int] = frozenset()

    @classmethod
    def load(cls, notices: Collection[Notice], now: datetime) -> Records:
        by_area: dict[str, list[Notice]] = defaultdict(list)
        for notice in notices:
            by_area[notice.kind.split(".")[0]].append(notice)
        day = localtime(now).date()
        return cls(
            # Most kinds do not ask for it.
            directory=SimpleLazyObject(lambda: Directory(day)),
            reports=_reports(by_area["submission"] + by_area["cosign"]),
            directives=_directives(by_area["directive"]),
            changes=_changes(by_area["target_change"]),
            undecided={
                "extension.asked": _undecided(Extension, by_area["extension"], "extension.asked"),
                "period.unlock_asked": _undecided(Unlock, by_area["period"], "period.unlock_asked"),
            },
            lent=_lent(by_area["delegation"], now),
        )

    def stands(self, notice: Notice) -> bool:
        """Kinds that no rule names stand as long as their person may sign in."""
        rule = RULES.get(notice.kind)
        return rule is None or rule(self, notice)

    def is_of_unit(self, notice: Notice) -> bool:
        """Whether the person still belongs to the unit it names; where it names none there is nothing to ask."""
        return notice.department_id is None or notice.recipient_id in self.directory.answers_for(notice.department_id)

    def may_read_score(self, notice: Notice) -> bool:
        """Of the unit that is judged; of a leader's post it is a leader, who may read every score."""
        if notice.department_id is None:
            return notice.recipient_id in self.directory.in_role(Role.LEADER)
        return self.is_of_unit(notice)

    def is_of_office(self, notice: Notice) -> bool:
        return notice.recipient_id in self.directory.in_role(Role.SUPERVISOR)

    def signs_for(self, notice: Notice) -> bool:
        unit = notice.department_id
        return unit is not None and notice.recipient_id in self.directory.in_department(Role.HEAD, unit)

    def is_in(self, notice: Notice, states: Collection[str]) -> bool:
        """Whether the report it names, if there is one, is in one of the states, and has not come back since."""
        report = self.reports.get((notice.subject_code, notice.period))
        return report is None or (report.state in states and report.cycle == notice.cycle)

    def is_undecided(self, notice: Notice) -> bool:
        return _number(notice) in self.undecided[notice.kind]

    def concerns(self, notice: Notice) -> bool:
        """Whether the person still has to do with the directive: of its units, its leader, or of the office."""
        directive = self.directives.get(_page(notice))
        if directive is None:
            return False
        units = {directive.department_id, *(copy.department_id for copy in directive.copies.all())}
        return (
            self.is_of_office(notice)
            or notice.recipient_id in self.directory.in_post(directive.post_id)
            or any(notice.recipient_id in self.directory.answers_for(unit) for unit in units)
        )

    def is_directive_in(self, notice: Notice, states: Collection[str]) -> bool:
        directive = self.directives.get(_page(notice))
        return directive is not None and directive.state in states and self.concerns(notice)

    def change_waits(self, notice: Notice) -> bool:
        """Whether the change of target still stands where the notice says, and waits for the person."""
        change = self.changes.get(_page(notice))
        if change is None or change.state != WAITING_STATE[notice.kind]:
            return False
        unit, post = change.indicator.lead_department_id, change.indicator.accountable_post_id
        people = {
            ChangeParty.UNIT: lambda: self.directory.answers_for(unit),
            ChangeParty.HEAD: lambda: self.directory.in_department(Role.HEAD, unit),
            ChangeParty.LEADER: lambda: self.directory.in_post(post),
            ChangeParty.OFFICE: lambda: self.directory.in_role(Role.SUPERVISOR),
        }
        return notice.recipient_id in people[WAITS_FOR[ChangeState(change.state)]]()

    def led_by_recipient(self, notice: Notice) -> bool:
        """Whether the person is of the unit that leads the report."""
        report = self.reports.get((notice.subject_code, notice.period))
        return report is not None and notice.recipient_id in self.directory.answers_for(report.lead)


def _reports(notices: Collection[Notice]) -> dict[tuple[str, str], Said]:
    if not notices:
        return {}
    found = Submission.objects.filter(
        indicator__code__in={notice.subject_code for notice in notices},
        period__code__in={notice.period for notice in notices},
    )
    columns = ("indicator__code", "period__code", "state", "cycle", "indicator__lead_department_id")
    return {
        (code, period): Said(state, cycle, lead)
        for code, period, state, cycle, lead in found.order_by().values_list(*columns)
    }


def _directives(notices: Collection[Notice]) -> dict[int, Directive]:
    if not notices:
        return {}
    return Directive.objects.prefetch_related("copies").in_bulk({_page(notice) for notice in notices})


def _changes(notices: Collection[Notice]) -> dict[int, TargetChange]:
    if not notices:
        return {}
    return TargetChange.objects.select_related("indicator").in_bulk({_page(notice) for notice in notices})


def _undecided(model: type[Extension] | type[Unlock], notices: Collection[Notice], kind: str) -> set[int]:
    numbers = {_number(notice) for notice in notices if notice.kind == kind}
    if not numbers:
        return set()
    return set(model.objects.filter(pk__in=numbers, decided_at__isnull=True).values_list("pk", flat=True))


def _lent(notices: Collection[Notice], now: datetime) -> frozenset[int]:
    numbers = {_number(notice) for notice in notices}
    if not numbers:
        return frozenset()
    # What begins later is news already.
    still = Delegation.objects.filter(pk__in=numbers, revoked_at__isnull=True, ends_on__gt=localtime(now).date())
    return frozenset(still.values_list("pk", flat=True))


def _number(notice: Notice) -> int:
    """The id in ``kind:id`` or ``kind:id:…``."""
    return int(notice.key.split(":")[1])


def _page(notice: Notice) -> int:
    """The directive, or the change of target, a notice leads to: ``/2025/directives/12/``."""
    return int(notice.url.rstrip("/").rsplit("/", 1)[1])


TOLD_OF_DIRECTIVE = (
    "directive.sent_for",
    "directive.copied",
    "directive.withdrawn",
    "directive.received",
    "directive.taken_in_hand",
    "directive.review_begun",
    "directive.closed",
    "directive.extension_granted",
    "directive.extension_refused",
)
TOLD_OF_SCORE = ("score.opened", "score.told", "score.replied", "score.corrected", "score.final")
# Where a case stands while a notice of it still asks for something.
WAITING_STATE = {
    "target_change.asked": ChangeState.ASKED,
    "target_change.signed": ChangeState.SIGNED,
    "target_change.agreed": ChangeState.AGREED,
    "target_change.returned": ChangeState.RETURNED,
}
RULES: Mapping[str, Callable[[Records, Notice], bool]] = {
    "submission.submitted": lambda now, notice: now.signs_for(notice) and now.is_in(notice, (S.SUBMITTED,)),
    "submission.signed_off": lambda now, notice: now.is_of_office(notice) and now.is_in(notice, (S.SIGNED_OFF,)),
    "submission.returned": lambda now, notice: now.is_of_unit(notice) and now.is_in(notice, UNFILED),
    "submission.approved": Records.is_of_unit,
    "report.chased": Records.is_of_unit,
    "extension.asked": lambda now, notice: now.is_of_office(notice) and now.is_undecided(notice),
    "extension.granted": Records.is_of_unit,
    "extension.refused": Records.is_of_unit,
    "period.opened": Records.is_of_unit,
    "period.extended": Records.is_of_unit,
    "period.closed": Records.is_of_unit,
    "period.restored": Records.is_of_unit,
    "period.unlock_asked": lambda now, notice: now.is_of_office(notice) and now.is_undecided(notice),
    "period.unlock_answered": Records.is_of_office,
    "delegation.given": lambda now, notice: now.is_of_unit(notice) and _number(notice) in now.lent,
    "indicator.handed_over": Records.is_of_unit,
    "lamp.overridden": Records.is_of_unit,
    "lamp.restored": Records.is_of_unit,
    "cosign.asked": lambda now, notice: now.is_of_unit(notice) and now.is_in(notice, BEING_COSIGNED),
    "cosign.objected": lambda now, notice: (
        (now.is_of_office(notice) or now.led_by_recipient(notice)) and now.is_in(notice, BEING_COSIGNED)
    ),
    "score.objected": Records.is_of_office,
    **dict.fromkeys(TOLD_OF_SCORE, Records.may_read_score),
    "directive.issued": lambda now, notice: now.is_directive_in(notice, OWED),
    "directive.corrected": lambda now, notice: now.is_directive_in(notice, OWED),
    "directive.sent_back": lambda now, notice: now.is_directive_in(notice, OWED),
    "directive.clarified": lambda now, notice: now.is_directive_in(notice, OPEN),
    "directive.replied": lambda now, notice: now.is_directive_in(
        notice, (DirectiveState.REPLIED, DirectiveState.IN_REVIEW)
    ),
    "directive.extension_asked": lambda now, notice: now.is_directive_in(notice, OWED),
    **dict.fromkeys(TOLD_OF_DIRECTIVE, Records.concerns),
    **dict.fromkeys(WAITING_STATE, Records.change_waits),
}
