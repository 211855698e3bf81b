"""What the matrix is computed on: the trial's people and things, and answers without the drawing of pages."""

from __future__ import annotations

from functools import cache

import pytest
from django.template.backends import django

from accounts import middleware
from kpi.api.authentication import FairShare
from tests.access import samples
from tests.access.columns import Callers


@pytest.fixture
def things(db, settings, tmp_path) -> samples.Samples:
    return samples.made()


@pytest.fixture
def callers(things) -> Callers:
    return Callers()


@pytest.fixture
def unrendered(monkeypatch) -> None:
    """Who gets a page is settled before it is drawn; drawing all of them would take minutes (other tests do)."""
    monkeypatch.setattr(django.Template, "render", lambda *_args, **_more: "")
    # The same people at thousands of addresses: what they hold is read once for each.
    monkeypatch.setattr(middleware, "actor_for", cache(middleware.actor_for))
    monkeypatch.setattr(FairShare, "THROTTLE_RATES", {"person": "99999/min", "service": "99999/min"})
