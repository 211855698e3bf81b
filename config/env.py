"""Typed readers of environment variables. A bad or missing value stops the start with its name and what it should be.

A secret may be given as a file: ``NAME_FILE=/run/secrets/name`` is read where ``NAME`` is not set.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

# Parts of secrets that somebody meant to replace.
OFTEN_LEFT = ("insecure", "change", "example", "password", "secret", "trial", "default", "postgres", "…")
FEWEST_LETTERS = 8


class ConfigError(Exception):
    """The environment says something that cannot be meant."""


def text(name: str, default: str | None = None) -> str:
    """The value of ``name``, of the file ``name_FILE`` names, or ``default``; without any, an error."""
    if name in os.environ:
        return os.environ[name]
    if path := os.environ.get(f"{name}_FILE"):
        return _kept_in(path, name)
    if default is None:
        raise ConfigError(f"{name} is not set (or {name}_FILE); see deploy/env.example")
    return default


def _kept_in(path: str, name: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{name}_FILE: {path} cannot be read") from problem


def is_default(secret: str) -> bool:
    """Whether it is what stands in instructions and is tried first, or hardly more than one letter again and again."""
    told = secret.casefold()
    return any(word in told for word in OFTEN_LEFT) or len(set(secret)) < FEWEST_LETTERS


def integer(name: str, default: int, *, least: int | None = None, why: str = "") -> int:
    """A whole number, not below ``least``; ``why`` is told with the refusal."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError as problem:
        raise ConfigError(f"{name} must be a whole number, not {value!r}") from problem
    if least is not None and number < least:
        raise ConfigError(f"{name} must be at least {least}, not {number}{why and f': {why}'}")
    return number


def flag(name: str, default: bool) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value not in {"1", "0", "true", "false", "yes", "no"}:
        raise ConfigError(f"{name} must be 1 or 0, not {value!r}")
    return value in {"1", "true", "yes"}


def folder(name: str, default: str | None = None) -> Path:
    """An absolute path: a relative one would mean another place for each process."""
    path = Path(text(name, default))
    if not path.is_absolute():
        raise ConfigError(f"{name} must be an absolute path, not {str(path)!r}")
    return path


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def database(name: str, default: str | None = None) -> dict[str, object]:
    """A ``postgresql://user:password@host:port/name?sslmode=…`` address as Django's settings; what follows the question
    mark goes to libpq as it is."""
    url = urlsplit(text(name, default))
    if url.scheme not in {"postgresql", "postgres"}:
        raise ConfigError(f"{name} must start with postgresql://: this product runs on PostgreSQL only")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or 5432),
        "OPTIONS": dict(parse_qsl(url.query, strict_parsing=bool(url.query))),
    }
