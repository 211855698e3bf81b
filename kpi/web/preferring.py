"""The page of a person's choices: a matrix of event groups and ways, the hours, and what they come to in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from kpi import labels
from kpi.domain.hours import OfficeHours
from kpi.models import ReminderPolicy
from kpi.services.content import FieldError
from kpi.services.preferences import TIMES
from notifications import selectors
from notifications.messages import EVENT_GROUPS, KINDS
from notifications.models import Channel, Hours

# Of a phone number only its ends are shown: the page may be seen over a shoulder.
SHOWN_AHEAD, SHOWN_BEHIND = 3, 4


@dataclass(frozen=True)
class Way:
    """A channel that reaches the person, and where it leads."""

    channel: str
    label: Promise | str
    address: str


@dataclass(frozen=True)
class Cell:
    """One group on one way: whether it is chosen, for which kinds, and which come whatever is chosen."""

    value: str
    way: Way
    is_chosen: bool
    chosen: Sequence[Promise | str]
    always: Sequence[Promise | str]


@dataclass(frozen=True)
class Line:
    code: str
    label: Promise | str
    kinds: Sequence[Promise | str]
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Choices:
    """What stands in the form: pairs of group and channel, and the three times as text."""

    wanted: frozenset[tuple[str, str]]
    times: Mapping[str, str]
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)

    @classmethod
    def stored(cls, user: User, hours: Hours | None) -> Choices:
        """A group is chosen while any of the kinds that may be switched off still comes."""
        muted = selectors.muted_by(user)
        wanted = {
            (kind.group, str(channel))
            for code, kind in KINDS.items()
            for channel in kind.channels
            if kind.may_be_muted and (code, channel) not in muted
        }
        found = {name: getattr(hours, name, None) for name in TIMES}
        return cls(frozenset(wanted), {name: f"{at:%H:%M}" if at else "" for name, at in found.items()})


def ways_of(user: User) -> list[Way]:
    """The channels of the matrix beside the inbox."""
    return [
        Way(channel, Channel(channel).label, masked(address) if channel == Channel.SMS else address)
        for channel, address in selectors.channels_of(user).items()
    ]


def masked(number: str) -> str:
    """“138****5678”; of a short number nothing but its end."""
    if len(number) <= SHOWN_AHEAD + SHOWN_BEHIND:
        return "*" * max(len(number) - 2, 0) + number[-2:]
    hidden = "*" * (len(number) - SHOWN_AHEAD - SHOWN_BEHIND)
    return number[:SHOWN_AHEAD] + hidden + number[-SHOWN_BEHIND:]


def lines_of(choices: Choices, ways: Sequence[Way]) -> list[Line]:
    """The matrix, a line for each event group."""
    return [
        Line(
            code,
            label,
            [kind.label for kind in KINDS.values() if kind.group == code],
            [_cell(code, way, choices.wanted) for way in ways],
        )
        for code, label in EVENT_GROUPS.items()
    ]


def _cell(group: str, way: Way, wanted: Collection[tuple[str, str]]) -> Cell:
    kinds = [kind for kind in KINDS.values() if kind.group == group and way.channel in kind.channels]
    return Cell(
        value=f"{group}:{way.channel}",
        way=way,
        is_chosen=(group, way.channel) in wanted,
        chosen=[kind.label for kind in kinds if kind.may_be_muted],
        always=[kind.label for kind in kinds if not kind.may_be_muted],
    )


def effect(policy: ReminderPolicy, general: OfficeHours, hours: Hours | None) -> str:
    """What the hours come to: “每个工作日 09:00、16:00 各至多一封汇总；……”."""
    own = general.narrowed(hours.opens_at, hours.closes_at, hours.digest_at) if hours else general
    slots = [_clock(slot) for slot in own.slots]
    words = {"slots": "、".join(slots), "opens": _clock(own.opens_at), "closes": _clock(own.closes_at)}
    digests = (
        _("每个工作日 %(slots)s 至多一封汇总") if len(slots) == 1 else _("每个工作日 %(slots)s 各至多一封汇总")
    ) % words
    urgent = _("退回、批示等急件在 %(opens)s 至 %(closes)s 之间随到随发") % words
    exempt = {step.ladder for step in policy.steps.all() if step.passes_quiet_hours}
    if not exempt:
        return "；".join((digests, urgent, _("其他时间不打扰。")))
    named = "、".join(labels.words(labels.LADDER, sorted(exempt)))
    return "；".join((digests, urgent, _("其他时间不打扰，“%(ladders)s”督办除外。") % {"ladders": named}))


def _clock(at: time) -> str:
    return f"{at:%H:%M}"
