"""What a reader would otherwise have to remember: migrations, deployment settings, one sentence per refusal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.core.management import call_command

from kpi import labels, refusals
from notifications.messages import KINDS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for app in ("accounts", "kpi", "notifications") for path in (ROOT / app).rglob("*.py")]
# Where each kind of refusal carries its code.
CODE_AT = {
    "DomainError": 0,
    "PeriodClosed": 0,
    "StaleVersion": 0,
    "IllegalTransition": 0,
    "NotPermitted": 0,
    "PermissionRefused": 0,
    "FieldError": 1,
    "Flaw": 1,
    "fail": 1,
    "require": 1,
}


def refused_codes(source: str) -> Iterator[str]:
    """Codes written out at the place that refuses."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        place = CODE_AT.get(name)
        if place is None or len(node.args) <= place:
            continue
        code = node.args[place]
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            yield code.value


def test_every_migration_is_written(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_every_refusal_has_a_sentence():
    codes = {code for path in SOURCES for code in refused_codes(path.read_text(encoding="utf-8"))}
    assert len(codes) > 20, "the walk no longer finds the codes"
    assert codes - refusals.refusal_codes() == set()


def test_every_lamp_has_a_word_a_shape_and_a_class():
    for label in labels.RAG.values():
        assert str(label.text) and label.css and label.icon


def test_every_kind_of_message_has_a_word():
    assert all(str(kind.label) for kind in KINDS.values())


def test_writes_live_in_services_and_models():
    """No page, command or task writes by itself."""
    writing = re.compile(r"\.(save|delete|bulk_create|bulk_update|create|update)\(")
    edges = [path for path in SOURCES if {"web", "api", "selectors"} & set(path.relative_to(ROOT).parts)]
    found = [path.name for path in edges if writing.search(path.read_text(encoding="utf-8"))]
    assert found == []


def open_to_every_field(source: str) -> Iterator[int]:
    """Lines that offer every column of a model, all but some, or whatever a request holds."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Assign(targets=[ast.Name(id="fields")], value=ast.Constant(value="__all__")):
                yield node.lineno
            case ast.keyword(arg="fields", value=ast.Constant(value="__all__")):
                yield node.value.lineno
            case ast.ClassDef(name="Meta"):
                yield from (
                    each.lineno
                    for each in node.body
                    if isinstance(each, ast.Assign) and any(ast.unparse(one) == "exclude" for one in each.targets)
                )
            case ast.keyword(arg=None, value=value) if re.search(
                r"\b(POST|GET|data)\b(\.dict\(\))?$", ast.unparse(value)
            ):
                yield value.lineno


def test_no_form_body_or_table_takes_every_field():
    found = [
        f"{path.relative_to(ROOT)}:{line}" for path in SOURCES for line in open_to_every_field(path.read_text("utf-8"))
    ]
    assert found == []


def test_the_walk_finds_what_takes_every_field():
    """Negative control, one of each."""
    source = """
class Form(ModelForm):
    class Meta:
        fields = "__all__"
class Body(ModelSerializer):
    class Meta:
        exclude = ("id",)
form = modelform_factory(User, fields="__all__")
service(**request.POST.dict())
Submission(**self.request.data)
"""
    assert sorted(open_to_every_field(source)) == [4, 7, 8, 9, 10]


def test_what_the_benchmarks_import_is_there():
    """They import late, after Django is set up, and nobody runs them with the tests."""
    missing = []
    for path in (ROOT / "benchmarks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                module = import_module(node.module)
                missing += [
                    f"{path.name}: {node.module}.{each.name}"
                    for each in node.names
                    if not hasattr(module, each.name) and not is_module(f"{node.module}.{each.name}")
                ]
    assert missing == []


def is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # what stands before the last dot is no package
        return False
