"""The trial's directives, from ``fixtures/demo/``: invented, by posts only. Never run in production."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from accounts.models import Department, Post, User
from kpi.domain.directives import DirectiveState, DirectiveVerb, due_after_sending_back, next_state
from kpi.models import Directive, DirectiveCopy, DirectiveEntry, Report

Record = Mapping[str, str]


def load_directives(path: Path, report: Report, now: datetime) -> int:
    """Write the threads as far as they had come by ``now``; how many there are. No notices: nobody waits for them."""
    found: dict[str, Directive] = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["at"])
            if at > now:
                continue
            if row["verb"] == DirectiveVerb.ISSUE:
                found[row["ref"]] = _issue(row, report, at)
            elif row["ref"] in found:
                _step(found[row["ref"]], row, at)
    return len(found)


def _issue(row: Record, report: Report, at: datetime) -> Directive:
    user = User.objects.get(username=row["user"])
    post = Post.objects.get(code=row["post"])
    directive = Directive.objects.create(
        indicator=report.indicators.get(code=row["indicator"]),
        kind=row["kind"],
        text=row["text"],
        department=Department.objects.get(code=row["department"]),
        post=post,
        issued_by=user,
        is_on_behalf=not user.memberships.filter(post=post).exists(),
        issued_at=at,
        state=DirectiveState.ISSUED,
        due_on=date.fromisoformat(row["day"]),
        form_key=uuid5(NAMESPACE_URL, f"demo/{report.year}/{row['ref']}"),
    )
    codes = [code for code in row["copies"].split(";") if code]
    units = Department.objects.filter(code__in=codes)
    DirectiveCopy.objects.bulk_create(DirectiveCopy(directive=directive, department=unit) for unit in units)
    _entry(directive, row, at, "", user)
    return directive


def _step(directive: Directive, row: Record, at: datetime) -> None:
    verb, before = DirectiveVerb(row["verb"]), directive.state
    directive.state = next_state(DirectiveState(before), verb)
    directive.version += 1
    if verb is DirectiveVerb.SEND_BACK:
        directive.due_on = due_after_sending_back(directive.due_on, date.fromisoformat(row["day"]))
    directive.save(update_fields=["state", "version", "due_on"])
    _entry(directive, row, at, before, User.objects.get(username=row["user"]))


def _entry(directive: Directive, row: Record, at: datetime, before: str, user: User) -> None:
    DirectiveEntry.objects.create(
        directive=directive,
        version=directive.version,
        verb=row["verb"],
        from_state=before,
        to_state=directive.state,
        text=row["text"],
        day=date.fromisoformat(row["day"]) if row["day"] else None,
        due_on=directive.due_on,
        actor=user,
        at=at,
    )
