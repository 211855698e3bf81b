"""Translations without gettext's own tools: ``python -m config.messages collect|compile|check``.

The source language is Chinese: a msgid is what a Chinese reader sees. ``locale/en`` holds the English words.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
APPS = ("accounts", "config", "kpi", "notifications")
PO = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def sources() -> Iterator[tuple[str, str]]:
    """Every file that may hold words, as (name, Python source); templates are rewritten by Django."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield path.relative_to(ROOT).as_posix(), templatize(path.read_text(encoding="utf-8"))


def found() -> Catalog:
    """A catalog of every string in the code, without translations."""
    catalog = Catalog(locale="en", project="kpi", fuzzy=False)
    for name, text in sources():
        options = {"encoding": "utf-8"}
        for _line, message, _comments, context in extract("python", io.BytesIO(text.encode()), KEYWORDS, (), options):
            catalog.add(message, locations=[(name, 0)], context=context)
    return catalog


def stored() -> Catalog:
    with open(PO, "rb") as file:
        return read_po(file, locale="en")


def collect() -> int:
    """Bring the file up to date; new strings wait for their English."""
    catalog = found()
    if PO.exists():
        known = stored()
        for message in catalog:
            old = known.get(message.id, message.context) if message.id else None
            if old is not None:
                message.string = old.string
    PO.parent.mkdir(parents=True, exist_ok=True)
    with open(PO, "wb") as file:
        write_po(file, catalog, width=120, omit_header=False, sort_output=True, include_lineno=False)
    print(f"{len(missing(catalog))} of {len(catalog)} strings wait for English")
    return 0


def missing(catalog: Catalog) -> list[str]:
    return [str(message.id) for message in catalog if message.id and not message.string]


def compile_all() -> int:
    """Write the binary catalog that Django reads."""
    with open(PO.with_suffix(".mo"), "wb") as file:
        write_mo(file, stored())
    return 0


def check() -> int:
    """Fail for strings without English, strings nobody uses any more, and placeholders that differ."""
    known = stored()
    wanted = {(message.id, message.context) for message in found() if message.id}
    have = {(message.id, message.context) for message in known if message.id}
    problems = [f"not collected: {id_}" for id_, _ in wanted - have]
    problems += [f"no longer used: {id_}" for id_, _ in have - wanted]
    problems += [f"no English: {id_}" for id_ in missing(known)]
    problems += [f"placeholders differ: {message.id}" for message in known if message.id and _differs(message)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("run `make messages`, then fill in locale/en", file=sys.stderr)
    return 1 if problems else 0


def _differs(message) -> bool:
    texts = [message.id, message.string]
    return all(isinstance(text, str) and text for text in texts) and (
        sorted(PLACEHOLDER.findall(texts[0])) != sorted(PLACEHOLDER.findall(texts[1]))
    )


COMMANDS = {"collect": collect, "compile": compile_all, "check": check}

if __name__ == "__main__":
    sys.exit(COMMANDS[sys.argv[1]]())
