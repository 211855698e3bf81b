"""``python deploy/check.py``: do the deployment's files agree with each other and with the settings?

Docker is not needed, so this runs wherever the tests do.
"""

from __future__ import annotations

import ast
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
SERVICES = {"web", "worker", "beat", "postgres", "valkey", "proxy", "migrate"}
INSTRUCTIONS = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN"}
INSTRUCTIONS |= {"ADD", "ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
# ``$$`` is compose's way to write a dollar sign, so what follows it is no variable.
VARIABLE = re.compile(r"\$\$|\$\{?([A-Za-z_]\w*)")
DOCUMENTED = re.compile(r"#?([A-Z][A-Z0-9_]*)=")


def main() -> int:
    compose = yaml.safe_load(read("docker-compose.yml"))
    problems = [*services(compose), *mounts(compose), *secrets(compose), *image(), *variables(compose)]
    for problem in problems:
        print(problem)
    if not problems:
        print("deployment: services, files, secrets and variables agree")
    return 1 if problems else 0


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def services(compose: dict[str, Any]) -> Iterator[str]:
    for name in sorted(SERVICES - compose["services"].keys()):
        yield f"docker-compose.yml: service {name} is missing"


def mounts(compose: dict[str, Any]) -> Iterator[str]:
    """Files that are mounted must be there; of secrets, which are made on the server, only the folder."""
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.get("source", "") if isinstance(volume, dict) else volume.split(":")[0]
            if source.startswith(".") and not (ROOT / source).exists():
                yield f"docker-compose.yml: {source} is mounted and does not exist"
    for secret in compose.get("secrets", {}).values():
        if not (ROOT / secret["file"]).parent.is_dir():
            yield f"docker-compose.yml: no folder for the secret {secret['file']}"


def secrets(compose: dict[str, Any]) -> Iterator[str]:
    """A service is given every secret it is told to read, and each of them is defined."""
    for name, service in compose["services"].items():
        given = set(service.get("secrets", []))
        told = {Path(text).name for text in texts(service.get("environment", {})) if text.startswith("/run/secrets/")}
        for secret in sorted(told - given):
            yield f"docker-compose.yml: {name} reads the secret {secret} and is not given it"
        for secret in sorted(given - compose.get("secrets", {}).keys()):
            yield f"docker-compose.yml: {name} is given the secret {secret}, which is not defined"


def image() -> Iterator[str]:
    """Known instructions, and nothing copied or let through that is not there."""
    kept = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    for name in sorted(kept):
        if not (ROOT / name).exists():
            yield f".dockerignore: {name} does not exist"
    lines = [line for line in read("Dockerfile").splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction and instruction not in INSTRUCTIONS:
            yield f"Dockerfile: {instruction} is no instruction"
        if instruction in {"COPY", "ADD"}:
            words = shlex.split(rest)
            sources = [word for word in words if not word.startswith("--")][:-1]
            if any(word.startswith("--from=") for word in words):
                continue
            for source in sources:
                if not (ROOT / source).exists():
                    yield f"Dockerfile: {source} is copied and does not exist"
                elif source != "." and not {source, *map(str, Path(source).parents)} & kept:
                    yield f"Dockerfile: {source} is copied and .dockerignore keeps it out"


def variables(compose: dict[str, Any]) -> Iterator[str]:
    """Whatever is read is documented with a comment above it, and whatever is documented is read."""
    wanted = {name: "docker-compose.yml" for text in texts(compose) for name in VARIABLE.findall(text) if name}
    functions = [node for node in ast.parse(read("config/env.py")).body if isinstance(node, ast.FunctionDef)]
    readers = {node.name for node in functions if node.args.args[0].arg == "name"}
    for path in sorted((ROOT / "config" / "settings").glob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        for call in calls(ast.parse(path.read_text(encoding="utf-8")), readers):
            match call.args:
                case [ast.Constant(value=str(name)), *_]:
                    wanted.setdefault(name, place)
                case _:
                    yield f"{place}:{call.lineno}: the name of the variable is not written out"
    documented = set()
    previous = ""
    for line in read("deploy/env.example").splitlines():
        if found := DOCUMENTED.match(line):
            documented.add(found[1])
            if not previous.startswith("# "):
                yield f"deploy/env.example: {found[1]} has no comment above it"
        previous = line
    for name in sorted(wanted.keys() - documented):
        yield f"deploy/env.example: {name} is missing, {wanted[name]} reads it"
    for name in sorted(documented - wanted.keys()):
        yield f"deploy/env.example: nothing reads {name}"


def calls(tree: ast.Module, readers: set[str]) -> Iterator[ast.Call]:
    """Calls of ``env.text`` and its like."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="env"), attr=reader)) if reader in readers:
                yield node


def texts(node: Any) -> Iterator[str]:
    """Every string inside what YAML gave, names included."""
    match node:
        case str():
            yield node
        case dict():
            yield from texts([*node.keys(), *node.values()])
        case list():
            for item in node:
                yield from texts(item)


if __name__ == "__main__":
    sys.exit(main())
