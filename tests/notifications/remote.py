"""What a far end that refuses, limits, stalls and resets does to many messages: for the small and the full run."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import Min
from django.db.models.functions import Greatest

from accounts.models import Department, User
from notifications import sending
from notifications.keys import encrypt
from notifications.models import Attempt, Delivery, Dispatch, Hours, Notice, Robot
from notifications.rules import BrakeLimit
from tests.conftest import NOW
from tests.stubs import Answer, RobotServer, code

MINUTE = timedelta(minutes=1)


class AlwaysOpen:
    """Rules of sending under which every hour is working time and everything still matters."""

    def __init__(self, now: datetime):
        self.brake = BrakeLimit(0, MINUTE)

    def opening(self, moment: datetime, hours: Hours | None) -> datetime:
        return moment

    def slot(self, moment: datetime, hours: Hours | None) -> datetime:
        return moment

    def next_slot(self, moment: datetime, hours: Hours | None) -> datetime:
        return moment + timedelta(days=1)

    def standing(self, notices: Collection[Notice], now: datetime) -> set[int]:
        return {notice.pk for notice in notices}


def put_robot(server: RobotServer, channel: str, department: str, key: str, secret: str = "") -> Robot:
    """A robot of a unit, reached at the stub."""
    return Robot.objects.create(
        channel=channel,
        department=Department.objects.get(code=department),
        name=f"{department} {channel}",
        address=encrypt(server.address(channel, key)),
        secret=encrypt(secret) if secret else "",
    )


def queue(robots: Sequence[Robot], count: int, now: datetime = NOW) -> None:
    """``count`` messages of their own, dealt out to the robots, each with one notice."""
    person = User.objects.get(username="nyj_staff")
    notices = Notice.objects.bulk_create(
        [
            Notice(
                recipient=person, kind="report.chased", key=f"r7:{number}", title=f"催办：第 {number} 件",
                department=robots[number % len(robots)].department, created_at=now, not_before=now,
            )
            for number in range(count)
        ],
        batch_size=1000,
    )  # fmt: skip
    dispatches = Dispatch.objects.bulk_create(
        [
            Dispatch(
                channel=robots[number % len(robots)].channel, robot=robots[number % len(robots)],
                next_attempt_at=now, created_at=now,
            )
            for number in range(count)
        ],
        batch_size=1000,
    )  # fmt: skip
    Delivery.objects.bulk_create(
        [
            Delivery(notice=notice, channel=dispatch.channel, robot=dispatch.robot, not_before=now, dispatch=dispatch)
            for notice, dispatch in zip(notices, dispatches, strict=True)
        ],
        batch_size=1000,
    )


@dataclass
class Clock:
    """Moved by hand; a little with each look, so that no two messages share a moment."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=50)
        return self.now


def run(clock: Clock, *, most_hours: int = 60) -> Counter[str]:
    """Rounds of sending until nothing waits: each minute one, quiet minutes skipped."""
    done: Counter[str] = Counter()
    until = clock.now + timedelta(hours=most_hours)
    while clock.now < until:
        done += sending.send_due(clock=clock)
        waiting = Dispatch.objects.filter(state__in=("queued", "sending"))
        if not waiting.exists():
            return done
        clock.now += MINUTE
        # GREATEST of PostgreSQL takes no notice of NULL.
        due = waiting.aggregate(due=Min(Greatest("next_attempt_at", "robot__paused_until")))["due"]
        clock.now = max(clock.now, due)
    raise AssertionError(f"not done after {most_hours} h: {done}")


TROUBLES = (
    code(45009, "api freq out of limit"),
    code(-1, "system busy"),
    Answer(status=500),
    Answer(status=429, headers=(("Retry-After", "30"),)),
    Answer(how="reset"),
    Answer(how="reset_after"),
    Answer(b"not json"),
)


def make_trouble(server: RobotServer, keys: Sequence[str], share: float, count: int, seed: int) -> Counter[str]:
    """Let about ``share`` of each robot's answers be one of ``TROUBLES``; returns how many of which."""
    chance = random.Random(seed)
    told: Counter[str] = Counter()
    for key in keys:
        for _turn in range(count // len(keys)):
            answer = chance.choice(TROUBLES) if chance.random() < share else Answer()
            told[answer.how if answer.how != "answer" else f"{answer.status} {answer.body}"] += 1
            server.tell(key, answer)
    return told


def busiest_minute(robot: Robot) -> int:
    """The most tries that reached the robot in any 60 s, by the senders' own clock."""
    reached = Attempt.objects.filter(dispatch__robot=robot).exclude(code__in=("own_rate", "paused", "disabled"))
    moments = sorted(reached.values_list("started_at", flat=True))
    most, first = 0, 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= MINUTE:
            first += 1
        most = max(most, last - first + 1)
    return most


def references(server: RobotServer) -> Counter[str]:
    """How often the groups saw each message, by its reference."""
    seen: Counter[str] = Counter()
    for each in server.accepted():
        text = str(each["body"])
        seen["#K" + text.rsplit("#K", 1)[1][:8]] += 1
    return seen


def waits(dispatches: Sequence[Dispatch]) -> dict[int, list[timedelta]]:
    """After the n-th counted failure, how long each message waited for its next try."""
    found: defaultdict[int, list[timedelta]] = defaultdict(list)
    for dispatch in dispatches:
        counted = 0
        tries = list(dispatch.tries.order_by("id"))
        for this, following in pairwise(tries):
            if this.outcome != "temporary":
                continue
            counted += 1
            found[counted].append(following.started_at - this.started_at)
    return found
