"""Keys of other systems and scripts to the API: whose, what for, until when, used last from where."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.departments import Department

LONGEST_DAYS = 365


class TokenKind(models.TextChoices):
    PERSONAL = "personal", _("个人令牌")
    SERVICE = "service", _("服务令牌")


class Scope(models.TextChoices):
    """What a token may do, as far as its owner may at that moment. Every token reads."""

    READ = "read", _("读取")
    FILE = "file", _("填报")
    SIGN = "sign", _("审签、会签")
    REVIEW = "review", _("复核、审定")
    DIRECT = "direct", _("批示督办")
    EXPORT = "export", _("导出")
    INBOX = "inbox", _("处理消息")
    PERIODS = "periods", _("报告期的办理")
    PUBLISH = "publish", _("通报、考核得分")
    CONFIGURE = "configure", _("任务与规则配置")


# Acts that concern the whole city: no token that is narrowed to some units is for these.
WHOLE_CITY = frozenset({Scope.PERIODS, Scope.PUBLISH, Scope.CONFIGURE})


class ApiToken(models.Model):
    """One token. Only its SHA-256 is kept: 256 random bits need no slow hash, and nobody can read it again.

    ``prefix`` is the part that may be shown, to recognize it by. ``departments`` narrow it to what these lead; none
    means whatever its owner may. A service token names the system that holds it; the system administrator sees those.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens", verbose_name=_("所有者")
    )
    kind = models.CharField(_("种类"), max_length=10, choices=TokenKind.choices)
    name = models.CharField(_("用途"), max_length=80)
    prefix = models.CharField(_("前缀"), max_length=8, unique=True)
    sha256 = models.CharField(_("校验值"), max_length=64)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices), verbose_name=_("权限"))
    departments = models.ManyToManyField(Department, related_name="+", blank=True, verbose_name=_("限于单位"))
    created_at = models.DateTimeField(_("建立时间"))
    expires_at = models.DateTimeField(_("到期时间"))
    last_used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)
    last_used_ip = models.GenericIPAddressField(_("最近使用地址"), null=True, blank=True)
    refused_at = models.DateTimeField(_("最近被拒"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("撤销人")
    )

    class Meta:
        verbose_name = _("接口令牌")
        verbose_name_plural = _("接口令牌")
        ordering = ("-created_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at"))
                & Q(expires_at__lte=F("created_at") + timedelta(days=LONGEST_DAYS)),
                name="token_expires_within_a_year",
            ),
            models.CheckConstraint(condition=Q(scopes__contains=[Scope.READ]), name="token_reads"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="token_sha256_shape"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="token_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @property
    def scope_words(self) -> list[str]:
        return [str(Scope(scope).label) for scope in self.scopes]
