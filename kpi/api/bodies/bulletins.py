"""Shapes of the monthly bulletin: its text by paragraph, its head, its steps."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.api.bodies.base import Strict, Text
from kpi.domain.bulletins import DEMANDS

STEPS = ("send", "withdraw", "return", "publish")


class BulletinBody(serializers.Serializer):
    period = serializers.CharField(source="period.code")
    edition = serializers.IntegerField()
    state = serializers.CharField()
    title = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)


class ParagraphBody(serializers.Serializer):
    key = serializers.CharField()
    text = serializers.CharField(help_text=_("现在的文字；空的不印"))
    generated = serializers.CharField(source="paragraph.text", help_text=_("系统按数据生成的文字"))
    is_edited = serializers.SerializerMethodField()
    is_outdated = serializers.SerializerMethodField(help_text=_("改写之后数字已变"))

    def get_is_edited(self, written: object) -> bool:
        return written.edit is not None

    def get_is_outdated(self, written: object) -> bool:
        return bool(written.changes)


class ChapterBody(serializers.Serializer):
    title = serializers.CharField()
    paragraphs = ParagraphBody(many=True)


class BulletinDetailBody(BulletinBody):
    version = serializers.IntegerField()
    mark = serializers.CharField()
    series = serializers.CharField()
    addressed_to = serializers.CharField()
    signer = serializers.CharField()
    copied_to = serializers.CharField()
    has_good = serializers.BooleanField()
    has_praise = serializers.BooleanField()
    has_reminder = serializers.BooleanField()
    tells_all_heads = serializers.BooleanField()
    demands = serializers.ListField(child=serializers.CharField())
    chapters = ChapterBody(many=True)


class NewBulletinBody(Strict):
    period = serializers.CharField(max_length=7, help_text=_("报告期，如 2025-06"))


class TypedBody(Strict):
    key = serializers.CharField(max_length=80)
    text = Text(required=True, help_text=_("新的文字；空的不印"))
    was = Text(required=True, help_text=_("读到的 text；与新的相同即未改"))
    reason = Text(help_text=_("改写的理由"))


class BulletinDraftBody(Strict):
    mark = Text(required=True)
    series = Text(required=True)
    title = Text(required=True)
    addressed_to = Text(required=True)
    signer = Text(required=True)
    copied_to = Text(required=True)
    has_good = serializers.BooleanField()
    has_praise = serializers.BooleanField()
    has_reminder = serializers.BooleanField()
    tells_all_heads = serializers.BooleanField()
    demands = serializers.ListField(child=serializers.ChoiceField(list(DEMANDS)), max_length=len(DEMANDS))
    paragraphs = TypedBody(many=True, required=False, help_text=_("只列要改写的段落"))
    reset = Text(max_length=80, help_text=_("恢复为生成文字的段落"))
    keep = Text(max_length=80, help_text=_("数字已变仍保留改写文字的段落"))


class BulletinStepBody(Strict):
    step = serializers.ChoiceField(STEPS, help_text=_("送审、撤回、退回、签发；退回和签发须是另一人"))
    reason = Text(help_text=_("退回的理由"))
    number = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=9999)
