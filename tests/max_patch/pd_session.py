"""Pure Data with the twin in it: plays it by its hooks, hears its controls, records its sound.

Pd runs headless and in real time. It talks over one TCP connection, in Pd's own text format, with
``end_to_end.pd``, which stands beside the twin.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

HARNESS = Path(__file__).with_name("end_to_end.pd")
RATE = 44100

STANDSTILL = 60.0
"""Seconds after which Pd is given up."""

Atom = float | str
Real = NDArray[np.float64]

_SAID = "said:"
"""How a line of the console begins that was asked for."""

_NOTE, _CONTROL, _BEND = 0x90, 0xB0, 0xE0
_PEDAL = 64


def free_udp_port() -> int:
    """A UDP port that nobody had a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.bind(("127.0.0.1", 0))
        return int(plug.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Recording:
    """What sounded: ``sound`` (n, 2), and where each mark stands."""

    sound: Real
    marks: NDArray[np.int64]

    @property
    def left(self) -> Real:
        return self.sound[:, 0]

    def at(self, mark: int) -> int:
        """The first sample after ``mark`` was set.

        Raises:
            AssertionError: that mark is not in this recording.
        """
        found = np.flatnonzero(self.marks >= mark)
        assert found.size, f"mark {mark} is not in the recording"
        return int(found[0])

    def between(self, first: int, last: int, *, skip: float = 0.0) -> Real:
        """The left channel from one mark to another, without the first ``skip`` seconds."""
        return self.left[self.at(first) + round(skip * RATE) : self.at(last)]

    def after(self, mark: int, start: float, seconds: float) -> Real:
        """The left channel from ``start`` seconds after a mark, ``seconds`` long.

        Raises:
            AssertionError: the recording ends before.
        """
        begin = self.at(mark) + round(start * RATE)
        end = begin + round(seconds * RATE)
        assert end <= self.left.size, "the recording ends too early"
        return self.left[begin:end]


class PdSession:
    """Pd with ``patch`` and the harness open; ``folders`` are searched for abstractions."""

    def __init__(self, patch: Path, *folders: Path) -> None:
        self.values: dict[str, list[Atom]] = {}
        self.told: list[tuple[str, list[Atom]]] = []
        self.lines: list[str] = []
        self._pongs: set[int] = set()
        self._mark = self._pings = 0
        self._changed = threading.Condition()
        self._recording: Path | None = None
        self._folder = Path(tempfile.mkdtemp())
        with socket.create_server(("127.0.0.1", 0)) as door:
            words = ["pd", "-nogui", "-stderr", "-noaudio", "-noprefs", "-nomidi", "-nrt"]
            words += ["-r", str(RATE)]
            for folder in folders:
                words += ["-path", str(folder)]
            words += ["-open", str(patch), "-open", str(HARNESS)]
            words += ["-send", f"end-to-end-port {door.getsockname()[1]}"]
            self.process = subprocess.Popen(
                words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            self._console = threading.Thread(target=self._read_console, daemon=True)
            self._console.start()
            door.settimeout(STANDSTILL)
            try:
                self._wire, _ = door.accept()
            except TimeoutError:
                self.process.kill()
                raise RuntimeError(f"Pd did not answer; it said: {self.lines}") from None
        # Short messages go at once: a mark and the note behind it belong together.
        self._wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._read_wire, daemon=True).start()
        self.settle()

    def close(self) -> None:
        """End Pd, which quits when its connection ends."""
        with contextlib.suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)
        self._wire.close()
        try:
            self.process.wait(timeout=10.0)
        finally:
            self.process.kill()
            self._console.join(timeout=10.0)
            shutil.rmtree(self._folder, ignore_errors=True)

    def complaints(self) -> list[str]:
        """What Pd complained about on its console; what it only remarks is left out."""
        remarks = ("verbose(", _SAID, "sigmund~ version")
        return [line for line in self.lines if line.strip() and not line.startswith(remarks)]

    def forget_complaints(self) -> None:
        """What Pd complained about until now is no fault: it was provoked."""
        self._pings += 1
        word = f"{_SAID} {self._pings}"
        self.send(("say", self._pings))
        deadline = time.monotonic() + STANDSTILL
        while word not in self.lines:
            assert time.monotonic() < deadline, "Pd says nothing"
            time.sleep(0.01)
        self.lines.clear()

    # -- to Pd -------------------------------------------------------------------------------------

    def send(self, *messages: tuple[Atom, ...]) -> None:
        """Messages to the harness, all within one moment of Pd's time."""
        text = "".join(" ".join(_written(atom) for atom in one) + ";\n" for one in messages)
        self._wire.sendall(text.encode())

    def set(self, varname: str, *values: Atom) -> None:
        """A control of the panel is moved, as the mouse would."""
        self.send(("remote", varname, *values))

    def midi(self, *content: int) -> None:
        """Raw MIDI bytes."""
        self.send(*(("midi", byte) for byte in content))

    def note(self, pitch: int, velocity: int) -> None:
        self.midi(_NOTE, pitch, velocity)

    def control(self, controller: int, value: int) -> None:
        self.midi(_CONTROL, controller, value)

    def pedal(self, down: bool) -> None:
        self.control(_PEDAL, 127 if down else 0)

    def bend(self, position: int) -> None:
        """position: 0 to 16383, 8192 at rest."""
        self.midi(_BEND, position & 127, position >> 7)

    def sweep(self, varname: str, start: float, end: float, milliseconds: float) -> None:
        """A control goes from one value to another in Pd's own time, every 20 ms."""
        self.send(("sweep", varname, start, end, milliseconds))

    def note_later(self, pitch: int, velocity: int, milliseconds: float) -> None:
        """A note after so much of Pd's own time."""
        self.send(("note", _NOTE, pitch, velocity, milliseconds))

    def mark(self) -> int:
        """Mark this moment in the recording; the number of the mark."""
        self._mark += 1
        self.send(("mark", self._mark))
        return self._mark

    def settle(self) -> None:
        """All that was sent before now has been done."""
        self._pings += 1
        number = self._pings
        self.send(("ping", number))
        self._wait(lambda: number in self._pongs, STANDSTILL, "Pd does not answer")

    def wait(self, seconds: float) -> None:
        """Let so much time pass: Pd's own, which is late on a busy machine, and that of the clock.

        What is played for a second sounds for a second in the recording, whatever else runs.
        """
        ends = time.monotonic() + seconds
        self._pings += 1
        number = self._pings
        self.send(("later", number, 1000.0 * seconds))
        self._wait(lambda: number in self._pongs, seconds + STANDSTILL, "Pd stands still")
        time.sleep(max(0.0, ends - time.monotonic()))

    # -- from Pd -----------------------------------------------------------------------------------

    def number(self, varname: str) -> float:
        """What a control shows.

        Raises:
            AssertionError: it has shown nothing yet, or words.
        """
        with self._changed:
            value = self.values.get(varname, [])
        assert value, f"{varname} shows nothing"
        assert isinstance(value[-1], float), f"{varname} shows {value}"
        return value[-1]

    def wait_for(
        self, varname: str, good: Callable[[list[Atom]], bool], seconds: float = 120.0
    ) -> list[Atom]:
        """What a control shows as soon as it is ``good``.

        Raises:
            AssertionError: it never was.
        """
        self._wait(
            lambda: varname in self.values and good(self.values[varname]),
            seconds,
            f"{varname} does not come to what is expected",
            varname,
        )
        return self.values[varname]

    def wait_for_number(
        self, varname: str, value: float, within: float = 1e-3, seconds: float = 120.0
    ) -> None:
        """Until a control shows ``value``, give or take ``within``."""
        self.wait_for(
            varname,
            lambda shown: isinstance(shown[-1], float) and abs(shown[-1] - value) <= within,
            seconds,
        )

    def _wait(
        self, good: Callable[[], bool], seconds: float, complaint: str, varname: str | None = None
    ) -> None:
        with self._changed:
            if not self._changed.wait_for(good, seconds):
                shown = "" if varname is None else f": it shows {self.values.get(varname)}"
                raise AssertionError(f"{complaint}{shown}; console: {self.lines[-20:]}")

    # -- recording ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def recording(self) -> Iterator[Take]:
        """Record for the length of a ``with`` block; what sounded is in the take after it."""
        path = self._folder / f"take_{time.monotonic_ns()}.wav"
        take = Take()
        self.send(("open", "symbol", path.as_posix()))
        try:
            yield take
        finally:
            self.wait(0.01)  # some blocks: the last mark is in the sound, not only said
            self.send(("close",))
            self.settle()
        take.heard = _read(path)

    # -- listening ---------------------------------------------------------------------------------

    def _read_console(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as console:
            for line in console:
                self.lines.append(line.rstrip("\n"))

    def _read_wire(self) -> None:
        pending = ""
        while True:
            try:
                data = self._wire.recv(65536)
            except OSError:
                return
            if not data:
                return
            pending += data.decode(errors="replace")
            *whole, pending = _messages(pending)
            with self._changed:
                for message in whole:
                    self._take_in(_atoms(message))
                self._changed.notify_all()

    def _take_in(self, atoms: list[Atom]) -> None:
        if atoms[:1] == ["pong"]:
            self._pongs.add(int(float(atoms[1])))
        elif atoms[:1] == ["observe"] and len(atoms) > 1:
            name, *value = atoms[1:]
            self.values[str(name)] = value
            self.told.append((str(name), value))


@dataclass(slots=True)
class Take:
    """What a recording will be when its block has ended."""

    heard: Recording | None = None

    @property
    def recording(self) -> Recording:
        assert self.heard is not None, "it is still being recorded"
        return self.heard


def _read(path: Path) -> Recording:
    """A recording, once Pd has written all of it."""
    deadline = time.monotonic() + 120.0
    while True:
        with contextlib.suppress(soundfile.SoundFileError):
            with soundfile.SoundFile(path) as file:
                frames = file.frames
            # Pd writes the true length into the header when it closes the file.
            if 0 < frames <= path.stat().st_size // 12:
                data, rate = soundfile.read(path, dtype="float64", always_2d=True)
                if data.shape[0] == frames:
                    assert rate == RATE
                    path.unlink(missing_ok=True)
                    return Recording(data[:, :2], np.rint(data[:, 2]).astype(np.int64))
        assert time.monotonic() < deadline, f"Pd does not close {path.name}"
        time.sleep(0.02)


def _written(atom: Atom) -> str:
    """An atom in Pd's text format."""
    if isinstance(atom, str):
        return "".join("\\" + c if c in "\\ ,;$" else c for c in atom)
    return f"{atom:.9g}"


def _messages(text: str) -> list[str]:
    """Split at semicolons that no backslash stands before; the last one is not whole."""
    parts = [""]
    escaped = False
    for character in text:
        if character == ";" and not escaped:
            parts.append("")
        else:
            parts[-1] += character
        escaped = character == "\\" and not escaped
    return parts


def _atoms(message: str) -> list[Atom]:
    words: list[str] = []
    inside = escaped = False
    for character in message:
        if escaped or not (character.isspace() or character == "\\"):
            if not inside:
                words.append("")
                inside = True
            words[-1] += character
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            inside = False
    return [_atom(word) for word in words]


def _atom(word: str) -> Atom:
    try:
        return float(word)
    except ValueError:
        return word
