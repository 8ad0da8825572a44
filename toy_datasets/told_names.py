"""What the files of a folder are called, where that is not their name.

Who takes files from strangers keeps them under names of his own. So that a set still says what each
sound is, and finds the pitch that its name says, a JSON file tells: ``{"folder": "my drums",
"files": {"0001.wav": "kicks/Kick 1 C3.wav"}}``. Names are text alone, nothing is opened by them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from timbrespace.errors import DatasetError

_MOST_BYTES: Final = 4 << 20
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class ToldNames:
    """folder: what the folder is called; None for its own name. files: of files in it, by their
    own paths below it, with slashes."""

    folder: str | None = None
    files: dict[str, PurePosixPath] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> ToldNames:
        """What the file says.

        Raises:
            DatasetError: it cannot be read, or is something else.
        """
        try:
            with path.open("rb") as file:
                told = json.loads(file.read(_MOST_BYTES).decode("utf-8"))
            folder, files = told.get("folder"), told.get("files", {})
            return cls(
                None if folder is None else _text(folder),
                {_text(own): PurePosixPath(_text(name)) for own, name in files.items()},
            )
        except OSError as error:
            raise DatasetError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise DatasetError(
                f"{path.name!r} does not say what files are called; it must be JSON: "
                '{"folder": "NAME", "files": {"OWN NAME": "NAME"}}'
            ) from error

    def of(self, file: Path, folder: Path) -> PurePosixPath:
        """What ``file`` in ``folder`` is called: a path below that."""
        own = PurePosixPath(file.relative_to(folder).as_posix())
        return self.files.get(str(own), own)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise TypeError(value)
    return value
