"""Every refusal as problem details (RFC 9457): one handler for what services, permissions and the framework raise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions

from accounts.permissions import PermissionRefused
from accounts.problems import problem
from kpi import refusals
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, PeriodClosed, StaleVersion
from kpi.services.content import ContentInvalid

# How the framework names what is wrong with a field, in our codes.
FIELD_CODES = {
    "required": "field_required",
    "null": "field_required",
    "blank": "field_required",
    "empty": "field_required",
}


class Refused(exceptions.APIException):
    """A refusal of the API itself, before any service was asked: a code that has a sentence, and its status."""

    def __init__(self, status: int, code: str, **params: object):
        self.status_code, self.params = status, params
        super().__init__(refusals.refusal(code, params), code)


def respond(fault: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The answer to a refusal; ``None`` for a fault, which is logged and answered with 500."""
    asked = context["request"]
    answer = _answer(fault, getattr(asked, "request_id", ""))
    if answer is not None and answer.status_code == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="kpi"'
    if isinstance(fault, exceptions.Throttled) and fault.wait is not None:
        answer["Retry-After"] = str(int(fault.wait) + 1)
    if isinstance(fault, exceptions.MethodNotAllowed):
        answer["Allow"] = ", ".join(context["view"].allowed_methods)
    return answer


def _answer(fault: Exception, request_id: str) -> HttpResponse | None:
    if isinstance(fault, DomainError | PermissionRefused):
        return _of_services(fault, request_id)
    if isinstance(fault, Http404 | exceptions.NotFound):
        return problem(404, "not_found", _("没有这一项，或者它不对你开放"), request_id=request_id)
    if isinstance(fault, RequestDataTooBig):
        return problem(413, "request_too_large", refusals.refusal("request_too_large", {}), request_id=request_id)
    if isinstance(fault, SuspiciousOperation):
        return problem(400, "malformed", refusals.refusal("malformed", {}), request_id=request_id)
    if isinstance(fault, PermissionDenied):
        fault = exceptions.PermissionDenied()
    if isinstance(fault, exceptions.ValidationError):
        errors = list(_of_fields(fault.get_full_details()))
        return problem(
            422,
            "content_invalid",
            _said("content_invalid", {"count": len(errors)}),
            errors=errors,
            request_id=request_id,
        )
    if isinstance(fault, exceptions.APIException):
        codes = fault.get_codes()
        code = codes if isinstance(codes, str) else "malformed"
        return problem(fault.status_code, code, str(fault.detail), request_id=request_id)
    return None


def status_of(fault: DomainError | PermissionRefused) -> int:
    """403 wrong person, 409 wrong state, 412 another version than ``If-Match`` named, else 422."""
    if isinstance(fault, NotPermitted | PermissionRefused):
        return 403
    if isinstance(fault, StaleVersion):
        return 412
    return 409 if isinstance(fault, IllegalTransition | PeriodClosed) else 422


def sentences() -> dict[str, str]:
    """Every code an answer may carry, with its sentence: ours, and those of the framework."""
    return refusals.sentences() | {
        "not_found": _("没有这一项，或者它不对你开放"),
        "not_authenticated": _("没有令牌，也没有登录"),
        "permission_denied": _("没有权限，或网页会话缺少 CSRF 凭据"),
        "method_not_allowed": _("这个地址没有这种方法"),
        "unsupported_media_type": _("只接受文档所列的内容类型"),
        "throttled": _("请求过于频繁；按 Retry-After 稍后再试"),
        # Answered before or behind the API itself (``kpi.web.errors``).
        "bad_request": _("请求无法识别"),
        "forbidden": _("没有权限"),
        "csrf_failed": _("网页会话缺少 CSRF 凭据，或已过期"),
        "fault": _("系统出错，什么也没有写入；报修时请提供编号"),
    }


def etag(version: object) -> str:
    """The ETag of a version number, or of the stamp of what is configured."""
    return f'"v{version}"' if isinstance(version, int) else f'"{version}"'


def _of_services(fault: DomainError | PermissionRefused, request_id: str) -> HttpResponse:
    more: dict[str, object] = {}
    errors: Sequence[Mapping[str, str]] = ()
    if isinstance(fault, ContentInvalid):
        errors = [
            {"field": each.field, "code": each.code, "detail": _said(each.code, each.params)} for each in fault.errors
        ]
    if isinstance(fault, StaleVersion) and "current" in fault.params:
        more["current_etag"] = etag(fault.params["current"])
        more |= {name: fault.params[name] for name in ("differences",) if name in fault.params}
    return problem(
        status_of(fault), fault.code, _said(fault.code, fault.params), errors=errors, request_id=request_id, **more
    )


def _said(code: str, params: Mapping[str, Any]) -> str:
    return refusals.refusal(code, params)


def _of_fields(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """What the framework found wrong, field by field; a list's place is part of the name."""
    if (
        isinstance(details, Mapping)
        and isinstance(details.get("message"), str)
        and isinstance(details.get("code"), str)
    ):
        code = FIELD_CODES.get(details["code"], details["code"])
        yield {"field": path or "body", "code": code, "detail": str(details["message"])}
    elif isinstance(details, Mapping):
        for name, inner in details.items():
            at = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _of_fields(inner, at)
    else:
        for inner in details:
            yield from _of_fields(inner, path)
