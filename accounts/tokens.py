"""API tokens: made and shown once, recognized by their digest, narrowed to what they are for, and taken back.

A token stands for its owner and never does more than the owner could at that moment: rights are read anew with every
request, and who is switched off, or owes a second factor that is not set up, takes the tokens along.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import audit, second_factor
from accounts.models import WHOLE_CITY, ApiToken, Department, Role, Scope, TokenKind
from accounts.models.tokens import LONGEST_DAYS
from accounts.permissions import Actor, PermissionRefused, require

# “kpi_<prefix>_<secret>”: a shape that scanners for leaked secrets can look for.
SHAPE = re.compile(r"kpi_([23456789abcdefghijkmnpqrstuvwxyz]{8})_([A-Za-z0-9_-]{43})")
# A use or a refusal within a minute of the last is not worth a write.
NOTED_EVERY = timedelta(minutes=1)
OF_A_UNIT = (Role.STAFF, Role.HEAD)


@dataclass(frozen=True)
class Wish:
    """What somebody asks for; without ``departments`` the token reaches as far as its owner."""

    kind: TokenKind
    name: str
    scopes: Collection[Scope]
    days: int
    departments: Collection[Department] = ()


@dataclass(frozen=True)
class Issued:
    """A new token with its text, which is nowhere else."""

    token: ApiToken
    text: str


def scopes_for(actor: Actor) -> list[Scope]:
    """What the roles of a person could use, in the order of the form."""
    files, decides = bool(actor.department_ids), actor.is_supervisor or actor.is_leader
    useful = {
        Scope.READ: True,
        Scope.FILE: files,
        Scope.SIGN: files,
        Scope.REVIEW: actor.is_supervisor,
        Scope.DIRECT: files or decides,
        Scope.EXPORT: files or decides,
        Scope.INBOX: True,
        **dict.fromkeys(WHOLE_CITY, actor.is_supervisor),
    }
    return [scope for scope in Scope if useful[scope]]


def departments_for(actor: Actor) -> QuerySet[Department]:
    """Units a token may be narrowed to: a unit's people choose among their own."""
    units = Department.objects.filter(is_active=True).order_by("ordinal", "code")
    is_all = actor.is_supervisor or actor.is_leader
    return units if is_all else units.filter(pk__in=actor.department_ids)


@transaction.atomic
def issue(*, wish: Wish, actor: Actor, now: datetime) -> Issued:
    """Make a token. Raises ``PermissionRefused`` for a scope, unit or time beyond the person's own, and for what
    concerns the whole city (``WHOLE_CITY``) beside a limit to some units."""
    require(set(wish.scopes) <= set(scopes_for(actor)), "token_beyond_rights")
    require(
        {unit.pk for unit in wish.departments} <= {unit.pk for unit in departments_for(actor)}, "token_beyond_rights"
    )
    require(not (wish.departments and WHOLE_CITY & set(wish.scopes)), "token_whole_city")
    require(1 <= wish.days <= LONGEST_DAYS, "token_too_long", limit=LONGEST_DAYS)
    require(not _lacks_second_factor(actor), "second_factor_required")
    prefix = "".join(secrets.choice(second_factor.ALPHABET) for _ in range(8))
    text = f"kpi_{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=actor.user,
        kind=wish.kind,
        name=wish.name,
        prefix=prefix,
        sha256=_digest(text),
        scopes=[scope for scope in Scope if scope is Scope.READ or scope in wish.scopes],
        created_at=now,
        expires_at=now + timedelta(days=wish.days),
    )
    token.departments.set(wish.departments)
    after = {
        "kind": str(wish.kind),
        "name": wish.name,
        "scopes": token.scopes,
        "departments": sorted(unit.code for unit in wish.departments),
        "expires_at": token.expires_at,
    }
    audit.record(action="token.made", obj=token, actor=actor.user, now=now, after=after)
    return Issued(token, text)


def visible_to(actor: Actor) -> QuerySet[ApiToken]:
    """One's own; the system administrator also every service token."""
    shown = Q(user=actor.user)
    if actor.has(Role.SYSTEM_ADMIN):
        shown |= Q(kind=TokenKind.SERVICE)
    return ApiToken.objects.filter(shown).select_related("user").prefetch_related("departments")


@transaction.atomic
def revoke(*, token: ApiToken, actor: Actor, now: datetime) -> None:
    """It opens nothing from now on; the row stays. Revoked once more, nothing is written."""
    held = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    is_admins = actor.has(Role.SYSTEM_ADMIN) and held.kind == TokenKind.SERVICE
    require(held.user_id == actor.user.pk or is_admins, "not_permitted")
    if held.revoked_at is not None:
        return
    held.revoked_at, held.revoked_by = now, actor.user
    held.save(update_fields=["revoked_at", "revoked_by"])
    audit.record(action="token.revoked", obj=held, actor=actor.user, now=now)


def find(text: str) -> ApiToken | None:
    """The token whose text this is, in force or not (2 queries)."""
    shape = SHAPE.fullmatch(text)
    if shape is None:
        return None
    found = ApiToken.objects.filter(prefix=shape[1]).select_related("user").prefetch_related("departments").first()
    return found if found is not None and hmac.compare_digest(found.sha256, _digest(text)) else None


def refusal(token: ApiToken, actor: Actor, now: datetime) -> str:
    """Why it opens nothing now, as a code; empty where it does."""
    if token.revoked_at is not None:
        return "token_revoked"
    if token.expires_at <= now:
        return "token_expired"
    if not token.user.is_active:
        return "token_owner_inactive"
    return "second_factor_required" if _lacks_second_factor(actor) else ""


def narrowed(actor: Actor, token: ApiToken) -> Actor:
    """The owner as the token stands for them: only what they hold in its units, where it names some.

    What is held in no unit, as the office's role, stays: the units a request concerns are checked where it is answered.
    """
    units = reach(token)
    if units is None:
        return actor
    kept = (held for held in actor.memberships if held.role not in OF_A_UNIT or held.department_id in units)
    return replace(actor, memberships=tuple(kept))


def reach(token: ApiToken) -> frozenset[int] | None:
    """The units it is narrowed to; ``None`` for no limit of its own."""
    return frozenset(unit.pk for unit in token.departments.all()) or None


def note_use(token: ApiToken, *, now: datetime, address: str | None) -> None:
    """Remember when and from where it was used last, once a minute at most."""
    if token.last_used_at is None or now - token.last_used_at >= NOTED_EVERY or token.last_used_ip != address:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_ip=address)


@transaction.atomic
def note_refusal(token: ApiToken, *, code: str, now: datetime) -> None:
    """Put on record that it was turned away, once a minute at most: a script in a loop must not flood the trail."""
    long_ago = Q(refused_at__isnull=True) | Q(refused_at__lte=now - NOTED_EVERY)
    if ApiToken.objects.filter(long_ago, pk=token.pk).update(refused_at=now):
        audit.record(action="token.refused", obj=token, actor=token.user, now=now, reason=code)


def require_scope(token: ApiToken, scope: Scope, *, now: datetime) -> None:
    """Raise ``PermissionRefused`` for what the token is not for, and put that on record."""
    if scope not in token.scopes:
        note_refusal(token, code="token_scope", now=now)
        raise PermissionRefused("token_scope", scope=str(scope))


def _lacks_second_factor(actor: Actor) -> bool:
    """Whether a role of theirs asks for a second factor that is not set up."""
    is_asked = bool(actor.roles & set(settings.SECOND_FACTOR_ROLES))
    return is_asked and second_factor.device_of(actor.user) is None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
