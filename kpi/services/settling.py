"""What has been done need not be asked for any more: notices are closed in the transaction that does it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.timezone import localtime

from kpi.domain.reminders import Audience, Holding, Ladder
from kpi.models import Directive, Indicator, Period, Submission
from kpi.selectors.obligations import LAMPS, owed_at
from kpi.selectors.reminding import ground_on
from notifications import outbox
from notifications.models import Notice, NoticeState

# The kinds that the ladders plan, by ladder.
KINDS_OF = {
    Ladder.REPORT: ("report.due", "report.overdue"),
    Ladder.SIGN_OFF: ("signoff.waiting",),
    Ladder.REVIEW: ("review.waiting",),
    Ladder.DIRECTIVE: ("directive.due", "directive.overdue"),
    Ladder.AMBER: ("lamp.amber",),
    Ladder.RED: ("lamp.red",),
}
LADDER_OF = {kind: ladder for ladder, kinds in KINDS_OF.items() for kind in kinds}
LADDER_KINDS = tuple(LADDER_OF)
DUE_KINDS = KINDS_OF[Ladder.REPORT]
LAMP_KINDS = (*KINDS_OF[Ladder.AMBER], *KINDS_OF[Ladder.RED])
FOR_SIGNATURE = (*KINDS_OF[Ladder.SIGN_OFF], "submission.submitted")
FOR_REVIEW = (*KINDS_OF[Ladder.REVIEW], "submission.signed_off")
# Nobody who may write a directive is in a unit: the others get a link to look, not to write.
MAY_DIRECT = frozenset({Audience.SUPERVISOR, Audience.LEADER})


def filed(*, indicator: Indicator, period: Period, now: datetime) -> None:
    """Whatever reminds of filing it, or of mending what came back."""
    _cancel(indicator, period, (*DUE_KINDS, "report.chased", "submission.returned"), now)


def signed(submission: Submission, *, now: datetime) -> None:
    _cancel(submission.indicator, submission.period, FOR_SIGNATURE, now)


def decided(submission: Submission, *, now: datetime) -> None:
    """Approved, returned, withdrawn: it waits for nobody any more."""
    _cancel(submission.indicator, submission.period, (*FOR_SIGNATURE, *FOR_REVIEW), now)


def published(period: Period, *, now: datetime) -> None:
    """The month is closed: nothing is filed, signed or reviewed for it; lamps that got better are no news."""
    asking = (*DUE_KINDS, *FOR_SIGNATURE, *FOR_REVIEW, "submission.returned")
    outbox.close(
        Notice.objects.filter(period=period.code, kind__in=asking, state=NoticeState.OPEN), NoticeState.CANCELLED, now
    )
    lamps_changed(now=now)


def lamps_changed(*, now: datetime, codes: Collection[str] | None = None) -> None:
    """Published anew, or a directive has been sent: reminders of lamps that no longer call for one."""
    found = Notice.objects.filter(kind__in=LAMP_KINDS, state=NoticeState.OPEN)
    if codes is not None:
        found = found.filter(subject_code__in=codes)
    keys = list(found.values_list("key", flat=True))
    if not keys:
        return
    holding = Holding(ground_on(localtime(now).date()).policy, owed_at(now, ladders=LAMPS, codes=codes))
    over = [key for key in keys if not holding.stands(key)]
    outbox.close(Notice.objects.filter(key__in=over, state=NoticeState.OPEN), NoticeState.CANCELLED, now)


def directed(directive: Directive, *, now: datetime) -> None:
    """A directive has been sent about the indicator: its lamp need not be pointed out any more."""
    lamps_changed(now=now, codes=[directive.indicator.code])


def _cancel(indicator: Indicator, period: Period, kinds: tuple[str, ...], now: datetime) -> None:
    outbox.cancel(subject_code=indicator.code, period=period.code, kinds=kinds, now=now)
