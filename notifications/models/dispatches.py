"""Dispatches: one message to one person or group on one channel, with every attempt to send it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.notices import Channel
from notifications.models.robots import Robot


class DispatchState(models.TextChoices):
    QUEUED = "queued", _("待发")
    SENDING = "sending", _("发送中")
    SENT = "sent", _("已发")
    DEAD = "dead", _("无法送达")
    CANCELLED = "cancelled", _("已取消")


class Dispatch(models.Model):
    """One message. A sender holds it by ``lease_token`` until ``lease_until``, then it is free again.

    ``uuid`` makes the message's id, which stays the same however often it is sent. ``slot`` is the digest's time: a
    person or group gets at most one digest a channel and slot; without a slot the message was sent for an event.
    ``text`` is frozen with the first part that a channel accepted, so that later parts belong to the same words.
    """

    uuid = models.UUIDField(_("编号"), default=uuid.uuid4, unique=True, editable=False)
    channel = models.CharField(_("渠道"), max_length=10, choices=Channel.choices)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="dispatches",
        verbose_name=_("接收人"),
    )
    robot = models.ForeignKey(
        Robot, models.PROTECT, null=True, blank=True, related_name="dispatches", verbose_name=_("群机器人")
    )
    slot = models.DateTimeField(_("汇总时段"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=DispatchState.choices, default=DispatchState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    next_attempt_at = models.DateTimeField(_("下次发送"))
    lease_token = models.UUIDField(_("租约"), null=True, blank=True)
    lease_until = models.DateTimeField(_("租约到期"), null=True, blank=True)
    created_at = models.DateTimeField(_("生成"))
    sent_at = models.DateTimeField(_("送达"), null=True, blank=True)
    subject = models.CharField(_("标题"), max_length=300, blank=True)
    text = models.TextField(_("正文"), blank=True)
    parts_sent = models.PositiveSmallIntegerField(_("已发段数"), default=0)

    class Meta:
        verbose_name = _("发送")
        verbose_name_plural = _("发送")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(recipient__isnull=False, robot__isnull=True)
                | Q(recipient__isnull=True, robot__isnull=False),
                name="dispatch_to_person_or_robot",
            ),
            models.UniqueConstraint(
                fields=["channel", "recipient", "slot"],
                name="dispatch_one_digest_per_person",
                condition=Q(slot__isnull=False, recipient__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["channel", "robot", "slot"],
                name="dispatch_one_digest_per_robot",
                condition=Q(slot__isnull=False, robot__isnull=False),
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="dispatch_sending_is_leased",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="dispatch_pending", condition=Q(state__in=["queued", "sending"])
            ),
            # The brake counts what went out lately before each message.
            models.Index(fields=["sent_at"], name="dispatch_lately_sent", condition=Q(state="sent")),
            models.Index(fields=["created_at"], name="dispatch_dead", condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.uuid} {self.state}"


class Outcome(models.TextChoices):
    """How an attempt ended; one without an outcome was cut off with its sender."""

    SENT = "sent", _("已发")
    TEMPORARY = "temporary", _("暂时失败")
    RATE = "rate", _("渠道限流")
    PERMANENT = "permanent", _("永久失败")


class Attempt(models.Model):
    """One try to send a dispatch, written down before it begins."""

    dispatch = models.ForeignKey(Dispatch, models.CASCADE, related_name="tries", verbose_name=_("发送"))
    started_at = models.DateTimeField(_("开始"))
    finished_at = models.DateTimeField(_("结束"), null=True, blank=True)
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome.choices, blank=True)
    code = models.CharField(_("代码"), max_length=20, blank=True)
    detail = models.CharField(_("说明"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("发送记录")
        verbose_name_plural = _("发送记录")
        ordering = ("dispatch", "id")

    def __str__(self) -> str:
        return f"{self.dispatch_id} {self.outcome}"
