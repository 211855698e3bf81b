"""Every address the project answers, out of the URL resolver: whatever is added there is met here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from drf_spectacular.generators import SchemaGenerator

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
API = "/api/v1/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Pages of the API beside its operations.
UNDOCUMENTED = (f"{API}schema/", f"{API}docs/")
# The first prefix that fits says in which table a route stands.
TABLES = {
    "api": API,
    "administration": "/manage/admin/",
    "desk": "/<year>/desk/",
    "reports": "/<year>/reports/",
    "year": "/<year>/",
    "others": "/",
}


class Route(NamedTuple):
    """``path`` as it stands in the tables, as ``/<year>/desk/``; ``operations`` are the API document's, by method."""

    path: str
    name: str
    operations: Mapping[str, Mapping[str, Any]]

    @property
    def table(self) -> str:
        return next(name for name, prefix in TABLES.items() if self.path.startswith(prefix))

    @property
    def methods(self) -> tuple[str, ...]:
        """Those of the document; a page says only by its answer what it takes."""
        return tuple(sorted(self.operations, key=METHODS.index)) or ("GET", "POST")

    @property
    def parameters(self) -> dict[str, str]:
        """Names of what stands in the address, each with the address up to it."""
        return {found[1]: self.path[: found.end()] for found in PARAMETER.finditer(self.path)}

    def address(self, values: Mapping[str, object]) -> str:
        return PARAMETER.sub(lambda found: str(values[found[1]]), self.path)


def all_routes() -> list[Route]:
    found = {route.path: route for route in _walk(get_resolver(), "/", "")}
    return [found[path] for path in sorted(found)]


@cache
def documented() -> dict[str, dict[str, dict[str, Any]]]:
    """Operations of the OpenAPI document by address, its parameters without names, and method."""
    paths = document()["paths"]
    return {
        _nameless(path): {method.upper(): stated for method, stated in found.items()} for path, found in paths.items()
    }


@cache
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def _walk(resolver: URLResolver, before: str, space: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        path = before + _plain(entry)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path, f"{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield Route(path, f"{space}{entry.name or ''}", documented().get(_nameless(path), {}))


def _nameless(path: str) -> str:
    return re.sub(r"<\w+>|\{\w+\}", "{}", path)


def _plain(entry: URLPattern | URLResolver) -> str:
    if isinstance(entry.pattern, RoutePattern):
        return PARAMETER.sub(r"<\1>", str(entry.pattern))
    return simplify_regex(str(entry.pattern)).lstrip("/")
