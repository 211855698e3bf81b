"""What pages, and what the API, ask of the services: read from the source, so that nothing is forgotten."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("kpi.services", "notifications.services")
# Who acts is one of these; without, a function only reads, checks or shapes.
WHO = {"actor", "user", "notices"}


def of(folder: str) -> set[str]:
    """Every act that the sources below ``folder`` name, as ``module.function``."""
    return {name for path in (ROOT / folder).rglob("*.py") for name in _named(path) if _is_act(name)}


def _named(path: Path) -> Iterator[str]:
    """``module.function`` of each service that a source names, by whatever way it was imported."""
    tree = ast.parse(path.read_text())
    known = dict(_imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            yield f"{known[node.value.id]}.{node.attr}"
        elif isinstance(node, ast.Name) and node.id in known:
            yield known[node.id]


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                full = f"{node.module}.{each.name}"
                if full.startswith(SERVICES):
                    yield each.asname or each.name, full


def _is_act(name: str) -> bool:
    module, _dot, function = name.rpartition(".")
    if not module.startswith(SERVICES):
        return False
    try:
        found = getattr(importlib.import_module(module), function, None)
    except ModuleNotFoundError:
        return False
    return inspect.isfunction(found) and bool(WHO & set(inspect.signature(found).parameters))
