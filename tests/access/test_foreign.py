"""Another's thing answers as one that does not exist: not only with the same status, with the same words."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse

from tests.access import tables
from tests.access.asking import ask, seen
from tests.access.columns import COLUMNS, Column
from tests.access.routes import Route, all_routes

# What differs between any two requests: their number, their nonce and token, and the address that was asked for.
VARIES = re.compile(r'"request_id": ?"\w+"|nonce="[^"]+"|name="csrfmiddlewaretoken" value="\w+"|"csrftoken":\s*"\w+"')
ELSEWHERE = ("staff elsewhere", "head elsewhere")
GONE = ("none", "deleted")
# The states whose addresses differ from that of nothing in their last part alone.
COMPARED = ("open", "signed")


def hidden(table: str) -> list[tuple[Route, str, str, str, Column]]:
    """Things of others that the reviewed table says do not exist: route, method, state, the state of nothing, who."""
    routes = {route.path: route for route in all_routes()}
    columns = COLUMNS[table]
    found = []
    for path, lines in tables.reviewed(table).items():
        states = {state for line in lines for state in line[2].split()}
        nothing = next((state for state in GONE if state in states), None)
        for _path, methods, named, *cells in lines:
            found += [
                (routes[path], method, state, nothing, column)
                for column, cell in zip(columns, cells, strict=True)
                for method in methods.split()
                for state in named.split()
                if nothing and cell == "404" and column.head in ELSEWHERE and state in COMPARED
            ]
    return found


def body_of(answer: HttpResponse) -> str:
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return VARIES.sub("", text.decode()).replace(answer.wsgi_request.path, "…")


@pytest.mark.parametrize("table", ["api", "reports", "year", "others"])
def test_what_is_anothers_answers_as_what_is_not(table, things, callers):
    cases, said = hidden(table), set()
    for route, method, state, nothing, column in cases:
        one, other = (ask(route, method, named, column, things, callers) for named in (state, nothing))
        assert (seen(one), body_of(one)) == (seen(other), body_of(other)), (
            f"{method} {route.path} {state} {column.head}"
        )
        said.add(body_of(one))
    assert cases and all(said)


def test_an_answer_that_tells_more_is_noticed(things, callers, monkeypatch):
    """Negative control: a page that names what it will not show."""
    from kpi.web import errors

    plain = errors._page

    def chatty(request, status, heading, text, code):
        is_there = not request.path.endswith("00000000001/")
        return plain(request, status, heading, f"{text}{'（存在）' if is_there else ''}", code)

    monkeypatch.setattr(errors, "_page", chatty)
    with pytest.raises(AssertionError):
        test_what_is_anothers_answers_as_what_is_not("year", things, callers)
