"""Every address the project answers, out of the URL resolver: whatever is added there is met here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")


class Route(NamedTuple):
    """``path`` as it is written in the matrix, such as ``/<year>/desk/``; ``name`` as pages are reversed by."""

    path: str
    name: str
    methods: tuple[str, ...]

    @property
    def parameters(self) -> list[str]:
        return CONVERTER.findall(self.path)

    def address(self, values: dict[str, object]) -> str:
        return CONVERTER.sub(lambda found: str(values[found[1]]), self.path)


def all_routes() -> list[Route]:
    found = {route.path: route for route in _walk(get_resolver(), "/", "")}
    return [found[path] for path in sorted(found)]


def _walk(resolver: URLResolver, before: str, space: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        path = before + _plain(entry)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path, f"{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield Route(path, f"{space}{entry.name or ''}", _methods(entry.callback))


def _plain(entry: URLPattern | URLResolver) -> str:
    if isinstance(entry.pattern, RoutePattern):
        return CONVERTER.sub(r"<\1>", str(entry.pattern))
    return simplify_regex(str(entry.pattern)).lstrip("/")


def _methods(view: Callable[..., object]) -> tuple[str, ...]:
    """A function answers whatever comes; an API's class knows its verbs."""
    if actions := getattr(view, "actions", None):
        return tuple(sorted(verb.upper() for verb in actions))
    if (api := getattr(view, "cls", None)) is not None:
        verbs = (verb for verb in api.http_method_names if verb not in ("head", "options", "trace"))
        return tuple(sorted(verb.upper() for verb in verbs if hasattr(api, verb)))
    return ("GET", "POST")
