"""Clients that know nothing of the code: one made from the document alone, and the example of the docs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from jsonschema import Draft202012Validator

from tests.api.conftest import make_token
from tests.api.test_fuzz import plain

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "file_figure.py"
WORDS = "本月示例工程按计划推进，累计完成示例数量。"
LATE = {"deviation_reasons": ["other"], "measures": "示例措施：加快推进。", "catch_up_period": "2025-09"}


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def site(committed_db) -> Iterator[str]:
    """The product behind a real socket."""

    def application(environ: dict, start: Any) -> Iterator[bytes]:
        try:
            yield from get_wsgi_application()(environ, start)
        finally:
            connection.close()

    server = make_server("127.0.0.1", 0, application, Server, Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class FromTheDocument:
    """A client whose every address, method and header comes out of the OpenAPI document."""

    def __init__(self, site: str, text: str):
        self.site, self.text = site, text
        self.document, _etag = self._send("GET", "/api/v1/schema/")
        self.operations = {
            stated["operationId"]: (method.upper(), address, stated)
            for address, path in self.document["paths"].items()
            for method, stated in path.items()
        }

    def do(self, name: str, body: object = None, etag: str = "", **place: str) -> tuple[Any, str]:
        method, address, stated = self.operations[name]
        asked = {parameter["name"]: parameter for parameter in stated.get("parameters", ())}
        headers = {}
        if asked.get("If-Match", {}).get("required"):
            headers["If-Match"] = etag
        if "Idempotency-Key" in asked:
            headers["Idempotency-Key"] = f"{name}-{etag}"
        answer, found = self._send(method, address.format(**place), body, headers)
        (status,) = [code for code in stated["responses"] if code.startswith("2")]
        shape = stated["responses"][status]["content"]["application/json"]["schema"]
        Draft202012Validator(plain({**shape, "components": self.document["components"]})).validate(answer)
        return answer, found

    def everything(self, name: str, **place: str) -> Iterator[Any]:
        """A list to its end, by the address that each page gives of the next."""
        page, _etag = self.do(name, **place)
        while True:
            yield from page["items"]
            if page["next"] is None:
                return
            page, _etag = self._send("GET", page["next"])

    def _send(self, method: str, path: str, body: object = None, headers: dict | None = None) -> tuple[Any, str]:
        sent = {"Authorization": f"Bearer {self.text}", "Content-Type": "application/json", **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.site}{path}", data, sent, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer), answer.headers.get("ETag", "")


def test_a_client_made_from_the_document_goes_all_the_way(site):
    staff, head, office = (FromTheDocument(site, make_token(who).text) for who in ("nyj_staff", "nyj_head", "dcs_1"))
    units = {held["department"] for held in staff.do("me")[0]["roles"]}
    months = [each["code"] for each in staff.everything("periods_list", year="2025") if each["locked_at"] is None]
    place = {"year": "2025", "period": months[0]}
    mine = [each["code"] for each in staff.everything("indicators_list", year="2025") if each["lead"] in units]
    code = next(code for code in mine if staff.do("submissions_read", code=code, **place)[0]["state"] == "not_started")
    place["code"] = code
    _nothing, etag = staff.do("submissions_read", **place)
    said = {"value": "4.10", "narrative": WORDS, "outlook": "confident", **LATE}
    _saved, etag = staff.do("submissions_save", said, etag, **place)
    filed, etag = staff.do("submissions_submit", {}, etag, **place)
    assert filed["state"] == "submitted"
    _signed, etag = head.do("submissions_sign_off", {"comment": "同意"}, etag, **place)
    approved, _etag = office.do("submissions_approve", {}, etag, **place)
    shown, _none = office.do("indicators_read", year="2025", code=code)
    assert (approved["state"], float(shown["value"]), shown["period"]) == ("approved", 4.1, months[0])


def test_the_example_of_the_docs_files_a_figure(site):
    def run(value: str) -> subprocess.CompletedProcess[str]:
        words = ["--narrative", WORDS, "--outlook", "confident", "--measures", LATE["measures"]]
        words += ["--catch-up-period", "2025-09", "--deviation-reasons", "other"]
        return subprocess.run(
            [sys.executable, str(EXAMPLE), site, "2025-06", "A06", value, *words],
            env={**os.environ, "KPI_TOKEN": text}, capture_output=True, text=True,
        )  # fmt: skip

    text = make_token("nyj_staff", scopes=["file"]).text
    wrong = run("4,1")
    assert wrong.returncode == 1 and "content_invalid" in wrong.stderr and "value: " in wrong.stderr
    right = run("4.10")
    assert right.returncode == 0 and "A06 2025-06: 4.1, submitted" in right.stdout, right.stderr
