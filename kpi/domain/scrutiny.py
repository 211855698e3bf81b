"""What the office should look at twice: nobody answers for it, words against the lamp, another definition, no proof.

Each rule finds something or nothing and changes no lamp. A jump in value is found by ``kpi.domain.guards``. The
decision tables are tests/domain/cases/scrutiny_*.csv, in words docs/rules/scrutiny.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from kpi.domain.evidence import Need, need_of
from kpi.domain.values import Outlook, Rag


class Finding(StrEnum):
    """The lists of the desk, in its order."""

    DEFINITION = "definition"
    JUMP = "jump"
    CLAIM = "claim"
    UNOWNED = "unowned"
    PROPOSED = "proposed"
    EVIDENCE = "evidence"
    UNANCHORED = "unanchored"


class Gap(StrEnum):
    """Who is missing."""

    NO_STAFF = "no_staff"
    NO_HEAD = "no_head"
    POST_VACANT = "post_vacant"
    LEAD_PROPOSED = "lead_proposed"


def gaps(*, has_staff: bool, has_head: bool, post_is_held: bool, is_lead_proposed: bool) -> tuple[Gap, ...]:
    """Who is missing for an indicator: in its lead unit to file and to sign, in the leader's post, or the lead itself
    as long as it is only proposed."""
    holds = {
        Gap.NO_STAFF: not has_staff,
        Gap.NO_HEAD: not has_head,
        Gap.POST_VACANT: not post_is_held,
        Gap.LEAD_PROPOSED: is_lead_proposed,
    }
    return tuple(gap for gap in Gap if holds[gap])


class Claim(StrEnum):
    """In what way a report says more than its lamp: by the year-end judgement, or by its words."""

    OUTLOOK = "outlook"
    DONE = "done"
    ON_TRACK = "on_track"


# Words of completion fit no amber either, words of a plan that is kept only no red.
PHRASES: Mapping[Claim, tuple[str, ...]] = {
    Claim.DONE: ("已完成全年", "提前完成", "超额完成", "全面完成", "圆满完成", "全部完成"),
    Claim.ON_TRACK: (
        *("达到序时", "符合序时", "快于序时", "超过序时", "按序时"),
        *("进展顺利", "推进顺利", "按计划推进", "按计划实施", "如期推进"),
    ),
}
# What is denied or only meant to be, a few characters before in the same clause.
UNSAID = re.compile(r"(?:未|没|不|难以|无法|力争|争取|确保|预计|计划|将|待)[^，。；、,;\n]{0,6}$")


def claims(*, outlook: Outlook | None, narrative: str, rag: Rag) -> tuple[Claim, ...]:
    """What a report claims against its lamp; empty where the two agree, or the lamp judges nothing."""
    if rag not in (Rag.RED, Rag.AMBER):
        return ()
    holds = {
        Claim.OUTLOOK: rag is Rag.RED and outlook is Outlook.CONFIDENT,
        Claim.DONE: _says(Claim.DONE, narrative),
        Claim.ON_TRACK: rag is Rag.RED and _says(Claim.ON_TRACK, narrative),
    }
    return tuple(claim for claim in Claim if holds[claim])


def _says(claim: Claim, narrative: str) -> bool:
    found = (match.start() for phrase in PHRASES[claim] for match in re.finditer(phrase, narrative))
    return any(UNSAID.search(narrative, 0, start) is None for start in found)


# What decides which number is counted, and against what.
DEFINING = ("definition", "unit", "kind", "accumulation", "polarity", "comparator")
Values = Mapping[str, str]


class Amended(NamedTuple):
    """One defining field as it was and as it is."""

    field: str
    before: str
    after: str


def amendments(changes: Sequence[tuple[Values, Values]]) -> tuple[Amended, ...]:
    """Defining fields that are not what they were, of changes in order of time, each with its values before and after.

    What was changed and changed back is no change.
    """
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for before, after in changes:
        for name in DEFINING:
            if before.get(name, "") != after.get(name, ""):
                first.setdefault(name, before.get(name, ""))
                last[name] = after.get(name, "")
    return tuple(Amended(name, first[name], last[name]) for name in DEFINING if first.get(name) != last.get(name))


def lacks_proof(*, rag: Rag, last_rag: Rag | None, no_progress: bool, is_correction: bool, has_files: bool) -> bool:
    """Whether a report claims completion for the first time and has no file to show for it.

    Forms do not let such a report pass (``kpi.domain.evidence``); imports of earlier years, files that were taken off
    and rules that were stricter later do.
    """
    if has_files or rag is not Rag.DONE:
        return False
    need = need_of(is_demanded=False, rag=rag, last_rag=last_rag, is_correction=is_correction, no_progress=no_progress)
    return need in (Need.COMPLETION, Need.CORRECTION)
