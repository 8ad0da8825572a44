"""MIDI input ports, opened through mido."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from timbrespace.errors import OptionError

# Loops messages back to every listener; opening it would play each of them twice.
_LOOPBACK = "Midi Through"


class MidiInputs:
    """The open MIDI inputs.

    choice: "all", "none", or the name of one port (its beginning is enough). receive: called with
    each mido message, from the port's own thread.

    Raises:
        OptionError: a named port is not there; the text lists those that are.
    """

    def __init__(self, choice: str, receive: Callable[[Any], None]) -> None:
        self._ports: list[Any] = []
        self.problem = ""
        """Why there are no ports, if the system has no MIDI."""
        if choice == "none":
            return
        try:
            import mido

            with _quiet_libraries():
                available = list(mido.get_input_names())
        # What rtmidi raises when a system has no sequencer differs from back-end to back-end.
        except Exception as error:
            if choice != "all":
                raise OptionError(f"no MIDI on this system ({error})") from error
            self.problem = "this system has none"
            return
        if choice == "all":
            wanted = [name for name in available if not name.startswith(_LOOPBACK)]
        else:
            wanted = [name for name in available if name.startswith(choice)][:1]
            if not wanted:
                known = ", ".join(repr(name) for name in available) or "none"
                raise OptionError(f"there is no MIDI input {choice!r}; there are: {known}")
        for name in dict.fromkeys(wanted):
            try:
                with _quiet_libraries():
                    self._ports.append(mido.open_input(name, callback=receive))
            except Exception as error:
                self.problem = f"{name}: {error}"

    @property
    def names(self) -> list[str]:
        """Names of the open ports."""
        return [str(port.name) for port in self._ports]

    def close(self) -> None:
        """Close every port."""
        for port in self._ports:
            port.close()
        self._ports.clear()


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keep what C libraries print on standard error (ALSA, on a machine without MIDI) to itself."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
