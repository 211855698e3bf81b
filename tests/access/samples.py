"""What an address of the matrix names: things of one unit, in every state that makes a difference.

A sample belongs to an address up to and with its parameter: whatever lies below it is of the same thing. A new address
therefore needs one only if it names something new.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile

from accounts import tokens
from accounts.models import AuditEntry, Delegation, Department, Scope, TokenKind, User
from accounts.permissions import Actor, actor_for
from kpi.domain.exporting import ExportKind
from kpi.models import (
    Directive,
    Evidence,
    Handover,
    Indicator,
    Period,
    ProposedSpan,
    ReminderPolicy,
    ReportUpload,
    ScoreSheet,
    ScoringScheme,
    Submission,
    TargetChange,
    TargetChangeFile,
    WindowChange,
)
from kpi.services import evidence, exporting, windows
from kpi.services.samples import sample_pdf
from notifications.models import Notice, Robot
from tests import bulletins
from tests.access.routes import Route
from tests.conftest import NOW
from tests.decompositions import half_done

STATES = ("open", "signed", "locked", "deleted", "none")
Choices = Mapping[str, object]

NOBODYS, NO_NUMBER, NOBODYS_UUID = 2**31 - 1, 999_999_999, UUID(int=1)
OPEN, LOCKED, NO_MONTH = "2025-06", "2025-05", "2025-13"
SET_ASIDE = "A20"
WHY = "示例：等待验收单"
# A12 is a draft in June and locked in May, A05 signed in June.
REPORT = {"open": "A12", "signed": "A05", "locked": "A12", "deleted": SET_ASIDE}

# By the parameter's name, wherever no address says otherwise.
USUAL: Mapping[str, Choices] = {
    "year": {"open": 2025},
    "period": {"open": OPEN, "locked": LOCKED, "none": NO_MONTH},
    "code": {"open": "A12", "deleted": SET_ASIDE},
}
FIXED: Mapping[str, Choices] = {
    # A signed report is no other form than a locked one.
    "/<year>/reports/<period>/<code>": {state: code for state, code in REPORT.items() if state != "signed"},
    "/api/v1/<year>/submissions/<period>/<code>": REPORT,
    "/<year>/departments/<code>": {"open": "agriculture", "none": "nowhere"},
    "/<year>/sectors/<code>": {"open": "C090", "none": "C999"},
    "/<year>/coverage/<code>": {"open": "A11", "deleted": SET_ASIDE},
    "/<year>/bulletins/<period>": {"open": LOCKED, "signed": "2025-04", "none": NO_MONTH},
    "/<year>/scores/<period>": {"open": LOCKED, "locked": "2025-03", "none": NO_MONTH},
    "/api/v1/<year>/scores/<period>": {"open": LOCKED, "locked": "2025-03", "none": NO_MONTH},
    "/<year>/scores/<period>/units/<code>": {"open": "agriculture", "none": "nowhere"},
    "/<year>/scores/<period>/posts/<code>": {"open": "vice_mayor_agriculture", "none": "nobody"},
    # What a supporting unit is asked about.
    "/api/v1/<year>/submissions/<period>/<code>/cosign/": {"open": "I01", "deleted": SET_ASIDE},
    "/manage/admin/<app_label>": {"open": "kpi"},
    "/manage/admin/r/<rest>": {"open": "4/1/"},
    "/manage/admin/<url>": {"open": "nothing"},
}
# Whose people the column of the own unit stands for, where the trial has no such thing of agriculture's.
UNIT = "nyj"
OWNERS = {
    "/<year>/directives/<pk>": "gxj",
    "/api/v1/<year>/directives/<number>": "gxj",
    "/<year>/signoff/delegations/<pk>": "wlj",
    "/api/v1/delegations/<number>": "wlj",
    "/<year>/target-changes/<pk>": "gzw",
    "/<year>/target-changes/files/<pk>": "gzw",
    "/api/v1/<year>/target-changes/<number>": "gzw",
    "/api/v1/<year>/target-changes/files/<pk>": "gzw",
    # What a supporting unit is asked about: industry's report, commerce is to co-sign.
    "/<year>/cosign/<pk>": "swj",
    "/api/v1/<year>/submissions/<period>/<code>/cosign/": "swj",
}


def owner_of(route: Route) -> str:
    return next((unit for prefix, unit in OWNERS.items() if route.path.startswith(prefix)), UNIT)


class Samples:
    """``made``: what had to be made or looked up, by the address it belongs to."""

    def __init__(self, made: Mapping[str, Choices]):
        self.known = {**FIXED, **made}

    def states(self, route: Route) -> list[str]:
        """States in which the route is asked, in order; ``[""]`` for a route that names nothing."""
        found = self._choices(route)
        named = {state for choices in found.values() if len(choices) > 1 for state in choices}
        last = next((choices for choices in reversed(found.values()) if len(choices) > 1), {})
        # What is missing is missing at the end of the address; everything before it is there.
        gone = {"deleted", "none"}
        return [state for state in STATES if state in (named - gone) | (set(last) & gone)] or [""]

    def values(self, route: Route, state: str) -> dict[str, object]:
        found = self._choices(route)
        last = next((name for name in reversed(found) if len(found[name]) > 1), "")
        is_gone = state in ("deleted", "none")
        return {
            name: choices["open"] if is_gone and name != last else choices.get(state, choices["open"])
            for name, choices in found.items()
        }

    def _choices(self, route: Route) -> dict[str, Choices]:
        return {name: self._of(route, name, prefix) for name, prefix in route.parameters.items()}

    def _of(self, route: Route, parameter: str, prefix: str) -> Choices:
        if parameter == "code" and route.path in self.known:
            return self.known[route.path]
        if prefix in self.known:
            return self.known[prefix]
        if parameter in USUAL:
            return USUAL[parameter]
        if parameter == "object_id":
            return _row_of(route)
        raise LookupError(
            f"{route.path}: nobody knows what <{parameter}> is of. Name a sample of it for {prefix!r} in"
            " tests/access/samples.py: in FIXED, or in made() if it has to be made first."
        )


def _row_of(route: Route) -> Choices:
    """The oldest row of the model that a page of administration is of; some models have none."""
    rows = {f"/manage/admin/{model._meta.app_label}/{model._meta.model_name}/": model for model in admin.site._registry}
    model = next(model for prefix, model in rows.items() if route.path.startswith(prefix))
    first = model._default_manager.order_by("pk").values_list("pk", flat=True).first()
    missing = NOBODYS_UUID if isinstance(first, UUID) else NOBODYS
    return {"open": missing if first is None else first, "none": missing}


def made() -> Samples:
    """Everything of the unit's that an address can name, made where the trial has none."""
    deleted_file = _attach(SET_ASIDE)
    work = {**_reports(deleted_file), **_requests(), **_own(), **_administered(), **_taken_apart()}
    bulletins.draft_of(LOCKED)
    bulletins.published("2025-04")
    Indicator.objects.filter(code=SET_ASIDE).update(is_active=False)
    return Samples(work)


def _reports(deleted_file: UUID) -> dict[str, Choices]:
    reports = {
        "open": _report("A07", OPEN).pk,
        "signed": _report("A05", OPEN).pk,
        "locked": _report("A12", LOCKED).pk,
        "deleted": _report(SET_ASIDE, OPEN).pk,
        "none": NOBODYS,
    }
    # A locked month takes no files, and the trial has none there.
    files = {
        "open": Evidence.objects.get(submission=_report("A11", OPEN)).pk,
        "signed": Evidence.objects.get(submission=_report("A05", OPEN)).pk,
        "deleted": deleted_file,
        "none": NOBODYS_UUID,
    }
    return {
        "/<year>/signoff/<pk>": reports,
        "/<year>/desk/review/<pk>": reports,
        "/<year>/evidence/<pk>": files,
        # Beside the draft of A12 and the signed report of A05.
        "/api/v1/<year>/submissions/<period>/<code>/evidence/<pk>": {
            "open": _attach("A12"),
            "signed": files["signed"],
            "none": NOBODYS_UUID,
        },
        "/<year>/cosign/<pk>": _one(_report("I01", OPEN).pk),
    }


def _requests() -> dict[str, Choices]:
    """What is asked of the office and of the leaders."""
    office = _actor("dcs_1")
    asked = windows.ask_extension(
        period=_month(OPEN), department=_agriculture(), reason=WHY, actor=_actor("nyj_staff"), now=NOW
    )
    unlock = windows.ask_unlock(period=_month(LOCKED), reason=WHY, actor=office, now=NOW)
    later = NOW + timedelta(days=9)
    moved = WindowChange.objects.create(
        period=_month(OPEN), act="close", reason=WHY, actor=office.user, at=NOW, was_opens_at=NOW, opens_at=NOW,
        was_due_at=later, due_at=later, was_grace_ends_at=later, grace_ends_at=later,
    )  # fmt: skip
    change = TargetChange.objects.get(indicator__code="T07")
    papers = TargetChangeFile.objects.get(change=change)
    lent = Delegation.objects.get(head__username="wlj_head")
    given_away = Handover.objects.create(
        indicator=Indicator.objects.get(code="A12"), from_department=_agriculture(),
        to_department=Department.objects.get(code="commerce"), effective_on=later.date(), reason=WHY,
        decided_by=office.user, decided_at=NOW,
    )  # fmt: skip
    directive = Directive.objects.get(department__code="industry")
    return {
        "/<year>/desk/periods/<period>/extensions/<pk>": _one(asked.pk),
        "/<year>/desk/periods/<period>/unlock/<pk>": _one(unlock.pk),
        "/<year>/desk/periods/<period>/undo/<pk>": _one(moved.pk),
        "/api/v1/<year>/periods/<period>/extensions/<number>": _numbered(asked.pk),
        "/api/v1/<year>/periods/<period>/unlocks/<number>": _numbered(unlock.pk),
        "/api/v1/<year>/periods/<period>/window-changes/<number>": _numbered(moved.pk),
        "/api/v1/<year>/indicators/<code>/handovers/<number>": _numbered(given_away.pk),
        "/<year>/target-changes/<pk>": _one(change.pk),
        "/<year>/target-changes/files/<pk>": _one(papers.pk),
        "/api/v1/<year>/target-changes/<number>": _numbered(change.pk),
        "/api/v1/<year>/target-changes/files/<pk>": _one(papers.pk),
        "/<year>/directives/<pk>": _one(directive.pk),
        "/api/v1/<year>/directives/<number>": _numbered(directive.pk),
        "/<year>/signoff/delegations/<pk>": _one(lent.pk),
        "/api/v1/delegations/<number>": _numbered(lent.pk),
    }


def _own() -> dict[str, Choices]:
    """What is one person's: of the unit's staff."""
    staff = _actor("nyj_staff")
    export = exporting.ask(
        year=2025, kind=ExportKind.UNITS, period=OPEN, departments=["agriculture"], actor=staff, language="zh-hans",
        now=NOW,
    )  # fmt: skip
    upload = ReportUpload.objects.create(
        period=_month(OPEN), department=_agriculture(), user=staff.user, name="a.xlsx", sha256="0" * 64, rows=[],
        uploaded_at=NOW, expires_at=NOW + timedelta(hours=14),
    )  # fmt: skip
    notice = Notice.objects.create(
        recipient=staff.user, kind="report.due", key="matrix", title="还剩 3 天", url="/2025/todo/", created_at=NOW,
        not_before=NOW,
    )  # fmt: skip
    return {
        "/<year>/exports/<pk>": _one(export.pk),
        "/api/v1/<year>/exports/<pk>": _one(export.pk),
        "/<year>/reports/<period>/import/<pk>": _one(upload.pk),
        "/inbox/<pk>": _one(notice.pk),
        "/api/v1/notices/<number>": _numbered(notice.pk),
        "/account/tokens/<pk>": _one(token("nyj_staff").token.pk),
    }


def _administered() -> dict[str, Choices]:
    robot = Robot.objects.create(channel="wecom", name="工作群", address="x", is_enabled=False)
    rules, scheme = ReminderPolicy.objects.earliest("pk").pk, ScoringScheme.objects.earliest("pk").pk
    sheet = ScoreSheet.objects.filter(run__period__code=LOCKED, department=_agriculture()).latest("run")
    return {
        "/notices/robots/<pk>": _one(robot.pk),
        "/<year>/desk/reminders/policy/<pk>": _one(rules),
        "/api/v1/reminder-policies/<number>": _numbered(rules),
        "/<year>/scores/schemes/<pk>": _one(scheme),
        "/api/v1/<year>/score-schemes/<number>": _numbered(scheme),
        "/api/v1/<year>/scores/<period>/sheets/<number>": _numbered(sheet.pk),
        "/audit/<seq>": {"open": AuditEntry.objects.earliest("seq").seq, "none": NO_NUMBER},
        "/manage/roles/<username>": {"open": "nyj_staff", "none": "nobody_here"},
        # No key of that table is a number.
        "/manage/admin/r/<content_type_id>": {"open": ContentType.objects.get_for_model(Evidence).pk},
        "/manage/admin/r/<content_type_id>/<object_id>": {"open": 1},
    }


def _taken_apart() -> dict[str, Choices]:
    draft = half_done()
    span = ProposedSpan.objects.filter(decomposition=draft, state="accepted").earliest("pk")
    return {"/decompose/<pk>": _one(draft.pk), "/decompose/<pk>/details/<span>": _one(span.pk)}


def token(username: str, *, scopes: Collection[Scope] | None = None, units: tuple[str, ...] = ()) -> tokens.Issued:
    """A service's token; all scopes the person could use unless some are named."""
    owner = _actor(username)
    wish = tokens.Wish(
        kind=TokenKind.SERVICE, name="示例系统", scopes=tokens.scopes_for(owner) if scopes is None else scopes, days=30,
        departments=list(Department.objects.filter(code__in=units)),
    )  # fmt: skip
    return tokens.issue(wish=wish, actor=owner, now=NOW)


def _attach(code: str) -> UUID:
    """A file of its own beside the draft of June."""
    report = _report(code, OPEN)
    content = ContentFile(sample_pdf([code]), name="a.pdf")
    attached = evidence.attach(
        indicator=report.indicator, period=report.period, name="a.pdf", content=content, actor=_actor("nyj_staff"),
        now=NOW,
    )  # fmt: skip
    return attached.evidence.pk


def _one(key: object) -> Choices:
    return {"open": key, "none": NOBODYS_UUID if isinstance(key, UUID) else NOBODYS}


def _numbered(key: int) -> Choices:
    """As ``_one``, where the address takes no number that long."""
    return {"open": key, "none": NO_NUMBER}


def _actor(username: str) -> Actor:
    return actor_for(User.objects.get(username=username), NOW.date())


def _agriculture() -> Department:
    return Department.objects.get(code="agriculture")


def _month(code: str) -> Period:
    return Period.objects.select_related("report").get(code=code)


def _report(code: str, period: str) -> Submission:
    found = Submission.objects.select_related("indicator__lead_department", "period__report")
    return found.get(indicator__code=code, period__code=period)
