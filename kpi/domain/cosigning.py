"""Whether every supporting unit stands by its part of a report. The table is tests/domain/cases/cosigning.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar


class Stance(StrEnum):
    """What a supporting unit says about its part."""

    CONFIRMED = "confirmed"
    OBJECTED = "objected"


Unit = TypeVar("Unit")


@dataclass(frozen=True)
class CoSigning(Generic[Unit]):
    """Units by what they said about the report as it was filed last, in the order asked."""

    confirmed: tuple[Unit, ...] = ()
    objected: tuple[Unit, ...] = ()
    missing: tuple[Unit, ...] = ()

    @property
    def is_asked(self) -> bool:
        return bool(self.confirmed or self.objected or self.missing)

    @property
    def is_complete(self) -> bool:
        """Nobody missing and nobody objecting; so it is where nobody was asked."""
        return not (self.objected or self.missing)


def cosigning(asked: Sequence[Unit], stances: Mapping[Unit, Stance]) -> CoSigning[Unit]:
    """Sort the units asked by their latest stance; what others said does not count."""
    found: dict[Stance | None, list[Unit]] = {Stance.CONFIRMED: [], Stance.OBJECTED: [], None: []}
    for unit in asked:
        found[stances.get(unit)].append(unit)
    return CoSigning(tuple(found[Stance.CONFIRMED]), tuple(found[Stance.OBJECTED]), tuple(found[None]))
