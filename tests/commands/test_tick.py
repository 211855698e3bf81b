"""``manage.py tick`` as cron calls it."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from kpi.management.commands import tick
from notifications.models import Delivery, Heartbeat, Notice


def run(*parts: str) -> str:
    output = io.StringIO()
    call_command("tick", *parts, stdout=output)
    return output.getvalue()


def test_one_call_plans_and_sends(db):
    said = run()
    assert "planned" in said and "sent" in said
    assert Notice.objects.exists() and Delivery.objects.filter(channel="email", state="sent").exists()
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"tick", "send"}
    assert run() == "0 planned, nothing to send\n"


def test_each_part_can_be_asked_for_alone(db):
    assert "planned" not in run("send")
    assert "send" not in run("plan")
    with pytest.raises(CommandError, match="not a part: reckon"):
        run("reckon")


def test_what_cannot_be_planned_does_not_keep_from_going_out_what_was(db, monkeypatch):
    run("plan")

    def broken(*, now):
        raise ZeroDivisionError

    monkeypatch.setattr(tick.reminders, "tick", broken)
    with pytest.raises(CommandError, match="plan: ZeroDivisionError"):
        run()
    assert Delivery.objects.filter(channel="email", state="sent").exists()
