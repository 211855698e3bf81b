"""What a person wants to hear where, and when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from notifications.models.notices import Channel


class Preference(models.Model):
    """What a person does not want on a channel. The in-app message cannot be switched off."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_preferences", verbose_name=_("用户")
    )
    kind = models.CharField(_("类别"), max_length=40)
    channel = models.CharField(_("渠道"), max_length=10, choices=Channel.choices)
    is_enabled = models.BooleanField(_("接收"), default=True)

    class Meta:
        verbose_name = _("消息偏好")
        verbose_name_plural = _("消息偏好")
        ordering = ("user", "kind", "channel")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="preference_once"),
            models.CheckConstraint(condition=~Q(channel="inbox"), name="preference_inbox_is_always_on"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.channel}"


class Hours(models.Model):
    """When a person wants the morning's digest, and the narrower hours in which they may be disturbed."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_hours", verbose_name=_("用户")
    )
    digest_at = models.TimeField(_("汇总时间"), null=True, blank=True)
    opens_at = models.TimeField(_("可打扰自"), null=True, blank=True)
    closes_at = models.TimeField(_("可打扰至"), null=True, blank=True)

    class Meta:
        verbose_name = _("消息时间")
        verbose_name_plural = _("消息时间")
        ordering = ("user",)
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True, closes_at__isnull=True) | Q(opens_at__lt=F("closes_at")),
                name="hours_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.digest_at}"
