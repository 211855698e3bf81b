"""Notices (what a person must hear, once) and deliveries (how each one reaches them)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    INBOX = "inbox", _("站内")
    EMAIL = "email", _("邮件")
    WECOM = "wecom", _("企业微信")
    DINGTALK = "dingtalk", _("钉钉")
    FEISHU = "feishu", _("飞书")
    SMS = "sms", _("短信")


class NoticeState(models.TextChoices):
    OPEN = "open", _("有效")
    SUPERSEDED = "superseded", _("已被后续提醒取代")
    CANCELLED = "cancelled", _("已取消")
    EXPIRED = "expired", _("已过期")


class Notice(models.Model):
    """A message to one person. ``key`` makes it exist once, whoever plans it and however often."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices", verbose_name=_("接收人")
    )
    kind = models.CharField(_("类别"), max_length=40)
    key = models.CharField(_("唯一键"), max_length=120, unique=True)
    # Which of several planners wrote the row: only that one adds its deliveries.
    planned_by = models.UUIDField(_("规划批次"), null=True, editable=False)
    state = models.CharField(_("状态"), max_length=12, choices=NoticeState.choices, default=NoticeState.OPEN)
    subject_code = models.CharField(_("指标编号"), max_length=10, blank=True)
    period = models.CharField(_("报告期"), max_length=7, blank=True)
    level = models.PositiveSmallIntegerField(_("级别"), default=0)
    cycle = models.PositiveSmallIntegerField(_("轮次"), default=1)
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("单位")
    )
    title = models.CharField(_("标题"), max_length=200)
    body = models.TextField(_("正文"), blank=True)
    url = models.CharField(_("链接"), max_length=200, blank=True)
    context = models.JSONField(_("参数"), default=dict)
    created_at = models.DateTimeField(_("生成"))
    not_before = models.DateTimeField(_("不早于"))
    expires_at = models.DateTimeField(_("失效"), null=True, blank=True)
    snoozed_until = models.DateTimeField(_("稍后提醒"), null=True, blank=True)
    closed_at = models.DateTimeField(_("了结"), null=True, blank=True)
    read_at = models.DateTimeField(_("已读"), null=True, blank=True)
    archived_at = models.DateTimeField(_("归档"), null=True, blank=True)

    class Meta:
        verbose_name = _("消息")
        verbose_name_plural = _("消息")
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["recipient", "state", "archived_at"], name="notice_inbox"),
            models.Index(fields=["subject_code", "period"], name="notice_subject"),
        ]

    def __str__(self) -> str:
        return self.title


class DeliveryState(models.TextChoices):
    QUEUED = "queued", _("待发")
    SENT = "sent", _("已发")
    DEAD = "dead", _("无法送达")
    CANCELLED = "cancelled", _("已取消")


class Delivery(models.Model):
    """One notice on one channel, once. It waits until ``not_before``, then goes out with a dispatch.

    A robot speaks to a group, so that its deliveries name the robot; all others reach the notice's recipient.
    """

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="deliveries", verbose_name=_("消息"))
    channel = models.CharField(_("渠道"), max_length=10, choices=Channel.choices)
    robot = models.ForeignKey(
        "notifications.Robot", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("群机器人")
    )
    # In a digest the notice waits for the person's slot; otherwise it may go as soon as anybody may be disturbed.
    is_digest = models.BooleanField(_("汇总发送"), default=False)
    state = models.CharField(_("状态"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    not_before = models.DateTimeField(_("不早于"))
    dispatch = models.ForeignKey(
        "notifications.Dispatch",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("发送"),
    )
    sent_at = models.DateTimeField(_("送达"), null=True, blank=True)

    class Meta:
        verbose_name = _("投递")
        verbose_name_plural = _("投递")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="delivery_once_per_channel"),
            models.CheckConstraint(
                condition=Q(robot__isnull=True) | Q(channel__in=("wecom", "dingtalk", "feishu")),
                name="delivery_robot_on_its_channels",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before"],
                name="delivery_waiting",
                condition=Q(state="queued", dispatch__isnull=True),
            ),
            models.Index(fields=["not_before"], name="delivery_unsent", condition=Q(state="queued")),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.channel} {self.state}"
