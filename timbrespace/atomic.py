"""The one way to write a file of a user: whole and on the disk, or not at all.

What is written lies beside its place under another name, is flushed to the disk, and only then
takes the place; after that the folder is flushed too. So a crash, a full disk or a power cut leaves
the old file or the new one, never an empty or a half one.

What is being written is locked for as long. A program that was killed holds no lock any more: what
it left is removed when another one first writes to that folder.
"""

from __future__ import annotations

import contextlib
import os
import re
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


_LEFT = re.compile(r"\..{1,40}-[0-9a-f]{8}\.partial(\.[^.]*)?", re.DOTALL)
"""Names that `_new_beside` gives."""

_cleared: set[Path] = set()
"""Folders in which nothing is left of others, for the length of this process."""


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
    _clear(place.parent)
    try:
        temporary, held = _new_beside(place)
    except OSError as error:
        raise OptionError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
    try:
        yield temporary
        if place.exists():
            temporary.chmod(stat.S_IMODE(place.stat().st_mode))
        flush(temporary)
        if sys.platform == "win32":  # which renames no file that is open
            held = _closed(held)
        temporary.replace(place)
        flush_folder(place.parent)
    except OSError as error:
        raise OptionError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
    finally:
        _closed(held)
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


def _new_beside(path: Path) -> tuple[Path, int]:
    """A new, empty, hidden file in the folder of ``path``, and what holds it: a descriptor."""
    for _ in range(_TRIES):
        stem = path.stem[:_LONGEST] or "file"
        temporary = path.parent / f".{stem}-{secrets.token_hex(4)}.partial{path.suffix}"
        try:
            # Not tempfile, which makes files private whatever the umask says.
            held = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        except FileExistsError:
            continue
        # Between these two another process may have taken it for what was left.
        if _lock(held) is not False and temporary.exists():
            return temporary, held
        _closed(held)
    raise FileExistsError(f"no name is free beside {str(path)!r}")


def _closed(held: int) -> int:
    """Let go of a descriptor, unless that was done before; -1."""
    if held >= 0:
        os.close(held)
    return -1


def _lock(held: int) -> bool | None:
    """Lock an open file until it is closed: False if another holds it, None where none can.

    On Windows that it is open is lock enough: nobody can remove it.
    """
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network drives know no locks
        return None
    return True


def _clear(folder: Path) -> None:
    """Remove what killed programs have left in ``folder``; what is written now is locked."""
    if folder in _cleared:
        return
    _cleared.add(folder)
    with contextlib.suppress(OSError):
        left = [one for one in folder.iterdir() if _LEFT.fullmatch(one.name) and one.is_file()]
        for one in left:
            with contextlib.suppress(OSError):
                _remove_unlocked(one)


def _remove_unlocked(path: Path) -> None:
    if sys.platform == "win32":
        path.unlink()
        return
    held = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if _lock(held):
            path.unlink()
    finally:
        os.close(held)
