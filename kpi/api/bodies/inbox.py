"""Shapes of what belongs to a person: notices, choices of what reaches them, what they follow, lent signatures."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.api.bodies.base import Day, Moment, Strict, Text
from kpi.domain.snoozing import Snooze
from notifications.selectors import TABS


class NoticeBody(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    url = serializers.CharField(help_text=_("网页地址"))
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)

    snoozed_until = serializers.DateTimeField(allow_null=True, help_text=_("推后到何时"))


class NoticeActBody(Strict):
    act = serializers.ChoiceField(["read", "archive", "restore", "snooze", "wake"])
    until = serializers.ChoiceField(
        [str(each) for each in Snooze], required=False, help_text=_("snooze 时：推后到什么时候")
    )


class NoticesActBody(Strict):
    act = serializers.ChoiceField(["read", "archive"])
    tab = serializers.ChoiceField([tab for tab in TABS if tab != "archived"])
    group = serializers.RegexField(r"^[\w-]{1,40}$", required=False, help_text=_("只办一组，如 2025-A06"))


class NoticesDoneBody(serializers.Serializer):
    count = serializers.IntegerField()
    at = serializers.DateTimeField(help_text=_("撤销时用的时刻"))


class NoticesUndoBody(Strict):
    at = Moment(required=True, allow_null=False, help_text=_("批量办理时返回的 at"))


class UndoneBody(serializers.Serializer):
    count = serializers.IntegerField()


class PreferencesBody(serializers.Serializer):
    channels = serializers.ListField(child=serializers.CharField(), help_text=_("能送到你的渠道"))
    muted = serializers.ListField(child=serializers.CharField(), help_text=_("不要的：消息种类 渠道"))
    digest_at = serializers.CharField(help_text=_("每日摘要时间，如 09:00；空为统一规则"))
    opens_at = serializers.CharField()
    closes_at = serializers.CharField()
    followed = serializers.ListField(child=serializers.CharField(), help_text=_("关注的任务：年度/编号"))


class NewPreferencesBody(Strict):
    wanted = serializers.ListField(
        child=serializers.RegexField(r"^[a-z_]{1,40}:[a-z]{1,10}$"),
        max_length=200,
        help_text=_("要的：消息类别:渠道；没有列出的不要"),
    )
    digest_at = Text(max_length=5)
    opens_at = Text(max_length=5)
    closes_at = Text(max_length=5)


class FollowBody(serializers.Serializer):
    indicator = serializers.CharField()
    is_followed = serializers.BooleanField()


class DelegationBody(serializers.Serializer):
    id = serializers.IntegerField()
    department = serializers.CharField(source="department.code")
    delegate = serializers.CharField(source="delegate.username")
    delegate_name = serializers.CharField(source="delegate.display_name")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text=_("从这一天起不再有效"))
    reason = serializers.CharField()
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewDelegationBody(Strict):
    department = serializers.CharField(max_length=40)
    delegate = serializers.CharField(max_length=150, help_text=_("受托人的用户名，须是本单位的人"))
    starts_on = Day()
    last_on = Day(help_text=_("最后一天"))
    reason = Text(required=True)
