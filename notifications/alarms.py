"""What the office and the administrators must hear about sending itself: always in the inbox, never by a channel."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Membership, Role, User
from notifications import outbox
from notifications.channels.base import Failure
from notifications.digest import LANGUAGE
from notifications.models import Dispatch, Robot

LOG = "/notices/log/"
ROBOTS = "/notices/robots/"


def dead(dispatch: Dispatch, problem: Failure, *, now: datetime) -> None:
    """A message could not be delivered; the office may try again or pick up the telephone."""
    to = dispatch.robot.name if dispatch.robot else dispatch.recipient.display_name
    with override(LANGUAGE):
        title = _("消息无法送达：%(name)s（%(channel)s）") % {"name": to, "channel": dispatch.get_channel_display()}
    _tell("delivery.dead", str(dispatch.uuid), title, str(problem), f"{LOG}?state=dead", (Role.SUPERVISOR,), now)


def disable(robot: Robot, problem: Failure, *, now: datetime) -> None:
    """Its key is wrong: no message will ever get through, so it is switched off until somebody mends it."""
    Robot.objects.filter(pk=robot.pk).update(is_enabled=False, disabled_reason=str(problem)[:200], disabled_at=now)
    with override(LANGUAGE):
        title = _("群机器人已停用：%(name)s") % {"name": robot.name}
    roles = (Role.SUPERVISOR, Role.SYSTEM_ADMIN)
    _tell("robot.disabled", f"{robot.pk}:{now:%Y%m%dT%H%M%S}", title, str(problem), ROBOTS, roles, now)


def out_of_order(dispatch: Dispatch, problem: Failure, *, now: datetime) -> None:
    """A channel's own settings are wrong; once a day, because nothing is lost while it waits."""
    with override(LANGUAGE):
        title = _("%(channel)s渠道不能发送，消息都在等候") % {"channel": dispatch.get_channel_display()}
    roles = (Role.SUPERVISOR, Role.SYSTEM_ADMIN)
    _tell("channel.broken", f"{dispatch.channel}:{now:%Y%m%d}", title, str(problem), LOG, roles, now)


def braked(count: int, *, now: datetime) -> None:
    """So many messages in so short a time are a fault until a person has looked."""
    with override(LANGUAGE):
        title = _("短时间内已发送 %(count)s 条消息，发送已暂停，请核实后恢复") % {"count": count}
    _tell("brake.pulled", f"{now:%Y%m%dT%H%M}", title, "", LOG, (Role.SUPERVISOR, Role.SYSTEM_ADMIN), now)


def _tell(kind: str, occasion: str, title: str, body: str, url: str, roles: tuple[Role, ...], now: datetime) -> None:
    held = Membership.objects.active_on(now.date()).filter(role__in=roles)
    people = User.objects.filter(pk__in=held.values("user"), is_active=True)
    outbox.enqueue_many(
        [
            outbox.Draft(
                kind=kind, recipient=person, key=f"{kind}:{occasion}:u{person.pk}", title=title, body=body, url=url
            )
            for person in people
        ],
        now=now,
    )
