"""The append-only history of a submission: every step, by whom, why, and what the form said at that moment."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.models.submissions import Submission


class Review(models.Model):
    """One workflow step (submit, sign off, return, approve, withdraw) with the content it was taken on."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="reviews", verbose_name=_("填报"))
    verb = models.CharField(_("动作"), max_length=12, choices=labels.choices(labels.VERB))
    from_state = models.CharField(_("原状态"), max_length=12, choices=labels.choices(labels.SUBMISSION_STATE))
    to_state = models.CharField(_("新状态"), max_length=12, choices=labels.choices(labels.SUBMISSION_STATE))
    version = models.PositiveIntegerField(_("版本"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    at = models.DateTimeField(_("时间"))
    comment = models.TextField(_("意见"), blank=True)
    content = models.JSONField(_("当时内容"))

    class Meta:
        verbose_name = _("办理记录")
        verbose_name_plural = _("办理记录")
        ordering = ("at", "id")
        constraints = [
            models.UniqueConstraint(fields=["submission", "version"], name="review_once_per_version"),
        ]
        triggers = [
            pgtrigger.Protect(name="review_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.verb} v{self.version}"
