"""The append-only history of a submission: every step, by whom, why, and what the form said at that moment; and the
lamps the office set in place of the computed ones."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.domain.values import Verb
from kpi.models.submissions import PERIOD_GUARD_OF_SUBMISSION, Submission

# Steps that look at a report and leave it as it is; any other begins a new one.
LOOKING = (Verb.SIGN_OFF, Verb.APPROVE)


class Review(models.Model):
    """One workflow step (submit, sign off, return, approve, withdraw) with the content it was taken on.

    ``on_behalf_of`` is the head whose signature was lent (by ``delegation``) to the person who acted.
    """

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="reviews", verbose_name=_("填报"))
    verb = models.CharField(_("动作"), max_length=12, choices=labels.choices(labels.VERB))
    from_state = models.CharField(_("原状态"), max_length=12, choices=labels.choices(labels.SUBMISSION_STATE))
    to_state = models.CharField(_("新状态"), max_length=12, choices=labels.choices(labels.SUBMISSION_STATE))
    version = models.PositiveIntegerField(_("版本"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("委托人")
    )
    delegation = models.ForeignKey(
        "accounts.Delegation", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("委托代签")
    )
    is_own_submission = models.BooleanField(_("提交人与代签人为同一人"), default=False)
    at = models.DateTimeField(_("时间"))
    comment = models.TextField(_("意见"), blank=True)
    content = models.JSONField(_("当时内容"))

    class Meta:
        verbose_name = _("办理记录")
        verbose_name_plural = _("办理记录")
        ordering = ("at", "id")
        constraints = [
            models.UniqueConstraint(fields=["submission", "version"], name="review_once_per_version"),
            models.CheckConstraint(
                condition=Q(on_behalf_of__isnull=True, delegation__isnull=True, is_own_submission=False)
                | Q(on_behalf_of__isnull=False, delegation__isnull=False),
                name="review_on_behalf_by_delegation",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="review_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.verb} v{self.version}"


class OnRecordQuerySet(models.QuerySet):
    """Rows said about a submission at a ``version``."""

    def about_present_filing(self) -> OnRecordQuerySet:
        """Without what was said before the report was returned, withdrawn, corrected or filed again."""
        later = Review.objects.filter(submission=OuterRef("submission"), version__gt=OuterRef("version"))
        return self.filter(~Exists(later.exclude(verb__in=LOOKING)))

    def about_filing_in_force(self) -> OnRecordQuerySet:
        """Only what was said about the filing that was approved last, also while a correction of it is under way."""
        steps = Review.objects.filter(submission=OuterRef("submission"))
        approved = steps.filter(verb=Verb.APPROVE).order_by("-version").values("version")[:1]
        # Both lie in one filing exactly where nothing but looking happened between them.
        between = steps.filter(
            version__gt=Least(OuterRef("version"), OuterRef("approved_version")),
            version__lte=Greatest(OuterRef("version"), OuterRef("approved_version")),
        )
        said = self.annotate(approved_version=Subquery(approved)).filter(approved_version__isnull=False)
        return said.filter(~Exists(between.exclude(verb__in=LOOKING)))


class RagOverride(models.Model):
    """A lamp the office set for one report of one period (调整亮灯), or its return to the computed lamp.

    The latest row about the report as it was filed last counts; earlier ones are kept. ``computed_rag`` and the rule
    say what was computed at that moment, ``version`` which version of the submission was looked at.
    """

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="overrides", verbose_name=_("填报"))
    version = models.PositiveIntegerField(_("版本"))
    computed_rag = models.CharField(_("计算亮灯"), max_length=10, choices=labels.choices(labels.RAG))
    rule_code = models.CharField(_("规则"), max_length=40)
    rule_version = models.CharField(_("规则版本"), max_length=20)
    reviewed_rag = models.CharField(_("复核亮灯"), max_length=10, choices=labels.choices(labels.RAG))
    is_restored = models.BooleanField(_("恢复计算亮灯"), default=False)
    reason = models.CharField(_("理由"), max_length=500)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    at = models.DateTimeField(_("时间"))

    objects = OnRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("亮灯调整")
        verbose_name_plural = _("亮灯调整")
        ordering = ("at", "id")
        constraints = [
            models.CheckConstraint(
                condition=(Q(is_restored=True) & Q(reviewed_rag=F("computed_rag")))
                | (Q(is_restored=False) & ~Q(reviewed_rag=F("computed_rag"))),
                name="override_differs_or_restores",
            ),
            models.CheckConstraint(
                condition=Q(is_restored=True) | Q(reviewed_rag__in=["red", "amber", "green"]),
                name="override_sets_a_judged_lamp",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_reason"),
        ]
        triggers = [
            pgtrigger.Protect(name="override_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="override_period_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=PERIOD_GUARD_OF_SUBMISSION,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.computed_rag} → {self.reviewed_rag}"
