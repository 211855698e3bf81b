"""Planners as processes: any number at once, killed in the middle, away for weeks, and back with a clock set back."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils.timezone import localtime

from accounts import clock
from kpi.domain.reminders import parse_key
from kpi.selectors.reminding import ground_on
from kpi.services import reminders
from kpi.services.settling import LADDER_KINDS
from notifications.models import Dispatch, Heartbeat, Notice
from tests.faults import figures
from tests.faults.machine import Nursery, Sink, environment, mail_sink, nursery, signal_all

pytestmark = pytest.mark.timeout(300)

AT_ONCE = 5
SEED = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IN_TRANSACTION = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND state LIKE 'idle in trans%%'"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'kpi_app' AND wait_event_type = 'Lock'"


@pytest.fixture
def planners(committed_db, database_name, tmp_path) -> Iterator[Nursery]:
    with nursery(environment(database_name), tmp_path / "planners.log") as started:
        yield started
    print((tmp_path / "planners.log").read_text(errors="replace")[-2000:])


def expected(now: datetime) -> set[str]:
    """Every key the plan asks for, worked out here and written nowhere."""
    scan = reminders._scan(ground_on(localtime(now).date()), now)
    lower = {key for notice in scan.planned for _level, key in notice.supersedes}
    return {notice.key for notice in scan.planned} | (lower - scan.recorded.keys)


def forget_all() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notifications_notice, notifications_delivery, notifications_heartbeat CASCADE")


def kill_one_in_the_middle(planners: Nursery, dice: random.Random) -> bool:
    """Freeze one while it is planning; kill it if its transaction is open."""
    time.sleep(dice.uniform(0.02, 0.2))
    for pid in dice.sample(planners.alive, len(planners.alive)):
        signal_all([pid], signal.SIGSTOP)  # if it has not ended by now
        time.sleep(0.01)  # what it had asked for is answered by now
        if asked(IN_TRANSACTION, str(pid)):
            planners.kill(pid)
            return True
        signal_all([pid], signal.SIGCONT)
    return False


def asked(query: str, *values: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return int(cursor.fetchone()[0])


def plan_at_once(planners: Nursery, rounds: int, kills: int) -> Counter[str]:
    """Rounds of five planners at once on empty tables; of some rounds one is killed. Fails on the first wrong key."""
    seen, dice = Counter(), random.Random(SEED)
    keys = expected(clock.now())
    assert len(keys) > 50
    while seen["rounds"] < rounds or seen["kills"] < kills:
        assert seen["rounds"] < 4 * rounds, "no planner could be caught in the middle"
        forget_all()
        for _ in range(AT_ONCE):
            planners.start("tick", "plan")
        if seen["kills"] < kills:
            seen["kills"] += kill_one_in_the_middle(planners, dice)
        while any(Path(f"/proc/{pid}").exists() for pid in planners.alive):
            seen["waits"] += bool(asked(WAITS))
            time.sleep(0.01)
        planners.alive.clear()
        seen["rounds"] += 1
        found = list(Notice.objects.filter(kind__in=LADDER_KINDS).values_list("key", flat=True))
        seen["doubles"] += len(found) - len(set(found))
        seen["missing"] += len(keys - set(found))
        seen["extra"] += len(set(found) - keys)
    return seen


def check_planned(seen: Counter[str]) -> None:
    assert (seen["doubles"], seen["missing"], seen["extra"]) == (0, 0, 0)
    assert seen["waits"], "planners did meet: one waited for another"


def test_five_planners_at_once_write_what_one_would(planners):
    """The negative control is ``test_without_the_unique_key_five_planners_write_doubles``."""
    check_planned(plan_at_once(planners, rounds=4, kills=2))


def test_without_the_unique_key_five_planners_write_doubles(planners):
    """Negative control: the database's constraint is what makes any number of planners safe."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications_notice DROP CONSTRAINT notifications_notice_key_key")
    assert plan_at_once(planners, rounds=3, kills=0)["doubles"]


@pytest.mark.bar
def test_fifty_rounds_of_planners_twenty_of_them_killed(planners):
    started = time.monotonic()
    seen = plan_at_once(planners, rounds=50, kills=20)
    seconds = f"{time.monotonic() - started:.0f}"
    figures.note("R5", **{name: seen[name] for name in ("rounds", "kills", "doubles", "missing")}, seconds=seconds)
    check_planned(seen)


def machine_back(nursery: Nursery, ahead: timedelta) -> None:
    """Three planners and then two senders, each once, with their clocks so far ahead."""
    for _ in range(3):
        nursery.start("tick", "plan", ahead=ahead.total_seconds())
    nursery.wait()
    for _ in range(2):
        nursery.start("tick", "send", ahead=ahead.total_seconds())
    nursery.wait()


def come_back(nursery: Nursery, sink: Sink, ahead: timedelta) -> Counter[str]:
    """The machine after an absence: what it planned, skipped, sent; fails where that is not what it should be."""
    before, told = set(Notice.objects.values_list("key", flat=True)), len(sink.accepted())
    wanted = expected(clock.now() + ahead)
    machine_back(nursery, ahead)
    planned = set(Notice.objects.filter(kind__in=LADDER_KINDS).values_list("key", flat=True)) - before
    assert planned == wanted, "what is due and not recorded, no more and no less"
    letters = Counter(to for _name, to in sink.accepted()[told:])
    assert set(letters.values()) <= {1}, "one letter a person, whatever was missed"
    only_the_highest()
    skipped = Notice.objects.filter(key__in=planned, state="superseded").count()
    return Counter(planned=len(planned), skipped=skipped, letters=letters.total())


def only_the_highest() -> None:
    steps: dict[tuple[str, int, int], list[tuple[int, str]]] = {}
    for key, state in Notice.objects.filter(kind__in=LADDER_KINDS).values_list("key", "state"):
        parsed = parse_key(key)
        steps.setdefault((parsed.stem, parsed.recipient, parsed.cycle), []).append((parsed.level, state))
    for owed, found in steps.items():
        *lower, _highest = sorted(found)
        assert all(state != "open" for _level, state in lower), f"a lower step is open beside a higher one: {owed}"


def test_after_an_absence_each_hears_of_the_highest_step_in_one_letter(committed_db, database_name, tmp_path):
    """Away for an hour, three days, five weeks; then the clock goes back two hours."""
    with mail_sink(tmp_path, 0) as sink:
        variables = environment(database_name, EMAIL_PORT=str(sink.port))
        with nursery(variables, tmp_path / "machine.log") as started:
            seen = Counter()
            for ahead in (timedelta(0), HOUR, 3 * DAY, 35 * DAY):
                seen += come_back(started, sink, ahead)
            assert seen["skipped"] and seen["letters"]
            on_record, letters = Notice.objects.count(), len(sink.accepted())
            machine_back(started, 35 * DAY - 2 * HOUR)
            assert (Notice.objects.count(), len(sink.accepted())) == (on_record, letters), "set back: nothing new"
            assert Heartbeat.objects.get(name="tick").business_time > clock.now() + 34 * DAY
    assert not Dispatch.objects.filter(state="sending").exists()
    figures.note("R6", **seen, doubles=0)


def test_planning_for_today_only_misses_what_came_due_while_away(planners):
    """Negative control: the rule of a planner that asks “is it due today”."""
    ahead = 3 * DAY
    wanted = expected(clock.now() + ahead)
    planners.start("tests.faults.spoiled.plan_today_only", "tick", "plan", ahead=ahead.total_seconds())
    planners.wait()
    assert wanted - set(Notice.objects.values_list("key", flat=True))
