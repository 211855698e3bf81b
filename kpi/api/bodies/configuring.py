"""Shapes of the configuration: an indicator's fields, its plan, its split, its lead, sentences set aside."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi import labels
from kpi.api.bodies.base import Day, Figure, Strict, Text
from kpi.domain.values import Accumulation, Comparator, Frequency, Kind, Polarity, Strength

KINDS = [str(kind) for kind in Kind]


def choice(names: object, **more: object) -> serializers.ChoiceField:
    return serializers.ChoiceField([str(each) for each in names], required=False, **more)


class IndicatorFormBody(Strict):
    """What an indicator says; a field that is left out stays as it is."""

    name = Text()
    kind = choice(KINDS)
    unit = Text()
    decimals = serializers.IntegerField(required=False, min_value=0, max_value=4)
    comparator = choice(Comparator)
    polarity = choice(Polarity)
    accumulation = choice(Accumulation)
    strength = choice(Strength)
    frequency = choice(Frequency)
    lead = Text(max_length=40, help_text=_("牵头单位代码"))
    supporting = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=100)
    post = Text(max_length=40, help_text=_("分管领导职务代码"))
    final_due_on = Day(required=False)
    target = Figure(help_text=_("目标值；里程碑按节点个数，不用填"))
    baseline_value = Figure()
    baseline_unit = Text()
    baseline_note = Text()
    definition = Text()
    peer_set = Text()
    coverage_scope = choice(labels.COVERAGE_SCOPE, allow_blank=True)
    evidence_required = serializers.BooleanField(required=False)
    needs_cosign = serializers.BooleanField(required=False)
    is_lead_settled = serializers.BooleanField(required=False)
    predecessor = Text(max_length=4, help_text=_("上一年的任务编号"))
    notes = Text()


class NewIndicatorBody(IndicatorFormBody):
    code = Text(required=True, max_length=4)
    quote = Text(required=True, help_text=_("报告原文中的一句，逐字"))
    start = serializers.IntegerField(required=False, min_value=0, max_value=9_999_999, help_text=_("大约在第几字"))
    section = Text(max_length=40)


class IndicatorSettingsBody(serializers.Serializer):
    code = serializers.CharField()
    is_active = serializers.BooleanField()
    name = serializers.CharField()
    kind = serializers.CharField()
    unit = serializers.CharField()
    decimals = serializers.IntegerField()
    comparator = serializers.CharField()
    polarity = serializers.CharField()
    accumulation = serializers.CharField()
    strength = serializers.CharField()
    frequency = serializers.CharField()
    lead = serializers.CharField()
    supporting = serializers.ListField(child=serializers.CharField())
    post = serializers.CharField()
    final_due_on = serializers.CharField()
    target = serializers.CharField()
    baseline_value = serializers.CharField()
    baseline_unit = serializers.CharField()
    baseline_note = serializers.CharField()
    definition = serializers.CharField()
    peer_set = serializers.CharField()
    coverage_scope = serializers.CharField()
    evidence_required = serializers.BooleanField()
    needs_cosign = serializers.BooleanField()
    is_lead_settled = serializers.BooleanField()
    predecessor = serializers.CharField()
    notes = serializers.CharField()


class SwitchBody(Strict):
    is_active = serializers.BooleanField(help_text=_("false 停用，true 恢复"))
    confirm = Text(required=True, max_length=10, help_text=_("为防误办，再写一遍任务编号"))
    reason = Text(required=True, help_text=_("事由，至少 5 字"))


class NodeBody(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    due_on = serializers.DateField()


class NewNodeBody(Strict):
    name = Text(required=True)
    due_on = Day()


class PlanBody(serializers.Serializer):
    target = serializers.CharField(allow_null=True)
    points = serializers.DictField(child=serializers.CharField(), help_text=_("各月计划值"))
    nodes = NodeBody(many=True, help_text=_("里程碑的节点，按序"))
    locked = serializers.ListField(child=serializers.CharField(), help_text=_("已锁定、不能再改的月份"))


class NewPlanBody(Strict):
    points = serializers.DictField(child=Figure(), required=False, help_text=_("各月计划值；没有列出的月份没有计划"))
    nodes = NewNodeBody(many=True, required=False, help_text=_("里程碑：全部节点，按序"))


class SplitBody(serializers.Serializer):
    target = serializers.CharField(allow_null=True)
    shares = serializers.DictField(child=serializers.CharField(), help_text=_("区县、乡镇代码 → 数字"))
    difference = serializers.CharField(allow_null=True, help_text=_("与目标之差；提示，不拒绝"))


class NewSplitBody(Strict):
    shares = serializers.DictField(child=Figure(), help_text=_("没有列出的单位没有分解数"))


class HandoverBody(serializers.Serializer):
    id = serializers.IntegerField()
    before = serializers.CharField(source="from_department.code")
    to = serializers.CharField(source="to_department.code")
    effective_on = serializers.DateField()
    keeps_supporting = serializers.BooleanField()
    reason = serializers.CharField()
    done_at = serializers.DateTimeField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)


class NewHandoverBody(Strict):
    to = serializers.CharField(max_length=40, help_text=_("新牵头单位代码"))
    effective_on = Day(help_text=_("起始日；今天即刻移交"))
    reason = Text(required=True)
    keeps_supporting = serializers.BooleanField(required=False, help_text=_("原牵头单位改为配合单位"))


class SetAsideBody(Strict):
    quote = Text(required=True, help_text=_("报告原文中的一句，逐字"))
    start = serializers.IntegerField(required=False, min_value=0, max_value=9_999_999)
    reason = Text(required=True, help_text=_("不立项的理由"))


class SetAsideDoneBody(serializers.Serializer):
    code = serializers.CharField()
    quote = serializers.CharField()
    is_context = serializers.BooleanField()


class CorrectionBody(Strict):
    text = serializers.CharField(trim_whitespace=False, help_text=_("更正后的全文"))
    reason = Text(required=True, help_text=_("更正的依据"))


class CorrectedBody(serializers.Serializer):
    sha256 = serializers.CharField()
    changed = serializers.ListField(child=serializers.CharField(), help_text=_("文字有变的承诺"))
    moved = serializers.ListField(child=serializers.CharField())
    lost = serializers.ListField(child=serializers.CharField(), help_text=_("在新文本中找不到的承诺"))


class NewYearBody(Strict):
    year = serializers.IntegerField(min_value=2000, max_value=2099)
    title = Text(max_length=200)
    text = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, help_text=_("全文；可以后补"))


class OpenedYearBody(serializers.Serializer):
    year = serializers.IntegerField()
    title = serializers.CharField()
    added = serializers.ListField(child=serializers.CharField(), help_text=_("新设的报告期"))
    moved = serializers.ListField(child=serializers.CharField())


class HeirBody(serializers.Serializer):
    code = serializers.CharField()
    standing = serializers.CharField(help_text="open、continues、changed、ends")
    successors = serializers.ListField(child=serializers.CharField())
    is_proposed = serializers.BooleanField()


class SuccessionBody(Strict):
    act = serializers.ChoiceField(["continue", "end", "reopen"])
    codes = serializers.ListField(child=serializers.CharField(max_length=4), min_length=1, max_length=400)
    reason = Text(help_text=_("不再延续时的理由；一次一项"))
