"""What slows guessing at one account from many places: where its person is at home, and how often others failed."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class KnownAddress(models.Model):
    """An address somebody signed in from, with everything that was asked for; ``seen_at`` is the last time."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="known_addresses", verbose_name=_("用户")
    )
    # As the proxy told it, and compared as it stands.
    address = models.CharField(_("地址"), max_length=45)
    seen_at = models.DateTimeField(_("最近登录"))

    class Meta:
        verbose_name = _("常用登录地址")
        verbose_name_plural = _("常用登录地址")
        constraints = [models.UniqueConstraint(fields=["user", "address"], name="known_address_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.address}"


class GuessedAccount(models.Model):
    """Wrong passwords for one name from all addresses its person is not at home at.

    By the name that was typed and not by the user: a name nobody has must be answered alike.
    """

    # Folded, which may make a typed name of 60 letters three times as long.
    account = models.CharField(_("用户名"), max_length=180, primary_key=True)
    failures = models.PositiveIntegerField(_("失败次数"))
    failed_at = models.DateTimeField(_("最近失败"))

    class Meta:
        verbose_name = _("被试密码的账号")
        verbose_name_plural = _("被试密码的账号")

    def __str__(self) -> str:
        return self.account
