"""Shapes of a change of target: what is asked for, its thread, its documents, the window for asking."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.api.bodies.base import Day, Figure, Strict, Text
from kpi.domain.target_changes import ChangeVerb

V = ChangeVerb
STEPS = (V.SIGN, V.AGREE, V.APPLY, V.SEND_BACK, V.REFUSE, V.WITHDRAW)


class ChangeBody(serializers.Serializer):
    id = serializers.IntegerField()
    version = serializers.IntegerField()
    indicator = serializers.CharField(source="indicator.code")
    state = serializers.CharField()
    timing = serializers.CharField(help_text=_("是否在申请窗口内"))
    reason = serializers.CharField()
    text = serializers.CharField()
    asked_at = serializers.DateTimeField()
    target = serializers.DecimalField(max_digits=None, decimal_places=None, allow_null=True, normalize_output=True)
    final_due_on = serializers.DateField(allow_null=True)
    plan = serializers.DictField(child=serializers.CharField())
    nodes = serializers.DictField(child=serializers.CharField())


class ChangeEntryBody(serializers.Serializer):
    verb = serializers.CharField()
    to_state = serializers.CharField()
    version = serializers.IntegerField()
    text = serializers.CharField()
    actor = serializers.CharField()
    at = serializers.DateTimeField()


class ChangeFileBody(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()


class ChangeDetailBody(ChangeBody):
    entries = ChangeEntryBody(many=True)
    files = ChangeFileBody(many=True)
    steps = serializers.ListField(child=serializers.CharField(), help_text=_("你现在可以办的步骤"))


class ChangeUploadBody(Strict):
    form = serializers.UUIDField(help_text=_("自己取的 UUID；申请时写同一个，文件就归它"))
    indicator = serializers.CharField(max_length=4)
    file = serializers.FileField(help_text=_("依据文件"), max_length=200)


class WishBody(Strict):
    reason = Text(required=True, help_text=_("原因代码"), max_length=40)
    text = Text(required=True, help_text=_("说明，至少 10 字"))
    target = Figure(help_text=_("新目标值；不变则不写"))
    final_due_on = Day(required=False, allow_null=True, help_text=_("新完成时限；不变则不写"))
    plan = serializers.DictField(child=Figure(), required=False, help_text=_('各月计划值，如 {"2025-09": "2.5"}'))
    nodes = serializers.DictField(child=Day(), required=False, help_text=_("节点序号 → 新日期"))


class NewChangeBody(WishBody):
    indicator = serializers.CharField(max_length=4)
    form = serializers.UUIDField(help_text=_("上传依据文件时用的 UUID"))


class ChangeStepBody(Strict):
    step = serializers.ChoiceField([str(verb) for verb in STEPS])
    text = Text(help_text=_("意见；退回、不予调整时必填"))


class AskingWindowBody(serializers.Serializer):
    effective_from = serializers.DateField()
    opens_on = serializers.CharField(help_text=_("月-日"))
    closes_on = serializers.CharField()
    basis = serializers.CharField()


class NewAskingWindowBody(Strict):
    effective_from = Day()
    opens_on = Text(required=True, max_length=5, help_text=_("月-日，如 09-01"))
    closes_on = Text(required=True, max_length=5)
    basis = Text(required=True, max_length=200, help_text=_("依据"))
