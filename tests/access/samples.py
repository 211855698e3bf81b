"""What an address of the matrix is about: tasks of one department, and what hangs on them.

Three cases fill the parameters of a route. ``open`` is agriculture's report in the month that is being filed,
``locked`` one in a month that is locked, ``gone`` a task that was taken out of the plan, a unit or a number nobody has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from accounts.models import Delegation, Department, User
from accounts.permissions import actor_for
from kpi.domain.exporting import ExportKind
from kpi.models import (
    Directive,
    Evidence,
    Indicator,
    Period,
    ReminderPolicy,
    ReportUpload,
    ScoringScheme,
    Submission,
)  # fmt: skip
from kpi.services import exporting, windows
from notifications.models import Notice, Robot
from tests.conftest import NOW

CASES = ("open", "locked", "gone")
NOBODYS, NOBODYS_UUID = 2**31 - 1, UUID(int=1)
OPEN, LOCKED = "2025-06", "2025-05"
# Administration, the probes and the changes of language or theme know no case: one object, or none, is enough.
BY_CASE: Mapping[str, tuple[object, object, object]] = {
    "year": (2025, 2025, 2025),
    "period": (OPEN, LOCKED, "2025-13"),
    "act": ("open", "open", "open"),
}


@dataclass(frozen=True)
class Samples:
    """``pks`` by the name of the route: an object for the open and for the locked case."""

    pks: Mapping[str, tuple[object, object]]

    def values(self, name: str, parameters: list[str], case: str) -> dict[str, object] | None:
        """What stands in the address; ``None`` where the case says nothing about it."""
        found = {parameter: self._choices(name, parameter) for parameter in parameters}
        at = CASES.index(case)
        if case != "open" and all(choice[at] == choice[0] for choice in found.values()):
            return None
        return {parameter: choice[at] for parameter, choice in found.items()}

    def _choices(self, name: str, parameter: str) -> tuple[object, object, object]:
        if parameter in BY_CASE:
            return BY_CASE[parameter]
        if name in self.pks:
            here, locked = self.pks[name]
            return here, locked, NOBODYS_UUID if isinstance(here, UUID) else NOBODYS
        if name.startswith("admin:"):
            return ADMIN.get(parameter, (1,) * 3)
        if parameter == "code":
            return CODES.get(name, ("A06", "A06", "A20"))
        raise KeyError(f"{name} has a parameter {parameter}: say in tests/access/samples.py what it is of")


# Whose staff and head are the owners, where they are not agriculture's: the trial has directives and lent signatures
# of other units only.
OWNERS = {"directive": "swj", "delegation-revoke": "wlj"}
ADMIN = {"app_label": ("kpi",) * 3, "url": ("nothing",) * 3, "content_type_id": (0,) * 3}
CODES = {
    **dict.fromkeys(("department", "score-unit"), ("agriculture", "agriculture", "none")),
    "score-post": ("vice_mayor_agriculture", "vice_mayor_agriculture", "none"),
    "sector": ("C090", "C090", "C999"),
    "coverage": ("A06", "A06", "A20"),
}


def make() -> Samples:
    """Everything of agriculture's that an address can name; A20 leaves the plan."""
    filed, signed, locked = report("A07", OPEN), report("A05", OPEN), report("A12", LOCKED)
    Indicator.objects.filter(code="A20").update(is_active=False)
    june = Period.objects.select_related("report").get(code=OPEN)
    may = Period.objects.select_related("report").get(code=LOCKED)
    staff = actor_for(User.objects.get(username="nyj_staff"), NOW.date())
    office = actor_for(User.objects.get(username="dcs_1"), NOW.date())
    own = [
        exporting.ask(
            year=2025, kind=ExportKind.UNITS, period=code, departments=["agriculture"], actor=staff,
            language="zh-hans", now=NOW,
        ).pk
        for code in (OPEN, LOCKED)
    ]  # fmt: skip
    asked = windows.ask_extension(
        period=june,
        department=Department.objects.get(code="agriculture"),
        reason="示例：等待验收单",
        actor=staff,
        now=NOW,
    )
    unlock = windows.ask_unlock(period=may, reason="示例：等待验收单", actor=office, now=NOW)
    upload = ReportUpload.objects.create(
        period=june, department=asked.department, user=staff.user, name="a.xlsx", sha256="0" * 64, rows=[],
        uploaded_at=NOW, expires_at=NOW.replace(hour=23),
    )  # fmt: skip
    notice = Notice.objects.create(
        recipient=staff.user, kind="report.due", key="matrix", title="还剩 3 天", url="/2025/todo/", created_at=NOW,
        not_before=NOW,
    )  # fmt: skip
    file = Evidence.objects.get(submission=filed)
    robot = Robot.objects.create(channel="wecom", name="工作群", address="x", is_enabled=False)
    pairs: dict[str, tuple[object, object]] = {
        "signoff-one": (filed.pk, locked.pk),
        "cosign": (filed.pk, locked.pk),
        "review": (signed.pk, locked.pk),
        "export": (own[0], own[1]),
    }
    alone = {
        "extension-answer": asked.pk,
        "unlock-answer": unlock.pk,
        "import-preview": upload.pk,
        "notice-act": notice.pk,
        "notice-open": notice.pk,
        "directive": Directive.objects.get(department__code="commerce").pk,
        "evidence": file.pk,
        "delegation-revoke": Delegation.objects.get(head__username="wlj_head").pk,
        "policy-edit": ReminderPolicy.objects.earliest("pk").pk,
        "score-scheme-edit": ScoringScheme.objects.earliest("pk").pk,
        "robot": robot.pk,
        "period-undo": 1,
    }
    pairs |= {name: (key, key) for name, key in alone.items()}
    return Samples(pairs)


def report(code: str, period: str) -> Submission:
    return Submission.objects.get(indicator__code=code, period__code=period)
