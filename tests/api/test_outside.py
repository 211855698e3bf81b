"""Clients that know nothing of the code: one made from the document alone, and the example of the docs."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection

from tests.api.conftest import make_token

OUTSIDE = Path(__file__).with_name("outside.py")
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


def test_a_client_made_from_the_document_goes_all_the_way(site, tmp_path):
    """In a process of its own that cannot even import the product (-I, another folder)."""
    people = {"STAFF": "nyj_staff", "HEAD": "nyj_head", "OFFICE": "dcs_1"}
    tokens = {f"{role}_TOKEN": make_token(who).text for role, who in people.items()}
    done = subprocess.run(
        [sys.executable, "-I", str(OUTSIDE), site, "2025"],
        env={"PATH": os.environ["PATH"], **tokens}, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["states"] == ["submitted", "signed_off", "approved"]
    assert (float(found["value"]), found["period"]) == (4.1, found["month"])


def test_the_client_knows_one_address_and_nothing_of_the_product():
    tree = ast.parse(OUTSIDE.read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert [text for text in texts if "/" in text and not text.isspace() and "\n" not in text] == [
        "/api/v1/schema/",
        "application/json",
        "application/json",
    ]
    modules = {each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
    modules |= {name.name for each in ast.walk(tree) if isinstance(each, ast.Import) for name in each.names}
    assert not {module.partition(".")[0] for module in modules} & {
        "accounts",
        "config",
        "kpi",
        "notifications",
        "tests",
    }


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
