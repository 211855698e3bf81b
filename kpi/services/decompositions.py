"""Taking a report apart: a text is read into proposed phrases; work on it may be left, gone on with, or given up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from accounts import audit
from accounts.models import Department, Post
from accounts.permissions import Actor
from kpi.domain.decomposition import Origin, Span, SpanState
from kpi.domain.errors import DomainError, IllegalTransition, StaleVersion
from kpi.domain.plan_shapes import Preset
from kpi.domain.readings import Piece, proposed_task, read_report
from kpi.models import Commitment, Decomposition, ProposedSpan, Report
from kpi.selectors import proposals
from kpi.selectors.proposals import OwnerProposal, Proposer
from kpi.services import permissions, years

# What a task of last year settles for the one that goes on with it.
INHERITED = (
    *("kind", "unit", "polarity", "accumulation", "frequency", "definition", "peer_set"),
    *("coverage_scope", "evidence_required", "needs_cosign"),
)
PLACES = {"township": ("township",), "district": ("district",)}


@transaction.atomic
def begin(*, year: int, title: str, text: str, folder: Path, actor: Actor, now: datetime) -> Decomposition:
    """Read a text into proposed phrases. A year whose report has its text is taken apart as it stands.

    Raises ``NotPermitted``, what ``years.preview`` refuses, ``decomposition_text_missing`` or
    ``decomposition_under_way`` where somebody has begun with this year.
    """
    permissions.require_supervisor(actor)
    report = Report.objects.filter(year=year).first()
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "").lstrip("\ufeff")
    opening = years.preview(year=year, text=text, title=title, folder=folder, now=now)
    if report and report.text:
        text = report.text
    if not text.strip():
        raise DomainError("decomposition_text_missing", field="text")
    if Decomposition.objects.filter(year=year, state="working").exists():
        raise DomainError("decomposition_under_way", year=year, field="year")
    try:
        with transaction.atomic():
            draft = Decomposition.objects.create(
                year=year,
                title=report.title if report else opening.title,
                text=text,
                state="working",
                report=report,
                created_by=actor.user,
                created_at=now,
                changed_at=now,
            )
    except IntegrityError:
        raise DomainError("decomposition_under_way", year=year, field="year") from None
    pieces = read_report(text, year, _taken(report))
    ProposedSpan.objects.bulk_create(stored_pieces(draft, pieces, Origin.MACHINE))
    audit.record(
        action="decomposition.begun",
        obj=draft,
        actor=actor.user,
        now=now,
        after={"year": year, "characters": len(text), "phrases": len(pieces)},
    )
    return draft


def _taken(report: Report | None) -> list[Span]:
    """What commitments hold already."""
    if report is None:
        return []
    held = Commitment.objects.filter(report=report, is_anchored=True)
    return list(held.order_by("start").values_list("start", "end"))


def stored_pieces(draft: Decomposition, pieces: Sequence[Piece], origin: Origin) -> list[ProposedSpan]:
    """Rows for pieces, each with the task it proposes (4 queries), not written yet."""
    units = scope_counts()
    shared = Counter(piece.span for piece in pieces)
    words = [draft.text[slice(*piece.span)] for piece in pieces]
    going_on = proposals.continued(words, year=draft.year)
    return [
        ProposedSpan(
            decomposition=draft,
            start=piece.span[0],
            end=piece.span[1],
            ordinal=piece.ordinal,
            sentence_start=piece.sentence[0],
            sentence_end=piece.sentence[1],
            origin=str(origin),
            state=str(SpanState.PROPOSED),
            reading=piece.reading.as_json(),
            task=_continued(
                proposed_task(piece.reading, said, draft.year, is_shared=shared[piece.span] > 1, units=units),
                going_on.get(place),
            ),
            version=draft.version,
        )
        for place, (piece, said) in enumerate(zip(pieces, words, strict=True))
    ]


def scope_counts() -> Mapping[str, int]:
    """How many townships and districts there are, by what a coverage task is counted over (1 query)."""
    kinds = Counter(Department.objects.filter(is_active=True).values_list("kind", flat=True))
    return {scope: sum(kinds[kind] for kind in found) for scope, found in PLACES.items()}


def _continued(task: dict[str, Any], found: proposals.Continuation | None) -> dict[str, Any]:
    """A task that goes on is filled in from the one before it; its figures are the new phrase's."""
    if found is None:
        return task
    old = found.indicator
    inherited = {name: getattr(old, name) for name in INHERITED} if old.kind == task["kind"] else {}
    return {
        **task,
        **inherited,
        "predecessor": old.code,
        "predecessor_reason": found.reason,
        "lead": old.lead_department.code,
        "lead_reason": found.reason,
        "post": old.accountable_post.code,
        "supporting": [unit.code for unit in old.supporting_departments.all()],
        "preset": str(Preset.LAST_YEAR) if old.kind == task["kind"] and old.kind != "milestone" else task["preset"],
    }


@dataclass(frozen=True)
class Naming:
    """Whom a phrase is proposed to: units by their duties and their record, leaders by their titles."""

    proposer: Proposer
    posts: Sequence[Post]

    @classmethod
    def of(cls, draft: Decomposition, now: datetime) -> Naming:
        """What is known today for the draft's year (4 queries); what is asked of it then makes none."""
        return cls(Proposer.at(localtime(now).date(), draft.year), list(Post.objects.all()))

    def named(self, task: Mapping[str, Any], words: str, reading: Mapping[str, Any]) -> dict[str, Any]:
        """The task with the unit that its words point to, and why, unless one is named already."""
        found = None if task.get("lead") else next(iter(self._owners(words, reading)), None)
        if found is None:
            return {**task}
        proposed = {"lead": found.department.code, "lead_reason": found.reason}
        return {**task, **proposed, "post": task.get("post") or _post_for(found.department, self.posts)}

    def _owners(self, words: str, reading: Mapping[str, Any]) -> Sequence[OwnerProposal]:
        return self.proposer.owners(words, reading["metric"], section=reading["section"])


def _post_for(unit: Department, posts: Iterable[Post]) -> str:
    """The leader whose title names the field of a unit; empty where none does."""
    said = unit.name + unit.short_name + unit.duties
    about = ((post, post.title.removeprefix("分管").removesuffix("副市长")) for post in posts)
    # “自然资源” is not about 人力资源: the beginning counts, the end only in the unit's own name.
    found = (post.code for post, field in about if field[:2] in said or field[-2:] in unit.short_name)
    return next(found, "")


def held(draft: Decomposition, actor: Actor, *, version: int | None = None) -> Decomposition:
    """The draft as it is, and stays until the transaction ends.

    Raises ``NotPermitted``, ``IllegalTransition`` ``decomposition_over``, or ``StaleVersion`` ``decomposition_stale``
    where it is no longer the ``version`` that was looked at.
    """
    permissions.require_supervisor(actor)
    stored = Decomposition.objects.select_for_update().get(pk=draft.pk)
    if stored.state != "working":
        raise IllegalTransition("decomposition_over")
    if version is not None and stored.version != version:
        raise StaleVersion("decomposition_stale")
    return stored


@transaction.atomic
def discard(*, draft: Decomposition, version: int, actor: Actor, now: datetime) -> None:
    """Give the work up; what was decided stays on record, the year may be begun anew.

    Raises ``NotPermitted``, ``IllegalTransition`` where it is over, ``StaleVersion`` where somebody went on meanwhile.
    """
    stored = held(draft, actor, version=version)
    stored.state = "discarded"
    stored.changed_at = now
    stored.save(update_fields=["state", "changed_at"])
    audit.record(action="decomposition.discarded", obj=stored, actor=actor.user, now=now)
