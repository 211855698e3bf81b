"""Who there is: departments, posts, users and what they hold from when to when, and the audit trail."""

from accounts.models.audit import AuditCheck, AuditEntry
from accounts.models.delegations import Delegation
from accounts.models.departments import Department, Post
from accounts.models.guessing import GuessedAccount, KnownAddress
from accounts.models.memberships import ADMINISTRATORS, Membership, Role
from accounts.models.passwords import PastPassword
from accounts.models.sessions import UserSession
from accounts.models.tokens import WHOLE_CITY, ApiToken, Scope, TokenKind
from accounts.models.users import User

__all__ = [
    "ADMINISTRATORS",
    "WHOLE_CITY",
    "ApiToken",
    "AuditCheck",
    "AuditEntry",
    "Delegation",
    "Department",
    "GuessedAccount",
    "KnownAddress",
    "Membership",
    "PastPassword",
    "Post",
    "Role",
    "Scope",
    "TokenKind",
    "User",
    "UserSession",
]
