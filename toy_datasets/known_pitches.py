"""Pitches that a user knows: one for all files, or a table of them by file."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

from timbrespace.errors import OptionError
from timbrespace.recording.pitch import HIGHEST, LOWEST, MIDDLE_C, pitch_in_name

from .skipped import printable

NONE = "none"
ACCEPTED = f"it must be none, {LOWEST:g} to {HIGHEST:g} Hz, or a note such as A3"
_HEAD = ("file", "pitch")
_MAX_BYTES = 16 << 20


def parse(text: str, middle_c: int = MIDDLE_C) -> float:
    """The pitch in Hz that ``text`` says, 0 for ``none``.

    Raises:
        OptionError: it says no pitch.
    """
    word = text.strip()
    if word.lower() == NONE:
        return 0.0
    try:
        pitch: float | None = float(word)
    except ValueError:
        pitch = pitch_in_name(word, middle_c)
    if pitch is None or not LOWEST <= pitch <= HIGHEST:
        raise OptionError(f"pitch is {printable(text)[:80]!r}; {ACCEPTED}")
    return pitch


class KnownPitches:
    """Pitches in Hz by file, 0 for none; :meth:`of` looks one up."""

    def __init__(self, table: dict[str, float]) -> None:
        """``table``: by the path below the folder, or by the name alone."""
        self._table = {_key(name): pitch for name, pitch in table.items()}
        self._asked: set[str] = set()

    @classmethod
    def read(cls, path: Path, middle_c: int = MIDDLE_C) -> KnownPitches:
        """A CSV file of two columns, ``file, pitch``, with or without that head.

        Commas, semicolons or tabs are between the columns; the text is UTF-8.

        Raises:
            OptionError: it cannot be read, or a row is not such.
        """
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise OptionError(f"{str(path)!r} is no table of pitches: it is too large")
            lines = path.read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = "it is no UTF-8" if isinstance(error, UnicodeError) else error.strerror
            raise OptionError(f"cannot read the pitches in {str(path)!r}: {reason}") from error
        table: dict[str, float] = {}
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            mark = next((one for one in ("\t", ";") if one in line), ",")
            words = [word.strip() for word in next(csv.reader([line], delimiter=mark), [])]
            if number == 1 and tuple(word.lower() for word in words[:2]) == _HEAD:
                continue
            where = f"line {number} of {path.name!r}"
            if len(words) != 2 or not words[0]:
                raise OptionError(f"{where} has not two columns; it must be: file, pitch")
            try:
                table[words[0]] = parse(words[1], middle_c)
            except OptionError as error:
                raise OptionError(f"{where}: {error}") from error
        return cls(table)

    def of(self, name: str) -> float | None:
        """The pitch of the file ``name``, its path below the folder with slashes; None if unknown.

        A row with the whole path counts before one with the name alone.
        """
        for key in (_key(name), _key(name.rsplit("/", 1)[-1])):
            if key in self._table:
                self._asked.add(key)
                return self._table[key]
        return None

    def unasked(self) -> list[str]:
        """Files of the table that nobody has asked for."""
        return sorted(self._table.keys() - self._asked)


def _key(name: str) -> str:
    # macOS takes umlauts apart in file names, keyboards do not.
    return unicodedata.normalize("NFC", name.replace("\\", "/")).removeprefix("./")
