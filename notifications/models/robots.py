"""Group robots: where a department's chat group is reached, with keys that only the sender can read."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.notices import Channel

ROBOT_CHANNELS = (Channel.WECOM, Channel.DINGTALK, Channel.FEISHU)


@pghistory.track(exclude=["address", "secret", "paused_until", "recent_sends"])
class Robot(models.Model):
    """The robot of one chat group; without a department it speaks to the office's group.

    `X"""

    channel = models.CharField(_("渠道"), max_length=10, choices=[(c.value, c.label) for c in ROBOT_CHANNELS])
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, blank=True, related_name="robots", verbose_name=_("单位")
    )
    name = models.CharField(_("群名"), max_length=60)
    address = models.TextField(_("地址"), editable=False)
    secret = models.TextField(_("签名密钥"), blank=True, editable=False)
    is_enabled = models.BooleanField(_("启用"), default=True)
    disabled_reason = models.CharField(_("停用原因"), max_length=200, blank=True)
    disabled_at = models.DateTimeField(_("停用时间"), null=True, blank=True)
    paused_until = models.DateTimeField(_("限流至"), null=True, blank=True)
    recent_sends = ArrayField(models.DateTimeField(), default=list, blank=True, editable=False)

    class Meta:
        verbose_name = _("群机器人")
        verbose_name_plural = _("群机器人")
        ordering = ("department__ordinal", "channel", "id")
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=ROBOT_CHANNELS), name="robot_on_a_robot_channel"),
            models.UniqueConstraint(
                fields=["channel", "department"],
                name="robot_one_per_group",
                condition=Q(is_enabled=True),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.name
