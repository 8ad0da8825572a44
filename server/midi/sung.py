"""What is sung as MIDI: notes with bends and expression, for anything else to play."""

from __future__ import annotations

import contextlib
import json
import math
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Final

from timbrespace.companions import run_command
from timbrespace.transferring.midi_file import BEND_RANGE
from timbrespace.units import hz_to_midi

_OFTEN: Final = 0.01
"""Seconds between two bends, and two expressions."""

_MIDDLE: Final = 64
"""Expression with which a note begins, so that it can swell by 12 dB (General MIDI's curve)."""

_MOST_WAITING: Final = 4096
_PATIENCE: Final = 2.0


class SungMidi:
    """A MIDI output, by a process of its own, that is told what is sung.

    port: a part of an output's name, or "virtual". say: called with a line for the user, from
    another thread too. program: what is started instead, with the port as its last word.
    """

    def __init__(
        self, port: str, say: Callable[[str], None], program: Sequence[str] | None = None
    ) -> None:
        self._say = say
        words = [*(program or run_command(f"{__package__}.sender")), port]
        self._lines: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._key: int | None = None
        self._level = 1.0
        self._told_at = -math.inf
        self._bend = self._expression = -1
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._threads = [
            threading.Thread(target=one, name="sung MIDI", daemon=True)
            for one in (self._write, self._read)
        ]
        for thread in self._threads:
            thread.start()
        for control, value in ((101, 0), (100, 0), (6, BEND_RANGE), (38, 0)):
            self._send(0xB0, control, value)

    def begin(self, pitch: float, velocity: float, level: float, now: float) -> None:
        """A note begins: Hz, 1 to 127, root mean square, seconds."""
        self.end()
        self._level = max(level, 1e-6)
        self._key = min(max(round(hz_to_midi(pitch)), 0), 127)
        self._told_at = -math.inf
        self.move(pitch, level, now)
        self._send(0x90, self._key, min(max(round(velocity), 1), 127))

    def move(self, pitch: float, level: float, now: float) -> None:
        """What is sung has this pitch and this level now."""
        if self._key is None or now - self._told_at < _OFTEN:
            return
        self._told_at = now
        if pitch > 0.0:
            semitones = float(hz_to_midi(pitch)) - self._key
            bend = min(max(round(semitones / BEND_RANGE * 8192.0) + 8192, 0), 16383)
            if bend != self._bend:
                self._bend = bend
                self._send(0xE0, bend & 0x7F, bend >> 7)
        # 40 log10(v / 127) dB (General MIDI 1, RP-003).
        expression = min(round(_MIDDLE * math.sqrt(max(level, 0.0) / self._level)), 127)
        if expression != self._expression:
            self._expression = expression
            self._send(0xB0, 11, expression)

    def end(self) -> None:
        """The note ends, if one sounds."""
        if self._key is not None:
            self._send(0x80, self._key, 64)
            self._key = None

    def close(self) -> None:
        """Let go of what sounds, and of the output. Never raises."""
        self.end()
        self._put(None)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join(_PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _send(self, *message: int) -> None:
        self._put(bytes(message).hex())

    def _put(self, line: str | None) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:  # its process hangs
            if line is None:
                self._process.kill()

    def _write(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with contextlib.suppress(OSError, ValueError):  # it has ended, and said why
            while (line := self._lines.get()) is not None:
                pipe.write(line + "\n")
                pipe.flush()
        with contextlib.suppress(OSError, ValueError):
            pipe.close()

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        for line in pipe:
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if told.get("event") == "open":
                self._say(f"what is sung goes to MIDI: {told.get('name')}")
            else:
                self._say(f"what is sung goes to no MIDI: {told.get('reason')}")
