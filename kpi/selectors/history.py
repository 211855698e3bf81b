"""The story of one indicator: every step taken on its submissions, every adjusted lamp, every co-signature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from django.utils.translation import gettext as _

from accounts.permissions import Actor
from kpi import labels, wording
from kpi.domain.cosigning import Stance
from kpi.domain.values import Verb
from kpi.models import CoSignature, Indicator, RagOverride, Review, Submission


def steps_of(indicator: Indicator, actor: Actor, most: int = 60) -> list[Review]:
    """Workflow steps on the submissions the actor may read, newest first (1 query)."""
    visible = Submission.objects.visible_to(actor).filter(indicator=indicator)
    steps = Review.objects.filter(submission__in=visible)
    steps = steps.select_related("submission__period", "actor", "on_behalf_of", "delegation")
    return list(steps.order_by("-at", "-id")[:most])


@dataclass(frozen=True)
class Entry:
    """One line of the record: when, about which month, what, by whom (and for whom), why, and what to notice."""

    at: datetime
    period: str
    what: str
    who: str
    comment: str = ""
    note: str = ""


def log_of(indicator: Indicator, actor: Actor, steps: list[Review], most: int = 60) -> list[Entry]:
    """``steps`` with the adjusted lamps and co-signatures between them, newest first (1 query; 2 with co-signing)."""
    visible = Submission.objects.visible_to(actor).filter(indicator=indicator)
    overrides = RagOverride.objects.filter(submission__in=visible).select_related("submission__period", "actor")
    entries = [_step(step) for step in steps] + [_override(row) for row in overrides.order_by("-id")[:most]]
    if indicator.needs_cosign:
        said = CoSignature.objects.filter(submission__in=visible)
        said = said.select_related("submission__period", "actor", "department").order_by("-id")
        entries += [_cosignature(row) for row in said[:most]]
    # Sorting is stable: of the same moment, what the table gives first stays first.
    return sorted(entries, key=attrgetter("at"), reverse=True)[:most]


def _step(step: Review) -> Entry:
    note = _("提交人与代签人为同一人") if step.is_own_submission else ""
    what = str(labels.VERB[Verb(step.verb)].text)
    return Entry(step.at, step.submission.period.code, what, wording.on_behalf(step), step.comment, note)


def _override(row: RagOverride) -> Entry:
    what = _("撤回亮灯调整") if row.is_restored else _("调整亮灯")
    return Entry(row.at, row.submission.period.code, what, str(row.actor), wording.override(row))


def _cosignature(row: CoSignature) -> Entry:
    what = _("会签：%(stance)s") % {"stance": labels.STANCE[Stance(row.stance)].text}
    who = f"{row.department.short_name} {row.actor}"
    return Entry(row.at, row.submission.period.code, what, who, row.comment)


def override_of(submission: Submission) -> RagOverride | None:
    """The lamp the office set for this report as it was filed last, if it has not taken it back (1 query)."""
    said = RagOverride.objects.filter(submission=submission).about_present_filing()
    last = said.select_related("actor").order_by("-id").first()
    return None if last is None or last.is_restored else last
