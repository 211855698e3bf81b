"""How often a robot may speak: no number of senders exceeds the platform's rate in any minute."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from notifications.channels.base import RateLimited
from notifications.models import Robot

# WeCom and DingTalk both allow 20 messages a minute and robot (their developers' pages).
MOST_PER_MINUTE = 20
MINUTE = timedelta(minutes=1)


@transaction.atomic
def take_turn(robot: Robot, *, now: datetime) -> None:
    """Count one message; raises ``RateLimited`` with the time to wait where the minute is full or the robot pauses."""
    locked = Robot.objects.select_for_update(no_key=True).get(pk=robot.pk)
    if locked.paused_until is not None and locked.paused_until > now:
        raise RateLimited(_("机器人正在暂停"), "paused", locked.paused_until - now)
    recent = [moment for moment in locked.recent_sends if moment > now - MINUTE]
    if len(recent) >= MOST_PER_MINUTE:
        raise RateLimited(_("每分钟最多 20 条，稍后再发"), "own_rate", min(recent) + MINUTE - now)
    Robot.objects.filter(pk=robot.pk).update(recent_sends=[*recent, now])


def pause(robot: Robot, *, until: datetime) -> None:
    """Nothing goes out through this robot before ``until``."""
    Robot.objects.filter(pk=robot.pk).update(paused_until=until)
