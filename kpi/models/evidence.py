"""Files attached to a report. The row says what a file is and whose; the bytes lie in the evidence folder."""

import uuid

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpi.models.querysets import EvidenceQuerySet
from kpi.models.submissions import Submission

# As the guard of submissions, through the submission the file belongs to.
PERIOD_GUARD = """
    PERFORM 1 FROM kpi_period WHERE id IN (
        SELECT period_id FROM kpi_submission WHERE id IN (NEW.submission_id, OLD.submission_id)
    ) FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM kpi_period JOIN kpi_submission ON kpi_submission.period_id = kpi_period.id
        WHERE kpi_submission.id IN (NEW.submission_id, OLD.submission_id) AND locked_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'period_closed' USING ERRCODE = 'check_violation', CONSTRAINT = 'period_closed';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


@pghistory.track()
class Evidence(models.Model):
    """One file of one report.

    ``name`` is the file's own name, cleaned; ``key`` the one it is stored under, which says nothing. ``filed_at`` is
    when a report was first submitted with it: from then on it may be taken off the report (``removed_at``), but row
    and file stay, because somebody signed them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="evidence", verbose_name=_("填报"))
    key = models.UUIDField(_("存储名"), unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("文件名"), max_length=200)
    size = models.PositiveIntegerField(_("字节数"))
    sha256 = models.CharField(_("校验值"), max_length=64)
    content_type = models.CharField(_("类型"), max_length=100)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传"))
    filed_at = models.DateTimeField(_("随填报提交"), null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("移除人")
    )
    removed_at = models.DateTimeField(_("移除"), null=True, blank=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("佐证材料")
        verbose_name_plural = _("佐证材料")
        ordering = ("uploaded_at", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "sha256"], condition=Q(removed_at__isnull=True), name="evidence_once_per_report"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="evidence_not_empty"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="evidence_sha256_shape"),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False, filed_at__isnull=False),
                name="evidence_removed_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="evidence_sha256")]
        triggers = [
            pgtrigger.Trigger(
                name="evidence_period_stays_closed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=PERIOD_GUARD,
            ),
            pgtrigger.ReadOnly(
                name="evidence_is_what_it_was",
                fields=["submission", "key", "name", "size", "sha256", "content_type", "uploaded_by", "uploaded_at"],
            ),
            pgtrigger.Protect(
                name="signed_evidence_stays",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__filed_at__isnull=False),
            ),
            pgtrigger.Protect(
                name="signed_evidence_stays_signed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__filed_at__isnull=False, new__filed_at__isnull=True),
            ),
        ]

    @property
    def owner(self) -> Submission:
        """What it belongs to."""
        return self.submission

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")

    def __str__(self) -> str:
        return self.name
