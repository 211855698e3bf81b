"""A report that is being taken apart (拆解): its text, the proposed phrases, and what was decided of each."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func, IntegerField, Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.models.reports import Report


class Decomposition(models.Model):
    """One text on its way to the year's tasks. It keeps the text until publishing stores it as the report's.

    ``version`` grows by one with every act. ``last_act`` is what the latest one replaced, so that it can be taken back;
    ``outcome`` what publishing made. Of a year only one is under way.
    """

    year = models.PositiveSmallIntegerField(_("年度"))
    title = models.CharField(_("标题"), max_length=200)
    text = models.TextField(_("原文"))
    state = models.CharField(_("状态"), max_length=12, choices=labels.choices(labels.DECOMPOSITION_STATE))
    version = models.PositiveIntegerField(_("版本"), default=1)
    last_act = models.JSONField(_("上一步"), default=dict)
    outcome = models.JSONField(_("结果"), default=dict)
    report = models.ForeignKey(
        Report, models.PROTECT, null=True, blank=True, related_name="decompositions", verbose_name=_("报告")
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    created_at = models.DateTimeField(_("开始时间"))
    changed_at = models.DateTimeField(_("最近办理"))

    class Meta:
        verbose_name = _("报告拆解")
        verbose_name_plural = _("报告拆解")
        ordering = ("-changed_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["year"], condition=Q(state="working"), name="decomposition_one_under_way"),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.title}"


class ProposedSpan(models.Model):
    """A phrase of the text, ``text[start:end]``; several of one place say a number each (``ordinal`` from 0).

    ``reading`` is what the rules read, ``task`` the form of the indicator as it was typed so far, ``version`` the act
    that changed it last.
    """

    decomposition = models.ForeignKey(Decomposition, models.CASCADE, related_name="spans", verbose_name=_("报告拆解"))
    start = models.PositiveIntegerField(_("起"))
    end = models.PositiveIntegerField(_("止"))
    ordinal = models.PositiveSmallIntegerField(_("序号"), default=0)
    sentence_start = models.PositiveIntegerField(_("所在句起"))
    sentence_end = models.PositiveIntegerField(_("所在句止"))
    origin = models.CharField(_("来源"), max_length=10, choices=labels.choices(labels.SPAN_ORIGIN))
    state = models.CharField(_("决定"), max_length=10, choices=labels.choices(labels.SPAN_STATE))
    reading = models.JSONField(_("读出"))
    task = models.JSONField(_("任务"), default=dict)
    context_reason = models.CharField(_("为何不立项"), max_length=200, blank=True)
    version = models.PositiveIntegerField(_("版本"), default=1)

    class Meta:
        verbose_name = _("建议的句子")
        verbose_name_plural = _("建议的句子")
        ordering = ("start", "ordinal")
        constraints = [
            models.UniqueConstraint(
                fields=["decomposition", "start", "end", "ordinal"], name="proposed_span_number_once"
            ),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="proposed_span_not_empty"),
            # The first of each place stands for it: places are apart, numbers of one place share it.
            ExclusionConstraint(
                name="proposed_spans_apart",
                expressions=[
                    ("decomposition", "="),
                    (Func(F("start"), F("end"), function="int4range", output_field=IntegerField()), "&&"),
                ],
                condition=Q(ordinal=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decomposition_id} {self.start}–{self.end}"
