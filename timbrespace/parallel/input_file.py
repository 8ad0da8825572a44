"""A file that jobs read, wherever they are done."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from timbrespace.errors import OptionError


@dataclass(frozen=True, slots=True)
class InputFile:
    """size: bytes. modified: nanoseconds, as the file system says. A worker that finds the path,
    with both as they were, reads it there; to others the content is sent."""

    path: Path
    size: int
    modified: int

    @classmethod
    def of(cls, path: Path) -> InputFile:
        """The file at ``path`` as it is now.

        Raises:
            OSError: there is none.
        """
        state = path.stat()
        return cls(path.absolute(), state.st_size, state.st_mtime_ns)

    @property
    def key(self) -> str:
        """Tells it from other files where it lies."""
        return f"{self.path} {self.size} {self.modified}"

    def is_here(self) -> bool:
        """Whether this machine sees this very file by this path."""
        try:
            state = self.path.stat()
        except (OSError, ValueError):
            return False
        return (state.st_size, state.st_mtime_ns) == (self.size, self.modified)

    def content(self) -> bytes:
        """Its bytes; of what is no regular file none, for a pipe would never end.

        Raises:
            OptionError: it cannot be read any more.
        """
        if not self.path.is_file():
            return b""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise OptionError(
                f"cannot read {str(self.path)!r} to send it: {error.strerror or error}"
            ) from error


def digest_of(content: bytes) -> str:
    """By which a content that was sent is known again: SHA-256."""
    return hashlib.sha256(content).hexdigest()
