"""When people may be disturbed, and the slots at which their digests go out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time

from kpi.domain.calendar import WorkCalendar


@dataclass(frozen=True)
class OfficeHours:
    """Hours of a workday in which anybody may be disturbed; ``slots`` are the digest times in them, in order."""

    opens_at: time
    closes_at: time
    slots: tuple[time, ...]

    def narrowed(self, opens_at: time | None, closes_at: time | None, digest_at: time | None) -> OfficeHours:
        """A person's own hours inside the general ones; ``digest_at`` takes the place of the first slot.

        Slots outside the person's hours are left out; where none is left there is one when the hours open.
        """
        opens = max(self.opens_at, opens_at) if opens_at else self.opens_at
        closes = min(self.closes_at, closes_at) if closes_at else self.closes_at
        if opens >= closes:
            return self
        wanted = (digest_at, *self.slots[1:]) if digest_at else self.slots
        kept = tuple(sorted({slot for slot in wanted if opens <= slot < closes}))
        return replace(self, opens_at=opens, closes_at=closes, slots=kept or (opens,))

    def opening(self, moment: datetime, calendar: WorkCalendar) -> datetime:
        """``moment`` itself inside the hours of a workday, else the next time they open."""
        day = moment.date()
        if calendar.is_workday(day) and moment.time() < self.closes_at:
            return max(moment, _at(day, self.opens_at, moment))
        return _at(calendar.add_workdays(day, 1), self.opens_at, moment)

    def slot(self, moment: datetime, calendar: WorkCalendar) -> datetime:
        """The slot that serves ``moment``: the latest of its workday that has begun, else the next one."""
        begun = [slot for slot in self.slots if slot <= moment.time()]
        if calendar.is_workday(moment.date()) and begun and moment.time() < self.closes_at:
            return _at(moment.date(), begun[-1], moment)
        return self.next_slot(moment, calendar)

    def next_slot(self, moment: datetime, calendar: WorkCalendar) -> datetime:
        """The first slot after ``moment``."""
        day = moment.date()
        if calendar.is_workday(day):
            for slot in self.slots:
                if slot > moment.time():
                    return _at(day, slot, moment)
        return _at(calendar.add_workdays(day, 1), self.slots[0], moment)


def _at(day: date, clock: time, like: datetime) -> datetime:
    return datetime.combine(day, clock, like.tzinfo)
