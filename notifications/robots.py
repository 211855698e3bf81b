"""Robots of chat groups: put on record, given another key, tried out, switched off and on.

Addresses and secrets are kept encrypted, shown by their last characters only, and stand in no audit entry.
"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import audit
from accounts.models import Department
from accounts.permissions import Actor, require
from notifications import pace
from notifications.channels import hooks
from notifications.channels.base import Failure, Message, PermanentFailure, RateLimited
from notifications.channels.registry import ADAPTERS
from notifications.digest import LANGUAGE
from notifications.keys import UnreadableSecret, decrypt, encrypt
from notifications.models import Robot
from notifications.policies import may_manage_robots


class RobotTaken(Exception):
    """The unit already has an enabled robot on this channel."""


def hook_of(robot: Robot) -> tuple[str, str]:
    """Address and secret in the clear; raises ``UnreadableSecret`` where their key is no longer known."""
    return decrypt(robot.address), decrypt(robot.secret) if robot.secret else ""


def shown_address(robot: Robot) -> str:
    """The host and the last characters of the key."""
    try:
        return hooks.masked(decrypt(robot.address), robot.channel)
    except UnreadableSecret:
        return _("无法读取，请重新填写")


def add(
    *, channel: str, department: Department, name: str, address: str, secret: str, actor: Actor, now: datetime
) -> Robot:
    """Put a robot on record, enabled. Raises ``hooks.HookRefused`` and ``RobotTaken``."""
    require(may_manage_robots(actor), "not_permitted")
    hooks.place_of(address, channel)
    robot = Robot(channel=channel, department=department, name=name, address=encrypt(address), secret=_sealed(secret))
    _save(robot, "robot.added", actor, now, before=None)
    return robot


def replace_hook(*, robot: Robot, address: str, secret: str, actor: Actor, now: datetime) -> None:
    """Another address and secret for the same group; the robot is enabled with it."""
    require(may_manage_robots(actor), "not_permitted")
    hooks.place_of(address, robot.channel)
    before = _said(robot)
    robot.address, robot.secret = encrypt(address), _sealed(secret)
    _switch_on(robot)
    robot.paused_until = None
    _save(robot, "robot.hook_replaced", actor, now, before)


def disable(*, robot: Robot, reason: str, actor: Actor, now: datetime) -> None:
    """Nothing goes out through it any more; what waits for it is given up and stays visible."""
    require(may_manage_robots(actor), "not_permitted")
    before = _said(robot)
    robot.is_enabled, robot.disabled_reason, robot.disabled_at = False, reason or _("人工停用"), now
    _save(robot, "robot.disabled", actor, now, before)


def enable(*, robot: Robot, actor: Actor, now: datetime) -> None:
    """Use it again. Raises ``RobotTaken`` where another has taken its place."""
    require(may_manage_robots(actor), "not_permitted")
    before = _said(robot)
    _switch_on(robot)
    _save(robot, "robot.enabled", actor, now, before)


def try_out(*, robot: Robot, actor: Actor, now: datetime) -> Failure | None:
    """Send one message to the group now; ``None`` when the robot took it, else what it said.

    Works for a robot that is switched off too: that is how one finds out whether it may be switched on.
    """
    require(may_manage_robots(actor), "not_permitted")
    failure = _speak(robot, actor, now)
    with transaction.atomic():
        answer = (failure.code or type(failure).__name__) if failure else "sent"
        audit.record(
            action="robot.tried_out", obj=robot, actor=actor.user, now=now,
            after={"answer": answer}, department_code=_unit(robot),
        )  # fmt: skip
    return failure


def _speak(robot: Robot, actor: Actor, now: datetime) -> Failure | None:
    try:
        address, secret = hook_of(robot)
        pace.take_turn(robot, now=now)
        ADAPTERS[robot.channel].send(_test_message(address, secret, actor))
    except UnreadableSecret:
        return PermanentFailure(_("机器人的密钥无法读取，请重新填写"), "unreadable")
    except RateLimited as problem:
        pace.pause(robot, until=now + problem.pause)
        return problem
    except Failure as problem:
        return problem
    return None


def _test_message(address: str, secret: str, actor: Actor) -> Message:
    uuid = uuid4()
    reference = f"#K{uuid.hex[:8].upper()}"
    with override(LANGUAGE):
        subject = _("测试消息")
        words = _("测试消息：由 %(name)s 发出，收到说明群机器人可以使用，无需处理。") % {
            "name": actor.user.display_name
        }
        footer = _("消息编号：%(reference)s") % {"reference": reference}
    return Message(
        address=address, secret=secret, subject=subject, text=f"{words}\n\n{footer}",
        message_id=f"<{uuid}>", reference=reference,
    )  # fmt: skip


def _switch_on(robot: Robot) -> None:
    robot.is_enabled, robot.disabled_reason, robot.disabled_at = True, "", None


def _save(robot: Robot, action: str, actor: Actor, now: datetime, before: dict[str, object] | None) -> None:
    try:
        with transaction.atomic():
            # Not what senders write meanwhile: the minute's sends.
            fields = [field.name for field in robot._meta.concrete_fields if field.name not in ("id", "recent_sends")]
            robot.save(update_fields=None if robot._state.adding else fields)
            audit.record(
                action=action, obj=robot, actor=actor.user, now=now,
                before=before, after=_said(robot), department_code=_unit(robot),
            )  # fmt: skip
    except IntegrityError as problem:
        if "robot_one_per_group" in str(problem):
            raise RobotTaken from None
        raise


def _said(robot: Robot) -> dict[str, object]:
    """What the audit keeps: never the address, of which only the host is no secret."""
    return {
        "channel": robot.channel,
        "name": robot.name,
        "host": shown_address(robot).partition(" ")[0],
        "is_signed": bool(robot.secret),
        "is_enabled": robot.is_enabled,
        "disabled_reason": robot.disabled_reason,
    }


def _sealed(secret: str) -> str:
    return encrypt(secret) if secret else ""


def _unit(robot: Robot) -> str:
    return robot.department.code if robot.department else ""
