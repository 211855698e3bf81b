"""Changes of target (目标调整) as cases: the row says where one stands, its append-only thread how it came there."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.domain.target_changes import OPEN, ChangeState, Timing
from kpi.models.fields import FigureField
from kpi.models.indicators import FormerPlan, Indicator

if TYPE_CHECKING:
    from accounts.permissions import Actor

# What was asked for stands while people decide about it: only the unit changes it, when it was sent back. Over is over.
WISH_STANDS = """
    IF OLD.state IN ('applied', 'refused', 'withdrawn') THEN
        RAISE EXCEPTION 'target_change_is_over'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_change_is_over';
    END IF;
    IF (NEW.indicator_id, NEW.asked_on, NEW.asked_at, NEW.timing, NEW.form_key) IS DISTINCT FROM
       (OLD.indicator_id, OLD.asked_on, OLD.asked_at, OLD.timing, OLD.form_key)
       OR ((NEW.reason, NEW.text, NEW.target, NEW.final_due_on, NEW.plan, NEW.nodes, NEW.held) IS DISTINCT FROM
           (OLD.reason, OLD.text, OLD.target, OLD.final_due_on, OLD.plan, OLD.nodes, OLD.held)
           AND NOT (OLD.state = 'returned' AND NEW.state = 'asked'))
    THEN
        RAISE EXCEPTION 'target_change_wish_stands'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_change_wish_stands';
    END IF;
    RETURN NEW;
"""
# A file is put beside a case once, and stays what it was and where it was.
FILE_STANDS = """
    IF OLD.change_id IS NOT NULL
        OR to_jsonb(NEW) - ARRAY['change_id', 'version'] <> to_jsonb(OLD) - ARRAY['change_id', 'version']
    THEN
        RAISE EXCEPTION 'target_change_file_stands'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_change_file_stands';
    END IF;
    RETURN NEW;
"""
day_of_year_validator = RegexValidator(r"^\d{2}-\d{2}$", _("应写成 10-31 的样子"))


class TargetChangeWindow(models.Model):
    """On which days of the year a change is asked for in time, from a day on. A changed window is a new row.

    The days are written ``10-31``. Of two rows from one day the later written one holds.
    """

    effective_from = models.DateField(_("起用日期"))
    opens_on = models.CharField(_("自（月-日）"), max_length=5, validators=[day_of_year_validator])
    closes_on = models.CharField(_("至（月-日）"), max_length=5, validators=[day_of_year_validator])
    basis = models.CharField(_("依据"), max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("制定人")
    )
    created_at = models.DateTimeField(_("制定时间"))

    class Meta:
        verbose_name = _("目标调整窗口")
        verbose_name_plural = _("目标调整窗口")
        ordering = ("-effective_from", "-id")
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_on__regex=r"^\d{2}-\d{2}$", closes_on__regex=r"^\d{2}-\d{2}$")
                & Q(opens_on__lte=models.F("closes_on")),
                name="target_change_window_days",
            ),
            models.CheckConstraint(condition=~Q(basis=""), name="target_change_window_has_basis"),
        ]
        triggers = [
            pgtrigger.Protect(name="target_change_window_is_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.effective_from}: {self.opens_on} – {self.closes_on}"


class TargetChangeQuerySet(models.QuerySet):
    """Cases, scoped: leaders and the office read all, a department those of what it leads."""

    def of_year(self, year: int) -> TargetChangeQuerySet:
        return self.filter(indicator__report__year=year)

    def visible_to(self, actor: Actor) -> TargetChangeQuerySet:
        if actor.is_leader or actor.is_supervisor:
            return self
        return self.filter(indicator__lead_department__in=actor.department_ids)

    def still_open(self) -> TargetChangeQuerySet:
        return self.filter(state__in=OPEN)


class TargetChange(models.Model):
    """One request to change what an indicator is held to; empty columns stay as they are.

    ``plan`` is month to planned value as text, empty text for a month that is not to be due; ``nodes`` are ISO days by
    ordinal. ``held`` is what held when it was asked for, in the shape of a ``FormerPlan``. ``asked_on`` is the day it
    was asked for first: ``timing`` is judged by it and not by later repairs. ``filed_by`` asked or repaired it last
    and may not sign it. ``former`` is what it replaced, once it is applied. ``version`` grows with every step.
    """

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="target_changes", verbose_name=_("指标任务"))
    reason = models.CharField(_("调整原因"), max_length=12, choices=labels.choices(labels.CHANGE_REASON))
    text = models.TextField(_("情况说明"))
    target = FigureField(_("新目标值"), null=True, blank=True)
    final_due_on = models.DateField(_("新完成时限"), null=True, blank=True)
    plan = models.JSONField(_("新序时计划"), default=dict, blank=True)
    nodes = models.JSONField(_("新节点日期"), default=dict, blank=True)
    held = models.JSONField(_("申请时的目标与计划"))
    asked_on = models.DateField(_("申请日"))
    asked_at = models.DateTimeField(_("申请时间"))
    timing = models.CharField(_("申请时机"), max_length=12, choices=labels.choices(labels.CHANGE_TIMING))
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申请人"))
    state = models.CharField(_("状态"), max_length=10, choices=labels.choices(labels.CHANGE_STATE))
    version = models.PositiveIntegerField(_("版本"), default=1)
    former = models.OneToOneField(
        FormerPlan, models.PROTECT, null=True, blank=True, related_name="change", verbose_name=_("原计划")
    )
    form_key = models.UUIDField(_("申请页"), editable=False)

    objects = TargetChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("目标调整")
        verbose_name_plural = _("目标调整")
        ordering = ("-asked_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["indicator"], condition=Q(state__in=sorted(OPEN)), name="target_change_one_open"
            ),
            models.UniqueConstraint(fields=["form_key"], name="target_change_once_per_form"),
            models.CheckConstraint(condition=~Q(text=""), name="target_change_has_words"),
            models.CheckConstraint(
                condition=Q(target__isnull=False) | Q(final_due_on__isnull=False) | ~Q(plan={}) | ~Q(nodes={}),
                name="target_change_changes_something",
            ),
            models.CheckConstraint(
                condition=Q(state=ChangeState.APPLIED, former__isnull=False)
                | (~Q(state=ChangeState.APPLIED) & Q(former__isnull=True)),
                name="target_change_applied_keeps_former",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="target_change_wish_stands", when=pgtrigger.Before, operation=pgtrigger.Update, func=WISH_STANDS
            ),
            pgtrigger.Protect(name="target_change_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.indicator.code} {self.state} #{self.pk}"

    @property
    def is_overdue(self) -> bool:
        """Whether it was asked for too late (逾期申请)."""
        return self.timing != Timing.IN_TIME


class TargetChangeEntry(models.Model):
    """One step with its words. ``wish`` is what was asked for, at the steps that ask; a head's step names whose
    signature it is where it was lent, as ``Review`` does."""

    change = models.ForeignKey(TargetChange, models.PROTECT, related_name="entries", verbose_name=_("目标调整"))
    version = models.PositiveIntegerField(_("版本"))
    verb = models.CharField(_("动作"), max_length=10, choices=labels.choices(labels.CHANGE_VERB))
    from_state = models.CharField(_("原状态"), max_length=10, blank=True)
    to_state = models.CharField(_("新状态"), max_length=10, choices=labels.choices(labels.CHANGE_STATE))
    text = models.TextField(_("意见"), blank=True)
    wish = models.JSONField(_("申请内容"), null=True, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("委托人")
    )
    delegation = models.ForeignKey(
        "accounts.Delegation", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("委托代签")
    )
    is_own_submission = models.BooleanField(_("申请人与代签人为同一人"), default=False)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("目标调整办理记录")
        verbose_name_plural = _("目标调整办理记录")
        ordering = ("change", "version")
        constraints = [
            models.UniqueConstraint(fields=["change", "version"], name="target_change_entry_once"),
            models.CheckConstraint(
                condition=~Q(verb__in=["ask", "repair", "send_back", "refuse"]) | ~Q(text=""),
                name="target_change_entry_has_words",
            ),
            models.CheckConstraint(
                condition=Q(on_behalf_of__isnull=True, delegation__isnull=True, is_own_submission=False)
                | Q(on_behalf_of__isnull=False, delegation__isnull=False),
                name="target_change_entry_on_behalf",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="target_change_entry_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.change_id} {self.verb} v{self.version}"


class TargetChangeFile(models.Model):
    """One supporting document; the bytes lie with the evidence, under ``key``.

    What came with a form that was refused waits without a case under the form's key, so that nobody has to choose it
    again, and is swept away after a day. ``version`` is the step it came with.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    change = models.ForeignKey(
        TargetChange, models.PROTECT, null=True, blank=True, related_name="files", verbose_name=_("目标调整")
    )
    version = models.PositiveIntegerField(_("版本"), null=True, blank=True)
    form_key = models.UUIDField(_("申请页"), editable=False)
    key = models.UUIDField(_("存储名"), unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("文件名"), max_length=200)
    size = models.PositiveIntegerField(_("字节数"))
    sha256 = models.CharField(_("校验值"), max_length=64)
    content_type = models.CharField(_("类型"), max_length=100)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传"))

    class Meta:
        verbose_name = _("目标调整依据")
        verbose_name_plural = _("目标调整依据")
        ordering = ("uploaded_at", "id")
        indexes = [models.Index(fields=["form_key"], name="target_change_file_form")]
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="target_change_file_not_empty"),
            models.CheckConstraint(
                condition=Q(change__isnull=True, version__isnull=True) | Q(change__isnull=False, version__isnull=False),
                name="target_change_file_of_a_step",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="target_change_file_stands", when=pgtrigger.Before, operation=pgtrigger.Update, func=FILE_STANDS
            ),
            pgtrigger.Protect(
                name="target_change_file_is_kept",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__change__isnull=False),
            ),
        ]

    @property
    def owner(self) -> TargetChange | None:
        """What it belongs to."""
        return self.change

    def __str__(self) -> str:
        return self.name
