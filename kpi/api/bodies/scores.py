"""Shapes of scores: a run of a month, a unit's sheet with every line, what is said and corrected."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.api.bodies.base import Figure, Strict, Text
from kpi.domain.score_runs import CorrectionReason
from kpi.domain.scoring import BY_HAND, ScoreReason

REASONS = [str(reason) for reason in CorrectionReason if reason is not CorrectionReason.CARRIED_OVER]


class ScoreRunBody(serializers.Serializer):
    period = serializers.CharField(source="period.code")
    edition = serializers.IntegerField()
    version = serializers.IntegerField()
    state = serializers.CharField()
    scheme = serializers.CharField()
    opened_at = serializers.DateTimeField(allow_null=True)
    answers_until = serializers.DateTimeField(allow_null=True)


class ScoreSheetBody(serializers.Serializer):
    id = serializers.IntegerField()
    department = serializers.CharField(allow_null=True)
    post = serializers.CharField(allow_null=True)
    base = serializers.CharField(allow_null=True)
    deduction = serializers.CharField(allow_null=True)
    bonus = serializers.CharField(allow_null=True)
    total = serializers.CharField(allow_null=True)
    answer = serializers.CharField(help_text=_("被考核单位的答复"))


class ScoreLineBody(serializers.Serializer):
    id = serializers.IntegerField()
    indicator = serializers.CharField(allow_null=True)
    reason = serializers.CharField(help_text=_("事由；任务完成情况为空"))
    share = serializers.CharField(allow_null=True, help_text=_("得分率，按计算所得"))
    points = serializers.CharField(allow_null=True)
    month = serializers.CharField()
    basis = serializers.CharField(help_text=_("依据文件"))
    corrections = serializers.ListField(child=serializers.CharField(), help_text=_("更正的说明，先后为序"))


class ScoreThreadBody(serializers.Serializer):
    verb = serializers.CharField()
    text = serializers.CharField()
    at = serializers.DateTimeField()


class ScoreSheetDetailBody(ScoreSheetBody):
    lines = ScoreLineBody(many=True)
    thread = ScoreThreadBody(many=True, help_text=_("答复、回复和更正"))


class NewScoreRunBody(Strict):
    period = serializers.CharField(max_length=7, help_text=_("已锁定的报告期"))
    reason = Text(help_text=_("快照没有变而另编一版时：理由"))


class ScoreStepBody(Strict):
    step = serializers.ChoiceField(["open", "discard", "finalise"], help_text=_("征求意见、作废草稿、定稿（须另一人）"))


class ScoreAnswerBody(Strict):
    answer = serializers.ChoiceField(["accept", "object"])
    text = Text(help_text=_("有异议时必填"))


class ScoreReplyBody(Strict):
    text = Text(required=True)


class ScoreCorrectionBody(Strict):
    line = serializers.IntegerField(min_value=1, max_value=999_999_999, help_text=_("得分行的 id"))
    value = Figure(help_text=_("任务：得分率，按百分数；事由：分值"))
    left_out = serializers.BooleanField(required=False, help_text=_("这项任务不计"))
    reason = serializers.ChoiceField(REASONS)
    words = Text(required=True, help_text=_("说明"))


class ScoreCaseBody(Strict):
    reason = serializers.ChoiceField([str(reason) for reason in ScoreReason if reason in BY_HAND])
    basis = Text(required=True, help_text=_("依据文件"))
