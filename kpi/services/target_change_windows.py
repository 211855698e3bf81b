"""The days of the year on which a change of target is asked for in time: a new row from a day on, none is edited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.timezone import localtime

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import DomainError
from kpi.domain.target_changes import AskingWindow
from kpi.models import TargetChangeWindow
from kpi.services import permissions
from kpi.services.content import ContentInvalid, Reader


@transaction.atomic
def add(*, raw: Mapping[str, str], actor: Actor, now: datetime) -> TargetChangeWindow:
    """A window from today or a later day on; what was asked for before keeps the timing it had.

    Raises ``NotPermitted`` or ``ContentInvalid``.
    """
    permissions.require_supervisor(actor)
    reader = Reader(raw)
    day, basis = reader.day("effective_from"), reader.text("basis")[:200]
    opens, closes = reader.text("opens_on"), reader.text("closes_on")
    if day is None and not reader.errors:
        reader.fail("effective_from", "date_required")
    if day is not None and day < localtime(now).date():
        reader.fail("effective_from", "window_begins_in_past")
    try:
        AskingWindow.parse(opens, closes)
    except DomainError as problem:
        reader.fail(str(problem.params["field"]), problem.code, **problem.params)
    if not basis:
        reader.fail("basis", "window_basis_required")
    if reader.errors:
        raise ContentInvalid(reader.errors)
    window = TargetChangeWindow.objects.create(
        effective_from=day, opens_on=opens, closes_on=closes, basis=basis, created_by=actor.user, created_at=now
    )
    after = {"effective_from": str(day), "opens_on": opens, "closes_on": closes}
    audit.record(action="target_change_window.added", obj=window, actor=actor.user, now=now, after=after, reason=basis)
    return window
