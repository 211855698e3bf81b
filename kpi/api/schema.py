"""The OpenAPI document: how a token is told of, and what stands in the address."""

from __future__ import annotations

import json
from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from kpi.api import problems
from kpi.api.authentication import BrowserAuthentication, FairShare, TokenAuthentication

# Parts of an address, by name.
IN_ADDRESS = {
    "year": {"type": "integer", "minimum": 1000, "maximum": 9999, "example": 2025},
    "period": {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}$", "example": "2025-06"},
    "code": {"type": "string", "pattern": r"^[TIA][0-9]{2,3}$", "example": "A06"},
    "id": {"type": "string", "format": "uuid"},
    "number": {"type": "integer", "minimum": 1, "maximum": 999_999_999, "example": 1},
}

# Matters in the order of the page, in words.
TAGS = {
    "me": _("我"),
    "reports": _("报告与承诺"),
    "departments": _("单位"),
    "periods": _("报告期"),
    "indicators": _("任务与亮灯"),
    "submissions": _("填报"),
    "evidence": _("佐证材料"),
    "directives": _("批示督办"),
    "target-changes": _("目标调整"),
    "delegations": _("委托代签"),
    "notices": _("消息"),
    "exports": _("导出"),
    "bulletins": _("通报"),
    "scores": _("考核得分"),
    "configuration": _("任务配置"),
    "rules": _("催办规则、考核方案"),
}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer kpi_…"}


class BrowserScheme(OpenApiAuthenticationExtension):
    target_class = BrowserAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def name_addresses(result: dict, generator: SchemaGenerator, request: object, public: bool) -> dict:
    """Tell of the parts of an address; the generator knows only models' own."""
    for path in result["paths"].values():
        for stated in path.values():
            for parameter in stated.get("parameters", ()):
                if parameter["in"] == "path":
                    parameter["schema"] = IN_ADDRESS[parameter["name"]]
    return result


def list_codes(result: dict, generator: SchemaGenerator, request: object, public: bool) -> dict:
    """Beside the code of a problem every one there is, with its sentence."""
    result["components"]["schemas"]["ProblemBody"]["properties"]["code"]["x-codes"] = problems.sentences()
    return result


@cache
def _document(language: str) -> dict:
    with override(language):
        made = SchemaGenerator().get_schema(request=None, public=True)
        # As plain text of the language: what is lazy would be said in the language of another reader.
        return json.loads(OpenApiJsonRenderer().render(made, renderer_context={}))


def document() -> dict:
    """The document in the reader's language. Made once a process: making it takes seconds."""
    language = get_language() or settings.LANGUAGE_CODE
    return _document(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE)


class Schema(SpectacularJSONAPIView):
    """The document itself, for whoever may ask the API."""

    authentication_classes = (TokenAuthentication, BrowserAuthentication)
    permission_classes = (IsAuthenticated,)
    throttle_classes = (FairShare,)

    def _get_schema_response(self, request: Request) -> Response:
        return Response(document())


@login_required
def show_operations(request: HttpRequest) -> HttpResponse:
    """The document as a page to read: operations by matter."""
    groups: dict[str, list[dict[str, object]]] = {str(word): [] for word in TAGS.values()}
    for address, path in document()["paths"].items():
        for method, stated in path.items():
            line = {
                "method": method.upper(),
                "address": address.removeprefix("/api/v1"),
                "summary": stated["summary"],
                **_asks(stated),
            }
            groups[str(TAGS[stated["tags"][0]])].append(line)
    return render(request, "kpi/api.html", {"groups": groups})


def _asks(stated: dict) -> dict[str, object]:
    asked = [parameter["name"] for parameter in stated.get("parameters", ()) if parameter["in"] in ("query", "header")]
    return {"asks": [name for name in asked if name != "ETag"], "statuses": sorted(stated["responses"])}
