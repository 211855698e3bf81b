"""What the supporting units say about a report that concerns them too (会签)."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.models.reviews import OnRecordQuerySet
from kpi.models.submissions import PERIOD_GUARD_OF_SUBMISSION, Submission


class CoSignature(models.Model):
    """One statement of one supporting unit. The latest about the report as it was filed last counts.

    ``version`` is the submission's when it was made: whatever is filed later asks anew.
    """

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="cosignatures", verbose_name=_("填报"))
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, related_name="cosignatures", verbose_name=_("会签单位")
    )
    version = models.PositiveIntegerField(_("版本"))
    cycle = models.PositiveSmallIntegerField(_("轮次"))
    stance = models.CharField(_("意见"), max_length=10, choices=labels.choices(labels.STANCE))
    comment = models.CharField(_("说明"), max_length=500, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    at = models.DateTimeField(_("时间"))

    objects = OnRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("会签")
        verbose_name_plural = _("会签")
        ordering = ("at", "id")
        constraints = [
            models.CheckConstraint(
                condition=~Q(stance="objected") | ~Q(comment=""), name="cosignature_objection_says_why"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="cosignature_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="cosignature_period_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=PERIOD_GUARD_OF_SUBMISSION,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.department_id} {self.stance}"
