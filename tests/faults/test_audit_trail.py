"""Every committed change has its entry and nothing else has one; and whoever touches the trail is found out (R14).

Eight writers at once go through a service, a bulk import, the administration's form and the saving of reports; one
change in twenty is rolled back after it was made. What was committed is counted in the changed tables themselves.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import tablib
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts import audit, checkpoints
from accounts.grants import APPEND_ONLY
from accounts.models import AuditEntry, Department, User
from accounts.permissions import actor_for
from accounts.resources import DepartmentResource
from accounts.services import create_user
from config.services import APP
from kpi.models import Indicator, Period, Submission
from kpi.selectors.content import Content
from kpi.services import submissions
from tests.conftest import NOW
from tests.faults import figures
from tests.races import in_parallel

pytestmark = pytest.mark.timeout(600)

# One in twenty is taken back after everything was written; the first of them early, so that short runs have some.
EVERY, TAKEN_BACK = 20, 3
ROWS_OF_A_FILE = 3
# Reports of June that nobody has begun, each written by one writer.
REPORTS = (("A06", "nyj_staff"), ("T09", "wlj_staff"))


class TakenBack(Exception):
    """The change is undone on purpose."""


@dataclass
class Run:
    """What the writers met, beside what the database says."""

    problems: list[Exception] = field(default_factory=list)
    taken_back: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def by_service(mark: str) -> None:
    create_user(
        username=f"svc-{mark}", display_name="x", password="Long-enough-2025!", holdings=[], actor=None, now=NOW
    )


def by_file(mark: str) -> None:
    """Several rows of one file, whose entries are written together."""
    rows = [
        (f"imp-{mark}-{number}", f"u{mark}{number}", f"u{mark}{number}", "township", "900")
        for number in range(ROWS_OF_A_FILE)
    ]
    data = tablib.Dataset(*rows, headers=("code", "name", "short_name", "kind", "ordinal"))
    with audit.together():
        DepartmentResource().import_data(data, raise_errors=True, user=None)


def by_form(client: Client) -> Callable[[str], None]:
    def add(mark: str) -> None:
        said = {
            "code": f"adm-{mark}",
            "name": f"a{mark}",
            "short_name": f"a{mark}",
            "kind": "township",
            "ordinal": "900",
        }
        answer = client.post("/manage/admin/accounts/department/add/", said)
        if answer.status_code != 302:
            raise AssertionError(answer.content.decode()[:400])

    return add


def by_saving(code: str, person: str) -> Callable[[str], None]:
    """A report saved again and again; a save that was taken back leaves the version as it was."""
    indicator, june = Indicator.objects.get(code=code), Period.objects.get(code="2025-06")
    actor = actor_for(User.objects.get(username=person), NOW.date())

    def save(mark: str) -> None:
        report = Submission.objects.filter(indicator=indicator, period=june).first()
        submissions.save_draft(
            indicator=indicator,
            period=june,
            content=Content(narrative=f"第 {mark} 次"),
            version=report.version if report else 0,
            actor=actor,
            now=NOW,
        )

    return save


def write(changes: int) -> Run:
    """``changes`` of each of eight writers at once."""
    run, ways = Run(), []
    for _ in range(2):
        client = Client()
        client.force_login(User.objects.get(username="sysadmin"))
        ways += [by_service, by_file, by_form(client)]
    ways += [by_saving(code, person) for code, person in REPORTS]

    def writer(place: int, change: Callable[[str], None]) -> None:
        for number in range(changes):
            is_taken_back = (place + number) % EVERY == TAKEN_BACK
            try:
                with transaction.atomic():
                    change(f"{place}-{number}")
                    if is_taken_back:
                        raise TakenBack
            except TakenBack:
                with run.lock:
                    run.taken_back += 1
            except Exception as problem:  # what a writer met is judged by the test
                with run.lock:
                    run.problems.append(problem)

    in_parallel(*(lambda place=place, way=way: writer(place, way) for place, way in enumerate(ways)))
    return run


def committed() -> Counter[tuple[str, str]]:
    """Changes that are in the tables, by the entry each must have."""
    found: Counter[tuple[str, str]] = Counter()
    for pk in User.objects.filter(username__startswith="svc-").values_list("pk", flat=True):
        found |= {("user.created", str(pk)): 1, ("password.changed", str(pk)): 1}
    for action, prefix in (("department.imported", "imp-"), ("department.created", "adm-")):
        for pk in Department.objects.filter(code__startswith=prefix).values_list("pk", flat=True):
            found[action, str(pk)] = 1
    for report in Submission.objects.filter(
        period__code="2025-06", indicator__code__in=[code for code, _who in REPORTS]
    ):
        found["submission.saved", str(report.pk)] = report.version
    return found


def recorded(since: int) -> Counter[tuple[str, str]]:
    return Counter(AuditEntry.objects.filter(seq__gt=since).values_list("action", "object_id"))


@pytest.fixture
def since(committed_db, settings, tmp_path) -> int:
    """The head of the chain before anybody writes."""
    settings.AUDIT_CHECKPOINT_FILE = tmp_path / "checkpoints"
    return AuditEntry.objects.latest("seq").seq


def check_exact(changes: int, since: int) -> dict[str, object]:
    started = time.monotonic()
    run = write(changes)
    seconds = time.monotonic() - started
    assert run.problems == [] and run.taken_back >= 8 * changes // EVERY - 1
    expected, found = committed(), recorded(since)
    assert sum(expected.values()) >= 8 * changes, "negative control of the count itself"
    assert found - expected == Counter(), "entries of changes that were taken back, or twice"
    assert expected - found == Counter(), "changes without an entry"
    assert audit.verify().is_intact
    return {
        "changes": sum(expected.values()),
        "rolled_back": run.taken_back,
        "missing": 0,
        "extra": 0,
        "s": f"{seconds:.0f}",
    }


# Tampering: each is done as the owner of the tables with the triggers off, looked at, and undone.


def middle(since: int) -> int:
    return (since + AuditEntry.objects.latest("seq").seq) // 2


def edit_one_byte(since: int) -> int:
    at = middle(since)
    run_sql(
        "UPDATE accounts_auditentry SET actor_label = overlay(actor_label placing '~' from 1 for 1) WHERE seq = %s", at
    )
    return at


def delete_in_the_middle(since: int) -> int:
    run_sql("DELETE FROM accounts_auditentry WHERE seq = %s", middle(since))
    return middle(since) + 1


def swap_two(since: int) -> int:
    at = middle(since)
    for old, new in ((at, -1), (at + 1, at), (-1, at + 1)):
        run_sql("UPDATE accounts_auditentry SET seq = %s WHERE seq = %s", new, old)
    return at


def forge_one(since: int) -> int:
    """One more in the middle, with a right hash of its own: the next no longer fits."""
    at, head = middle(since), AuditEntry.objects.latest("seq").seq
    for seq in range(head, at, -1):
        run_sql("UPDATE accounts_auditentry SET seq = seq + 1 WHERE seq = %s", seq)
    forged = AuditEntry.objects.get(seq=at)
    forged.seq, forged.previous_hash, forged.reason = at + 1, forged.hash, "forged"
    forged.hash = audit.digest(forged)
    forged.save(force_insert=True)
    return at + 2


def cut_off_the_tail(since: int) -> int:
    head = AuditEntry.objects.latest("seq").seq
    run_sql("DELETE FROM accounts_auditentry WHERE seq > %s", head - 5)
    return head - 4


def run_sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount


def named(since: int, tamper: Callable[[int], int]) -> tuple[int, str]:
    """The first entry that is wrong, and what the command says of it; then everything is as before."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER USER")
        first, said = tamper(since), "nothing"
        try:
            call_command("verify_audit")
        except CommandError as problem:
            said = str(problem)
        transaction.set_rollback(True)
    return first, said


def check_tampering(since: int) -> int:
    """Each of five is named; how many."""
    assert checkpoints.append(now=NOW) is not None
    count = 0
    for tamper in (edit_one_byte, delete_in_the_middle, swap_two, forge_one):
        first, said = named(since, tamper)
        assert said.startswith(f"entry {first} does not fit"), (tamper.__name__, said)
        count += 1
    first, said = named(since, cut_off_the_tail)
    assert said.startswith(f"entries {first} to "), said
    call_command("verify_audit")
    return count + 1


def test_every_committed_change_has_its_entry_and_tampering_shows(since):
    """The negative controls are the three tests below."""
    check_exact(8, since)
    assert check_tampering(since) == 5


@pytest.mark.bar
def test_two_thousand_changes_have_their_entries_and_tampering_shows(since):
    found = check_exact(250, since)
    figures.note("R14", **found, tampering_named=f"{check_tampering(since)} of 5")


def test_without_the_lock_writers_meet_at_one_place_of_the_chain(since, monkeypatch):
    """Negative control: the primary key stops the fork, and changes are lost to it."""
    monkeypatch.setattr(audit, "_lock_chain", lambda: None)
    run = write(8)
    forks = [each for each in run.problems if isinstance(each, IntegrityError) and "accounts_auditentry" in str(each)]
    assert forks, "two writers read the same head"


def test_entries_written_outside_the_transaction_tell_of_what_never_happened(since, monkeypatch):
    """Negative control: as an audit would that is written afterwards, by a queue or a signal."""
    with written_later(monkeypatch) as later:
        run = write(8)
    assert run.taken_back
    with transaction.atomic():
        audit._append(later)
    assert recorded(since) - committed(), "changes that were taken back have entries"


def test_entries_of_a_queue_that_dies_are_missing(since, monkeypatch):
    """Negative control: half of what was to be written afterwards never is."""
    with written_later(monkeypatch) as later:
        write(4)
    with transaction.atomic():
        audit._append(later[: len(later) // 2])
    assert committed() - recorded(since), "changes without an entry"


@contextmanager
def written_later(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[AuditEntry]]:
    """Entries are only collected, outside of whatever transaction they belong to."""
    later: list[AuditEntry] = []
    with monkeypatch.context() as patched:
        patched.setattr(audit, "_append", later.extend)
        yield later


def test_the_checkpoint_is_what_tells_of_a_cut_tail(since):
    """Negative control: without the file the shorter chain looks whole."""
    write(2)
    first, said = named(since, cut_off_the_tail)
    assert first and said == "nothing"


def test_the_applications_role_only_appends(since):
    with connection.cursor() as cursor:
        for table in APPEND_ONLY:
            for right, has in (
                ("SELECT", True),
                ("INSERT", True),
                ("UPDATE", False),
                ("DELETE", False),
                ("TRUNCATE", False),
            ):
                cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [APP, table, right])
                assert cursor.fetchone()[0] is has, (table, right)
