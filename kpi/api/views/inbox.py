"""What belongs to a person: notices, choices of what reaches them, what they follow, signatures they lend."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db.models import QuerySet
from django.http import Http404
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Delegation, Department, Role, Scope, User
from accounts.permissions import require
from kpi.api import finding
from kpi.api.bodies import inbox as bodies
from kpi.api.bodies.base import page_of
from kpi.api.operations import ApiView, operation, shaped
from kpi.api.paging import cut_query
from kpi.api.parameters import PAGING, query
from kpi.api.problems import Refused
from kpi.api.views.year import page
from kpi.domain.hours import OfficeHours
from kpi.domain.snoozing import snooze_choices
from kpi.models import Follow, Indicator
from kpi.selectors.calendar import work_calendar
from kpi.selectors.reminding import office_hours, policy_on
from kpi.services import delegations, following, preferences
from kpi.services.content import ContentInvalid, FieldError
from notifications import selectors, services
from notifications.models import Hours, Notice

TAG = "notices"
NoticePage, DelegationPage = page_of(bodies.NoticeBody), page_of(bodies.DelegationBody)
PLACES = (*selectors.TABS, selectors.SNOOZED)
ACTS: Mapping[str, Callable[..., int]] = {"read": services.mark_read, "archive": services.archive}
BACK: Mapping[str, Callable[..., int]] = {"restore": services.restore, "wake": services.wake}


class Notices(ApiView):
    @operation(
        "notices_list",
        tag=TAG,
        summary=_("我的消息，新的在前"),
        answer=NoticePage,
        query=(query("tab", _("默认 action（需我处理）"), enum=list(PLACES)), *PAGING),
    )
    def get(self, request: Request) -> Response:
        tab = request.query_params.get("tab") or PLACES[0]
        if tab not in PLACES:
            raise Http404
        return page(bodies.NoticeBody, *cut_query(request, selectors.inbox(request.user, tab, self.now)))

    @operation(
        "notices_act_on_many",
        tag=TAG,
        summary=_("一栏或其中一组，全部标为已读或归档"),
        body=bodies.NoticesActBody,
        answer=bodies.NoticesDoneBody,
        scope=Scope.INBOX,
    )
    def post(self, request: Request) -> Response:
        sent = self.read(bodies.NoticesActBody)
        found = selectors.inbox(request.user, sent["tab"], self.now)
        chosen = selectors.of_group(found, sent["group"]) if sent.get("group") else found
        count = ACTS[sent["act"]](notices=chosen, now=self.now)
        return shaped(bodies.NoticesDoneBody, {"count": count, "at": self.now})


class UndoneNotices(ApiView):
    @operation(
        "notices_undo",
        tag=TAG,
        summary=_("撤销刚才的批量办理"),
        body=bodies.NoticesUndoBody,
        answer=bodies.UndoneBody,
        scope=Scope.INBOX,
    )
    def post(self, request: Request) -> Response:
        moment = self.read(bodies.NoticesUndoBody)["at"]
        return shaped(bodies.UndoneBody, {"count": services.undo(user=request.user, moment=moment)})


class OneNotice(ApiView):
    @operation(
        "notices_act",
        tag=TAG,
        summary=_("标为已读、归档、取回、推后或叫回"),
        body=bodies.NoticeActBody,
        answer=bodies.NoticeBody,
        scope=Scope.INBOX,
    )
    def post(self, request: Request, number: int) -> Response:
        mine = request.user.notices.filter(pk=number, not_before__lte=self.now)
        if not mine.exists():
            raise Http404
        sent = self.read(bodies.NoticeActBody)
        if sent["act"] in BACK:
            BACK[sent["act"]](notices=mine)
        elif sent["act"] == "snooze":
            self._snooze(mine, sent.get("until", ""))
        else:
            ACTS[sent["act"]](notices=mine, now=self.now)
        return shaped(bodies.NoticeBody, mine.get())

    def _snooze(self, mine: QuerySet[Notice], name: str) -> None:
        """Raises 422 for a time that is over by now, 409 for a notice that is settled."""
        local = localtime(self.now)
        until = snooze_choices(local, office_hours(local.date()), work_calendar()).get(name)
        if until is None:
            raise ContentInvalid([FieldError("until", "choice_unknown", {"value": name})])
        if not services.snooze(notices=mine, until=until):
            raise Refused(409, "notice_settled")


class Preferences(ApiView):
    @operation("preferences_read", tag=TAG, summary=_("我的消息设置和关注"), answer=bodies.PreferencesBody)
    def get(self, request: Request) -> Response:
        return self._shown(request.user)

    @operation(
        "preferences_store",
        tag=TAG,
        summary=_("整个替换我的消息设置"),
        body=bodies.NewPreferencesBody,
        answer=bodies.PreferencesBody,
        scope=Scope.INBOX,
    )
    def put(self, request: Request) -> Response:
        sent = self.read(bodies.NewPreferencesBody)
        policy = policy_on(localtime(self.now).date())
        preferences.store(
            user=request.user,
            wanted=frozenset(tuple(each.split(":", 1)) for each in sent.pop("wanted")),
            times={name: sent.get(name, "") for name in preferences.TIMES},
            hours=OfficeHours(policy.opens_at, policy.closes_at, tuple(policy.slots)),
            now=self.now,
        )
        return self._shown(request.user)

    def _shown(self, user: User) -> Response:
        hours = Hours.objects.filter(user=user).first()
        times = {name: getattr(hours, name, None) for name in preferences.TIMES}
        followed = Follow.objects.filter(user=user).order_by("indicator__report__year", "indicator__code")
        shown = {
            "channels": list(selectors.channels_of(user)),
            "muted": sorted(" ".join(pair) for pair in selectors.muted_by(user)),
            "followed": [
                f"{year}/{code}" for year, code in followed.values_list("indicator__report__year", "indicator__code")
            ],
            **{name: f"{value:%H:%M}" if value else "" for name, value in times.items()},
        }
        return shaped(bodies.PreferencesBody, shown)


class Following(ApiView):
    @operation(
        "indicators_follow",
        tag="indicators",
        summary=_("关注：公布的亮灯与上月不同时会告诉我"),
        answer=bodies.FollowBody,
        scope=Scope.INBOX,
    )
    def put(self, request: Request, year: int, code: str) -> Response:
        found = finding.indicator(self, year, code)
        following.follow(indicator=found, user=request.user, now=self.now)
        return shaped(bodies.FollowBody, {"indicator": code, "is_followed": True})

    @operation(
        "indicators_unfollow",
        tag="indicators",
        summary=_("不再关注，任务停用之后也可以"),
        answer=bodies.FollowBody,
        scope=Scope.INBOX,
    )
    def delete(self, request: Request, year: int, code: str) -> Response:
        found = Indicator.objects.filter(report__year=year, code=code).first()
        if found is None or not self.reaches(found.lead_department_id):
            raise Http404
        following.unfollow(indicator=found, user=request.user, now=self.now)
        return shaped(bodies.FollowBody, {"indicator": code, "is_followed": False})


class Delegations(ApiView):
    @operation(
        "delegations_list",
        tag="delegations",
        summary=_("我负责的单位委托出去的代签"),
        answer=DelegationPage,
        query=PAGING,
    )
    def get(self, request: Request) -> Response:
        return page(bodies.DelegationBody, *cut_query(request, _lent(self)))

    @operation(
        "delegations_give",
        tag="delegations",
        summary=_("负责人把代签委托给本单位的人若干天"),
        body=bodies.NewDelegationBody,
        answer=bodies.DelegationBody,
        status=201,
        scope=Scope.SIGN,
    )
    def post(self, request: Request) -> Response:
        require(self.actor.has(Role.HEAD), "not_permitted")
        sent = self.read(bodies.NewDelegationBody)
        unit = Department.objects.filter(code=sent["department"]).first()
        if unit is None or unit.pk not in self.actor.departments_as(Role.HEAD):
            raise ContentInvalid([FieldError("department", "unit_required")])
        wish = delegations.Wish(
            delegate=User.objects.filter(username=sent["delegate"]).first(),
            starts_on=sent["starts_on"],
            last_on=sent["last_on"],
            reason=sent["reason"],
        )
        lent = delegations.delegate(department=unit, wish=wish, **self.by)
        return shaped(bodies.DelegationBody, lent, status=201)


class OneDelegation(ApiView):
    @operation(
        "delegations_revoke",
        tag="delegations",
        summary=_("收回代签；已签的仍然有效"),
        answer=bodies.DelegationBody,
        scope=Scope.SIGN,
    )
    def delete(self, request: Request, number: int) -> Response:
        require(self.actor.has(Role.HEAD), "not_permitted")
        found = _lent(self).filter(pk=number).first()
        if found is None:
            raise Http404
        return shaped(bodies.DelegationBody, delegations.revoke(delegation=found, **self.by))


def _lent(view: ApiView) -> QuerySet[Delegation]:
    own = Delegation.objects.filter(department__in=view.actor.departments_as(Role.HEAD))
    return own.select_related("department", "delegate")
