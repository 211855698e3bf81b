"""The story of one indicator: every step taken on its submissions, every adjusted lamp, every co-signature."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Actor
from kpi import labels, wording
from kpi.domain.cosigning import Stance
from kpi.domain.values import SubmissionState, Verb
from kpi.models import CoSignature, Evidence, Indicator, Period, RagOverride, Review, Submission
from kpi.models.querysets import OVERRIDE_COLUMNS, OVERRIDE_ROW
from kpi.selectors.content import has_figure_in_force, in_force

COSIGNATURE_ROW = JSONObject(
    at="at", stance="stance", comment="comment", unit="department__short_name", actor_name="actor__display_name"
)


@dataclass(frozen=True)
class StepFile:
    """A file a report was submitted with, as the step wrote it down; ``pk`` only where the reader may open it."""

    name: str
    pk: str | None
    is_removed: bool


def steps_of(indicator: Indicator, actor: Actor, most: int = 400) -> list[Review]:
    """Workflow steps on the submissions the actor may read, newest first, with what was said beside them (1 query).

    A lamp is adjusted and a report co-signed at the version the last step left: that step carries it; ``files`` are
    those a step was taken with. What led to an approved figure stays readable for everyone while a correction of it is
    under way.
    """
    visible = Submission.objects.visible_to(actor).filter(indicator=indicator)
    approvals = Review.objects.filter(submission=OuterRef("submission"), verb=Verb.APPROVE).order_by("-version")
    until_approved = Q(submission__indicator=indicator, version__lte=Subquery(approvals.values("version")[:1]))
    at_the_step = {"submission": OuterRef("submission"), "version": OuterRef("version")}
    files = Evidence.objects.visible_to(actor).filter(submission=OuterRef("submission")).order_by()
    steps = Review.objects.filter(Q(submission__in=visible) | until_approved).annotate(
        overrides=ArraySubquery(RagOverride.objects.filter(**at_the_step).order_by("-id").values(row=OVERRIDE_ROW)),
        cosignatures=ArraySubquery(
            CoSignature.objects.filter(**at_the_step).order_by("-id").values(row=COSIGNATURE_ROW)
        ),
        known=ArraySubquery(files.values(row=JSONObject(pk="pk", removed_at="removed_at"))),
    )
    steps = steps.select_related("submission__period", "actor", "on_behalf_of", "delegation")
    found = list(steps.order_by("-at", "-id")[:most])
    for step in found:
        step.files = _files(step)
    return found


@dataclass(frozen=True)
class Entry:
    """One line of the record: when, about which month, what, by whom (and for whom), why, and what to notice."""

    at: datetime
    period: str
    what: str
    who: str
    comment: str = ""
    note: str = ""
    files: Sequence[StepFile] = ()


def log_of(steps: Iterable[Review]) -> list[Entry]:
    """The steps of ``steps_of`` with adjusted lamps and co-signatures between them, newest first."""
    # Sorting is stable: of the same moment, what came later stays first.
    return sorted((entry for step in steps for entry in _entries(step)), key=attrgetter("at"), reverse=True)


def _entries(step: Review) -> Iterator[Entry]:
    period = step.submission.period.code
    for row in step.overrides:
        found = override_from(row)
        what = _("撤回亮灯调整") if found.is_restored else _("调整亮灯")
        yield Entry(found.at, period, what, str(found.actor), wording.override(found))
    for row in step.cosignatures:
        what = _("会签：%(stance)s") % {"stance": labels.STANCE[Stance(row["stance"])].text}
        who = f"{row['unit']} {row['actor_name']}"
        yield Entry(datetime.fromisoformat(row["at"]), period, what, who, row["comment"])
    note = _("提交人与代签人为同一人") if step.is_own_submission else ""
    yield Entry(
        step.at, period, str(labels.VERB[Verb(step.verb)].text), wording.on_behalf(step), step.comment, note, step.files
    )


def override_from(row: Mapping[str, Any]) -> RagOverride:
    """An override read as a mapping (``OVERRIDE_ROW``) within another query."""
    actor = User(pk=row["actor_id"], display_name=row["actor_name"])
    plain = {name: row[name] for name in OVERRIDE_COLUMNS if name != "actor_id"}
    return RagOverride(**plain, at=datetime.fromisoformat(row["at"]), actor=actor)


def override_of(submission: Submission) -> RagOverride | None:
    """The lamp the office set for this report as it was filed last, if it has not taken it back (1 query)."""
    said = RagOverride.objects.filter(submission=submission)
    is_approved = submission.state == SubmissionState.APPROVED
    said = said.about_filing_in_force() if is_approved else said.about_present_filing()
    last = said.select_related("actor").order_by("-id").first()
    return None if last is None or last.is_restored else last


def explanation(steps: Iterable[Review], period_code: str) -> Submission | None:
    """The report of a period as it was approved last, from its steps; ``None`` where it never was.

    ``files`` are the ones it was submitted with.
    """
    mine = [step for step in steps if step.submission.period.code == period_code]
    approval = next((step for step in mine if step.verb == Verb.APPROVE), None)
    if approval is None:
        return None
    approval.submission.standing = approval.content
    report = in_force(approval.submission)
    filed = (step for step in mine if step.verb == Verb.SUBMIT and step.version <= approval.version)
    report.files = next((step.files for step in filed), ())
    return report


def _files(step: Review) -> Sequence[StepFile]:
    """Files are named where they were submitted: until the next submission they cannot change."""
    if step.verb != Verb.SUBMIT:
        return ()
    removed = {row["pk"]: row["removed_at"] is not None for row in step.known}
    return [
        StepFile(said["name"], said["id"] if said["id"] in removed else None, removed.get(said["id"], False))
        for said in step.content.get("evidence", ())
    ]


@dataclass(frozen=True)
class Before:
    """What a department's reports of a month rest on.

    ``earlier`` are the year's earlier reports that count, by indicator id, oldest first, without those that had no
    figure yet; ``current`` this month's as they are, by indicator id; ``proved`` the ids of those with files; ``filed``
    when a report of the year was filed first, by indicator and period id.
    """

    earlier: Mapping[int, Sequence[Submission]]
    current: Mapping[int, Submission]
    proved: frozenset[int]
    filed: Mapping[tuple[int, int], datetime]


def before(indicators: Iterable[Indicator], period: Period) -> Before:
    """Earlier figures and what is proved together (1 query)."""
    files = Evidence.objects.attached().filter(submission=OuterRef("pk"))
    asked = Submission.objects.with_standing().filter(
        period__code__lte=period.code,
        period__report_id=period.report_id,
        indicator__in=[indicator.pk for indicator in indicators],
    )
    asked = asked.annotate(has_files=Exists(files))
    earlier: dict[int, list[Submission]] = defaultdict(list)
    current: dict[int, Submission] = {}
    proved: set[int] = set()
    filed: dict[tuple[int, int], datetime] = {}
    for submission in asked.select_related("period").order_by("period__code"):
        if submission.first_submitted_at is not None:
            filed[submission.indicator_id, submission.period_id] = submission.first_submitted_at
        if submission.period_id == period.pk:
            current[submission.indicator_id] = submission
            if submission.has_files:
                proved.add(submission.pk)
        elif submission.approved_at is not None and has_figure_in_force(submission):
            earlier[submission.indicator_id].append(in_force(submission))
    return Before(earlier, current, frozenset(proved), filed)
