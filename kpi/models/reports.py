"""The report's own text and the commitments found in it. The text is data: it is stored and shown verbatim."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import Deferrable, F, Func, IntegerField, Q
from django.utils.translation import gettext_lazy as _

from kpi import labels


class Report(models.Model):
    """One year's government work report, byte for byte."""

    year = models.PositiveSmallIntegerField(_("年度"), unique=True)
    title = models.CharField(_("标题"), max_length=200)
    text = models.TextField(_("原文"))
    sha256 = models.CharField(_("原文校验值"), max_length=64)
    source_note = models.TextField(_("来源与校勘"), blank=True)

    class Meta:
        verbose_name = _("政府工作报告")
        verbose_name_plural = _("政府工作报告")
        ordering = ("-year",)

    def __str__(self) -> str:
        return f"{self.year} {self.title}"


class ReportEdition(models.Model):
    """The text as it stood from one correction to the next; never changed, so that what was quoted can be shown.

    Rows begin with the first correction: number 1 is the text as it was loaded, the last one is ``report.text``.
    ``anchors`` holds start, end and quotation of every commitment that stood in it, by code. ``reason`` and
    ``created_by`` are empty for number 1, ``created_by`` also where a command stored the text.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="editions", verbose_name=_("报告"))
    number = models.PositiveSmallIntegerField(_("版次"))
    text = models.TextField(_("原文"))
    sha256 = models.CharField(_("原文校验值"), max_length=64)
    anchors = models.JSONField(_("锚定"), default=dict)
    reason = models.CharField(_("更正依据"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("经办人")
    )
    created_at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("报告版次")
        verbose_name_plural = _("报告版次")
        ordering = ("report", "-number")
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="report_edition_number_once")]
        triggers = [
            pgtrigger.Protect(name="report_edition_is_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.report} #{self.number}"


class Commitment(models.Model):
    """A clause of the report, anchored by offset, quotation and the words around it.

    ``report.text[start:end] == quote``; ``prefix`` and ``suffix`` let a corrected edition be re-anchored. Where that
    failed, ``is_anchored`` is false, and the words and places are those of the last edition that had them.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="commitments", verbose_name=_("报告"))
    code = models.CharField(_("编号"), max_length=8)
    quote = models.TextField(_("报告原文"))
    start = models.PositiveIntegerField(_("起"))
    end = models.PositiveIntegerField(_("止"))
    prefix = models.CharField(_("前文"), max_length=40, blank=True)
    suffix = models.CharField(_("后文"), max_length=40, blank=True)
    quote_sha256 = models.CharField(_("原句校验值"), max_length=64)
    is_anchored = models.BooleanField(_("已锚定"), default=True)
    section = models.CharField(_("板块"), max_length=40)
    subsection = models.CharField(_("小节"), max_length=60, blank=True)
    strength = models.CharField(_("力度"), max_length=10, choices=labels.choices(labels.STRENGTH))
    is_context = models.BooleanField(_("仅作背景"), default=False)
    context_reason = models.TextField(_("为何不立项"), blank=True)
    notes = models.TextField(_("校勘与说明"), blank=True)

    class Meta:
        verbose_name = _("承诺事项")
        verbose_name_plural = _("承诺事项")
        ordering = ("start", "code")
        constraints = [
            models.UniqueConstraint(fields=["report", "code"], name="commitment_code_once_per_report"),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="commitment_span_not_empty"),
            models.CheckConstraint(
                condition=Q(is_context=False) | ~Q(context_reason=""), name="commitment_context_has_reason"
            ),
            # Checked at the end of the transaction: while all are moved, two may cross.
            ExclusionConstraint(
                name="commitment_spans_apart",
                expressions=[
                    ("report", "="),
                    (Func(F("start"), F("end"), function="int4range", output_field=IntegerField()), "&&"),
                ],
                condition=Q(is_anchored=True),
                deferrable=Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.quote[:30]}"
