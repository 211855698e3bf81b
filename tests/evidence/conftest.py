"""Every test here keeps its files in a folder of its own, so that it can count what is left."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path: Path) -> Path:
    location = tmp_path / "evidence"
    store = settings.STORAGES["evidence"]
    options = store["OPTIONS"] | {"location": location}
    settings.STORAGES = settings.STORAGES | {"evidence": store | {"OPTIONS": options}}
    settings.EVIDENCE_DIR = location
    return location


@pytest.fixture
def names() -> Callable[[], set[str]]:
    """What lies in the folder."""
    folder = Path(django_settings.EVIDENCE_DIR)
    return lambda: set(os.listdir(folder)) if folder.exists() else set()
