"""Who is signed in where: Django's sessions, which know their user, so that they can be listed and ended."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _


class UserSession(AbstractBaseSession):
    """A session and whose it is; ``user`` is empty for a visitor who has not signed in."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions", verbose_name=_("用户")
    )

    class Meta:
        verbose_name = _("登录会话")
        verbose_name_plural = _("登录会话")

    @classmethod
    def get_session_store_class(cls) -> type:
        from accounts.sessions import SessionStore

        return SessionStore

    @property
    def handle(self) -> str:
        """Its name on a page: the key itself would sign in whoever reads it."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:16]
