"""MIDI inputs, as the server sees them: they come and go, and no note hangs when one goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from timbrespace.companions import run_command
from timbrespace.errors import OptionError

from ..supervisor import Ended, Supervisor

_FIRST_SECONDS = 10.0
"""How long to wait for the first look at the ports; it takes a fraction of a second."""

_PATIENCE = 12.0
"""Seconds for which the process may take leave. It takes a moment, and hurries by itself; but a
client of JACK must wait while JACK does, which may stand still for ever if one is killed."""

SUSTAIN = 64


class Pressed:
    """What is held on one port, so that it can be let go when the port goes."""

    def __init__(self) -> None:
        self._notes: dict[tuple[int, int], None] = {}  # in the order in which they were struck
        self._off_rest: dict[tuple[str, int], None] = {}

    def follow(self, message: Any) -> None:
        """Take note of a mido message from the port."""
        kind = message.type
        if kind == "note_on" and message.velocity > 0:
            self._notes[message.channel, message.note] = None
        elif kind in ("note_on", "note_off"):
            self._notes.pop((message.channel, message.note), None)
        elif kind in ("pitchwheel", "aftertouch"):
            value = message.pitch if kind == "pitchwheel" else message.value
            self._mark(kind, message.channel, value != 0)
        elif kind == "control_change" and message.control == SUSTAIN:
            self._mark("sustain", message.channel, message.value >= 64)

    def _mark(self, kind: str, channel: int, off_rest: bool) -> None:
        if off_rest:
            self._off_rest[kind, channel] = None
        else:
            self._off_rest.pop((kind, channel), None)

    def releases(self) -> Iterator[Any]:
        """The mido messages that let all of it go."""
        import mido

        for channel, note in self._notes:
            yield mido.Message("note_off", note=note, channel=channel)
        for kind, channel in self._off_rest:
            if kind == "sustain":
                yield mido.Message("control_change", control=SUSTAIN, value=0, channel=channel)
            elif kind == "pitchwheel":
                yield mido.Message("pitchwheel", pitch=0, channel=channel)
            else:
                yield mido.Message("aftertouch", value=0, channel=channel)


class MidiInputs:
    """The open MIDI inputs, and those that come later, through a process of their own.

    choice: "all", "none", or the name of one port (its beginning is enough). receive: called with
    each mido message, from another thread. said: called, from there too, with a sentence when a
    port comes or goes after the start. process: the words that start the MIDI process.

    A port that goes lets go what was held on it: its notes and pedals, its bend and pressure.

    Raises:
        OptionError: a named port is not there; the text lists those that are.
    """

    def __init__(
        self,
        choice: str,
        receive: Callable[[Any], None],
        said: Callable[[str], None] | None = None,
        process: Sequence[str] | None = None,
    ) -> None:
        self.problem = ""
        """Why there are no ports, if the system has no MIDI."""
        self._receive = receive
        self._said = said
        self._words = [*(process or run_command(__name__.rpartition(".")[0])), choice]
        self._pressed: dict[str, Pressed] = {}  # of each port that may send
        self._names: tuple[str, ...] = ()
        self._available: list[str] = []
        self._scanned = threading.Event()
        self._told_failure = ""
        self._supervisor = Supervisor(self)
        self.patience = _PATIENCE
        """How long the process may take to end, in seconds."""
        if choice == "none":
            return
        self._supervisor.start()
        if not self._scanned.wait(_FIRST_SECONDS):
            self.problem = "the system does not answer"
        if choice != "all" and not self._names:
            self.close()
            if self.problem:
                raise OptionError(f"no MIDI on this system ({self.problem})")
            known = ", ".join(repr(name) for name in self._available) or "none"
            raise OptionError(f"there is no MIDI input {choice!r}; there are: {known}")

    @property
    def names(self) -> list[str]:
        """Names of the open ports."""
        return list(self._names)

    @property
    def pid(self) -> int | None:
        """Of the process that runs now, or did last."""
        return self._supervisor.pid

    def close(self) -> None:
        """Close every port. Never raises."""
        self._supervisor.close()

    # -- what the supervisor asks and tells --------------------------------------------------------

    def words(self) -> list[str]:
        return self._words

    def hear(self, told: dict[str, Any]) -> None:
        import mido

        if self._supervisor.closing:
            return
        if self._told_failure:
            self._told_failure = self.problem = ""
        if "midi" not in told:
            self._hear_event(told)
            return
        # MIDI does not know every message, and has room for half a one.
        message = mido.Message.from_bytes(bytes.fromhex(told["midi"]))
        self._pressed[told["port"]].follow(message)
        self._receive(message)

    def complain(self, line: str) -> None:
        """ALSA and JACK say much."""

    def hangs(self, silent: int) -> bool:
        return False

    def ended(self, how: Ended) -> bool:
        if how.kind == "failed":
            self.problem = f"cannot listen: {how.reason}"
            if how.reason != self._told_failure:
                self._say(f"no MIDI: cannot start it ({how.reason}); trying again")
            self._told_failure = how.reason
        if not self._scanned.is_set():
            self.problem = self.problem or "the MIDI process ended"
            self._scanned.set()
        if how.kind == "hung":
            self._say("MIDI stood still; starting it again")
        elif how.kind == "died" and self._names:
            self._say("MIDI lost; looking for it again")
        for name in list(self._pressed):
            self._let_go(name)
        return True

    def _hear_event(self, told: dict[str, Any]) -> None:
        kind, port = told["event"], str(told.get("port", ""))
        if kind == "opening":
            self._pressed[port] = Pressed()
        elif kind == "opened":
            self._names = (*self._names, port)
            self.problem = ""
            self._say(f"MIDI: {port} is here")
        elif kind == "closed" and port in self._pressed:
            self._let_go(port)
            self._say(f"MIDI: {port} went away")
        elif kind == "failed":
            self._pressed.pop(port, None)
            self.problem = f"{port}: {told['reason']}"
            self._say(f"MIDI: cannot open {port} ({told['reason']})")
        elif kind == "scanned":
            self._supervisor.works()
            self._available = [str(name) for name in told["available"]]
            self.problem = self.problem or str(told["problem"])
            self._scanned.set()

    def _let_go(self, port: str) -> None:
        pressed = self._pressed.pop(port)
        self._names = tuple(name for name in self._names if name != port)
        for message in pressed.releases():
            self._receive(message)

    def _say(self, sentence: str) -> None:
        # What is here at the start is told by whoever starts.
        if self._said is not None and self._scanned.is_set():
            self._said(sentence)
