"""Shapes of a report of one indicator for one month, of its steps and its evidence."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.api.bodies.base import Figure, Strict, Text
from kpi.domain.cosigning import Stance
from kpi.domain.values import Rag

NOT_STARTED = "not_started"


class ContentBody(Strict):
    """What a draft says; a field that is left out is empty."""

    value = Figure(help_text=_("完成值，按任务的单位；可写文本或数字"))
    numerator = Figure(help_text=_("比率类：分子"))
    denominator = Figure(help_text=_("比率类：分母"))
    covered_units = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=500,
        help_text=_("覆盖类：已覆盖的单位代码"),
    )
    completed_nodes = serializers.DictField(
        child=serializers.CharField(max_length=10, allow_blank=True),
        required=False,
        help_text=_('节点类：节点序号 → 完成日期，如 {"1": "2025-03-31"}'),
    )
    no_progress = serializers.BooleanField(required=False, help_text=_("本月没有新进展"))
    is_unpublished = serializers.BooleanField(required=False, help_text=_("数据尚未公布"))
    is_correction = serializers.BooleanField(required=False, help_text=_("数据更正（累计数可以减少）"))
    narrative = Text(help_text=_("进展说明，至少 10 字"))
    deviation_reasons = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=20,
        help_text=_("黄灯、红灯：主要原因代码"),
    )
    measures = Text(help_text=_("黄灯、红灯：下一步措施"))
    catch_up_period = Text(help_text=_("黄灯、红灯：预计追平的月份，如 2025-09"), max_length=7)
    outlook = Text(help_text=_("年底能否完成：confident、at_risk、unlikely"), max_length=12)
    source_note = Text(help_text=_("数据来源"), max_length=200)


class SubmitBody(ContentBody):
    """Without any field of a draft, the stored one is submitted."""

    sure_of = Figure(help_text=_("系统对数字有疑问（doubt_…）时，再发一次并写明确认的数字"))


class WordBody(Strict):
    comment = Text(help_text=_("意见，可不填"))


class ReasonBody(Strict):
    reason = Text(required=True, help_text=_("原因，至少 5 字"))


class CosignBody(Strict):
    department = serializers.CharField(max_length=40, help_text=_("会签的配合单位代码"))
    stance = serializers.ChoiceField([str(stance) for stance in Stance])
    comment = Text(help_text=_("有异议时必填"))


class LampBody(Strict):
    lamp = serializers.ChoiceField([str(rag) for rag in Rag], allow_null=True, help_text=_("调整为；null 为撤回调整"))
    reason = Text(required=True, help_text=_("理由，至少 10 字"))


class EmptyBody(Strict):
    pass


class SubmissionBody(serializers.Serializer):
    indicator = serializers.CharField()
    period = serializers.CharField()
    state = serializers.CharField(help_text="not_started、draft、submitted、signed_off、approved、returned")
    version = serializers.IntegerField(help_text=_("每写一次加一；还没有时为 0"))
    cycle = serializers.IntegerField()
    value = serializers.CharField(allow_null=True)
    numerator = serializers.CharField(allow_null=True)
    denominator = serializers.CharField(allow_null=True)
    covered_units = serializers.ListField(child=serializers.CharField())
    completed_nodes = serializers.DictField(child=serializers.CharField())
    no_progress = serializers.BooleanField()
    is_unpublished = serializers.BooleanField()
    is_correction = serializers.BooleanField()
    narrative = serializers.CharField()
    deviation_reasons = serializers.ListField(child=serializers.CharField())
    measures = serializers.CharField()
    catch_up_period = serializers.CharField()
    outlook = serializers.CharField()
    source_note = serializers.CharField()
    author = serializers.CharField(allow_null=True, help_text=_("填报人；只给本单位、督查室和市领导"))
    updated_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    signed_off_at = serializers.DateTimeField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    steps = serializers.ListField(child=serializers.CharField(), help_text=_("你现在可以办的步骤"))


class ReviewBody(serializers.Serializer):
    verb = serializers.CharField()
    from_state = serializers.CharField()
    to_state = serializers.CharField()
    version = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(allow_null=True, help_text=_("经办人；只给本单位、督查室和市领导"))
    on_behalf_of = serializers.CharField(allow_null=True)
    comment = serializers.CharField()


class EvidenceBody(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    content_type = serializers.CharField()
    uploaded_at = serializers.DateTimeField()
    filed_at = serializers.DateTimeField(allow_null=True)


class UploadBody(Strict):
    file = serializers.FileField(help_text=_("一份文件"), max_length=200)
