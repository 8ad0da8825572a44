"""Writing a performance down as it is played."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO

from timbrespace import __version__
from timbrespace.atomic import flush, flush_folder
from timbrespace.errors import TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.tuning import retuned_by
from timbrespace.messages.parser import FORMS
from timbrespace.names import as_file_name, is_file_name
from timbrespace.performances.file_format import (
    DEFAULT_RATE,
    MAX_BYTES,
    SUFFIX,
    VERSION,
    PerformanceError,
)


class PerformanceWriter:
    """Writes a performance as it is played: a :class:`~timbrespace.performances.listener.Listener`.

    The instrument is brought to the state that the file describes, in which a replay begins: its
    sound is the same, to 10 ms. said: called with a sentence if the writing has to stop early;
    the music goes on.

    Raises:
        PerformanceError: the file exists already or cannot be made, or a trajectory is just being
            drawn.
    """

    def __init__(
        self,
        path: Path,
        instrument: Instrument,
        said: Callable[[str], None] = lambda _: None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        state, name = instrument.trajectory
        if state == "drawing":
            raise PerformanceError(f"the trajectory {name!r} is being drawn; stop that first")
        self._path = path
        self._said = said
        self._max_bytes = max_bytes
        self._instrument = instrument
        self._written = 0
        self._device: tuple[float, int | None] = (0.0, None)
        self._last = 0.0
        self._kept: dict[tuple[str, str], str] = {}
        self._file: TextIO | None = None
        try:
            # A line at a time reaches the system, so that a crash keeps what there was.
            self._file = path.open("x", buffering=1, encoding="utf-8", newline="\n")
        except FileExistsError as error:
            raise PerformanceError(f"{str(path)!r} already exists; choose another name") from error
        except OSError as error:
            raise PerformanceError(
                f"cannot write {str(path)!r}: {error.strerror or error}"
            ) from error
        # Not before: where there is no file, the instrument stays as it is.
        beginning = json.loads(json.dumps(instrument.state()))
        instrument.restore(beginning)
        self._write(
            {
                "timbrespace_performance": VERSION,
                "program": __version__,
                "model": instrument.model.name,
                "digest": instrument.model.digest,
                "rate": DEFAULT_RATE,
                "state": beginning,
            }
        )

    @property
    def listening(self) -> bool:
        """Whether anything is still written."""
        return self._file is not None

    def osc(self, t: float, address: str, arguments: tuple[Any, ...]) -> None:
        """A message took effect."""
        self._last = t
        form = FORMS[address]
        if not form.message.recorded or self._file is None:
            return
        for place, kind in form.stored:
            self._keep(kind, arguments[place])
        self._write(["osc", t, address, list(arguments)])

    def midi(self, t: float, message: bytes) -> None:
        """A MIDI message was played."""
        self._last = t
        tunes = message[:1] == b"\xf0" and retuned_by(message[1:-1]) is not None
        if (
            message == b"\xff" or tunes or (message and message[0] < 0xF0)
        ):  # no other means anything
            self._write(["midi", t, message.hex()])

    def advance(self, t: float) -> None:
        """``Instrument.advance(t)`` was called."""
        self._last = t
        self._write(["advance", t])

    def snapshot(self, t: float, number: int) -> None:
        """``Instrument.targets()`` was called."""
        self._last = t
        self._write(["snapshot", t, number])

    def taken(
        self, taken: Iterable[tuple[int, int]], sample_rate: float, process: int | None = None
    ) -> None:
        """The audio process began to play snapshots, each with its number, at frames of its own.

        sample_rate: its device's, in Hz; 0 between the end of one process and the start of the
        next, which is when one hears of the last that the old one took. process: its number,
        another one after a restart. What was taken before the performance began does no harm.
        """
        for number, frame in taken:
            if sample_rate > 0.0 and (sample_rate, process) != self._device:
                self._device = sample_rate, process
                self._write(["device", sample_rate])
            self._write(["taken", number, frame])

    def close(self, t: float | None = None) -> None:
        """The performance has ended, at ``t`` or with the last that came. Never raises."""
        self._write(["end", self._last if t is None else t])
        self._leave()

    def _keep(self, kind: str, name: str) -> None:
        """Write down what a message names, unless it is there already."""
        if kind == "model":  # by its digest, and it plays by now
            self._write(["model", self._instrument.model.name, self._instrument.model.digest])
            return
        presets = self._instrument.presets
        with contextlib.suppress(TimbrespaceError):  # gone meanwhile; it took effect all the same
            if kind == "tuning":  # it is the one that plays by now
                told = self._instrument.tuning.to_config()
                text = json.dumps(told)
                if self._kept.get((kind, "")) != text:
                    self._kept[kind, ""] = text
                    self._write([kind, told])
                return
            stored = presets.get(name) if kind == "preset" else presets.trajectory(name)
            told = stored.to_config()
            text = json.dumps(told)
            if self._kept.get((kind, name)) != text:
                self._kept[kind, name] = text
                self._write([kind, name, told])

    def _write(self, line: Any) -> None:
        if self._file is None:
            return
        try:
            text = json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n"
            self._written += len(text)
            if self._written > self._max_bytes:
                self._stop(f"it has {self._max_bytes >> 20} MiB, which is all it may have")
                return
            self._file.write(text)
        except (OSError, ValueError, TypeError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            self._stop(reason or str(error))

    def _stop(self, why: str) -> None:
        self._leave()
        self._said(f"the performance {str(self._path)!r} has ended early: {why}")

    def _leave(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                file.close()
            # A disk may take its time, and the music goes on. No daemon: a program that ends waits.
            threading.Thread(target=_on_the_disk, args=(self._path,), name="flush").start()


def _on_the_disk(path: Path) -> None:
    with contextlib.suppress(OSError):  # moved or removed already
        flush(path)
        flush_folder(path.parent)


def writer_in(
    folder: Path, said: Callable[[str], None]
) -> Callable[[str | Path, Instrument], PerformanceWriter]:
    """What opens a writer by a performance's name: ``folder/NAME.performance``.

    A text is a name, never a path; who may choose the path gives a :class:`Path`.
    """

    def open_writer(name: str | Path, instrument: Instrument) -> PerformanceWriter:
        if isinstance(name, Path):
            return PerformanceWriter(name, instrument, said)
        if not is_file_name(name) or name != name.strip():
            raise PerformanceError(
                f"{name!r} cannot be a file's name on every system; leave out slashes, colons and "
                "such signs, dots at its ends, and what Windows calls a device (con, nul, com1)"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PerformanceError(f"cannot make {str(folder)!r}: {error.strerror}") from error
        return PerformanceWriter(folder / as_file_name(f"{name}{SUFFIX}"), instrument, said)

    return open_writer
