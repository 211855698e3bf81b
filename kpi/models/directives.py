"""Leaders' directives (批示督办): the row says where one stands, its append-only thread says how it came there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.domain.directives import DirectiveVerb
from kpi.models.indicators import Indicator

if TYPE_CHECKING:
    from accounts.permissions import Actor

# What was said stays said: to whom and by whom never changes, the words only while nobody has received them, and
# nothing at all once it is over.
WORDS_STAND = """
    IF OLD.state IN ('closed', 'withdrawn') THEN
        RAISE EXCEPTION 'directive_is_over' USING ERRCODE = 'check_violation', CONSTRAINT = 'directive_is_over';
    END IF;
    IF (NEW.indicator_id, NEW.department_id, NEW.post_id, NEW.issued_by_id, NEW.is_on_behalf, NEW.issued_at,
        NEW.kind, NEW.form_key) IS DISTINCT FROM
       (OLD.indicator_id, OLD.department_id, OLD.post_id, OLD.issued_by_id, OLD.is_on_behalf, OLD.issued_at,
        OLD.kind, OLD.form_key)
       OR (NEW.text <> OLD.text AND (OLD.state <> 'issued' OR NEW.state <> 'issued'))
    THEN
        RAISE EXCEPTION 'directive_words_stand' USING ERRCODE = 'check_violation', CONSTRAINT = 'directive_words_stand';
    END IF;
    RETURN NEW;
"""
COPIED_ON_ISSUE = """
    IF NOT EXISTS (SELECT 1 FROM kpi_directive WHERE id = NEW.directive_id AND version = 1 AND state = 'issued') THEN
        RAISE EXCEPTION 'directive_words_stand' USING ERRCODE = 'check_violation', CONSTRAINT = 'directive_words_stand';
    END IF;
    RETURN NEW;
"""
# Steps that carry words of the leader, and steps about more time; a reply makes a request void.
WORDING = (DirectiveVerb.ISSUE, DirectiveVerb.CORRECT)
ABOUT_TIME = (DirectiveVerb.ASK_EXTENSION, DirectiveVerb.GRANT_EXTENSION, DirectiveVerb.REFUSE_EXTENSION)


class DirectiveQuerySet(models.QuerySet):
    """Directives, scoped: leaders and the office read all, a unit what is addressed or copied to it."""

    def of_year(self, year: int) -> DirectiveQuerySet:
        return self.filter(indicator__report__year=year)

    def visible_to(self, actor: Actor) -> DirectiveQuerySet:
        if actor.is_leader or actor.is_supervisor:
            return self
        copied = DirectiveCopy.objects.filter(directive=OuterRef("pk"), department__in=actor.department_ids)
        return self.filter(Q(department__in=actor.department_ids) | Q(Exists(copied)))

    def as_of(self, moment: datetime) -> DirectiveQuerySet:
        """Annotate ``row``: a directive as it stood at a moment, as a plain mapping (``selectors.directives``).

        What was issued later is left out, later entries are ignored.
        """
        entries = DirectiveEntry.objects.filter(directive=OuterRef("pk"), at__lte=moment).order_by("-version")
        copies = DirectiveCopy.objects.filter(directive=OuterRef("pk")).order_by("department__ordinal")
        return (
            self.filter(issued_at__lte=moment)
            .annotate(
                words=Subquery(entries.filter(verb__in=WORDING).values("text")[:1]),
                latest=Subquery(entries.values(row=ENTRY_ROW)[:1]),
                of_time=Subquery(entries.filter(verb__in=(*ABOUT_TIME, DirectiveVerb.REPLY)).values(row=ENTRY_ROW)[:1]),
                reply=Subquery(entries.filter(verb=DirectiveVerb.REPLY).values(row=ENTRY_ROW)[:1]),
                copied=ArraySubquery(copies.values(row=JSONObject(id="department_id", name="department__short_name"))),
            )
            .annotate(row=DIRECTIVE_ROW)
        )


class Directive(models.Model):
    """One instruction, or demand to explain, of a leader's ``post`` to one unit about one indicator.

    ``version`` grows by one with every step; a step names the version it was taken from. ``due_on`` is the day in
    force, that day included. ``form_key`` is the form that sent it: the same form sends once. Where the office wrote
    it for a leader, ``is_on_behalf`` says so.
    """

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="directives", verbose_name=_("指标任务"))
    kind = models.CharField(_("类型"), max_length=10, choices=labels.choices(labels.DIRECTIVE_KIND))
    text = models.TextField(_("批示内容"))
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, related_name="directives", verbose_name=_("承办单位")
    )
    copied_to = models.ManyToManyField(
        "accounts.Department", through="DirectiveCopy", related_name="copied_directives", verbose_name=_("抄送")
    )
    post = models.ForeignKey("accounts.Post", models.PROTECT, related_name="directives", verbose_name=_("批示领导"))
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("交办人"))
    is_on_behalf = models.BooleanField(_("督查室代为交办"), default=False)
    issued_at = models.DateTimeField(_("交办时间"))
    state = models.CharField(_("状态"), max_length=12, choices=labels.choices(labels.DIRECTIVE_STATE))
    version = models.PositiveIntegerField(_("版本"), default=1)
    due_on = models.DateField(_("反馈期限"))
    form_key = models.UUIDField(_("交办页"), editable=False)

    objects = DirectiveQuerySet.as_manager()

    class Meta:
        verbose_name = _("批示督办")
        verbose_name_plural = _("批示督办")
        ordering = ("-issued_at", "-id")
        indexes = [models.Index(fields=["department", "state"], name="directive_department")]
        constraints = [
            models.UniqueConstraint(fields=["form_key"], name="directive_once_per_form"),
            models.CheckConstraint(condition=~Q(text=""), name="directive_has_words"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="directive_words_stand", when=pgtrigger.Before, operation=pgtrigger.Update, func=WORDS_STAND
            ),
            pgtrigger.Protect(name="directive_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.indicator.code} {self.kind} #{self.pk}"


class DirectiveCopy(models.Model):
    """A unit that reads a directive and owes no answer. Named when it is issued, never afterwards."""

    directive = models.ForeignKey(Directive, models.PROTECT, related_name="copies", verbose_name=_("批示督办"))
    department = models.ForeignKey("accounts.Department", models.PROTECT, related_name="+", verbose_name=_("抄送单位"))

    class Meta:
        verbose_name = _("批示抄送")
        verbose_name_plural = _("批示抄送")
        constraints = [
            models.UniqueConstraint(fields=["directive", "department"], name="directive_copied_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="directive_copy_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="directive_copied_on_issue",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=COPIED_ON_ISSUE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.directive_id} → {self.department_id}"


class DirectiveEntry(models.Model):
    """One step with its words: by whom, when, from which state to which, and the due day in force after it.

    ``day`` is the day the step speaks of, where it names one: asked for, granted, or given for another try.
    """

    directive = models.ForeignKey(Directive, models.PROTECT, related_name="entries", verbose_name=_("批示督办"))
    version = models.PositiveIntegerField(_("版本"))
    verb = models.CharField(_("动作"), max_length=20, choices=labels.choices(labels.DIRECTIVE_VERB))
    from_state = models.CharField(_("原状态"), max_length=12, blank=True)
    to_state = models.CharField(_("新状态"), max_length=12, choices=labels.choices(labels.DIRECTIVE_STATE))
    text = models.TextField(_("内容"), blank=True)
    day = models.DateField(_("日期"), null=True, blank=True)
    due_on = models.DateField(_("反馈期限"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("批示办理记录")
        verbose_name_plural = _("批示办理记录")
        ordering = ("directive", "version")
        constraints = [
            models.UniqueConstraint(fields=["directive", "version"], name="directive_entry_once_per_version"),
            models.CheckConstraint(
                condition=~Q(
                    verb__in=["issue", "correct", "reply", "send_back", "clarify", "ask_extension", "refuse_extension"]
                )
                | ~Q(text=""),
                name="directive_entry_has_words",
            ),
            models.CheckConstraint(
                condition=~Q(verb__in=["ask_extension", "grant_extension"]) | Q(day__isnull=False),
                name="directive_entry_names_day",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="directive_entry_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.directive_id} {self.verb} v{self.version}"


ENTRY_ROW = JSONObject(
    version="version", verb="verb", state="to_state", text="text", day="day", due_on="due_on", at="at"
)
DIRECTIVE_ROW = JSONObject(
    id="id",
    indicator_id="indicator_id",
    code="indicator__code",
    name="indicator__name",
    kind="kind",
    unit_id="department_id",
    unit_code="department__code",
    unit="department__short_name",
    post_id="post_id",
    post="post__title",
    post_en="post__title_en",
    issued_by="issued_by__display_name",
    is_on_behalf="is_on_behalf",
    issued_at="issued_at",
    words=F("words"),
    latest=F("latest"),
    of_time=F("of_time"),
    reply=F("reply"),
    copied=F("copied"),
)


def of_indicator(actor: Actor, moment: datetime) -> ArraySubquery:
    """The directives of an outer indicator as an actor may read them, as rows of ``as_of``, newest first."""
    found = Directive.objects.visible_to(actor).filter(indicator=OuterRef("pk"))
    return ArraySubquery(found.as_of(moment).order_by("-issued_at", "-id").values("row"))
