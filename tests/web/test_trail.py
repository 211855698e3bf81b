"""The auditor's page: what it finds, for whom, in which words."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from openpyxl import load_workbook

from accounts import audit, chain_checks, checkpoints
from accounts.models import AuditCheck, AuditEntry, Department, Membership, User
from accounts.permissions import PermissionRefused
from kpi import trail_words
from kpi.domain.decomposition import SpanVerb
from kpi.domain.score_runs import ScoreVerb
from kpi.models import Submission
from kpi.selectors import trail
from kpi.selectors.trail import Filters
from kpi.selectors.trail_rows import rows_of
from kpi.workbooks import trail as trail_file
from notifications import messages
from tests.conftest import NOW

PLACE = "/audit/"


def tell(action: str, obj, who: str | None = None, *, days: int = 0, **said) -> AuditEntry:
    actor = User.objects.get(username=who) if who else None
    return audit.record(action=action, obj=obj, actor=actor, now=NOW + timedelta(days=days), **said)


@pytest.fixture
def told(db) -> dict[str, AuditEntry]:
    """A few entries of different kinds, people, days and objects."""
    report = Submission.objects.filter(indicator__code="A06", period__code="2025-05").get()
    nobody, unit = User.objects.get(username="nyj_staff"), Department.objects.get(code="agriculture")
    return {
        "saved": tell(
            "submission.saved", report, "nyj_staff", before={"value": "2.81"}, after={"value": "2.86"}, reason="补录"
        ),
        "failed": tell("session.sign_in_failed", nobody, days=1),
        "unit": tell(
            "department.changed", unit, "sysadmin", before={"is_active": "True"}, after={"is_active": "False"}
        ),
        "task": tell("indicator.changed", report.indicator, "dcs_1", days=-400),
    }


def found(**asked) -> set[int]:
    return {entry.pk for entry in trail.page(Filters(**asked)).entries}


def test_it_finds_by_object_person_kind_outcome_and_day(told, django_assert_max_num_queries):
    at = {name: entry.pk for name, entry in told.items()}
    everything = set(at.values())
    for asked, names in [
        ({"text": "A06"}, {"saved", "task"}),
        ({"text": "a06"}, {"saved", "task"}),
        ({"text": "市农业农村局", "since": NOW.date()}, {"failed", "unit"}),
        ({"person": "nyj_staff"}, {"saved", "failed"}),
        ({"person": "系统", "since": (NOW + timedelta(days=1)).date()}, {"failed"}),
        ({"action": "kind:people"}, {"unit"}),
        ({"action": "submission.saved"}, {"saved"}),
        ({"outcome": "refused"}, {"failed"}),
        ({"since": NOW.date(), "until": NOW.date()}, {"saved", "unit"}),
        ({"until": (NOW - timedelta(days=399)).date()}, {"task"}),
        ({"thing": f"kpi.submission:{told['saved'].object_id}"}, {"saved"}),
        ({"text": "Z99"}, set()),
    ]:
        with django_assert_max_num_queries(3):
            assert found(**asked) & everything == {at[name] for name in names}, asked


def test_pages_follow_each_other_without_gap_or_double(db, monkeypatch):
    monkeypatch.setattr(trail, "A_PAGE", 5)
    unit = Department.objects.first()
    made = [tell("department.changed", unit).pk for _ in range(12)][::-1]
    asked = Filters(thing=f"accounts.department:{unit.pk}")
    first = trail.page(asked)
    second = trail.page(asked, before=first.older)
    third = trail.page(asked, before=second.older)
    seen = [entry.pk for page in (first, second, third) for entry in page.entries]
    assert seen == made and first.newer is None and third.older is None
    back = trail.page(asked, after=second.newer)
    assert [entry.pk for entry in back.entries] == made[:5] and back.newer is None


def test_an_entry_is_told_in_words(told, as_user):
    client = as_user("auditadmin")
    text = client.get(PLACE, {"text": "A06"}).content.decode()
    for words in ("保存填报", "市农业农村局 填报人", "2.81", "2.86", "完成值", "补录", "A06", "2025年5月"):
        assert words in text, words
    one = client.get(f"{PLACE}{told['saved'].pk}/").content.decode()
    assert "submission.saved" in one and told["saved"].hash in one and "/2025/kpis/A06/" in one
    assert client.get(f"{PLACE}999999/").status_code == 404


def test_roles_are_those_of_the_day(told):
    held = Membership.objects.get(user__username="nyj_staff")
    held.ends_on = NOW.date()
    held.save()
    (row,) = rows_of([told["saved"]])
    assert row.posts == ""


def test_numbers_of_other_rows_are_shown_by_name(db):
    held = Membership.objects.filter(role="staff").select_related("user", "department").first()
    assert held is not None
    values = {"user": str(held.user_id), "department": str(held.department_id), "role": "staff"}
    (row,) = rows_of([tell("membership.created", held, "secadmin", after=values)])
    shown = {change.label: change.after for change in row.changes}
    assert shown == {"用户": held.user.display_name, "单位": held.department.short_name, "角色": "填报人"}


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"since": "x"}, "since"),
        ({"since": "2025-07-02", "until": "2025-07-01"}, "until"),
        ({"action": "no.such"}, "action"),
        ({"outcome": "maybe"}, "outcome"),
        ({"person": "nobody_like_that"}, "person"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field_and_kept(as_user, asked, field):
    answer = as_user("auditadmin").get(PLACE, asked)
    text = answer.content.decode()
    assert answer.status_code == 422 and f'href="#{field}"' in text and f'id="{field}-error"' in text
    assert asked[field] in text or field in ("action", "outcome")


def test_nothing_found_says_so_and_how_to_go_back(as_user):
    answer = as_user("auditadmin").get(PLACE, {"text": "Z99"})
    assert answer.status_code == 200 and "没有符合条件的记录" in answer.content.decode()


@pytest.mark.parametrize("who", ["nyj_staff", "nyj_head", "mayor", "sysadmin", "secadmin"])
def test_nobody_else_reads_it(as_user, who, told):
    client = as_user(who)
    assert client.get(PLACE).status_code == client.get(f"{PLACE}{told['saved'].pk}/").status_code == 403
    assert client.post(f"{PLACE}check/").status_code == 403
    assert client.post(f"{PLACE}export/", {"format": "csv"}).status_code == 403
    assert not AuditCheck.objects.exists()


# Taking it along


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_what_was_found_is_taken_along_without_live_formulas_and_on_record(told, as_user, file_format):
    evil = tell("submission.saved", told["task"].actor, "dcs_1", reason="=cmd|'/c calc'!A1", after={"value": "@SUM(1)"})
    client = as_user("auditadmin")
    answer = client.post(f"{PLACE}export/", {"action": "kind:report", "format": file_format})
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    if file_format == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    else:
        cells = load_workbook(io.BytesIO(answer.content)).active
        assert {cell.data_type for line in cells for cell in line} <= {"s", "n"}, "text, no formula"
        rows = [[str(cell.value or "") for cell in line] for line in cells]
    assert rows[0][0] == "序号" and [row[0] for row in rows[1:]] == [str(evil.pk), str(told["saved"].pk)]
    if file_format == "csv":
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    entry = AuditEntry.objects.latest("seq")
    assert (entry.action, entry.after["rows"], entry.after["criteria"]) == (
        "audit.exported", 2, {"action": "kind:report"},
    )  # fmt: skip


def test_more_than_a_file_holds_is_refused_in_words(told, as_user, monkeypatch):
    monkeypatch.setattr(trail_file, "MOST_LINES", 2)
    answer = as_user("auditadmin").post(f"{PLACE}export/", {"format": "csv"})
    assert answer.status_code == 422 and "请缩短日期范围" in answer.content.decode()


# The chain's state


@pytest.fixture
def kept(settings, tmp_path, db) -> None:
    settings.AUDIT_CHECKPOINT_FILE = tmp_path / "checkpoints"
    checkpoints.append(now=NOW)


def test_verifying_from_the_page(kept, as_user):
    client = as_user("auditadmin")
    assert "尚未校验" in client.get(PLACE).content.decode()
    text = client.post(f"{PLACE}check/", follow=True).content.decode()
    check = AuditCheck.objects.get()
    assert check.is_intact and "记录完整" in text and f"校验到第 {check.checked_to} 条" in text
    actions = (
        AuditEntry.objects.filter(object_type="accounts.auditcheck").order_by("seq").values_list("action", flat=True)
    )
    assert list(actions) == ["audit_check.asked", "audit_check.intact"]


def test_a_long_chain_is_walked_in_slices(kept, monkeypatch, actor):
    monkeypatch.setattr(chain_checks, "SLICE", 7)
    check = chain_checks.ask(actor=actor("auditadmin"), now=NOW)
    assert chain_checks.ask(actor=actor("dcs_1"), now=NOW) == check, "one at a time"
    one = chain_checks.go_on(now=NOW, seconds=0)
    assert one is not None and one.checked_to == 7 and one.finished_at is None
    done = chain_checks.go_on(now=NOW, seconds=60)
    assert done is not None and done.finished_at is not None and done.is_intact
    assert chain_checks.go_on(now=NOW, seconds=60) is None


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE accounts_auditentry SET reason = 'x' WHERE seq = 3", "第 3 条与校验链不符"),
        ("DELETE FROM accounts_auditentry WHERE seq = (SELECT max(seq) FROM accounts_auditentry)", "库外留痕里的第"),
    ],
)
def test_a_broken_chain_is_shown_to_everybody_who_reads(kept, as_user, statement, words):
    client = as_user("auditadmin")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER USER")
        cursor.execute(statement)
    chain_checks.begin_nightly(now=NOW)
    chain_checks.go_on(now=NOW, seconds=60)
    text = client.get(PLACE).content.decode()
    assert "记录不完整" in text and words in text
    assert AuditEntry.objects.filter(action="audit_check.broken").exists()


def test_a_spoiled_checkpoint_file_is_no_fault_of_the_page_but_told(kept, as_user, settings):
    settings.AUDIT_CHECKPOINT_FILE.write_text("spoiled\n", encoding="utf-8")
    text = as_user("auditadmin").post(f"{PLACE}check/", follow=True).content.decode()
    assert "记录不完整" in text and "库外留痕文件无法读取" in text


def test_whoever_does_not_read_the_trail_has_it_not_verified(db, actor):
    with pytest.raises(PermissionRefused):
        chain_checks.ask(actor=actor("mayor"), now=NOW)


# Words for everything that is recorded


ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
NOT_ACTIONS = re.compile(r".*\.(csv|json|xlsx|html|invalid|tables)|accounts\.user|kpi\.\w+")


def recorded_actions() -> Iterator[str]:
    """Every literal ``subject.verb`` of the modules that record."""
    for app in ("accounts", "kpi", "notifications"):
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if "audit.record(" in text and path.name != "audit.py":
                for node in ast.walk(ast.parse(text)):
                    said = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
                    if ACTION.fullmatch(said) and not NOT_ACTIONS.fullmatch(said):
                        yield said


def test_every_action_has_words():
    found = set(recorded_actions())
    found |= {f"score.{verb}" for verb in ScoreVerb} | {f"span.{verb}" for verb in SpanVerb}
    assert len(found) > 120, "the search has gone blind"
    nameless = {action for action in found if not trail_words.is_known(action)}
    # Some of these modules send messages, too, and name their kinds.
    assert nameless - set(messages.KINDS) == set()


def test_refusals_are_actions_there_are():
    assert {action for action in trail_words.REFUSED if not trail_words.is_known(action)} == set()


def test_an_action_of_another_version_is_named_as_one(db):
    assert "gone.verb" in trail_words.action_words("gone.verb") and trail_words.action_words("gone.verb") != "gone.verb"


@pytest.mark.parametrize("table", trail.SUBJECTS)
def test_whatever_an_entry_is_about_can_be_named(db, table):
    model = apps.get_model(table)
    row = model._default_manager.first()
    asked = [(table, str(row.pk)) if row else (table, "1"), (table, "no key of it")]
    assert len(trail.things(asked)) == (1 if row else 0)
