"""Who may put a department's name to a report, and in which capacity. The table is tests/domain/cases/signing.csv."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kpi.domain.errors import DomainError, NotPermitted


class Capacity(StrEnum):
    """As the head, or for the head who lent the signature."""

    HEAD = "head"
    DELEGATE = "delegate"


@dataclass(frozen=True)
class Signing:
    """``is_own_submission`` says that the same person filed it: allowed to a delegate only, and shown on the record."""

    capacity: Capacity
    is_own_submission: bool = False


def signing(*, is_head: bool, is_delegate: bool, is_submitter: bool, is_batch: bool = False) -> Signing:
    """How somebody signs.

    A head in their own right never needs a delegation; whoever submitted signs only by delegation and never in a
    batch. Raises ``NotPermitted`` or ``signer_is_author``.
    """
    if not (is_head or is_delegate):
        raise NotPermitted("not_permitted")
    if not is_submitter:
        return Signing(Capacity.HEAD if is_head else Capacity.DELEGATE)
    if not is_delegate or is_batch:
        raise DomainError("signer_is_author")
    return Signing(Capacity.DELEGATE, is_own_submission=True)
