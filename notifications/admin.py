"""What was sent and what could not be: dead messages are seen and tried again by a person."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import clock
from accounts.administration import ReadOnlyAdmin
from accounts.models import Role
from notifications import services
from notifications.models import Dispatch, Notice

OFFICE = frozenset({Role.SUPERVISOR})


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """For the office alone: notices quote what leaders and heads wrote."""

    viewers = OFFICE
    list_display = ("created_at", "recipient", "kind", "title", "state")
    list_filter = ("kind", "state")
    list_select_related = ("recipient",)
    search_fields = ("title", "subject_code")


@admin.register(Dispatch)
class DispatchAdmin(ReadOnlyAdmin):
    """System administrators see that a message went out, and never what it says."""

    viewers = OFFICE | {Role.SYSTEM_ADMIN}
    exclude = ("subject", "text")
    list_display = ("id", "recipient", "robot", "channel", "state", "attempts", "next_attempt_at")
    list_filter = ("state", "channel")
    list_select_related = ("recipient", "robot")
    actions = ("try_again",)

    @admin.action(description=gettext_lazy("重新发送无法送达的消息"))
    def try_again(self, request: HttpRequest, queryset: QuerySet[Dispatch]) -> None:
        count = services.retry_dead(dispatches=queryset, actor=request.user, now=clock.now())
        self.message_user(request, _("%(count)s 条已重新排队") % {"count": count}, messages.SUCCESS)
