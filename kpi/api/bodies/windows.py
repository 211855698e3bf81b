"""Shapes of what is done to a reporting period: its window, more time for a unit, its lock, and chasing."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.api.bodies.base import Moment, Strict, Text
from kpi.domain.window_acts import WindowAct

CONFIRM = _("为防误办，再写一遍报告期，如 2025-06")


class WindowChangeBody(serializers.Serializer):
    id = serializers.IntegerField()
    act = serializers.CharField()
    was_opens_at = serializers.DateTimeField()
    was_due_at = serializers.DateTimeField()
    was_grace_ends_at = serializers.DateTimeField()
    opens_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    grace_ends_at = serializers.DateTimeField()
    reason = serializers.CharField()
    actor = serializers.CharField()
    at = serializers.DateTimeField()
    undone_at = serializers.DateTimeField(allow_null=True)


class WindowActBody(Strict):
    act = serializers.ChoiceField([str(act) for act in WindowAct])
    until = Moment(help_text=_("整期延期：延至何时"))
    reason = Text(required=True, help_text=_("事由，至少 5 字"))
    confirm = Text(required=True, help_text=CONFIRM, max_length=20)


class UndoBody(Strict):
    reason = Text(required=True, help_text=_("事由，至少 5 字"))
    confirm = Text(required=True, help_text=CONFIRM, max_length=20)


class LockBody(Strict):
    confirm = Text(required=True, help_text=CONFIRM, max_length=20)


class AskBody(Strict):
    reason = Text(required=True, help_text=_("理由，至少 5 字"))


class UnlockBody(serializers.Serializer):
    id = serializers.IntegerField()
    reason = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    is_confirmed = serializers.BooleanField()
    relocked_at = serializers.DateTimeField(allow_null=True, help_text=_("重新锁定；确认之后、此前为解锁中"))


class UnlockAnswerBody(Strict):
    act = serializers.ChoiceField(["confirm", "refuse"], help_text=_("确认须是另一人；申请人用 refuse 撤回"))
    confirm = Text(help_text=CONFIRM, max_length=20)


class ExtensionBody(serializers.Serializer):
    id = serializers.IntegerField()
    department = serializers.CharField(source="department.code")
    reason = serializers.CharField()
    asked_at = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True, help_text=_("延至；未答复或未批准为 null"))
    decided_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField()


class NewExtensionBody(Strict):
    department = serializers.CharField(max_length=40, help_text=_("单位代码"))
    reason = Text(required=True, help_text=_("理由，至少 5 字"))


class GivenExtensionBody(NewExtensionBody):
    until = Moment(required=True, allow_null=False, help_text=_("延至何时"))


class ExtensionAnswerBody(Strict):
    until = Moment(required=True, help_text=_("批准到何时；null 为不批准"))
    answer = Text(help_text=_("答复；不批准时必填"))


class ToldBody(serializers.Serializer):
    person = serializers.CharField(source="person.user")
    ways = serializers.ListField(child=serializers.CharField(), help_text=_("会经哪些渠道送到"))


class ChasePreviewBody(serializers.Serializer):
    department = serializers.CharField(source="unit.department.code")
    indicators = serializers.ListField(child=serializers.CharField(), source="unit.codes", help_text=_("未提交的任务"))
    title = serializers.CharField()
    body = serializers.CharField()
    told = ToldBody(many=True)
    refusal = serializers.CharField(allow_null=True, source="refusal_code", help_text=_("不会催办的原因代码"))


class ChaseBody(Strict):
    departments = serializers.ListField(child=serializers.CharField(max_length=40), max_length=100)
    note = Text(help_text=_("附言，最多 100 字"))


class ChasedBody(serializers.Serializer):
    department = serializers.CharField(source="department.code")
    told = serializers.IntegerField(help_text=_("通知了几人"))
    refusal = serializers.CharField(allow_null=True, source="refusal_code", help_text=_("没有催办的原因代码"))
