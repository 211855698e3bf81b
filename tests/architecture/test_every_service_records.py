"""Whoever may change something leaves an entry: every public service function reaches ``audit.record``.

Found by reading the code, so that a new service is held to it the moment it is written: all public functions of the
services' modules that take ``now`` and an ``actor`` (or ``user``) by keyword. A function counts as recording when it,
or a function of ours that it names, calls ``audit.record``. That every *committed* change has exactly one entry is
shown at run time by ``tests/faults/test_audit_trail.py`` for the ways in; this test says that none was forgotten.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

SERVICES = ("kpi/services", "accounts", "notifications")
RECORD = ("accounts.audit", "record")
# Who acts, in the order of the names in use.
WHO = {"actor", "user"}
# Takes an actor and a moment and rightly leaves no entry; each with its reason.
SILENT: Mapping[str, str] = {
    "kpi.services.bulletin_notices.sent": "tells people of what its caller has recorded",
    "kpi.services.directive_notices.issued": "tells people of what its caller has recorded",
    "kpi.services.directive_notices.moved": "tells people of what its caller has recorded",
    "kpi.services.target_change_notices.moved": "tells people of what its caller has recorded",
    "kpi.services.idempotency.claim": "keeps the answer to a request; the request's own change is recorded",
    "kpi.services.imports.keep_upload": "lays a file aside for its preview; importing.apply records what it changes",
    "kpi.services.imports.claim": "keeps two confirmations of one upload apart; importing.apply records",
    "kpi.services.score_carrying.carry_over": "part of drafting a score run, which is recorded",
    "kpi.services.signing.hand_of": "reads in whose name somebody signs",
    "kpi.services.signing.returning_hand": "reads in whose name somebody returns",
    "kpi.services.target_change_files.stash": "lays a file aside; taking the form records it (put_beside)",
}


@dataclass
class Module:
    """One file: its functions, and what its names stand for."""

    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    # A name → (module, None) for a module, (module, name) for what was taken out of one.
    names: dict[str, tuple[str, str | None]] = field(default_factory=dict)


Graph = Mapping[str, Module]


def read(root: Path, folders: tuple[str, ...] = ("kpi", "accounts", "notifications")) -> dict[str, Module]:
    found = {}
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            dotted = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            found[dotted] = _module(ast.parse(path.read_text(encoding="utf-8")))
    return found


def _module(tree: ast.Module) -> Module:
    module = Module()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module.names[alias.asname or alias.name] = (node.module, alias.name)
        elif isinstance(node, ast.FunctionDef):
            module.functions.setdefault(node.name, node)
    return module


def services(graph: Graph) -> Iterator[tuple[str, str]]:
    """Module and name of each public function that changes something in somebody's name."""
    for name, module in graph.items():
        path = name.replace(".", "/")
        if not any(path.rpartition("/")[0] == folder for folder in SERVICES):
            continue
        for function in module.functions.values():
            asked = {argument.arg for argument in function.args.kwonlyargs}
            if not function.name.startswith("_") and "now" in asked and asked & WHO:
                yield name, function.name


def records(graph: Graph, module: str, function: str) -> bool:
    """Whether following the names of our functions from here leads to ``audit.record``."""
    seen: set[tuple[str, str]] = set()
    waiting = [(module, function)]
    while waiting:
        here = waiting.pop()
        if here == RECORD:
            return True
        if here not in seen and here[0] in graph and here[1] in graph[here[0]].functions:
            seen.add(here)
            waiting.extend(_named(graph, here[0], graph[here[0]].functions[here[1]]))
    return False


def _named(graph: Graph, module: str, function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Functions that are called or handed on, by module and name."""
    here = graph[module]
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in here.names:
            package, name = here.names[node.value.id]
            yield f"{package}.{name}", node.attr
        elif isinstance(node, ast.Name) and node.id in here.names:
            package, name = here.names[node.id]
            if name is not None:
                yield package, name
        elif isinstance(node, ast.Name) and node.id in here.functions:
            yield module, node.id


def silent(graph: Graph) -> set[str]:
    return {f"{module}.{name}" for module, name in services(graph) if not records(graph, module, name)}


def test_every_service_leaves_an_entry():
    graph = read(settings.BASE_DIR)
    assert len(list(services(graph))) > 100, "the search has gone blind"
    assert silent(graph) == set(SILENT)


def test_a_new_service_that_forgets_is_found(tmp_path):
    """Negative control, in a copy of the layout: one writes and tells, one writes and does not, one only seems to."""
    (tmp_path / "kpi" / "services").mkdir(parents=True)
    (tmp_path / "kpi" / "services" / "new.py").write_text(
        "from accounts import audit\n"
        "def good(*, actor, now):\n    _tell(actor, now)\n"
        "def _tell(actor, now):\n    audit.record(action='x.y', obj=actor, actor=actor, now=now)\n"
        "def bad(*, thing, actor, now):\n    thing.save()\n"
        "def seeming(*, actor, now):\n    record(actor)\n"
        "def record(actor):\n    return actor\n",
        encoding="utf-8",
    )
    graph = read(tmp_path)
    assert silent(graph) == {"kpi.services.new.bad", "kpi.services.new.seeming"}
