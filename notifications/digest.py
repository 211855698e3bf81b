"""The words of a message: what is new in it, and in a digest everything else that is still open."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from notifications.messages import BEFORE_GROUP
from notifications.models import Dispatch, Notice, NoticeState
from notifications.selectors import asking

# Messages are read by people who did not choose a language here: they are written in the product's own.
LANGUAGE = "zh-hans"


@dataclass(frozen=True)
class Words:
    """Subject and text of one message."""

    subject: str
    text: str


def open_for(dispatch: Dispatch, now: datetime) -> list[Notice]:
    """Everything open that a digest to this person or group lists, oldest first (1 query)."""
    if dispatch.recipient_id is not None:
        found = asking(dispatch.recipient, now)
    else:
        found = Notice.objects.filter(
            department=dispatch.robot.department_id, kind__in=BEFORE_GROUP, state=NoticeState.OPEN, not_before__lte=now
        )
    return list(found.select_related("recipient").order_by("created_at", "id"))


def compose(dispatch: Dispatch, new: Collection[Notice], others: Collection[Notice]) -> Words:
    """The words of a dispatch: ``new`` is what it goes out for, ``others`` what was open before."""
    new, others = _once_each(new, dispatch), _once_each(others, dispatch)
    said = {_subject_of(notice) for notice in new}
    others = [notice for notice in others if _subject_of(notice) not in said]
    with override(LANGUAGE):
        lines = [_greeting(dispatch), "", *_numbered(new, 1)]
        if others:
            lines += [_("此前提醒过、还没有办完的："), "", *_numbered(others, len(new) + 1)]
        lines.append(_("消息编号：%(reference)s") % {"reference": reference_of(dispatch)})
        return Words(_subject(new, len(new) + len(others)), "\n".join(lines))


def reference_of(dispatch: Dispatch) -> str:
    """A short code that stays with the message, however often it is sent: a double is recognised by it."""
    return f"#K{dispatch.uuid.hex[:8].upper()}"


def _greeting(dispatch: Dispatch) -> str:
    name = dispatch.recipient.display_name if dispatch.recipient else dispatch.robot.department.short_name
    return _("%(name)s：") % {"name": name}


def _subject(new: list[Notice], count: int) -> str:
    first = new[0].title
    return first if count == 1 else _("%(count)s 项任务需要处理：%(first)s 等") % {"count": count, "first": first}


def _numbered(notices: Iterable[Notice], start: int) -> list[str]:
    lines: list[str] = []
    for number, notice in enumerate(notices, start):
        # Whatever people typed stays on the item's own lines: channels show the text by its lines.
        lines.append(f"{number}. {' '.join(notice.title.split())}")
        lines += [f"   {row}" for row in map(str.strip, notice.body.splitlines()) if row]
        if notice.url:
            lines.append(f"   {settings.SITE_URL}{notice.url}")
        lines.append("")
    return lines


def _once_each(notices: Collection[Notice], dispatch: Dispatch) -> list[Notice]:
    """In a group several people are told of the same report: one line is enough, the highest step's."""
    if dispatch.robot_id is None:
        return list(notices)
    highest: dict[tuple[str, ...], Notice] = {}
    for notice in notices:
        subject = _subject_of(notice)
        if subject not in highest or notice.level > highest[subject].level:
            highest[subject] = notice
    return list(highest.values())


def _subject_of(notice: Notice) -> tuple[str, ...]:
    return (notice.kind, notice.subject_code, notice.period, notice.url)
