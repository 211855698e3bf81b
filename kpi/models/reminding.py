"""How people are reminded, as dated data: the hours, the slots, the ladders; and whom the office chased itself."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.models.indicators import Indicator
from kpi.models.periods import Period


@pghistory.track()
class ReminderPolicy(models.Model):
    """The rules from ``effective_from`` on, until the next policy begins. One that has begun is never edited.

    People may be disturbed from ``opens_at`` to ``closes_at`` on workdays. Digests go out at ``slots``, in order.
    ``most_pushes`` is how many reminders the ladders may push to one person about one period; what is over it stays
    in the inbox. More than ``brake_count`` messages in ``brake_minutes`` hold all sending; 0 switches that off.
    """

    effective_from = models.DateField(_("起用日期"), unique=True)
    opens_at = models.TimeField(_("可打扰自"))
    closes_at = models.TimeField(_("可打扰至"))
    slots = ArrayField(models.TimeField(), verbose_name=_("汇总时间"))
    most_pushes = models.PositiveSmallIntegerField(_("每期每人最多推送"), default=2)
    brake_count = models.PositiveIntegerField(_("暂停条数"), default=500)
    brake_minutes = models.PositiveSmallIntegerField(_("暂停分钟"), default=10)
    basis = models.CharField(_("依据"), max_length=200, blank=True)
    version = models.PositiveIntegerField(_("版本"), default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("制定人")
    )

    class Meta:
        verbose_name = _("催报规则")
        verbose_name_plural = _("催报规则")
        ordering = ("effective_from",)
        constraints = [
            models.CheckConstraint(condition=Q(opens_at__lt=F("closes_at")), name="reminder_policy_hours_in_order"),
            models.CheckConstraint(condition=Q(slots__len__gte=1), name="reminder_policy_has_slot"),
        ]

    def __str__(self) -> str:
        return str(self.effective_from)


@pghistory.track()
class ReminderStep(models.Model):
    """One rung of a ladder: ``offset_workdays`` after its anchor (before it, if negative) at ``at``.

    ``is_pushed``: it also leaves the inbox, by mail, group or SMS. ``passes_quiet_hours``: it may disturb outside the
    hours. ``drafts_directive``: its link leads to a directive that only needs sending.
    """

    policy = models.ForeignKey(ReminderPolicy, models.CASCADE, related_name="steps", verbose_name=_("催报规则"))
    ladder = models.CharField(_("梯级"), max_length=12, choices=labels.choices(labels.LADDER))
    level = models.PositiveSmallIntegerField(_("级别"))
    offset_workdays = models.SmallIntegerField(_("工作日"))
    at = models.TimeField(_("时刻"))
    audience = ArrayField(
        models.CharField(max_length=12, choices=labels.choices(labels.AUDIENCE)), verbose_name=_("发给")
    )
    is_pushed = models.BooleanField(_("推送"), default=True)
    passes_quiet_hours = models.BooleanField(_("不受时段限制"), default=False)
    drafts_directive = models.BooleanField(_("附批示草稿"), default=False)

    class Meta:
        verbose_name = _("催报级别")
        verbose_name_plural = _("催报级别")
        ordering = ("policy", "ladder", "level")
        constraints = [
            models.UniqueConstraint(fields=["policy", "ladder", "level"], name="reminder_step_once_per_level"),
            models.CheckConstraint(condition=Q(level__gte=1), name="reminder_step_level_from_one"),
            models.CheckConstraint(condition=Q(audience__len__gte=1), name="reminder_step_has_audience"),
        ]

    def __str__(self) -> str:
        return f"{self.ladder} {self.level}"


class Chase(models.Model):
    """The office chased one unit by hand: at most once a day, whatever is open (ux P10)."""

    department = models.ForeignKey("accounts.Department", models.PROTECT, related_name="chases", verbose_name=_("单位"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="chases", verbose_name=_("报告期"))
    day = models.DateField(_("日期"))
    chased_at = models.DateTimeField(_("时间"))
    chased_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("催办人"))
    note = models.CharField(_("附言"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("催办")
        verbose_name_plural = _("催办")
        ordering = ("-chased_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["department", "day"], name="chase_once_a_day_per_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.department_id} {self.day}"


class Follow(models.Model):
    """A person wants to hear when the published lamp of an indicator changes."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows", verbose_name=_("用户"))
    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="follows", verbose_name=_("指标任务"))
    since = models.DateTimeField(_("起"))

    class Meta:
        verbose_name = _("关注")
        verbose_name_plural = _("关注")
        ordering = ("user", "indicator")
        constraints = [models.UniqueConstraint(fields=["user", "indicator"], name="follow_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.indicator_id}"
