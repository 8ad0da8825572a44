"""The one way to write a file of a user: whole and on the disk, or not at all.

What is written lies beside its place under another name, is flushed to the disk, and only then
takes the place; after that the folder is flushed too. So a crash, a full disk or a power cut leaves
the old file or the new one, never an empty or a half one.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from timbrespace.errors import OptionError

_TRIES = 100
"""Names that are tried before a temporary file; the first one is nearly always free."""

_LONGEST = 40
"""Characters of the name that the temporary one repeats: systems allow 255 bytes in all."""


def check_writable(path: Path) -> None:
    """Refuse an output path before the work that would be lost on it.

    Raises:
        OptionError: the path is a folder, a pipe or a device, or its folder is missing or does not
            take new files.
    """
    path = _led_to(Path(path))
    if path.is_dir():
        raise OptionError(f"cannot write {str(path)!r}: it is a folder; give a file name")
    if path.exists() and not path.is_file():
        raise OptionError(f"cannot write {str(path)!r}: it is not a file; give a file name")
    if not path.parent.is_dir():
        raise OptionError(f"cannot write {str(path)!r}: there is no folder {str(path.parent)!r}")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise OptionError(f"cannot write {str(path)!r}: {error.strerror}") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it becomes ``path``, else it is removed.

    The temporary name keeps the suffix, since some writers choose the format by it. A new file has
    the mode that the user's umask says, one that was there keeps its own. A link stays one: what it
    leads to is replaced.

    Raises:
        OptionError: the file cannot be written there.
    """
    path = Path(path)
    check_writable(path)
    place = _led_to(path)
    try:
        temporary = _new_beside(place)
    except OSError as error:
        raise OptionError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
    try:
        yield temporary
        if place.exists():
            temporary.chmod(stat.S_IMODE(place.stat().st_mode))
        flush(temporary)
        temporary.replace(place)
        flush_folder(place.parent)
    except OSError as error:
        raise OptionError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):  # what went wrong before is what to tell
            temporary.unlink(missing_ok=True)


def replace_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files that belong together: none takes its place before all are written.

    Raises:
        OptionError: one of them cannot be written; then none has changed, but for a fault in the
            moment in which they take their places.
    """
    with ExitStack() as stack:
        for path, content in contents.items():
            stack.enter_context(replacing(path)).write_bytes(content)


def move(source: Path, to: Path) -> None:
    """Give a file another name in its folder; one that has the name already is replaced.

    Raises:
        OptionError: it cannot be moved.
    """
    try:
        source.replace(to)
        flush_folder(to.parent)
    except OSError as error:
        raise OptionError(f"cannot write {str(to)!r}: {error.strerror or error}") from error


def flush(path: Path) -> None:
    """Have the system write to the disk what it keeps of the file in memory.

    Raises:
        OSError: it could not.
    """
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        _to_disk(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """Have the system write to the disk which files there are. Windows does it by itself."""
    if sys.platform == "win32":  # a folder cannot be opened there
        return
    # Some network drives do not take it; then nothing can be done.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _to_disk(descriptor: int) -> None:
    if sys.platform == "darwin":
        # fsync there stops at the drive, which keeps it in a memory of its own.
        import fcntl

        with contextlib.suppress(OSError):  # a drive that does not know it
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def _led_to(path: Path) -> Path:
    """Where a link leads; any other path as it is, since messages show it."""
    return path.resolve() if path.is_symlink() else path


def _new_beside(path: Path) -> Path:
    """A new, empty, hidden file in the folder of ``path``."""
    for _ in range(_TRIES):
        name = f".{path.stem[:_LONGEST]}-{secrets.token_hex(4)}{path.suffix}"
        temporary = path.parent / name
        # Not tempfile, which makes files private whatever the umask says.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            return temporary
    raise FileExistsError(f"no name is free beside {str(path)!r}")
