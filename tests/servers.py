"""The web server as tests start it."""

from __future__ import annotations


def granian(port: int, *options: str, application: str = "config.wsgi:application") -> list[str]:
    """Granian's command line. Each thread keeps a connection; with as many threads as it takes by itself, one server
    uses up all that PostgreSQL has for the tests beside it."""
    command = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    return [*command, "--blocking-threads", "4", *options, application]
