"""Exports: workbooks that a worker makes, with who asked, how far they are and where the file lies."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.domain.exporting import UNFINISHED, ExportState, ExportVerb, may
from kpi.models.periods import Period


class ExportJob(models.Model):
    """One workbook asked for. A worker holds it by ``lease_token`` until ``lease_until``, then it is free again.

    ``departments`` are the codes of the lead departments asked for; none means all. ``language`` is the asker's: the
    worker has no page to take it from. ``key`` names the file in the exports' storage, another one for each attempt, so
    that a worker that was given up never writes over its successor's. ``rows`` are lines of data in the workbook,
    ``data_sha256`` is the fingerprint of the data in it (docs/rules/exports.md) and ``sha256`` that of the file.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("种类"), max_length=12, choices=labels.choices(labels.EXPORT_KIND))
    period = models.ForeignKey(Period, models.PROTECT, related_name="exports", verbose_name=_("报告期"))
    departments = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("单位"))
    language = models.CharField(_("语言"), max_length=10)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="exports", verbose_name=_("申请人")
    )
    asked_at = models.DateTimeField(_("申请时间"))
    state = models.CharField(
        _("状态"), max_length=10, choices=labels.choices(labels.EXPORT_STATE), default=ExportState.QUEUED
    )
    done = models.PositiveIntegerField(_("已写"), default=0)
    total = models.PositiveIntegerField(_("共"), default=0)
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    next_attempt_at = models.DateTimeField(_("下次开始"))
    lease_token = models.UUIDField(_("租约"), null=True, blank=True)
    lease_until = models.DateTimeField(_("租约到期"), null=True, blank=True)
    key = models.UUIDField(_("存放"), null=True, blank=True)
    name = models.CharField(_("文件名"), max_length=120, blank=True)
    sha256 = models.CharField(_("校验值"), max_length=64, blank=True)
    data_sha256 = models.CharField(_("数据校验值"), max_length=64, blank=True)
    size = models.PositiveBigIntegerField(_("字节"), default=0)
    rows = models.PositiveIntegerField(_("行数"), default=0)
    finished_at = models.DateTimeField(_("完成"), null=True, blank=True)
    expires_at = models.DateTimeField(_("保存至"), null=True, blank=True)
    error_code = models.CharField(_("失败代码"), max_length=40, blank=True)
    error_params = models.JSONField(_("失败参数"), default=dict, blank=True)

    class Meta:
        verbose_name = _("导出")
        verbose_name_plural = _("导出")
        ordering = ("-asked_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="export_running_is_leased",
            ),
            models.CheckConstraint(
                condition=~Q(state="done")
                | Q(key__isnull=False, finished_at__isnull=False, expires_at__gt=F("finished_at"), size__gt=0),
                name="export_done_has_file",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error_code=""), name="export_failed_says_why"),
            # A second click on the button gives no second file.
            models.UniqueConstraint(
                fields=["asked_by", "kind", "period", "departments", "language"],
                name="export_once_at_a_time",
                condition=Q(state__in=[str(state) for state in UNFINISHED]),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="export_waiting", condition=Q(state__in=["queued", "running"])
            ),
            models.Index(fields=["expires_at"], name="export_kept", condition=Q(state="done")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period_id} {self.state}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def can_be_cancelled(self) -> bool:
        return may(ExportState(self.state), ExportVerb.CANCEL)

    @property
    def can_be_retried(self) -> bool:
        return may(ExportState(self.state), ExportVerb.RETRY)
