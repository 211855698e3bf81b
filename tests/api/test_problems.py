"""Every refusal there is: a status, a sentence, a problem type, and its line in the documents. Undocumented is red."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from drf_spectacular.generators import SchemaGenerator

from accounts.permissions import PermissionRefused
from docs.build_problems import PAGE, REFUSING, page, statuses
from kpi import refusals
from kpi.api.problems import respond, sentences
from kpi.domain import errors
from kpi.services.content import ContentInvalid, FieldError
from tests.journeys.conftest import ROOT

RAISED = {
    "DomainError": errors.DomainError,
    "NotPermitted": errors.NotPermitted,
    "IllegalTransition": errors.IllegalTransition,
    "PeriodClosed": errors.PeriodClosed,
    "StaleVersion": errors.StaleVersion,
    "PermissionRefused": PermissionRefused,
}


class Anything(dict):
    """Whatever a sentence asks for."""

    def __missing__(self, name: str) -> int:
        return 0


def test_every_code_has_a_sentence_a_status_and_a_line():
    """What the sources refuse with, what has a sentence, and what the documents list are the same codes."""
    known, raised = sentences(), statuses()
    assert len(raised) > 250, "the walk no longer finds the codes"
    assert set(raised) - set(known) == set()
    assert all(sentence % Anything() for sentence in known.values())
    assert all(400 <= status <= 500 for found in raised.values() for status in found)
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.M)) == set(known)
    document = SchemaGenerator().get_schema(request=None, public=True)
    assert document["components"]["schemas"]["ProblemBody"]["properties"]["code"]["x-codes"] == known


def test_the_page_is_what_the_sources_say():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python docs/build_problems.py"


@pytest.mark.parametrize("kind", RAISED)
def test_each_kind_is_answered_with_the_status_it_is_listed_with(kind, rf):
    """Every code of the kind, as the handler of the API answers it."""
    _place, status = REFUSING[kind]
    for code in refusals.refusal_codes():
        fault = RAISED[kind](code)
        fault.params = dict.fromkeys(re.findall(r"%\((\w+)\)", sentences()[code]), 1)
        answer = respond(fault, {"request": rf.get("/"), "view": None})
        body = json.loads(answer.content)
        assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
        assert body["type"] == f"urn:kpi:problem:{code}" and body["detail"] and "%(" not in body["detail"]


def test_what_is_wrong_with_fields_comes_with_each(rf):
    wrong = ContentInvalid([FieldError("value", "number_negative"), FieldError("narrative", "narrative_required")])
    body = json.loads(respond(wrong, {"request": rf.get("/"), "view": None}).content)
    assert body["status"] == 422
    assert [(each["field"], each["code"]) for each in body["errors"]] == [
        ("value", "number_negative"),
        ("narrative", "narrative_required"),
    ]


def test_a_code_without_a_line_is_red(tmp_path):
    """The negative control: a page that lacks one code does not pass its check."""
    script = "import sys; from pathlib import Path; sys.path.insert(0, 'docs'); import build_problems as b"
    script += f"; b.PAGE = Path({str(tmp_path / 'page.md')!r}); sys.argv.append('--check'); sys.exit(b.main())"
    short = PAGE.read_text(encoding="utf-8").replace("| `stale_version` |", "| `gone` |")
    (tmp_path / "page.md").write_text(short, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "build_problems.py" in done.stderr
