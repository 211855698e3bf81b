"""The office's monthly bulletins (督查通报): live while a draft, frozen when sent for approval, kept once published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.domain.bulletins import READABLE, UNDER_WAY
from kpi.models.periods import Period
from kpi.models.reports import Report

if TYPE_CHECKING:
    from accounts.permissions import Actor

# Published stays published, word for word; what is with the second person does not change under their eyes; and only
# a locked month gets that far, whose snapshots are what is published.
STANDS = """
    IF OLD.state = 'superseded' OR (OLD.state = 'published' AND (
        NEW.state <> 'superseded'
        OR to_jsonb(NEW) - ARRAY['state', 'superseded_by_id'] <> to_jsonb(OLD) - ARRAY['state', 'superseded_by_id']
    )) THEN
        RAISE EXCEPTION 'bulletin_is_published'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bulletin_is_published';
    END IF;
    IF OLD.state = 'for_approval' AND NEW.state <> 'draft'
        AND to_jsonb(NEW) - ARRAY['state', 'version', 'number', 'approved_by_id', 'published_at']
         <> to_jsonb(OLD) - ARRAY['state', 'version', 'number', 'approved_by_id', 'published_at']
    THEN
        RAISE EXCEPTION 'bulletin_is_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'bulletin_is_frozen';
    END IF;
    IF NEW.state <> OLD.state AND NEW.state IN ('for_approval', 'published') THEN
        PERFORM 1 FROM kpi_period WHERE id = NEW.period_id AND locked_at IS NOT NULL FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'bulletin_period_open'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'bulletin_period_open';
        END IF;
    END IF;
    RETURN NEW;
"""
BEGINS_AS_DRAFT = """
    IF NEW.state <> 'draft' THEN
        RAISE EXCEPTION 'bulletin_begins_as_draft'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bulletin_begins_as_draft';
    END IF;
    RETURN NEW;
"""
EDITED_AS_DRAFT = """
    IF NOT EXISTS (SELECT 1 FROM kpi_bulletin WHERE id = NEW.bulletin_id AND state = 'draft') THEN
        RAISE EXCEPTION 'bulletin_is_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'bulletin_is_frozen';
    END IF;
    RETURN NEW;
"""


class BulletinQuerySet(models.QuerySet):
    """Bulletins, scoped: the office reads all, everybody else what was published."""

    def visible_to(self, actor: Actor) -> BulletinQuerySet:
        return self if actor.is_supervisor else self.filter(state__in=READABLE)

    def with_record(self) -> BulletinQuerySet:
        """Annotate ``edit_rows``, ``step_rows`` and ``file_row`` as plain mappings, oldest first."""
        edits = BulletinEdit.objects.filter(bulletin=OuterRef("pk")).order_by("id")
        steps = BulletinStep.objects.filter(bulletin=OuterRef("pk")).order_by("id")
        files = BulletinFile.objects.filter(bulletin=OuterRef("pk"))
        who = {"by": "actor__display_name", "at": "at"}
        names = ("key", "text", "is_reset", "reason", "figures")
        return self.annotate(
            edit_rows=ArraySubquery(edits.values(row=JSONObject(**{name: name for name in names}, **who))),
            step_rows=ArraySubquery(steps.values(row=JSONObject(verb="verb", text="text", **who))),
            file_rows=ArraySubquery(files.values(row=JSONObject(name="name", sha256="sha256", size="size"))),
        )


class Bulletin(models.Model):
    """One edition of one month's bulletin.

    While it is a draft its text is generated at each look, with the edits in their places, and ``content`` is empty.
    Sent for approval, ``content`` holds the whole text (``domain.bulletin_record``) and ``snapshot_edition`` the
    edition of the month's snapshots it rests on. ``number`` (发文字号) is given when it is published, as registers do.
    ``version`` grows by one with every write but the last one, ``superseded``. ``demands`` are codes, in order.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="bulletins", verbose_name=_("报告"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="bulletins", verbose_name=_("报告期"))
    edition = models.PositiveSmallIntegerField(_("版次"), default=1)
    state = models.CharField(_("状态"), max_length=12, choices=labels.choices(labels.BULLETIN_STATE))
    version = models.PositiveIntegerField(_("版本"), default=1)
    number = models.PositiveIntegerField(_("发文顺序号"), null=True, blank=True)
    mark = models.CharField(_("发文机关标志"), max_length=30)
    series = models.CharField(_("机关代字"), max_length=20)
    title = models.CharField(_("标题"), max_length=120)
    addressed_to = models.CharField(_("主送"), max_length=200)
    signer = models.CharField(_("发文机关署名"), max_length=26)
    copied_to = models.CharField(_("抄送"), max_length=200, blank=True)
    has_good = models.BooleanField(_("写“进展较好”"), default=True)
    has_praise = models.BooleanField(_("列表扬名单"), default=False)
    has_reminder = models.BooleanField(_("列提醒名单"), default=False)
    tells_all_heads = models.BooleanField(_("发给所有单位负责人"), default=False)
    demands = models.JSONField(_("工作要求"), default=list, blank=True)
    content = models.JSONField(_("定稿内容"), null=True, blank=True)
    snapshot_edition = models.PositiveSmallIntegerField(_("依据的快照版次"), null=True, blank=True)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("起草人"))
    drafted_at = models.DateTimeField(_("起草时间"))
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("送审人")
    )
    sent_at = models.DateTimeField(_("送审时间"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("签发人")
    )
    published_at = models.DateTimeField(_("签发时间"), null=True, blank=True)
    superseded_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("被替代")
    )

    objects = BulletinQuerySet.as_manager()

    class Meta:
        verbose_name = _("督查通报")
        verbose_name_plural = _("督查通报")
        ordering = ("-period__code", "-edition")
        constraints = [
            models.UniqueConstraint(fields=["period", "edition"], name="bulletin_edition_once"),
            models.UniqueConstraint(
                fields=["report", "number"], condition=Q(number__isnull=False), name="bulletin_number_once_a_year"
            ),
            models.UniqueConstraint(
                fields=["period"], condition=Q(state__in=sorted(UNDER_WAY)), name="bulletin_one_under_way"
            ),
            models.UniqueConstraint(fields=["period"], condition=Q(state="published"), name="bulletin_one_in_force"),
            models.CheckConstraint(
                condition=Q(state="draft", content__isnull=True, snapshot_edition__isnull=True, sent_by__isnull=True)
                | (~Q(state="draft") & Q(content__isnull=False, snapshot_edition__isnull=False, sent_by__isnull=False)),
                name="bulletin_frozen_when_sent",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["draft", "for_approval"],
                    number__isnull=True,
                    approved_by__isnull=True,
                    published_at__isnull=True,
                )
                | Q(
                    state__in=sorted(READABLE),
                    number__gte=1,
                    approved_by__isnull=False,
                    published_at__isnull=False,
                ),
                name="bulletin_numbered_when_published",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("drafted_by")) & ~Q(approved_by=F("sent_by"))),
                name="bulletin_takes_two",
            ),
            models.CheckConstraint(
                condition=Q(state="superseded", superseded_by__isnull=False)
                | (~Q(state="superseded") & Q(superseded_by__isnull=True)),
                name="bulletin_superseded_by_another",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(name="bulletin_stands", when=pgtrigger.Before, operation=pgtrigger.Update, func=STANDS),
            pgtrigger.Trigger(
                name="bulletin_begins_as_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=BEGINS_AS_DRAFT,
            ),
            pgtrigger.Protect(name="bulletin_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} #{self.edition}"


class BulletinEdit(models.Model):
    """What a person wrote in place of a generated paragraph, or its return to it. The last row of a ``key`` counts.

    ``generated`` and ``figures`` are the paragraph and its fields as they were at that moment.
    """

    bulletin = models.ForeignKey(Bulletin, models.PROTECT, related_name="edits", verbose_name=_("督查通报"))
    key = models.CharField(_("段落"), max_length=60)
    text = models.TextField(_("改写"), blank=True)
    is_reset = models.BooleanField(_("恢复生成文字"), default=False)
    reason = models.CharField(_("理由"), max_length=500, blank=True)
    generated = models.TextField(_("生成文字"), blank=True)
    figures = models.JSONField(_("当时数字"), default=dict, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("通报改写")
        verbose_name_plural = _("通报改写")
        ordering = ("bulletin", "id")
        constraints = [
            models.CheckConstraint(condition=Q(is_reset=True) | ~Q(reason=""), name="bulletin_edit_has_reason"),
        ]
        triggers = [
            pgtrigger.Protect(name="bulletin_edit_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="bulletin_edited_as_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=EDITED_AS_DRAFT,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bulletin_id} {self.key}"


class BulletinStep(models.Model):
    """One step of a bulletin: by whom, when, and why it went back."""

    bulletin = models.ForeignKey(Bulletin, models.PROTECT, related_name="steps", verbose_name=_("督查通报"))
    version = models.PositiveIntegerField(_("版本"))
    verb = models.CharField(_("动作"), max_length=12, choices=labels.choices(labels.BULLETIN_VERB))
    from_state = models.CharField(_("原状态"), max_length=12, blank=True)
    to_state = models.CharField(_("新状态"), max_length=12, choices=labels.choices(labels.BULLETIN_STATE))
    text = models.TextField(_("意见"), blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("通报办理记录")
        verbose_name_plural = _("通报办理记录")
        ordering = ("bulletin", "id")
        constraints = [
            models.CheckConstraint(condition=~Q(verb="return") | ~Q(text=""), name="bulletin_return_has_reason"),
        ]
        triggers = [
            pgtrigger.Protect(name="bulletin_step_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.bulletin_id} {self.verb} v{self.version}"


class BulletinFile(models.Model):
    """The document as it was published, byte for byte."""

    bulletin = models.OneToOneField(Bulletin, models.PROTECT, related_name="file", verbose_name=_("督查通报"))
    name = models.CharField(_("文件名"), max_length=200)
    content = models.BinaryField(_("内容"))
    size = models.PositiveIntegerField(_("字节"))
    sha256 = models.CharField(_("校验值"), max_length=64)

    class Meta:
        verbose_name = _("通报文件")
        verbose_name_plural = _("通报文件")
        triggers = [
            pgtrigger.Protect(name="bulletin_file_is_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.name
