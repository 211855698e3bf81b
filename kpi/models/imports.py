"""Workbooks a department uploaded to fill several reports at once, waiting for a person to confirm what they say."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpi.models.periods import Period


class ReportUpload(models.Model):
    """One uploaded workbook, read but not yet believed: ``rows`` is its first sheet as text.

    It belongs to the person who sent it, serves one department and period, and can be confirmed once, until
    ``expires_at``. ``sha256`` is the file's, so that what is confirmed is what was previewed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    period = models.ForeignKey(Period, models.PROTECT, related_name="uploads", verbose_name=_("报告期"))
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, related_name="report_uploads", verbose_name=_("单位")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="report_uploads", verbose_name=_("上传人")
    )
    name = models.CharField(_("文件名"), max_length=200)
    sha256 = models.CharField(_("校验值"), max_length=64)
    rows = models.JSONField(_("内容"))
    uploaded_at = models.DateTimeField(_("上传"))
    expires_at = models.DateTimeField(_("有效至"))
    applied_at = models.DateTimeField(_("导入"), null=True, blank=True)

    class Meta:
        verbose_name = _("填报表上传")
        verbose_name_plural = _("填报表上传")
        ordering = ("-uploaded_at",)
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("uploaded_at")), name="upload_expires_after_upload"),
        ]

    def __str__(self) -> str:
        return self.name
