"""Exports as jobs: one is made at a time, by whoever lives, for whoever may still have it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from accounts import audit
from accounts.models import AuditEntry, Department, Membership, User
from accounts.permissions import actor_for
from accounts.services import end_membership
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted
from kpi.models import ExportJob
from kpi.services import exporting
from kpi.services.exporting import LeaseLost, Made
from kpi.workbooks.export import make
from tests.conftest import NOW
from tests.races import in_parallel

ROOT = Path(__file__).resolve().parents[2]
LATER = NOW + timedelta(minutes=5)

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    """A folder of the test's own, so that it can count what is left."""
    store = settings.STORAGES["exports"]
    options = store["OPTIONS"] | {"location": tmp_path / "exports"}
    settings.STORAGES = settings.STORAGES | {"exports": store | {"OPTIONS": options}}
    return tmp_path / "exports"


def person(name: str):
    return actor_for(User.objects.get(username=name), NOW.date())


def ask(name: str = "dcs_1", *units: str, kind: str = "heat_map", period: str = "2025-06") -> ExportJob:
    return exporting.ask(
        year=2025,
        kind=kind,
        period=period,
        departments=list(units),
        actor=person(name),
        language="zh-hans",
        # One after the other, so that the latest is the one asked for last.
        now=NOW - timedelta(minutes=1) + timedelta(seconds=ExportJob.objects.count()),
    )


def run(maker: Callable = make, now=NOW) -> ExportJob:
    exporting.run_next(make=maker, clock=lambda: now)
    return ExportJob.objects.first()


def actions() -> list[str]:
    return list(AuditEntry.objects.filter(action__startswith="export.").values_list("action", flat=True))


def kept(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.exists() else []


def run_out() -> None:
    """The lease of whoever had the job is over."""
    ExportJob.objects.update(lease_until=NOW - timedelta(days=1))


def small(job, path, tell, now) -> Made:
    path.write_bytes(b"PK")
    return Made(1, "0" * 64, "x.xlsx")


def test_what_was_asked_for_is_made_kept_and_fetched_with_every_step_on_record(folder):
    job = ask()
    done = run()
    assert (done.pk, done.state, done.rows, done.attempts, done.name) == (job.pk, "done", 103, 1, "2025-06热力图.xlsx")
    with exporting.fetch(job=done, actor=person("dcs_1"), now=LATER) as file:
        data = file.read()
    assert (sha256(data).hexdigest(), len(data)) == (done.sha256, done.size)
    assert kept(folder) == [str(done.key)] and (folder / str(done.key)).stat().st_mode & 0o777 == 0o600
    assert actions() == ["export.asked", "export.made", "export.fetched"]
    assert AuditEntry.objects.get(action="export.fetched").after["data_sha256"] == done.data_sha256
    assert audit.verify().is_intact


def test_a_second_click_gives_no_second_file_also_at_the_same_moment():
    first = ask()
    assert ask().pk == first.pk
    two = in_parallel(lambda: ask(kind="ledger"), lambda: ask(kind="ledger"))
    assert two[0].pk == two[1].pk and ExportJob.objects.count() == 2
    for kind in ("units", "detail"):
        ask(kind=kind)
    ask(period="2025-05")
    with pytest.raises(DomainError, match="export_too_many"):
        ask(period="2025-04")


REFUSED = [
    ({"kind": "pdf"}, "export_kind_unknown"),
    ({"period": "2025-13"}, "export_period_unknown"),
    ({"period": "2025-12"}, "export_period_unknown"),
    ({"units": ("atlantis",)}, "export_unit_unknown"),
    ({"name": "nyj_staff"}, "export_not_permitted"),
    ({"name": "nyj_staff", "units": ("agriculture", "tourism")}, "export_not_permitted"),
    ({"name": "sysadmin"}, "export_not_permitted"),
]


def test_what_cannot_be_had_is_refused_by_name():
    for asked, code in REFUSED:
        options = {name: value for name, value in asked.items() if name in ("kind", "period")}
        with pytest.raises(DomainError, match=code):
            ask(asked.get("name", "dcs_1"), *asked.get("units", ()), **options)
    assert not ExportJob.objects.exists()


def disable(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def relieve(user: User) -> None:
    held = Membership.objects.get(user=user)
    end_membership(membership=held, last_day=NOW.date(), actor=None, now=NOW)


def move(user: User) -> None:
    Membership.objects.filter(user=user).update(department=Department.objects.get(code="tourism"))


# Somebody each, so that one database serves all three.
AFFECTED = {
    "nyj_staff": ("agriculture", disable),
    "gxj_staff": ("industry", relieve),
    "swj_staff": ("commerce", move),
}


def test_whoever_may_not_have_it_any_more_is_refused_when_it_is_made(folder):
    for name, (unit, happens) in AFFECTED.items():
        happens(ask(name, unit).asked_by)
        failed = run()
        assert (failed.state, failed.error_code) == ("failed", "export_not_permitted"), name
        assert actions()[-3:] == ["export.asked", "export.refused", "export.failed"] and kept(folder) == []


def test_whoever_may_not_have_it_any_more_is_refused_when_it_is_fetched():
    for name, (unit, happens) in AFFECTED.items():
        job = ask(name, unit)
        done = run(small)
        assert (done.pk, done.state) == (job.pk, "done")
        with exporting.fetch(job=done, actor=person(name), now=LATER):
            pass
        happens(job.asked_by)
        with pytest.raises(NotPermitted, match="export_not_permitted"):
            exporting.fetch(job=done, actor=person(name), now=LATER)
        assert actions()[-2:] == ["export.fetched", "export.refused"], name


def test_rights_of_the_moment_of_asking_alone_hand_it_out(monkeypatch):
    """Negative control: without the second look the workbook is made for whoever was relieved meanwhile."""
    monkeypatch.setattr(exporting, "_require_still_allowed", lambda _job, _now: None)
    relieve(ask("gxj_staff", "industry").asked_by)
    assert run(small).state == "done"


def test_another_persons_file_is_refused_even_to_the_office():
    ask("nyj_staff", "agriculture")
    done = run()
    with pytest.raises(NotPermitted):
        exporting.fetch(job=done, actor=person("dcs_1"), now=LATER)


HALF_WAY = """
import django, sys
django.setup()
from pathlib import Path
from kpi.services import exporting
from tests.conftest import NOW
def make(job, path, tell, now):
    path.write_bytes(b"half a workbook")
    tell(1, 103)
    print("begun", flush=True)
    sys.stdin.read()
exporting.run_next(make=make, clock=lambda: NOW)
"""


def test_a_killed_worker_is_taken_over_when_its_lease_runs_out(database_name, folder):
    ask()
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{database_name}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    environment["EXPORTS_DIR"] = str(folder)
    worker = subprocess.Popen(
        [sys.executable, "-c", HALF_WAY], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdout.readline() == b"begun\n"
    held = ExportJob.objects.get()
    assert (held.state, held.done, held.total) == ("running", 1, 103), "progress is seen while it is made"
    assert exporting.run_next(make=make, clock=lambda: NOW) is None, "while the lease runs it is the worker's"
    worker.kill()
    worker.wait()
    worker.stdin.close()
    worker.stdout.close()
    run_out()
    done = run()
    assert (done.state, done.attempts, done.rows) == ("done", 2, 103)
    assert kept(folder) == [str(done.key)]


def test_what_kills_every_worker_is_given_up_after_three():
    ask()
    for _ in range(3):
        # The lease is taken and nobody comes back.
        assert exporting._claim(NOW) is not None
        run_out()
    lost = run()
    assert (lost.state, lost.error_code, lost.attempts) == ("failed", "export_worker_lost", 3)
    exporting.retry(job=lost, actor=person("dcs_1"), now=LATER)
    assert run(now=LATER).state == "done"


def test_a_worker_that_lost_its_lease_leaves_no_file_and_changes_nothing(folder):
    ask()

    def overtaken(job, path, tell, now) -> Made:
        run_out()
        assert run(small).state == "done", "the successor is through"
        return small(job, path, tell, now)

    exporting.run_next(make=lambda *given: _outside(overtaken, given), clock=lambda: NOW)
    done = ExportJob.objects.get()
    assert (done.state, done.attempts, kept(folder)) == ("done", 2, [str(done.key)])


def _outside(work: Callable, given: tuple) -> Made:
    """On a connection of its own: where a workbook is made nothing can be written."""
    outcome = in_parallel(lambda: work(*given))[0]
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def test_cancelling_stops_the_worker_at_its_next_word(folder):
    ask()

    def cancelled(job, path, tell, now) -> Made:
        _outside(lambda: exporting.cancel(job=job, actor=person("dcs_1"), now=NOW), ())
        with pytest.raises(LeaseLost):
            tell(1, 2)
        raise LeaseLost

    job = run(cancelled)
    assert (job.state, job.lease_token, kept(folder)) == ("cancelled", None, [])
    with pytest.raises(IllegalTransition, match="export_moved"):
        exporting.cancel(job=job, actor=person("dcs_1"), now=LATER)
    exporting.retry(job=job, actor=person("dcs_1"), now=LATER)
    assert run(now=LATER).state == "done"


def test_a_fault_is_tried_again_later_and_not_for_ever(caplog):
    ask()

    def broken(*given) -> Made:
        raise OSError("no space left")

    now = NOW
    for expected in ("queued", "queued", "failed"):
        assert run(broken, now).state == expected
        assert exporting.run_next(make=small, clock=lambda now=now: now) is None, "not at once"
        now += exporting.AFTER_A_FAULT
    failed = ExportJob.objects.get()
    assert (failed.error_code, failed.attempts) == ("export_fault", 3)
    assert "no space left" in caplog.text


def test_what_is_made_can_write_nothing_and_sees_one_moment():
    ask()
    seen = []

    def reading(job, path, tell, now) -> Made:
        seen.append(User.objects.filter(is_active=True).count())
        _outside(lambda: User.objects.filter(username="mayor").update(is_active=False), ())
        seen.append(User.objects.filter(is_active=True).count())
        return small(job, path, tell, now)

    assert run(reading).state == "done" and seen[0] == seen[1]
    assert User.objects.filter(is_active=True).count() == seen[0] - 1, "it did change meanwhile"
    ask(kind="ledger")
    run(lambda job, *given: User.objects.filter(username="mayor").update(is_active=True))
    assert ExportJob.objects.get(kind="ledger").state == "queued", "a fault"


def test_one_workbook_at_a_time():
    ask()
    ask(kind="ledger")
    begun = []

    def busy(job, path, tell, now) -> Made:
        begun.append(_outside(lambda: exporting.run_next(make=small, clock=lambda: NOW), ()))
        return small(job, path, tell, now)

    assert exporting.run_next(make=busy, clock=lambda: NOW) == "done" and begun == [None]
    assert exporting.run_next(make=small, clock=lambda: NOW) == "done"


def test_files_go_when_their_time_is_over_and_can_be_made_again(folder):
    ask()
    done = run()
    over = NOW + timedelta(days=django_settings.EXPORTS_KEPT_DAYS)
    with pytest.raises(DomainError, match="export_expired"):
        exporting.fetch(job=done, actor=person("dcs_1"), now=over)
    assert (exporting.expire(now=over - timedelta(seconds=1)), kept(folder)) == (0, [str(done.key)])
    assert (exporting.expire(now=over), kept(folder)) == (1, [])
    gone = ExportJob.objects.get()
    exporting.retry(job=gone, actor=person("dcs_1"), now=over)
    assert run(now=over).state == "done"


def test_a_file_that_no_export_names_is_swept_up(folder):
    ask()
    done = run()
    (folder / "left-behind.part").write_bytes(b"half")
    for name in kept(folder):
        os.utime(folder / name, (0, 0))
    assert exporting.remove_orphans(file_time=exporting.ORPHAN_AFTER * 2.0) == 1
    assert kept(folder) == [str(done.key)]
