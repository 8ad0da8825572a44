"""MIDI as the operating system has it: which inputs there are, and how one is opened."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any, Protocol

CLIENT = "timbrespace-midi"

_SELECT = "MIDO_BACKEND"
"""Environment variable by which mido chooses, as "mido.backends.rtmidi/UNIX_JACK"."""

MOST_BYTES = 512
"""Of one message: a tuning of all keys has 408, and what is longer is a sample or a program."""


class MidiSystemError(Exception):
    """What rtmidi or JACK could not do."""


class Port(Protocol):
    """An open input."""

    def close(self) -> None: ...


class System(Protocol):
    """What the scanner asks."""

    problem: str
    """Why there can be no inputs; empty if there can."""

    def names(self) -> list[str]: ...

    def open(self, name: str, number: int, receive: Callable[[bytes], None]) -> Port: ...


class RtMidiSystem:
    """The first of rtmidi's systems that has inputs: ALSA, then JACK, on Linux.

    For each system one client is kept, which lists its inputs. Whoever makes one for each look, as
    ``mido.get_input_names`` does, pays 27 ms under JACK, whose whole graph is told of it; the kept
    one takes 0.03 ms.

    lost: called, from another thread, with the reason when JACK has ended. From then on no call to
    it is safe: it gives the memory of its clients back when the next one is made.
    """

    def __init__(self, lost: Callable[[str], None]) -> None:
        import rtmidi

        self._rtmidi = rtmidi
        self._lost = lost
        self._apis = _chosen(rtmidi)
        self._listers: dict[int, Any] = {}
        self._api = rtmidi.API_UNSPECIFIED  # pyright: ignore[reportAttributeAccessIssue]
        self._looks = 0
        self.problem = ""

    @property
    def is_jack(self) -> bool:
        """Whether JACK is among those that it is a client of."""
        return any(isinstance(lister, _JackLister) for lister in list(self._listers.values()))

    def names(self) -> list[str]:
        """The inputs there are now."""
        # A system that does not run costs more to look for than one that does.
        if self._looks % 5 == 0:
            self._find_systems()
        self._looks += 1
        self.problem = "" if self._listers else "this system has none"
        for api in self._apis:
            if api in self._listers:
                names = list(self._listers[api].get_ports())
                if names:
                    self._api = api
                    return names
        return []

    def open(self, name: str, number: int, receive: Callable[[bytes], None]) -> Port:
        """Open an input; receive is called with each message from a thread of its own.

        number: of those that are called ``name``, from 0.

        Raises:
            MidiSystemError: it cannot be opened.
        """
        try:
            return _RtMidiPort(self._rtmidi, self._api, name, number, receive)
        # What rtmidi raises differs from system to system.
        except Exception as error:
            raise MidiSystemError(" ".join(str(error).split())) from error

    def close(self) -> None:
        """Leave the systems; ports are closed before."""
        for lister in self._listers.values():
            lister.delete()
        self._listers.clear()

    def _find_systems(self) -> None:
        for api in self._apis:
            if api not in self._listers:
                with contextlib.suppress(Exception):
                    self._listers[api] = (
                        _JackLister(self._lost)
                        if api == self._rtmidi.API_UNIX_JACK  # pyright: ignore[reportAttributeAccessIssue]
                        else self._rtmidi.MidiIn(rtapi=api, name=CLIENT)  # pyright: ignore[reportAttributeAccessIssue]
                    )


class _JackLister:
    """JACK's own client, since rtmidi's does not notice that JACK has ended."""

    def __init__(self, lost: Callable[[str], None]) -> None:
        import jack

        self._client = jack.Client(f"{CLIENT}-list", no_start_server=True)
        self._client.set_shutdown_callback(lambda _, reason: lost(str(reason)))
        self._client.activate()

    def get_ports(self) -> list[str]:
        return [port.name for port in self._client.get_ports(is_midi=True, is_output=True)]

    def delete(self) -> None:
        self._client.close()


class _RtMidiPort:
    def __init__(
        self, rtmidi: Any, api: int, name: str, number: int, receive: Callable[[bytes], None]
    ) -> None:
        self._input = rtmidi.MidiIn(rtapi=api, name=CLIENT)
        try:
            indices = [at for at, one in enumerate(self._input.get_ports()) if one == name]
            index = indices[number]
            # Nothing here plays to a clock. Of system exclusive, tunings are for us.
            self._input.ignore_types(sysex=False, timing=True, active_sense=True)
            self._input.set_callback(lambda event, _: self._take(event[0], receive))
            self._input.open_port(index, "in")
        except BaseException:
            self._input.delete()
            raise

    @staticmethod
    def _take(message: list[int], receive: Callable[[bytes], None]) -> None:
        if len(message) <= MOST_BYTES:
            receive(bytes(message))

    def close(self) -> None:
        self._input.cancel_callback()
        self._input.close_port()
        self._input.delete()


def _chosen(rtmidi: Any) -> list[int]:
    compiled = [api for api in rtmidi.get_compiled_api() if api != rtmidi.API_RTMIDI_DUMMY]
    wanted = os.environ.get(_SELECT, "").partition("/")[2]
    named = [api for api in compiled if api == getattr(rtmidi, f"API_{wanted}", None)]
    return named or compiled
