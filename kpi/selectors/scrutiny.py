"""The lists of the desk: what the office should look at twice, row by row, each with the words that say why.

The rules are ``kpi.domain.scrutiny`` and ``kpi.domain.guards``; here they meet the board and what was read beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import AuditEntry
from kpi import labels, wording
from kpi.domain import scrutiny
from kpi.domain.guards import question
from kpi.domain.scrutiny import Amended, Finding, Gap
from kpi.domain.values import Kind, Outlook, Rag, SubmissionState
from kpi.models import Commitment, Indicator
from kpi.selectors.content import Content, content_in_force, content_of
from kpi.selectors.history import Before
from kpi.selectors.scoreboard import Row, Scoreboard

# How the audit trail names what is changed.
OBJECT_TYPE = Indicator._meta.label_lower
CHOICES = {
    "kind": labels.KIND,
    "accumulation": labels.ACCUMULATION,
    "polarity": labels.POLARITY,
    "comparator": labels.COMPARATOR,
}


@dataclass(frozen=True)
class Item:
    """One line of a list: the indicator's row, or a commitment with its ``owners``; ``words`` say what was found."""

    finding: Finding
    words: tuple[str, ...]
    row: Row | None = None
    commitment: Commitment | None = None


Found = Mapping[Finding, Sequence[Item]]


def findings(board: Scoreboard, before: Before, unanchored: Sequence[Commitment], now: datetime) -> Found:
    """Every list, in the order of ``Finding``; rows by code (1 query).

    The board is read by the office, its indicators ``with_owners``; ``before`` is ``history.before`` of its rows.
    """
    changed = _amendments(board, now)
    found: dict[Finding, list[Item]] = {finding: [] for finding in Finding}
    for row in sorted(board.rows, key=lambda row: row.indicator.code):
        for item in _of_row(row, before, changed.get(str(row.indicator.pk), ())):
            found[item.finding].append(item)
    found[Finding.UNANCHORED] = [Item(Finding.UNANCHORED, (each.quote,), commitment=each) for each in unanchored]
    return found


def _of_row(row: Row, before: Before, changes: Sequence[_Change]) -> Iterator[Item]:
    yield from _definition(row, changes)
    yield from _owners(row)
    said = _Said.of(row, before)
    if said is not None:
        yield from _jump(row, said, before)
        yield from _claim(row, said)
        yield from _evidence(row, said)


def _owners(row: Row) -> Iterator[Item]:
    indicator = row.indicator
    found = scrutiny.gaps(
        has_staff=indicator.has_staff,
        has_head=indicator.has_head,
        post_is_held=indicator.post_is_held,
        is_lead_proposed=indicator.is_lead_proposed,
    )
    missing = [gap for gap in found if gap is not Gap.LEAD_PROPOSED]
    if missing:
        yield Item(Finding.UNOWNED, tuple(labels.words(labels.GAP, missing)), row)
    if Gap.LEAD_PROPOSED in found:
        yield Item(Finding.PROPOSED, tuple(labels.words(labels.GAP, [Gap.LEAD_PROPOSED])), row)


@dataclass(frozen=True)
class _Said:
    """What the month's report says as far as the office reads it, and the lamp that gives."""

    content: Content
    rag: Rag | None
    has_files: bool

    @classmethod
    def of(cls, row: Row, before: Before) -> _Said | None:
        """Signed and waiting for review, or approved; what is still within the unit is not the office's to read."""
        submission = before.current.get(row.indicator.pk)
        if submission is None:
            return None
        is_waiting = submission.state == SubmissionState.SIGNED_OFF
        content = content_of(submission) if is_waiting else content_in_force(submission)
        if content is None or content.is_unpublished:
            return None
        month = row.current
        lamp = month.unreviewed.rag if is_waiting and month.unreviewed else month.rag
        return cls(content, lamp, submission.pk in before.proved)


def _jump(row: Row, said: _Said, before: Before) -> Iterator[Item]:
    month = row.current
    lamp = month.unreviewed or month.assessment
    doubt = question(
        kind=Kind(row.indicator.kind),
        value=said.content.value,
        earlier=[report.value for report in before.earlier.get(row.indicator.pk, ()) if report.value is not None],
        plan=lamp.expected if lamp else None,
        target=row.target,
    )
    if doubt is not None:
        value = wording.with_unit(said.content.value, row.indicator)
        yield Item(Finding.JUMP, (_("本期 %(value)s") % {"value": value}, wording.doubt(doubt, row.indicator)), row)


def _claim(row: Row, said: _Said) -> Iterator[Item]:
    if said.rag is None:
        return
    outlook = Outlook(said.content.outlook) if said.content.outlook else None
    found = scrutiny.claims(outlook=outlook, narrative=said.content.narrative, rag=said.rag)
    if found:
        lamp = _("亮灯%(lamp)s") % {"lamp": labels.RAG[said.rag].text}
        yield Item(Finding.CLAIM, (lamp, *labels.words(labels.CLAIM, found)), row)


def _evidence(row: Row, said: _Said) -> Iterator[Item]:
    if said.rag is None:
        return
    content = said.content
    if scrutiny.lacks_proof(
        rag=said.rag,
        last_rag=row.previous_rag,
        no_progress=content.no_progress,
        is_correction=content.is_correction,
        has_files=said.has_files,
    ):
        yield Item(Finding.EVIDENCE, (_("报为完成，没有附件"),), row)


# Changed definitions


@dataclass(frozen=True)
class _Change:
    """What the audit trail says of one change of an indicator."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    who: str
    at: datetime


def _amendments(board: Scoreboard, now: datetime) -> Mapping[str, Sequence[_Change]]:
    """Changes of indicators since the last month was due, until this one is (or now), by id as the trail has it.

    In the first month of a year there is nothing before to compare with, only what changed since it opened.
    """
    place = [period.code for period in board.periods].index(board.period.code)
    since = board.periods[place - 1].due_at if place else board.period.opens_at
    entries = AuditEntry.objects.filter(
        object_type=OBJECT_TYPE,
        occurred_at__gt=since,
        occurred_at__lte=min(now, board.period.due_at),
        before__isnull=False,
        after__isnull=False,
    )
    found: dict[str, list[_Change]] = defaultdict(list)
    columns = ("object_id", "before", "after", "actor_label", "occurred_at")
    for key, before, after, who, at in entries.order_by("seq").values_list(*columns):
        found[key].append(_Change(_text(before), _text(after), who, at))
    return found


def _text(values: Mapping[str, object]) -> Mapping[str, str]:
    return {name: str(values[name] or "") for name in scrutiny.DEFINING if name in values}


def _definition(row: Row, changes: Sequence[_Change]) -> Iterator[Item]:
    found = scrutiny.amendments([(change.before, change.after) for change in changes])
    if found:
        last = changes[-1]
        when = _("%(who)s %(at)s 改") % {"who": last.who, "at": wording.moment(localtime(last.at))}
        yield Item(Finding.DEFINITION, (*map(_amended, found), when), row)


def _amended(found: Amended) -> str:
    name = Indicator._meta.get_field(found.field).verbose_name
    before, after = (_shown(found.field, value) for value in (found.before, found.after))
    return _("%(field)s：%(before)s → %(after)s") % {"field": name, "before": before, "after": after}


def _shown(field: str, value: str) -> str:
    table = CHOICES.get(field, {})
    return str(table[value].text) if value in table else value or _("（空）")
