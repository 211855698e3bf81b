"""Shapes of directives, notices, exports, bulletins and scores."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.api.bodies.base import Strict, Text
from kpi.domain.directives import DirectiveKind, DirectiveVerb
from kpi.domain.exporting import ExportKind


class DirectiveBody(serializers.Serializer):
    id = serializers.IntegerField()
    version = serializers.IntegerField()
    indicator = serializers.CharField(source="code")
    kind = serializers.CharField()
    text = serializers.CharField()
    department = serializers.CharField(source="unit_code", help_text=_("承办单位代码"))
    post = serializers.CharField(help_text=_("批示领导职务"))
    is_on_behalf = serializers.BooleanField()
    issued_at = serializers.DateTimeField()
    state = serializers.CharField()
    due_on = serializers.DateField()
    days_overdue = serializers.IntegerField()


class DirectiveEntryBody(serializers.Serializer):
    version = serializers.IntegerField()
    verb = serializers.CharField()
    to_state = serializers.CharField()
    text = serializers.CharField()
    day = serializers.DateField(allow_null=True)
    at = serializers.DateTimeField()
    actor = serializers.CharField()


class DirectiveDetailBody(DirectiveBody):
    entries = DirectiveEntryBody(many=True)
    steps = serializers.ListField(child=serializers.CharField(), help_text=_("你现在可以办的步骤"))


class NewDirectiveBody(Strict):
    indicator = serializers.CharField(max_length=4)
    kind = serializers.ChoiceField([str(kind) for kind in DirectiveKind])
    text = Text(required=True)
    department = serializers.CharField(required=False, max_length=40, help_text=_("承办单位代码；不填为牵头单位"))
    copies = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=100)
    due_on = serializers.DateField(required=False, allow_null=True, help_text=_("反馈期限；不填按默认"))
    post = serializers.CharField(required=False, max_length=40, help_text=_("督查室代为交办时：批示领导职务代码"))


class DirectiveStepBody(Strict):
    step = serializers.ChoiceField([str(verb) for verb in DirectiveVerb if verb is not DirectiveVerb.ISSUE])
    text = Text(help_text=_("反馈、理由或说明"))
    day = serializers.DateField(required=False, allow_null=True, help_text=_("期限，按步骤需要"))


class NoticeBody(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    url = serializers.CharField(help_text=_("网页地址"))
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)


class NoticeActBody(Strict):
    act = serializers.ChoiceField(["read", "archive", "restore"])


class ExportBody(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    period = serializers.CharField()
    departments = serializers.ListField(child=serializers.CharField())
    state = serializers.CharField(help_text="queued、running、done、failed、cancelled、expired")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    asked_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    error_code = serializers.CharField()


class NewExportBody(Strict):
    kind = serializers.ChoiceField([str(kind) for kind in ExportKind])
    period = serializers.CharField(max_length=7)
    departments = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=100, help_text=_("单位代码；不填为全部")
    )


class ExportActBody(Strict):
    act = serializers.ChoiceField(["cancel", "retry"])


class BulletinBody(serializers.Serializer):
    period = serializers.CharField()
    edition = serializers.IntegerField()
    state = serializers.CharField()
    title = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)


class ScoreRunBody(serializers.Serializer):
    period = serializers.CharField()
    edition = serializers.IntegerField()
    state = serializers.CharField()
    scheme = serializers.CharField()
    opened_at = serializers.DateTimeField(allow_null=True)
    answers_until = serializers.DateTimeField(allow_null=True)


class ScoreSheetBody(serializers.Serializer):
    department = serializers.CharField(allow_null=True)
    post = serializers.CharField(allow_null=True)
    base = serializers.CharField(allow_null=True)
    deduction = serializers.CharField(allow_null=True)
    bonus = serializers.CharField(allow_null=True)
    total = serializers.CharField(allow_null=True)
    answer = serializers.CharField(help_text=_("被考核单位的答复"))
