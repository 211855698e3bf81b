"""The robots of the units' chat groups: for the office and the system administrators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from accounts import clock
from accounts.permissions import require
from notifications import robots, selectors
from notifications.models import Robot
from notifications.policies import may_manage_robots
from notifications.web.forms import HookForm, RobotForm, taken

REFUSED = 422
View = Callable[..., HttpResponse]


def for_keepers(view: View) -> View:
    """Signed in, one of those who look after robots, never cached, and no key in a report of an error."""

    @login_required
    @never_cache
    @sensitive_post_parameters("address", "secret")
    def guarded(request: HttpRequest, **arguments: object) -> HttpResponse:
        require(may_manage_robots(request.actor), "not_permitted")
        return view(request, **arguments)

    return guarded


@for_keepers
def index(request: HttpRequest) -> HttpResponse:
    """Every robot by unit, and the units that have none."""
    now = clock.now()
    found = list(selectors.robots())
    served = {robot.department_id for robot in found if robot.is_enabled}
    return render(
        request,
        "notifications/robots.html",
        {
            "rows": [{"robot": robot, **_standing(robot, now)} for robot in found],
            "unserved": [unit for unit in selectors.units_for_robots() if unit.pk not in served],
        },
    )


@for_keepers
@sensitive_variables("form")
def new(request: HttpRequest) -> HttpResponse:
    """Put a robot on record."""
    form = RobotForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            robot = robots.add(**form.cleaned_data, actor=request.actor, now=clock.now())
        except robots.RobotTaken:
            form.add_error("department", taken())
        else:
            messages.success(request, _("已添加。请发一条测试消息，确认群里能收到。"))
            return redirect("robot", robot.pk)
    status = REFUSED if form.errors else 200
    return render(request, "notifications/robot_new.html", {"form": form}, status=status)


@for_keepers
@sensitive_variables("form")
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One robot: its state, a test message, another address, off and on."""
    robot = get_object_or_404(Robot.objects.select_related("department"), pk=pk)
    action = request.POST.get("action", "")
    form = HookForm(request.POST if action == "replace" else None, channel=robot.channel)
    if request.method == "POST":
        act = ACTIONS.get(action)
        if act is None:
            raise Http404
        answer = act(request, robot, form)
        if answer is not None:
            return answer
    context = {"robot": robot, "form": form, **_standing(robot, clock.now())}
    return render(request, "notifications/robot.html", context, status=REFUSED if form.errors else 200)


def _try_out(request: HttpRequest, robot: Robot, form: HookForm) -> HttpResponse:
    failure = robots.try_out(robot=robot, actor=request.actor, now=clock.now())
    if failure is None:
        messages.success(request, _("机器人已接受测试消息，请到群里确认。"))
    else:
        said = {"words": str(failure), "code": failure.code or "--"}
        messages.error(request, _("没有发出：%(words)s（代码 %(code)s）") % said)
    return redirect("robot", robot.pk)


def _replace(request: HttpRequest, robot: Robot, form: HookForm) -> HttpResponse | None:
    if not form.is_valid():
        return None
    try:
        robots.replace_hook(robot=robot, **form.cleaned_data, actor=request.actor, now=clock.now())
    except robots.RobotTaken:
        form.add_error(None, taken())
        return None
    messages.success(request, _("地址已更换并启用。请发一条测试消息，确认群里能收到。"))
    return redirect("robot", robot.pk)


def _disable(request: HttpRequest, robot: Robot, form: HookForm) -> HttpResponse:
    reason = " ".join(request.POST.get("reason", "").split())[:200]
    robots.disable(robot=robot, reason=reason, actor=request.actor, now=clock.now())
    messages.success(request, _("已停用。"))
    return redirect("robot", robot.pk)


def _enable(request: HttpRequest, robot: Robot, form: HookForm) -> HttpResponse:
    try:
        robots.enable(robot=robot, actor=request.actor, now=clock.now())
    except robots.RobotTaken:
        messages.error(request, taken().messages[0])
    else:
        messages.success(request, _("已启用。"))
    return redirect("robot", robot.pk)


ACTIONS = {"test": _try_out, "replace": _replace, "disable": _disable, "enable": _enable}


def _standing(robot: Robot, now: datetime) -> dict[str, object]:
    """How it stands, and as much of its address as may be seen."""
    is_paused = robot.is_enabled and robot.paused_until is not None and robot.paused_until > now
    return {
        "address": robots.shown_address(robot),
        "reason": _(robot.disabled_reason) if robot.disabled_reason else "",
        "paused_until": robot.paused_until if is_paused else None,
    }
