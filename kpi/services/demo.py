"""The trial's people and half a year of invented progress, from ``fixtures/demo/``. Never run in production.

The rows are written in bulk, marked as samples, and left with the same history and snapshots as real ones.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.db import transaction

from accounts import audit
from accounts.models import ADMINISTRATORS, Department, Membership, Post, Role, User
from kpi.domain.values import SubmissionState, Verb
from kpi.models import Evidence, Indicator, Period, Report, Review, Submission
from kpi.selectors.content import content_of
from kpi.services import demo_changes, demo_directives, demo_review, demo_scores, inspection, periods, vault
from kpi.services import submissions as submissions_service
from kpi.services.samples import sample_pdf, sample_png

Record = Mapping[str, str]
# Between the steps of a sample history: filed, signed an hour later, approved a day later.
SIGNED_AFTER = timedelta(hours=1)
APPROVED_AFTER = timedelta(days=1)
MAIL_DOMAIN = "demo.invalid"


def records(path: Path) -> Iterator[Record]:
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@transaction.atomic
def load_demo(*, folder: Path, report: Report, password: str, now: datetime) -> dict[str, int]:
    """People first, then months in order, each locked once its window is over. Does nothing when people exist."""
    if User.objects.exists():
        return {"users": 0, "submissions": 0}
    users = _load_users(folder, report.year, password)
    demo_review.load_delegations(folder / f"delegations-{report.year}.csv")
    count = _load_progress(folder, report, now)
    demo_directives.load_directives(folder / f"directives-{report.year}.csv", report, now)
    demo_scores.load_scores(folder / f"scores-{report.year}.csv", report, now)
    audit.record(action="demo.loaded", obj=report, actor=None, now=now, after={"users": users, "submissions": count})
    return {"users": users, "submissions": count}


def _load_users(folder: Path, year: int, password: str) -> int:
    departments = {found.code: found for found in Department.objects.all()}
    posts = {found.code: found for found in Post.objects.all()}
    # One hash for all: they share the trial's password, and Argon2 is slow on purpose.
    hashed = make_password(password)
    rows = list(records(folder / "users.csv"))
    for name in dict.fromkeys(row["username"] for row in rows):
        row = next(row for row in rows if row["username"] == name)
        User.objects.create(
            username=name,
            display_name=row["display_name"],
            password=hashed,
            email=f"{name}@{MAIL_DOMAIN}",
            is_staff=row["role"] in (Role.SUPERVISOR, *ADMINISTRATORS),
        )
    users = {user.username: user for user in User.objects.all()}
    for row in rows:
        Membership.objects.create(
            user=users[row["username"]],
            role=row["role"],
            department=departments.get(row["department"]),
            post=posts.get(row["post"]),
            starts_on=date(year, 1, 1),
        )
    return len(users)


def _load_progress(folder: Path, report: Report, now: datetime) -> int:
    indicators = {found.code: found for found in report.indicators.select_related("lead_department")}
    people = _people()
    rows = list(records(folder / f"progress-{report.year}.csv"))
    beside = demo_review.Beside.read(folder, report.year)
    changes = demo_changes.Changes.read(folder / f"target-changes-{report.year}.csv", report)
    for period in report.periods.order_by("code"):
        mine = [row for row in rows if row["period"] == period.code]
        _load_month(period, mine, indicators, people, now)
        beside.load(period, people)
        changes.until(min(now, period.grace_ends_at))
        if mine and period.grace_ends_at < now:
            periods.close(period=period, user=None, now=period.grace_ends_at + timedelta(hours=1))
    return len(rows)


def _people() -> dict[tuple[str, int | None], User]:
    found: dict[tuple[str, int | None], User] = {}
    for membership in Membership.objects.select_related("user").order_by("user__username"):
        found.setdefault((membership.role, membership.department_id), membership.user)
        found.setdefault((membership.role, None), membership.user)
    return found


def _load_month(
    period: Period,
    rows: list[Record],
    indicators: Mapping[str, Indicator],
    people: Mapping[tuple[str, int | None], User],
    now: datetime,
) -> None:
    submissions = [_submission(row, indicators[row["indicator"]], period, people) for row in rows]
    Submission.objects.bulk_create(submissions)
    _attach_samples(submissions)
    history = [review for row, found in zip(rows, submissions, strict=True) for review in _history(row, found, people)]
    Review.objects.bulk_create(history)


# Reports of the latest month that come with a file, by indicator: the file's name.
SAMPLES = {
    "T27": "示例-节点验收意见.pdf",
    "T31": "示例-认定文件.pdf",
    "I33": "示例-标准发布公告.pdf",
    "A05": "示例-监测报告.pdf",
    "A07": "示例-现场照片.png",
    "A11": "示例-花名册说明.pdf",
    "T36": "示例-统计口径说明.pdf",
}
SAMPLED_PERIOD = "2025-06"


def _attach_samples(submissions: list[Submission]) -> None:
    """A file each for some reports, marked as a sample in its name and on its page."""
    for number, found in enumerate(submissions):
        name = SAMPLES.get(found.indicator.code)
        if name is None or found.period.code != SAMPLED_PERIOD:
            continue
        lines = ("示例文件，仅供试用", "SAMPLE — invented for the trial", f"{found.indicator.code} {found.period.code}")
        data = sample_png(number) if name.endswith("png") else sample_pdf(lines)
        content = ContentFile(data)
        kind = inspection.identify(content.file, size=len(data), name=name)
        file = Evidence(
            submission=found,
            name=name,
            size=len(data),
            sha256=sha256(data).hexdigest(),
            content_type=kind.content_type,
            uploaded_by=found.author,
            uploaded_at=found.updated_at,
            filed_at=found.first_submitted_at,
        )
        vault.put(file.key, content)
        file.save(force_insert=True)


def _submission(
    row: Record, indicator: Indicator, period: Period, people: Mapping[tuple[str, int | None], User]
) -> Submission:
    state = SubmissionState(row["state"])
    at = datetime.fromisoformat(row["submitted_at"]) if row["submitted_at"] else period.opens_at
    is_filed = state != SubmissionState.DRAFT
    signed = state in (SubmissionState.SIGNED_OFF, SubmissionState.APPROVED)
    return Submission(
        indicator=indicator,
        period=period,
        state=state,
        version=len(STEPS[state]) + 1,
        cycle=2 if state == SubmissionState.RETURNED else 1,
        value=_figure(row["value"]),
        numerator=_figure(row["numerator"]),
        denominator=_figure(row["denominator"]),
        covered_units=[code for code in row["covered_units"].split(";") if code],
        completed_nodes=dict(pair.split("=") for pair in row["completed_nodes"].split(";") if pair),
        no_progress=row["no_progress"].lower() == "true",
        narrative=row["narrative"],
        deviation_reasons=[code for code in row["deviation_reasons"].split(";") if code],
        measures=row["measures"],
        catch_up_period=row["catch_up"],
        outlook=row["outlook"],
        author=people[Role.STAFF, indicator.lead_department_id],
        updated_at=at,
        first_submitted_at=at if is_filed else None,
        submitted_at=at if is_filed else None,
        signed_off_at=at + SIGNED_AFTER if signed else None,
        approved_at=at + APPROVED_AFTER if state == SubmissionState.APPROVED else None,
        is_sample=True,
    )


def _figure(text: str) -> Decimal | None:
    return Decimal(text) if text else None


Step = tuple[Verb, SubmissionState, SubmissionState, Role, timedelta]
SUBMITTED: Step = (Verb.SUBMIT, SubmissionState.DRAFT, SubmissionState.SUBMITTED, Role.STAFF, timedelta(0))
SIGNED: Step = (
    Verb.SIGN_OFF,
    SubmissionState.SUBMITTED,
    SubmissionState.SIGNED_OFF,
    Role.HEAD,
    SIGNED_AFTER,
)
APPROVED: Step = (
    Verb.APPROVE,
    SubmissionState.SIGNED_OFF,
    SubmissionState.APPROVED,
    Role.SUPERVISOR,
    APPROVED_AFTER,
)
RETURNED: Step = (Verb.RETURN, SubmissionState.SUBMITTED, SubmissionState.RETURNED, Role.HEAD, SIGNED_AFTER)
STEPS: Mapping[SubmissionState, tuple[Step, ...]] = {
    SubmissionState.DRAFT: (),
    SubmissionState.SUBMITTED: (SUBMITTED,),
    SubmissionState.SIGNED_OFF: (SUBMITTED, SIGNED),
    SubmissionState.APPROVED: (SUBMITTED, SIGNED, APPROVED),
    SubmissionState.RETURNED: (SUBMITTED, RETURNED),
}


def _history(row: Record, submission: Submission, people: Mapping[tuple[str, int | None], User]) -> Iterator[Review]:
    for version, (verb, before, after, role, delay) in enumerate(STEPS[SubmissionState(submission.state)], start=2):
        department = None if role == Role.SUPERVISOR else submission.indicator.lead_department_id
        yield Review(
            submission=submission,
            verb=verb,
            from_state=before,
            to_state=after,
            version=version,
            actor=people[role, department],
            at=submission.updated_at + delay,
            comment=row["return_reason"] if verb is Verb.RETURN else "",
            content=content_of(submission).as_json() | {"evidence": submissions_service.evidence_of(submission)},
        )
