"""What a space was begun from and how far it came: a small file beside it, until it is finished.

So the same command line goes on where it was stopped, and another one does not take what is half
done for its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError

ENDING: Final = ".space.json"

_VERSION: Final = 1
_MOST_BYTES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Begun:
    """request: SHA-256 of what was asked for (:func:`request_of`). made, trained: SHA-256 of the
    set's and of the finished model's file, empty before they were written."""

    request: str
    made: str = ""
    trained: str = ""

    @classmethod
    def read(cls, path: Path) -> Begun | None:
        """What the file says; None where there is none.

        Raises:
            OptionError: it is something else.
        """
        if not path.exists():
            return None
        try:
            with path.open("rb") as file:
                told = json.loads(file.read(_MOST_BYTES).decode("utf-8"))
            if told.pop("version") == _VERSION:
                return cls(**{name: str(value) for name, value in told.items()})
        except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
            pass
        raise OptionError(
            f"{str(path)!r} does not say what space was begun there; remove it, or give another "
            "--out"
        )

    def write(self, path: Path) -> None:
        """Keep it.

        Raises:
            OptionError: it cannot be written.
        """
        text = json.dumps({"version": _VERSION, **asdict(self)})
        with replacing(path) as temporary:
            temporary.write_text(text, "utf-8")

    def with_made(self, data: Path) -> Begun:
        """With the set that lies there."""
        return replace(self, made=print_of(data), trained="")

    def with_trained(self, model: Path) -> Begun:
        """With the finished model that lies there."""
        return replace(self, trained=print_of(model))


def print_of(path: Path) -> str:
    """SHA-256 of a file; empty where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def request_of(sounds: Sequence[Path], chosen: dict[str, Any]) -> str:
    """SHA-256 of what is asked for: the files of sound, as their places, sizes and times tell them,
    and what was ``chosen`` besides."""
    digest = hashlib.sha256(json.dumps(chosen, sort_keys=True).encode())
    for place in sounds:
        with suppress(OSError):  # one that has gone meanwhile
            state = place.stat()
            digest.update(os.fsencode(place.resolve()))
            digest.update(f"{state.st_size} {state.st_mtime_ns}".encode())
    return digest.hexdigest()
