"""Which ways a notice takes, and from when: its kind's channels, what the person muted, who can be reached how."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings

from accounts import phones
from notifications.messages import GROUPS, KINDS, MessageKind
from notifications.models import Channel, Delivery, DeliveryState, Dispatch, Hours, Notice, Preference, Robot
from notifications.rules import Rules, rules

if TYPE_CHECKING:
    from notifications.outbox import Draft

# Who or what a message goes to: the channel with the person's or the robot's id.
Target = tuple[str, int]


@dataclass(frozen=True)
class Routes:
    """Everything routing asks about, read once for any number of notices (4 queries and those of the rules)."""

    rules: Rules
    muted: frozenset[tuple[int, str, str]]
    hours: Mapping[int, Hours]
    robots: Mapping[tuple[int, str], Robot]
    used_slots: frozenset[tuple[Target, datetime]]

    @classmethod
    def load(cls, notices: Collection[Notice], now: datetime, found: Rules | None = None) -> Routes:
        people = {notice.recipient_id for notice in notices}
        muted = Preference.objects.filter(user__in=people, is_enabled=False)
        enabled = Robot.objects.filter(is_enabled=True, department__isnull=False)
        used = Dispatch.objects.filter(slot__date__gte=now.date()).values_list(
            "channel", "recipient_id", "robot_id", "slot"
        )
        return cls(
            rules=found or rules(now),
            muted=frozenset(muted.values_list("user_id", "kind", "channel")),
            hours={found.user_id: found for found in Hours.objects.filter(user__in=people)},
            robots={(robot.department_id, robot.channel): robot for robot in enabled},
            used_slots=frozenset(((channel, person or robot), slot) for channel, person, robot, slot in used),
        )

    def deliveries(self, draft: Draft, notice: Notice) -> Iterator[Delivery]:
        """One delivery for each channel that reaches the recipient."""
        kind = KINDS[notice.kind]
        for channel in kind.channels if draft.is_pushed else (Channel.INBOX,):
            if channel == Channel.INBOX:
                # The in-app message is the notice itself: it is delivered by being there.
                yield Delivery(
                    notice=notice,
                    channel=channel,
                    state=DeliveryState.SENT,
                    not_before=notice.not_before,
                    sent_at=notice.not_before,
                )
            elif self._reaches(notice, kind, channel):
                yield self._outgoing(draft, notice, kind, channel)

    def _reaches(self, notice: Notice, kind: MessageKind, channel: str) -> bool:
        if channel in GROUPS:
            return (notice.department_id, channel) in self.robots
        if kind.may_be_muted and (notice.recipient_id, notice.kind, channel) in self.muted:
            return False
        if channel == Channel.SMS:
            return bool(phones.normalised(notice.recipient.phone) and settings.SMS_GATEWAY_URL)
        return bool(notice.recipient.email)

    def _outgoing(self, draft: Draft, notice: Notice, kind: MessageKind, channel: str) -> Delivery:
        robot = self.robots[notice.department_id, channel] if channel in GROUPS else None
        hours = None if robot else self.hours.get(notice.recipient_id)
        return Delivery(
            notice=notice,
            channel=channel,
            robot=robot,
            is_digest=kind.is_digest,
            not_before=self._moment(draft, notice, kind, (channel, robot.pk if robot else notice.recipient_id), hours),
        )

    def _moment(self, draft: Draft, notice: Notice, kind: MessageKind, target: Target, hours: Hours | None) -> datetime:
        if draft.passes_quiet_hours:
            return notice.not_before
        if not kind.is_digest:
            return self.rules.opening(notice.not_before, hours)
        slot = self.rules.slot(notice.not_before, hours)
        # Its digest has gone out already: the notice waits for the next one.
        while (target, slot) in self.used_slots:
            slot = self.rules.next_slot(slot, hours)
        return slot
