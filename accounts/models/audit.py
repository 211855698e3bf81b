"""The audit trail: append-only and hash-chained, so that a changed, missing or forged entry shows."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """Who did what to which object, with the values before and after. Written by ``accounts.audit.record`` only."""

    seq = models.BigIntegerField(_("序号"), primary_key=True)
    occurred_at = models.DateTimeField(_("时间"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("人员")
    )
    actor_label = models.CharField(_("人员名称"), max_length=80)
    action = models.CharField(_("动作"), max_length=60)
    object_type = models.CharField(_("对象类别"), max_length=60)
    object_id = models.CharField(_("对象编号"), max_length=40)
    object_label = models.CharField(_("对象名称"), max_length=200)
    department_code = models.CharField(_("单位"), max_length=40, blank=True)
    before = models.JSONField(_("原值"), null=True)
    after = models.JSONField(_("新值"), null=True)
    reason = models.TextField(_("原因"), blank=True)
    request_id = models.CharField(_("请求编号"), max_length=40, blank=True)
    ip = models.GenericIPAddressField(_("地址"), null=True)
    previous_hash = models.CharField(_("前一条校验值"), max_length=64)
    hash = models.CharField(_("校验值"), max_length=64)

    class Meta:
        verbose_name = _("审计记录")
        verbose_name_plural = _("审计记录")
        ordering = ("seq",)
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="audit_object"),
            models.Index(fields=["department_code", "occurred_at"], name="audit_department"),
            # What an auditor narrows the trail by, each read from its newest entry on.
            models.Index(fields=["actor", "-seq"], name="audit_actor"),
            models.Index(fields=["action", "-seq"], name="audit_action"),
            models.Index(fields=["occurred_at"], name="audit_moment"),
            models.Index(fields=["request_id"], name="audit_request", condition=~models.Q(request_id="")),
        ]
        triggers = [
            pgtrigger.Protect(name="audit_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"


class AuditCheck(models.Model):
    """One walk along the whole chain, in slices: ``checked_to`` and ``last_hash`` are where it goes on.

    Without ``asked_by`` it is the nightly one. ``lost_seq`` is an entry that a checkpoint knows and the chain does not;
    0 where the file of checkpoints cannot be read.
    """

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("要求人")
    )
    asked_at = models.DateTimeField(_("开始"))
    finished_at = models.DateTimeField(_("完成"), null=True)
    checked_to = models.BigIntegerField(_("校验到"), default=0)
    last_hash = models.CharField(_("校验值"), max_length=64)
    first_bad_seq = models.BigIntegerField(_("第一条不符"), null=True)
    lost_seq = models.BigIntegerField(_("与外部记录不符"), null=True)

    class Meta:
        verbose_name = _("审计校验")
        verbose_name_plural = _("审计校验")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_intact(self) -> bool:
        return self.first_bad_seq is None and self.lost_seq is None
