"""Where the bytes of evidence and of exports lie: a folder each outside the web root, a file per key, readable by the
product alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages

PART = ".part"


class DurableStorage(FileSystemStorage):
    """A file system storage whose files are whole and on the disk, or not there.

    Written under a temporary name, flushed, then renamed: a crash leaves at worst a file that no row names.
    """

    def _save(self, name: str, content: File) -> str:
        final = Path(self.path(name))
        folder = final.parent
        folder.mkdir(mode=self.directory_permissions_mode, parents=True, exist_ok=True)
        part = final.with_name(final.name + PART)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self.file_permissions_mode)
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, final)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _flush_folder(folder)
        return name


def _flush_folder(folder: Path) -> None:
    """The rename itself must outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def vault(shelf: str = "evidence") -> FileSystemStorage:
    """The storage that the setting ``EVIDENCE_DIR`` names, or ``EXPORTS_DIR`` for the shelf ``exports``."""
    return storages[shelf]


def put(key: UUID, content: File, shelf: str = "evidence") -> None:
    """Keep the bytes under a key that has none yet."""
    vault(shelf).save(str(key), content)


def get(key: UUID, shelf: str = "evidence") -> File | None:
    """The bytes, open for reading; ``None`` where the folder does not hold them."""
    try:
        return vault(shelf).open(str(key), "rb")
    except FileNotFoundError:
        return None


def drop(key: UUID, shelf: str = "evidence") -> None:
    """Forget the bytes; a file that is gone already is no problem."""
    vault(shelf).delete(str(key))


def kept(*, before: float, shelf: str = "evidence") -> Iterator[str]:
    """Names of all files last written before a moment of the file system's clock, parts of broken uploads included."""
    folder = Path(vault(shelf).location)
    if not folder.is_dir():
        return
    for entry in os.scandir(folder):
        try:
            if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < before:
                yield entry.name
        except FileNotFoundError:  # another worker was faster
            continue
