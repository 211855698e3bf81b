"""Shapes of what a year holds: units, report, commitments, periods, indicators with their lamps."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.domain.values import Rag

LAMPS = [str(rag) for rag in Rag]


class DepartmentBody(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    short_name = serializers.CharField()
    kind = serializers.CharField()
    parent = serializers.CharField(allow_null=True, source="parent_code", help_text=_("上级单位代码"))
    is_active = serializers.BooleanField()


class HoldingBody(serializers.Serializer):
    role = serializers.CharField()
    department = serializers.CharField(allow_null=True)
    post = serializers.CharField(allow_null=True)


class MeBody(serializers.Serializer):
    username = serializers.CharField()
    display_name = serializers.CharField()
    roles = HoldingBody(many=True, help_text=_("令牌限于单位时，只列这些单位的任职"))
    scopes = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text=_("令牌的权限；网页会话为 null")
    )
    departments = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text=_("令牌限于哪些单位；不限为 null")
    )
    expires_at = serializers.DateTimeField(allow_null=True)


class ReportBody(serializers.Serializer):
    year = serializers.IntegerField()
    title = serializers.CharField()
    sha256 = serializers.CharField(help_text=_("原文校验值"))


class ReportTextBody(ReportBody):
    text = serializers.CharField(help_text=_("报告原文，逐字"))
    source_note = serializers.CharField()


class CommitmentBody(serializers.Serializer):
    code = serializers.CharField()
    quote = serializers.CharField(help_text=_("报告原文"))
    start = serializers.IntegerField(help_text=_("在原文中的起点，按字"))
    end = serializers.IntegerField()
    section = serializers.CharField()
    subsection = serializers.CharField()
    strength = serializers.CharField()
    is_context = serializers.BooleanField(help_text=_("仅作背景，不立项"))
    indicators = serializers.ListField(child=serializers.CharField(), source="codes", help_text=_("由它立项的任务编号"))


class PeriodBody(serializers.Serializer):
    code = serializers.CharField()
    opens_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    grace_ends_at = serializers.DateTimeField()
    locked_at = serializers.DateTimeField(allow_null=True, help_text=_("锁定后不再变化"))


class MonthBody(serializers.Serializer):
    period = serializers.CharField()
    lamp = serializers.ChoiceField(LAMPS, allow_null=True)
    computed_lamp = serializers.ChoiceField(LAMPS, allow_null=True)
    unreviewed_lamp = serializers.ChoiceField(
        LAMPS, allow_null=True, help_text=_("尚未审定的数据会亮的灯；只给可看这份填报的人")
    )
    mark = serializers.CharField(help_text="own、unreviewed、unpublished、unapproved、missing、pending、carried、none")
    timeliness = serializers.CharField(allow_null=True)


class IndicatorBody(serializers.Serializer):
    """The record of ``kpi.selectors.records``: the same fields as its fingerprint in the exports."""

    code = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    lead = serializers.CharField(help_text=_("牵头单位代码"))
    period = serializers.CharField(allow_null=True, help_text=_("完成值来自哪一期"))
    value = serializers.CharField(allow_null=True, help_text=_("完成值，文本，一位不少"))
    plan = serializers.CharField(allow_null=True, help_text=_("序时计划"))
    target = serializers.CharField(allow_null=True)
    lamp = serializers.ChoiceField(LAMPS, help_text=_("生效的灯"))
    computed_lamp = serializers.ChoiceField(LAMPS, help_text=_("按规则算出的灯"))
    override_reason = serializers.CharField(allow_null=True, help_text=_("督查室调整亮灯的理由"))
    ratio = serializers.CharField(allow_null=True)
    gap = serializers.CharField(allow_null=True)
    reason = serializers.CharField(help_text=_("为什么是这个灯，代码"))
    reason_text = serializers.CharField(help_text=_("同上，一句话"))
    to_green = serializers.CharField(allow_null=True, help_text=_("到绿灯还差多少"))
    rule = serializers.CharField(allow_null=True)
    rule_version = serializers.CharField(allow_null=True)


class IndicatorDetailBody(IndicatorBody):
    kind = serializers.CharField()
    decimals = serializers.IntegerField()
    comparator = serializers.CharField()
    polarity = serializers.CharField()
    frequency = serializers.CharField()
    commitment = serializers.CharField()
    accountable_post = serializers.CharField()
    final_due_on = serializers.DateField()
    definition = serializers.CharField()
    months = MonthBody(many=True)
