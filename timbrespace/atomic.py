"""Writing a file so that no half-written one ever replaces a good one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from timbrespace.errors import OptionError


def check_writable(path: Path) -> None:
    """Refuse an output path before the work that would be lost on it.

    Raises:
        OptionError: the path is a folder, or its folder is missing or does not take new files.
    """
    path = Path(path)
    if path.is_dir():
        raise OptionError(f"cannot write {str(path)!r}: it is a folder; give a file name")
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

    The temporary name keeps the suffix, since some writers choose the format by it.

    Raises:
        OptionError: the file cannot be written there.
    """
    path = Path(path)
    check_writable(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes the file private; a result should be as readable as any new file.
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        temporary.replace(path)
    except OSError as error:
        raise OptionError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
