"""What the matrix is computed on: the trial's people and things, and answers without the drawing of pages."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache

import pytest
from django.template.backends import django

from accounts import middleware
from kpi.web import errors
from tests.access import samples
from tests.access.columns import Callers


@pytest.fixture
def things(db) -> samples.Samples:
    return samples.made()


@pytest.fixture
def callers(things) -> Callers:
    return Callers()


@pytest.fixture
def is_hasty(monkeypatch, settings) -> Iterator[None]:
    """Who gets what is settled before any of this; other tests do it, and for all cells it would take minutes."""
    monkeypatch.setattr(django.Template, "render", lambda *_args, **_more: "")
    monkeypatch.setattr(errors, "record_denial", lambda **_denied: None)
    # The same people at thousands of addresses: what they hold is read once for each.
    monkeypatch.setattr(middleware, "actor_for", cache(middleware.actor_for))
    settings.API_REQUESTS_A_MINUTE = {"person": 99_999, "service": 99_999}
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
