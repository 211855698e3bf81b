"""Problem details as every refusal has them (RFC 9457)."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class ProblemErrorBody(serializers.Serializer):
    field = serializers.CharField(help_text=_("字段"))
    code = serializers.CharField(help_text=_("稳定的代码"))
    detail = serializers.CharField(help_text=_("给人看的说明"))


class DifferenceBody(serializers.Serializer):
    field = serializers.CharField(help_text=_("字段"))
    yours = serializers.JSONField(help_text=_("你发来的"))
    theirs = serializers.JSONField(help_text=_("别人已经写入的"))


class ProblemBody(serializers.Serializer):
    type = serializers.CharField(help_text="urn:kpi:problem:<code>")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text=_("给人看的说明"))
    code = serializers.CharField(help_text=_("稳定的代码；程序应按它判断，不要按说明文字"))
    errors = ProblemErrorBody(many=True, help_text=_("逐个字段的问题"))
    request_id = serializers.CharField(help_text=_("报修时请提供"))
    differences = DifferenceBody(many=True, required=False, help_text=_("填报 412 时：逐个字段的不同"))
    current_etag = serializers.CharField(required=False, help_text=_("412 时：现在的版本"))
