"""Robots that refuse, limit, stall and reset: nothing lost, nothing too fast, each failure handled by its meaning (R7).

The full-size run has the marker ``bar``.
"""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from notifications import pace, sending
from notifications.channels import robots as robot_channels
from notifications.models import Attempt, Dispatch, Notice, Robot
from tests.conftest import NOW
from tests.faults import figures
from tests.notifications.remote import Clock, busiest_minute, make_trouble, put_robot, queue, references, run, waits
from tests.stubs import Answer, code

SEED = 20250702


@pytest.fixture(autouse=True)
def always_open(settings) -> None:
    settings.NOTIFICATION_RULES = "tests.notifications.remote.AlwaysOpen"


UNITS = ("agriculture", "tourism", "education")


def fleet(hooks, count: int) -> list[Robot]:
    return [put_robot(hooks, "wecom", unit, f"key-of-{unit}") for unit in UNITS[:count]]


def bombard(hooks, count: int, robots: int) -> int:
    """Send ``count`` messages through a far end where every third answer is trouble; check all of R7's sums, and say
    how many came twice."""
    speaking = fleet(hooks, robots)
    queue(speaking, count)
    told = make_trouble(hooks, [f"key-of-{robot.department.code}" for robot in speaking], 0.35, count, SEED)
    assert len(told) > 6, "every kind of trouble really came"
    done = run(Clock())
    assert Dispatch.objects.filter(state="sent").count() == count, done
    seen = references(hooks)
    assert len(seen) == count, "0 lost"
    doubles = sum(times - 1 for times in seen.values())
    assert doubles <= told["reset_after"], "a double only where the answer was lost"
    assert max(busiest_minute(robot) for robot in speaking) <= pace.MOST_PER_MINUTE
    return doubles


def test_troubled_robots_get_everything_and_never_more_than_twenty_a_minute(db, hooks):
    bombard(hooks, 75, 3)


@pytest.mark.bar
@pytest.mark.timeout(600)
def test_two_thousand_messages_to_one_troubled_robot(committed_db, hooks):
    """With real commits: in one transaction each version of the robot's row would stay."""
    began = time.monotonic()
    doubles = bombard(hooks, 2000, 1)
    figures.note("R7", messages=2000, lost=0, doubles=doubles, seconds=round(time.monotonic() - began))


def test_taking_http_200_for_success_loses_messages(db, hooks, monkeypatch):
    """Negative control: with the robots' own codes ignored, messages are on record as sent that nobody has seen."""
    monkeypatch.setattr(robot_channels, "judge", lambda *_arguments: None)
    with pytest.raises(AssertionError, match="0 lost"):
        bombard(hooks, 75, 3)
    assert Dispatch.objects.filter(state="sent").count() == 75 > len(references(hooks))


def test_without_the_pace_a_robot_is_spoken_to_too_often(db, hooks, monkeypatch):
    """Negative control of the limit."""
    monkeypatch.setattr(pace, "MOST_PER_MINUTE", 1000)
    [robot] = fleet(hooks, 1)
    queue([robot], 22)
    run(Clock())
    assert busiest_minute(robot) > 20


def test_dingtalks_limit_rests_the_robot_ten_minutes_and_nobody_else(new_robot, hooks):
    limited, other = new_robot("dingtalk", key="key-limited"), new_robot("wecom", key="key-of-another")
    queue([limited, other], 6)
    hooks.tell("key-limited", code(130101, "send too fast, exceed 20 times per minute"))
    clock = Clock()
    assert sending.send_due(clock=clock) == {"rate": 1, "sent": 3}
    limited.refresh_from_db()
    assert timedelta(minutes=9, seconds=59) < limited.paused_until - NOW < timedelta(minutes=10, seconds=2)
    clock.now = limited.paused_until - timedelta(seconds=2)
    assert sending.send_due(clock=clock) == {}
    clock.now = limited.paused_until
    assert sending.send_due(clock=clock) == {"sent": 3}
    assert not Dispatch.objects.exclude(attempts=0).exists(), "a limit is no try"
    assert Attempt.objects.count() == 7, "while a robot pauses nobody keeps knocking"


def test_a_wrong_key_switches_the_robot_off_and_the_office_is_told_once(new_robot, hooks):
    broken, other = new_robot("wecom", key="key-removed"), new_robot("feishu", key="key-of-another")
    queue([broken, other], 10)
    hooks.tell("key-removed", *[code(93000, "invalid webhook url")] * 5)
    assert sending.send_due(clock=Clock()) == {"dead": 5, "sent": 5}
    broken.refresh_from_db()
    assert not broken.is_enabled and broken.disabled_reason == "地址无效，或机器人已被移出群"
    assert len([each for each in hooks.journaled() if each["key"] == "key-removed"]) == 1, "not asked again"
    for person in ("dcs_1", "sysadmin"):
        told = Notice.objects.filter(recipient__username=person, kind="robot.disabled")
        assert [notice.url for notice in told] == ["/notices/robots/"], person
    assert Notice.objects.filter(recipient__username="dcs_1", kind="delivery.dead").count() == 1
    dead = Dispatch.objects.filter(state="dead")
    assert {attempt.code for attempt in Attempt.objects.filter(dispatch__in=dead)} == {"93000", "disabled"}


def test_a_message_the_robot_will_not_have_is_dead_and_the_robot_goes_on(new_robot, hooks):
    robot = new_robot()
    queue([robot], 2)
    hooks.tell("key-of-the-group", code(40058, "invalid Request Parameter"))
    assert sending.send_due(clock=Clock()) == {"dead": 1, "sent": 1}
    robot.refresh_from_db()
    assert robot.is_enabled


def test_failures_are_spread_by_a_fifth_around_the_plan_and_end_after_twelve(db, hooks):
    queue(fleet(hooks, 3), 3)
    hooks.usual = Answer(status=500)
    assert run(Clock()) == {"temporary": 33, "dead": 3}
    dispatches = list(Dispatch.objects.all())
    assert all(each.state == "dead" and each.attempts == 12 for each in dispatches)
    for failures, waited in waits(dispatches).items():
        planned = min(timedelta(seconds=30) * 2 ** (failures - 1), timedelta(minutes=30))
        # Rounds of sending are up to a minute apart.
        assert all(planned * 0.8 <= wait <= planned * 1.2 + timedelta(seconds=61) for wait in waited), failures
    planned = [sending.backoff(failures) / (timedelta(seconds=30) * 2 ** (failures - 1)) for failures in range(1, 7)]
    assert all(0.8 <= each <= 1.2 for each in planned) and len(set(planned)) > 1
    assert Notice.objects.filter(kind="delivery.dead", recipient__username="dcs_1").count() == 3


def test_a_part_that_was_accepted_is_not_sent_again(new_robot, hooks):
    robot = new_robot()
    queue([robot], 1)
    Notice.objects.update(body="\n".join(f"第 {number} 行：{'督查' * 40}" for number in range(60)))
    hooks.tell("key-of-the-group", Answer(), Answer(how="reset"))
    clock = Clock()
    assert sending.send_due(clock=clock) == {"temporary": 1}
    clock.now += timedelta(minutes=1)
    assert sending.send_due(clock=clock) == {"sent": 1}
    marks = [str(each["body"]).rsplit("（", 1)[1][:3] for each in hooks.accepted()]
    assert marks == [f"{place}/{len(marks)}" for place in range(1, len(marks) + 1)] and len(marks) > 2
