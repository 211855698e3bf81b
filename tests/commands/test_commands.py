"""What the management commands promise."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Membership, Role, User
from kpi.models import Commitment, Indicator, PlanPoint, Report


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_real_report_is_whole(db):
    printed = dict(line.split() for line in run("check_report", "2025").splitlines())
    assert printed["clauses"] == "105" and printed["commitments"] == printed["owned"]
    assert printed["anchored"] == printed["clauses"]
    assert printed["indicators"] == printed["curve_ends_at_target"] == printed["exactly_one_lead"] == "103"


@pytest.mark.parametrize(
    "damage",
    [
        lambda: Indicator.objects.filter(code="A06").update(is_active=False),
        lambda: PlanPoint.objects.filter(indicator__code="A06", period="2025-12").delete(),
        lambda: Commitment.objects.filter(code="C004").update(start=6998),
    ],
    ids=["nobody owns it", "curve too short", "anchor moved"],
)
def test_a_gap_fails_the_check(db, damage):
    damage()
    with pytest.raises(CommandError, match="gaps"):
        run("check_report", "2025")


def test_assess_prints_value_plan_lamp_reason_and_rule_of_every_indicator(db):
    records = json.loads(run("assess", "--as-of", "2025-06-30", "--format", "json"))
    assert len(records) == 103
    keys = {"code", "value", "plan", "lamp", "ratio", "reason", "rule_version"}
    assert all(keys <= set(record) for record in records)
    found = {record["code"]: record for record in records}
    assert (found["I35"]["lamp"], found["I35"]["reason"], found["I35"]["rule_version"]) == ("red", "behind_red", "1.0")
    assert found["T21"]["lamp"] == "done"


def test_loading_again_changes_nothing(db):
    before = Indicator.objects.count()
    run("load_year", "2025")
    assert Indicator.objects.count() == before


def test_demo_people_stay_out_of_production(db, settings):
    settings.TRIAL = False
    with pytest.raises(CommandError):
        run("load_demo", "2025")


ADMINISTRATOR = ("create_administrator", "auditor", "--username", "first_auditor", "--display-name", "审计（示例）")
COMMAND = "accounts.management.commands.create_administrator"


def test_the_first_administrator_of_a_kind_is_made_by_command(db, monkeypatch):
    Membership.objects.filter(role=Role.AUDITOR).delete()
    monkeypatch.setattr(f"{COMMAND}.getpass", lambda _prompt: "A long enough secret")
    run(*ADMINISTRATOR)
    user = User.objects.get(username="first_auditor")
    assert user.is_staff and user.check_password("A long enough secret")
    assert user.memberships.get().role == Role.AUDITOR


@pytest.mark.parametrize(
    ("prepare", "password", "says"),
    [
        (lambda: None, "A long enough secret", "already"),
        (lambda: Membership.objects.filter(role=Role.AUDITOR).delete(), "short", "12"),
    ],
    ids=["there is one", "weak password"],
)
def test_and_only_the_first(db, monkeypatch, prepare, password, says):
    prepare()
    monkeypatch.setattr(f"{COMMAND}.getpass", lambda _prompt: password)
    with pytest.raises(CommandError, match=says):
        run(*ADMINISTRATOR)
    assert not User.objects.filter(username="first_auditor").exists()


def test_a_corrected_text_is_looked_at_first_and_stored_with_a_reason(db, tmp_path):
    report = Report.objects.get(year=2025)
    path = tmp_path / "新版.txt"
    path.write_bytes(report.text.replace("6.95万亩", "7.20万亩").replace("，提高标准厂房利用率", "").encode())
    told = run("correct_report", "2025", str(path), "--dry-run")
    assert "lost          1" in told and "FIGURES CHANGED" in told and "nothing stored" in told
    assert Report.objects.get(year=2025).text == report.text
    with pytest.raises(CommandError, match="请写明原因"):
        run("correct_report", "2025", str(path))
    assert "stored:" in run("correct_report", "2025", str(path), "--reason", "市政府公报全文本")
    assert Report.objects.get(year=2025).text.encode() == path.read_bytes()
    for wrong in (["2031", str(path)], ["2025", str(tmp_path / "没有.txt")]):
        with pytest.raises(CommandError):
            run("correct_report", *wrong, "--reason", "市政府公报全文本")
