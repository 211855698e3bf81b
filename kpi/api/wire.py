"""Bytes in and out: JSON whose figures keep every digit, text the database can hold, and no guessing of formats."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from kpi.api.problems import Refused


class ExactJSONParser(JSONParser):
    """Numbers stay as they were written: 0.1 is no binary fraction, and 1E3 is for the one parser to refuse."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping | None = None) -> Any:
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            found = json.load(
                codecs.getreader(encoding)(stream), parse_float=str, parse_int=str, parse_constant=_refuse_constant
            )
            is_storable = all(can_be_stored(text) for text in _texts(found))
        except (ValueError, RecursionError, LookupError):
            raise Refused(400, "malformed") from None
        if not is_storable:
            raise Refused(400, "malformed")
        return found


class OneFormat(DefaultContentNegotiation):
    """There is one format: whatever is asked for, JSON is answered."""

    def select_renderer(self, request: Request, renderers: list, format_suffix: str | None = None) -> tuple:
        return renderers[0], renderers[0].media_type


def can_be_stored(text: str) -> bool:
    """Whether PostgreSQL takes it: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def refuse_unreadable(request: Request) -> None:
    """Raise 400 for an address whose parameters no database could hold."""
    texts = [text for name, values in request.query_params.lists() for text in (name, *values)]
    if not all(can_be_stored(text) for text in texts):
        raise Refused(400, "malformed")


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _texts(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, list):
        for each in found:
            yield from _texts(each)
    elif isinstance(found, dict):
        for name, each in found.items():
            yield name
            yield from _texts(each)
