"""Shapes of directives and their steps."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.api.bodies.base import Strict, Text
from kpi.domain.directives import DirectiveKind, DirectiveVerb


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
