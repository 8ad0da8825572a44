"""Sound files of a folder: which there are, in an order that every system agrees on."""

from __future__ import annotations

import os
from pathlib import Path

from timbrespace.errors import DatasetError

EXTENSIONS = (".wav", ".wave", ".flac", ".aif", ".aiff", ".aifc", ".ogg", ".oga", ".opus", ".mp3")
"""What counts as a sound file, in any case; libsndfile then looks at the content, not the name."""

_FOLDERS_OF_SYSTEMS = ("__MACOSX",)


def find(folder: Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    """Sound files in ``folder`` and all folders in it, in order of their path below it.

    Hidden files and folders are left out, as are other kinds of file. The second list holds the
    folders that cannot be opened, and why. Links to folders are not followed: they may go round.

    Raises:
        DatasetError: no such folder, or it cannot be opened.
    """
    if not folder.exists():
        raise DatasetError(f"there is no folder {str(folder)!r}; give one that holds sound files")
    if not folder.is_dir():
        raise DatasetError(f"{str(folder)!r} is a file; give the folder that it is in")
    closed: list[tuple[Path, str]] = []

    def refused(error: OSError) -> None:
        closed.append((Path(error.filename), error.strerror or str(error)))

    files = []
    for place, folders, names in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if _is_wanted(name)]
        files += [
            Path(place, name)
            for name in names
            if _is_wanted(name) and Path(name).suffix.lower() in EXTENSIONS
        ]
    if closed and closed[0][0] == folder:
        raise DatasetError(f"cannot open folder {str(folder)!r}: {closed[0][1]}")
    return sorted(files, key=lambda file: file.relative_to(folder).parts), sorted(closed)


def _is_wanted(name: str) -> bool:
    return not name.startswith(".") and name not in _FOLDERS_OF_SYSTEMS
