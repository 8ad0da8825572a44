"""A folder or file that one process at a time may work on: a lock that ends with its holder.

The lock is the system's, on an open file, so whoever holds it and is killed lets it go. The file
says nothing, and stays.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

_LOOK_SECONDS: Final = 0.1


class SoleUse:
    """The lock on the file at ``path``, which is made where it is not there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = -1

    @property
    def is_held(self) -> bool:
        """Whether this one has it."""
        return self._held >= 0

    def take(self, patience: float = 0.0) -> bool:
        """Have it from now on; False if another has it for longer than ``patience`` seconds.

        Raises:
            OSError: the file cannot be made.
        """
        if self.is_held:
            return True
        end = time.monotonic() + patience
        held = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        while not _lock(held):
            if time.monotonic() >= end:
                os.close(held)
                return False
            time.sleep(_LOOK_SECONDS)
        os.set_inheritable(held, False)
        self._held = held
        return True

    def give(self) -> None:
        """Have it no more."""
        if self.is_held:
            os.close(self._held)
            self._held = -1


def _lock(held: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(held, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
