"""Whether planning and sending are alive, and the brake that holds a storm back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """When a part of the machine last did its round: ``tick``, ``send``, ``worker``.

    ``at`` is the database's clock. ``business_time`` is the latest moment the planner has planned for: a clock that
    was set back plans nothing until it has passed that mark again.
    """

    name = models.CharField(_("名称"), max_length=20, primary_key=True)
    at = models.DateTimeField(_("时间"))
    business_time = models.DateTimeField(_("业务时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("运行标记")
        verbose_name_plural = _("运行标记")

    def __str__(self) -> str:
        return f"{self.name} {self.at}"


class Brake(models.Model):
    """Sending is held while one is not released: too many messages in too short a time. A person releases it."""

    pulled_at = models.DateTimeField(_("暂停"))
    count = models.PositiveIntegerField(_("已发条数"))
    released_at = models.DateTimeField(_("恢复"), null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("恢复人")
    )

    class Meta:
        verbose_name = _("发送暂停")
        verbose_name_plural = _("发送暂停")
        ordering = ("-pulled_at",)
        constraints = [
            # At most one is in force: the rows that are not released share one value.
            models.UniqueConstraint(
                models.Case(models.When(released_at__isnull=True, then=models.Value(True))),
                name="brake_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(released_by__isnull=False), name="brake_released_by_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pulled_at} {self.count}"
