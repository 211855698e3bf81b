"""Requests that other systems may send twice: the key they came with, and the answer that was given."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """Written in the transaction of the change it belongs to: where there is a row, there was one effect.

    ``fingerprint`` is the SHA-256 of method, address and body. ``headers`` and ``body`` are what was answered.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("用户"))
    token = models.ForeignKey(
        "accounts.ApiToken", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("接口令牌")
    )
    key = models.CharField(_("幂等键"), max_length=200)
    fingerprint = models.CharField(_("请求校验值"), max_length=64)
    status = models.PositiveSmallIntegerField(_("状态码"), default=0)
    headers = models.JSONField(_("应答头"), default=dict)
    body = models.TextField(_("应答"), blank=True)
    created_at = models.DateTimeField(_("时间"), db_index=True)

    class Meta:
        verbose_name = _("幂等键")
        verbose_name_plural = _("幂等键")
        constraints = [
            models.UniqueConstraint(fields=["user", "token", "key"], name="idempotency_key_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return self.key
