"""Static files taken out of installed packages one by one: what a page needs and nothing that lies beside it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage


def package_file(package: str, path: str) -> Path:
    """A file of an installed package, found without importing it. Raises ``LookupError`` where either is missing."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        if (Path(folder) / path).is_file():
            return Path(folder) / path
    raise LookupError(f"{package} holds no {path}")


class SingleFileFinder(BaseFinder):
    """Serves ``settings.STATIC_SINGLE_FILES``: address under the static root → the file."""

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = settings.STATIC_SINGLE_FILES.get(path)
        if found is None:
            return []
        return [str(found)] if find_all else str(found)

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        for address, file in settings.STATIC_SINGLE_FILES.items():
            storage = FileSystemStorage(location=file.parent)
            storage.prefix = address.rpartition("/")[0]
            yield file.name, storage
