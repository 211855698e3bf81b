"""Shapes of the rules that are dated data: when people are reminded, how units are scored."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi import labels
from kpi.api.bodies.base import Day, Figure, Strict, Text
from kpi.domain.reminders import Ladder
from kpi.domain.scoring import ScoreBasis, ScoreReason
from kpi.services.policy_content import MOST_SLOTS, MOST_STEPS

CLOCK = {"max_length": 5, "required": True, "help_text": _("如 09:00")}


class StepBody(Strict):
    ladder = serializers.ChoiceField([str(ladder) for ladder in Ladder])
    offset = serializers.IntegerField(min_value=-999, max_value=999, help_text=_("距截止的工作日，早于为负"))
    at = Text(**CLOCK)
    audience = serializers.ListField(child=serializers.ChoiceField([str(each) for each in labels.AUDIENCE]))
    pushed = serializers.BooleanField(help_text=_("经消息渠道送出"))
    passes = serializers.BooleanField(help_text=_("不受免打扰限制"))
    drafts = serializers.BooleanField(help_text=_("拟一件督办"))


class PolicyBody(Strict):
    effective_from = Day(help_text=_("明天或以后"))
    opens_at = Text(**CLOCK)
    closes_at = Text(**CLOCK)
    slots = serializers.ListField(child=Text(max_length=5), max_length=MOST_SLOTS, help_text=_("摘要时间"))
    most_pushes = serializers.IntegerField()
    brake_count = serializers.IntegerField()
    brake_minutes = serializers.IntegerField()
    basis = Text(help_text=_("依据"))
    steps = StepBody(many=True, help_text=_("每一条阶梯内按先后"))

    def validate_steps(self, steps: list) -> list:
        if len(steps) > MOST_STEPS * len(Ladder):
            raise serializers.ValidationError(_("步骤太多"), "count_malformed")
        return steps


class StoredPolicyBody(serializers.Serializer):
    id = serializers.IntegerField()
    version = serializers.IntegerField()
    content = PolicyBody()


class ScoringLineBody(Strict):
    reason = serializers.ChoiceField([str(reason) for reason in ScoreReason])
    points = Figure(required=True)
    cap = Figure(required=True, help_text=_("封顶"))
    key = Figure(help_text=_("重点任务的分值，仅超额完成"))


class ScoringWeightBody(Strict):
    indicator = serializers.CharField(max_length=4)
    weight = Figure(required=True)
    is_key = serializers.BooleanField(required=False)


class SchemeBody(Strict):
    """A version of the scoring scheme; its figures are named as in the documents on scoring."""

    name = Text(required=True)
    effective_from = Day()
    basis = serializers.ChoiceField([str(basis) for basis in ScoreBasis])
    answer_workdays = serializers.IntegerField()
    source = Text(help_text=_("依据"))
    lines = ScoringLineBody(many=True)
    weights = ScoringWeightBody(many=True, required=False)
    lead_weight = Figure(required=True)
    supporting_weight = Figure(required=True)
    weight_must = Figure(required=True)
    weight_aim = Figure(required=True)
    weight_support = Figure(required=True)
    most_deduction = Figure()
    most_bonus = Figure()
    bonus_breaks_ties_only = serializers.BooleanField()
    is_ranked = serializers.BooleanField()


class StoredSchemeBody(serializers.Serializer):
    id = serializers.IntegerField()
    version = serializers.IntegerField(source="revision")
    is_default = serializers.BooleanField(help_text=_("false：预置样式，只供起草"))
    is_used = serializers.BooleanField(help_text=_("已有得分按它计算，不能再改"))
    content = SchemeBody()


class NewSchemeBody(SchemeBody):
    begun_from = serializers.IntegerField(min_value=1, max_value=999_999_999, help_text=_("以哪一版为底"))
