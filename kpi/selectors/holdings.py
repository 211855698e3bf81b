"""Who holds which roles, since when, given by whom and why; and what of it deserves a second look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Max, Q

from accounts.models import ApiToken, AuditEntry, Membership, Role, User

UNUSED_AFTER = timedelta(days=90)


class Doubt(StrEnum):
    """What a security administrator looks at twice. None of it is forbidden; the database forbids the rest."""

    SIGNS_OWN = "signs_own"  # files and signs for one unit
    REVIEWS_OWN = "reviews_own"  # files or signs for a unit and reviews for the office
    DECIDES_OWN = "decides_own"  # a leader who also files, signs or reviews
    SEVERAL_UNITS = "several_units"  # files or signs for more than one unit
    DISABLED = "disabled"  # the account is off and still holds something
    UNUSED = "unused"  # not used for 90 days


@dataclass(frozen=True)
class Grant:
    """The entry that tells of a role: who gave it, when and why; ``None`` by the system itself."""

    by: str
    at: datetime
    reason: str
    seq: int


@dataclass(frozen=True)
class Holder:
    """A person with what they hold now or will hold, the last use of their account, and the doubts about it."""

    user: User
    held: Sequence[Membership]
    used_at: datetime | None
    doubts: frozenset[Doubt] = field(default=frozenset())


@dataclass(frozen=True)
class Filters:
    role: str = ""
    unit: str = ""
    person: str = ""
    doubt: str = ""

    @property
    def are_set(self) -> bool:
        return any((self.role, self.unit, self.person, self.doubt))


def holders(filters: Filters, *, today: date, real_now: datetime) -> list[Holder]:
    """Everybody who holds something on ``today`` or later, by user name (2 queries)."""
    running = Membership.objects.filter(Q(ends_on=None) | Q(ends_on__gt=today))
    by_user: dict[User, list[Membership]] = defaultdict(list)
    for held in running.select_related("user", "department", "post").order_by("user__username", "starts_on", "pk"):
        by_user[held.user].append(held)
    tokens = dict(ApiToken.objects.order_by().values_list("user").annotate(last=Max("last_used_at")))
    found = (_holder(user, held, tokens, today, real_now) for user, held in by_user.items())
    return [each for each in found if _is_wanted(each, filters)]


def _holder(
    user: User, held: list[Membership], tokens: Mapping[int, datetime | None], today: date, real_now: datetime
) -> Holder:
    used = max((at for at in (user.last_login, tokens.get(user.pk)) if at is not None), default=None)
    doubts = combination(held)
    if not user.is_active:
        doubts |= {Doubt.DISABLED}
    # Who never came at all is late once the role is old enough.
    is_unused = real_now - used > UNUSED_AFTER if used else today - min(each.starts_on for each in held) > UNUSED_AFTER
    return Holder(user, held, used, doubts | ({Doubt.UNUSED} if is_unused else set()))


def combination(held: Iterable[Membership]) -> frozenset[Doubt]:
    """What one person should hardly hold together: whoever files is checked by somebody else."""
    files = {each.department_id for each in held if each.role == Role.STAFF}
    signs = {each.department_id for each in held if each.role == Role.HEAD}
    roles = {each.role for each in held}
    found = {
        Doubt.SIGNS_OWN: bool(files & signs),
        Doubt.REVIEWS_OWN: Role.SUPERVISOR in roles and bool(files | signs),
        Doubt.DECIDES_OWN: Role.LEADER in roles and bool(roles & {Role.STAFF, Role.HEAD, Role.SUPERVISOR}),
        Doubt.SEVERAL_UNITS: len(files | signs) > 1,
    }
    return frozenset(doubt for doubt, holds in found.items() if holds)


def _is_wanted(holder: Holder, filters: Filters) -> bool:
    person = filters.person.lower()
    return (
        (not filters.role or any(each.role == filters.role for each in holder.held))
        and (not filters.unit or any(each.department and each.department.code == filters.unit for each in holder.held))
        and (not person or person in holder.user.username.lower() or person in holder.user.display_name.lower())
        and (not filters.doubt or filters.doubt in holder.doubts)
    )


def grants(held: Sequence[Membership]) -> dict[int, Grant]:
    """By membership the entry that made it: its own, or that of the account it was made with (1 query)."""
    own = Q(object_type="accounts.membership", object_id__in=[str(each.pk) for each in held])
    own &= Q(action__in=["membership.created", "membership.imported"], before__isnull=True)
    with_account = Q(object_type="accounts.user", object_id__in=[str(each.user_id) for each in held])
    found: dict[tuple[str, str], AuditEntry] = {}
    for entry in AuditEntry.objects.filter(own | (with_account & Q(action="user.created"))).order_by("seq"):
        found.setdefault((entry.object_type, entry.object_id), entry)
    told = {}
    for each in held:
        entry = found.get(("accounts.membership", str(each.pk))) or found.get(("accounts.user", str(each.user_id)))
        if entry is not None:
            told[each.pk] = Grant(
                entry.actor_label if entry.actor_id else "", entry.occurred_at, entry.reason, entry.seq
            )
    return told


def history(user: User) -> tuple[list[Membership], list[AuditEntry]]:
    """All the person ever held, the latest first, and the entries about it and about the account (2 queries)."""
    held = list(
        Membership.objects.filter(user=user).select_related("user", "department", "post").order_by("-starts_on", "-pk")
    )
    about = Q(object_type="accounts.membership", object_id__in=[str(each.pk) for each in held])
    account = Q(object_type="accounts.user", object_id=str(user.pk), action__in=ACCOUNT_ACTIONS)
    return held, list(AuditEntry.objects.filter(about | account).select_related("actor").order_by("-seq")[:MOST_TOLD])


ACCOUNT_ACTIONS = (
    "user.created", "user.changed", "user.imported", "session.unlocked", "second_factor.forgotten",
)  # fmt: skip
MOST_TOLD = 200
