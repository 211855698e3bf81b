"""How units are scored, as dated data: the basis, the weights, and what may be taken off or added."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.domain.scoring import ScoreReason
from kpi.models.indicators import Indicator

# What scores rest on does not change under them: a scheme that judged a period is followed by a new one.
IN_USE = """
    IF EXISTS (SELECT 1 FROM kpi_scorerun WHERE scheme_id = {scheme}) THEN
        RAISE EXCEPTION 'scoring_scheme_in_use'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'scoring_scheme_in_use';
    END IF;
    RETURN COALESCE(NEW, OLD);
"""
CHANGED = pgtrigger.Update | pgtrigger.Delete


def points_field(name: str, **more: object) -> models.DecimalField:
    """Points or weights: never below 0, two places."""
    return models.DecimalField(name, max_digits=6, decimal_places=2, validators=[MinValueValidator(Decimal(0))], **more)


class ScoringScheme(models.Model):
    """The scheme from ``effective_from`` on, until the next one that is ``is_default`` begins; others are presets to
    begin a new one from. The scheme in force on a period's last day judges it.

    ``lead_weight`` and ``supporting_weight`` multiply an item's weight in the sheets of its lead and its supporting
    units; the weight is a ``ScoringWeight``, else that of the indicator's strength. Total caps that are ``None`` leave
    the caps of the lines. ``is_ranked``: pages show places, which nothing else does.
    """

    code = models.SlugField(_("方案"), max_length=40)
    name = models.CharField(_("名称"), max_length=100)
    version = models.CharField(_("版本"), max_length=20)
    basis = models.CharField(_("算法"), max_length=20, choices=labels.choices(labels.SCORE_BASIS))
    effective_from = models.DateField(_("起用日期"))
    is_default = models.BooleanField(_("采用"), default=False)
    lead_weight = points_field(_("牵头权重系数"), default=1)
    supporting_weight = points_field(_("配合权重系数"), default=0)
    weight_must = points_field(_("确保类权重"), default=1)
    weight_aim = points_field(_("力争类权重"), default=1)
    weight_support = points_field(_("推动类权重"), default=1)
    most_deduction = points_field(_("扣分总封顶"), null=True, blank=True)
    most_bonus = points_field(_("加分总封顶"), null=True, blank=True)
    bonus_breaks_ties_only = models.BooleanField(_("加分只用于同分排序"), default=False)
    is_ranked = models.BooleanField(_("排名"), default=False)
    answer_workdays = models.PositiveSmallIntegerField(_("征求意见工作日"), default=5)
    source = models.TextField(_("依据"), blank=True)
    revision = models.PositiveIntegerField(_("修改次数"), default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("制定人")
    )

    class Meta:
        verbose_name = _("考核方案")
        verbose_name_plural = _("考核方案")
        ordering = ("effective_from", "id")
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="scoring_scheme_version_once"),
            models.UniqueConstraint(
                fields=["effective_from"], condition=Q(is_default=True), name="scoring_scheme_one_default_per_day"
            ),
            models.CheckConstraint(
                condition=Q(
                    lead_weight__gt=0,
                    supporting_weight__gte=0,
                    weight_must__gte=0,
                    weight_aim__gte=0,
                    weight_support__gte=0,
                    answer_workdays__gte=1,
                ),
                name="scoring_scheme_weights",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="scoring_scheme_stands",
                when=pgtrigger.Before,
                operation=CHANGED,
                func=IN_USE.format(scheme="OLD.id"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class ScoringLine(models.Model):
    """What one reason takes off or adds for each case, and at most. For an excess the points are per cent of the item's
    own, ``key_points`` those of a key item. A reason without a line does not apply."""

    scheme = models.ForeignKey(ScoringScheme, models.CASCADE, related_name="lines", verbose_name=_("考核方案"))
    reason = models.CharField(_("事由"), max_length=12, choices=labels.choices(labels.SCORE_REASON))
    points = points_field(_("每次分值"))
    key_points = points_field(_("重点任务"), default=0)
    cap = points_field(_("封顶"))

    class Meta:
        verbose_name = _("扣分加分项")
        verbose_name_plural = _("扣分加分项")
        ordering = ("scheme", "id")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "reason"], name="scoring_line_once_per_reason"),
            # Leaders' remarks, log-ins, photos, meetings and papers are no reasons, whatever path writes.
            models.CheckConstraint(
                condition=Q(reason__in=[str(reason) for reason in ScoreReason]), name="scoring_line_reason_is_listed"
            ),
            models.CheckConstraint(
                condition=Q(points__gt=0, cap__gt=0) & (Q(key_points=0) | Q(reason="excess")),
                name="scoring_line_points",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="scoring_line_stands",
                when=pgtrigger.Before,
                operation=CHANGED | pgtrigger.Insert,
                func=IN_USE.format(scheme="COALESCE(NEW.scheme_id, OLD.scheme_id)"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme_id} {self.reason}"


class ScoringWeight(models.Model):
    """An indicator's own weight in a scheme, and whether it is a key item."""

    scheme = models.ForeignKey(ScoringScheme, models.CASCADE, related_name="weights", verbose_name=_("考核方案"))
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="scoring_weights", verbose_name=_("指标任务"))
    weight = points_field(_("权重"))
    is_key = models.BooleanField(_("重点任务"), default=False)

    class Meta:
        verbose_name = _("指标权重")
        verbose_name_plural = _("指标权重")
        ordering = ("scheme", "indicator")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "indicator"], name="scoring_weight_once"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="scoring_weight_not_negative"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="scoring_weight_stands",
                when=pgtrigger.Before,
                operation=CHANGED | pgtrigger.Insert,
                func=IN_USE.format(scheme="COALESCE(NEW.scheme_id, OLD.scheme_id)"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme_id} {self.indicator_id}"
