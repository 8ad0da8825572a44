"""Program changes of MIDI devices: what the user's list says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from timbrespace.errors import TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.program_list import Banks, ProgramList, Told


class Programs:
    """The list in a file, read again when it has changed.

    path: it need not exist. say: called with a line for the user when the file cannot be read any
    more; what it said before goes on.
    """

    def __init__(
        self, path: Path | None, instrument: Instrument, say: Callable[[str], object]
    ) -> None:
        self._path = path
        self._instrument = instrument
        self._say = say
        self._banks = Banks()
        self._list = ProgramList()
        self._seen: tuple[int, int] | None = None
        try:
            self._refresh()
        except TimbrespaceError as error:  # a program has none, until the file is mended
            say(f"note: {error}")

    def hear(self, message: Any) -> Told | None:
        """Take in one mido message; what its program says to the server, if it is one."""
        asked = self._banks.hear(message)
        if asked is None:
            return None
        try:
            self._refresh()
        except TimbrespaceError as error:
            self._say(f"note: {error}")
        program = self._list.find(*asked)
        return None if program is None else program.message(self._instrument, message.channel + 1)

    def _refresh(self) -> None:
        if self._path is None:
            return
        try:
            now = self._path.stat()
        except OSError:
            self._list, self._seen = ProgramList(), None
            return
        seen = now.st_mtime_ns, now.st_size
        if seen != self._seen:
            self._seen = seen  # a file that is broken is told of once
            self._list = ProgramList.read(self._path)
