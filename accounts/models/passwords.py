"""Passwords a person had, as hashes: none may come back too soon, and the latest one's day says how old it is."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PastPassword(models.Model):
    """A password from the day it was set, the present one included. ``is_temporary``: somebody else chose it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="passwords", verbose_name=_("用户"))
    password = models.CharField(_("密码散列"), max_length=128)
    set_at = models.DateTimeField(_("设置时间"))
    is_temporary = models.BooleanField(_("临时密码"), default=False)

    class Meta:
        verbose_name = _("历史密码")
        verbose_name_plural = _("历史密码")
        ordering = ("-set_at", "-pk")

    def __str__(self) -> str:
        return f"{self.user} {self.set_at:%Y-%m-%d}"
