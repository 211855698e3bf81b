"""Refusals and faults as pages: a sentence, a code, a status. Nothing a person typed is lost by a bare error page,
because forms handle their own refusals; what arrives here came by another way."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.db import DataError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from accounts import audit, clock
from accounts.models import User
from accounts.permissions import PermissionRefused
from accounts.problems import problem as problem_details
from kpi import refusals
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, PeriodClosed, StaleVersion

logger = logging.getLogger(__name__)

# What no keyboard types: PostgreSQL refuses the first of them, terminals and spreadsheets act on others.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
CONTROL_IN_JSON = re.compile(rb"\\u00(?:0[0-8bcef]|1[0-9a-f]|7f)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", re.IGNORECASE)

# Whoever asks below it reads JSON, also where the address itself is wrong.
API = "/api/"
CONFLICTS = (IllegalTransition, PeriodClosed, StaleVersion)


class RefusalMiddleware:
    """Turns what services refuse into 403 (wrong person), 409 (wrong state or version) or 422; what the database ended
    because it took too long into 503.

    Whoever opens an address that only takes what was sent gets a page (405), not the browser's own: after a sign-in
    that interrupted a form, the browser comes back to it so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code in (403, 404) and request.user.is_authenticated and request.resolver_match:
            record_denial(user=request.user, status=response.status_code, request=request)
        if response.status_code == 405 and not response.content:
            return _not_allowed(request, response["Allow"])
        return response

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if isinstance(problem, OperationalError) and isinstance(problem.__cause__, QueryCanceled):
            return _too_slow(request)
        if not isinstance(problem, DomainError | PermissionRefused):
            return None
        return refused(request, problem)


class PlainInputMiddleware:
    """Refuses control characters in addresses, queries and JSON (400), before anything reads them.

    What stands in a form is the form's to refuse: at the field, with everything typed kept. A form that did not is
    stopped by the database, which ends here as well instead of as a fault.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        asked = (request.path, *request.GET, *(value for values in request.GET.lists() for value in values[1]))
        is_plain = not any(CONTROL.search(text) for text in asked)
        if is_plain and request.content_type.endswith("json"):
            is_plain = CONTROL_IN_JSON.search(request.body) is None
        return None if is_plain else _unprintable(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        is_nul = isinstance(problem, DataError | ValueError) and "NUL" in str(problem)
        return _unprintable(request) if is_nul else None


def _unprintable(request: HttpRequest) -> HttpResponse:
    text = _("提交的内容含有无法保存的字符。请返回上一页删去后重试；浏览器会保留已填内容。")
    return _page(request, 400, _("请求无法识别"), text, "text_has_control_characters")


@transaction.atomic
def record_denial(*, user: User, status: int, request: HttpRequest) -> None:
    """Who asked for what is not theirs. What is another's and what nobody has answer alike (404), and are alike here.

    Addresses that name no object and are simply not there are no denial. The query may hold words of a search: it is
    left out.
    """
    names_an_object = bool(set(request.resolver_match.kwargs) - {"year"})
    if status == HTTPStatus.NOT_FOUND and not names_an_object:
        return
    after = {"status": status, "method": request.method, "path": request.path[:200]}
    audit.record(action="access.denied", obj=user, actor=user, now=clock.now(), after=after)


def status_of(problem: DomainError | PermissionRefused) -> int:
    if isinstance(problem, NotPermitted | PermissionRefused):
        return 403
    return 409 if isinstance(problem, CONFLICTS) else 422


def refused(request: HttpRequest, problem: DomainError | PermissionRefused) -> HttpResponse:
    """The refusal as a page; what the API refuses, it answers itself."""
    text, status = refusals.refusal(problem.code, problem.params), status_of(problem)
    return _page(request, status, _("不能这样操作"), text, problem.code)


def _page(request: HttpRequest, status: int, heading: str, text: str, code: str) -> HttpResponse:
    if request.path.startswith(API):
        return problem_details(status, code, str(text), request_id=getattr(request, "request_id", ""))
    context = {"heading": heading, "text": text, "code": code}
    return render(request, "errors/problem.html", context, status=status)


def _not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    text = _("这个地址只接收提交的内容，没有可看的页面。如果刚才重新登录过，请回到原来的页面再提交一次。")
    page = _page(request, 405, _("这里没有页面"), text, "method_not_allowed")
    page["Allow"] = allowed
    return page


def _too_slow(request: HttpRequest) -> HttpResponse:
    """PostgreSQL ended a statement that took too long (``config/statements.py``); its transaction is undone."""
    code = request.request_id[:6].upper()
    logger.error("request %s was too slow: %s", code, request.path)
    text = _("这一步用时太久，已停下，没有保存任何内容。请稍后再试；仍不成功请联系系统管理员，并告知编号 %(code)s。")
    page = _page(request, 503, _("系统繁忙"), text % {"code": code}, "database_too_slow")
    page["Retry-After"] = "30"
    return page


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        text = refusals.refusal("request_too_large", {})
        return _page(request, 413, _("提交的内容太大"), text, "request_too_large")
    return _page(request, 400, _("请求无法识别"), _("请返回上一页重试；仍不成功请联系督查室。"), "bad_request")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, _("没有权限"), _("没有权限查看，可联系 市政府督查室。"), "forbidden")


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = _("页面停留过久，登录状态已变化。请返回上一页，刷新后重新提交；浏览器会保留已填内容。")
    return _page(request, 403, _("页面已过期"), text, "csrf_failed")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, _("没有找到"), _("没有这个页面，或者它不对你开放。"), "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Needs neither database nor context processors: either may be what failed."""
    code = getattr(request, "request_id", "")[:6].upper()
    logger.error("request %s failed: %s", code, request.path)
    if request.path.startswith(API):
        return problem_details(500, "fault", _("系统出错，已记录；报修时请提供编号"), request_id=code)
    return HttpResponse(render_to_string("errors/fault.html", {"code": code}), status=500)
