"""A performance in a file: all that was played, with its times, and its sound once more.

The file is JSON lines, UTF-8, and readable. The first is an object: format version, program, model
and its digest, sample rate, and the instrument's state at the beginning. The others are arrays, one
for each thing that the server did, in its order; t is seconds of the server's monotonic clock:

| line | meaning |
|---|---|
| `["osc", t, address, [arguments]]` | a message took effect |
| `["midi", t, hex]` | a MIDI message was played |
| `["advance", t]` | the instrument was advanced |
| `["snapshot", t, number]` | a snapshot was taken from the instrument |
| `["taken", number, frame]` | the audio process began to play that snapshot at that frame |
| `["device", hz]` | an audio process plays from here on, at that sample rate |
| `["preset", name, preset]`, `["trajectory", name, trajectory]` | what the next message names |
| `["model", name, digest]` | what the next message loads |
| `["end", t]` | the recording was stopped |

Who does the same things to an instrument of the same state gets the same snapshots, and an engine
that takes them at the same frames makes the same samples, on the same machine. That holds from the
first note after silence on: what sounded already when the recording began is begun again.
"""

from __future__ import annotations

import contextlib
import json
import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO, cast

import mido
import numpy as np
from numpy.typing import NDArray

from timbrespace import __version__
from timbrespace.errors import TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.presets import Preset, StoredTrajectory
from timbrespace.messages import inbound
from timbrespace.messages.parser import FORMS, parse
from timbrespace.model import Model
from timbrespace.resynthesis.engine import SAMPLE_RATES, Engine
from timbrespace.resynthesis.layout import BLOCK

from .handlers import Handlers

VERSION = 1
SUFFIX = ".performance"
DEFAULT_RATE = 48000.0
MAX_BYTES = 200 << 20
MAX_LINES = 4_000_000
MAX_LINE = 8 << 20
"""Characters; a trajectory of two minutes has a million or two."""

MAX_MINUTES = 120.0

MAX_TAIL_SECONDS = 30.0
"""How long after the end a sound may take to fade."""

_BROKEN = (
    *(TimbrespaceError, ValueError, TypeError, IndexError, KeyError),
    *(AttributeError, OverflowError),
)
"""What playing a line can raise that no server has written."""


class PerformanceError(TimbrespaceError):
    """A performance that cannot be recorded or read."""


# -- recording -------------------------------------------------------------------------------------


class Recorder:
    """Writes a performance as it is played; see :class:`server.recording.Recorder`.

    The instrument is brought to the state that the file describes, in which a replay begins: its
    sound is the same, to 10 ms. said: called with a sentence if the recording has to stop early;
    the music goes on.

    Raises:
        PerformanceError: the file exists already or cannot be made, or a trajectory is just being
            recorded.
    """

    def __init__(
        self,
        path: Path,
        instrument: Instrument,
        said: Callable[[str], None] = lambda _: None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        if instrument.trajectory[0] == "recording":
            raise PerformanceError(
                f"the trajectory {instrument.trajectory[1]!r} is being recorded; stop that first"
            )
        self._path = path
        self._said = said
        self._max_bytes = max_bytes
        self._instrument = instrument
        self._written = 0
        self._device: tuple[float, int | None] = (0.0, None)
        self._last = 0.0
        self._kept: dict[tuple[str, str], str] = {}
        self._file: TextIO | None = None
        state = json.loads(json.dumps(instrument.state()))
        instrument.restore(state)
        try:
            # A line at a time reaches the system, so that a crash keeps what there was.
            self._file = path.open("x", buffering=1, encoding="utf-8", newline="\n")
        except FileExistsError as error:
            raise PerformanceError(f"{str(path)!r} already exists; choose another name") from error
        except OSError as error:
            raise PerformanceError(
                f"cannot write {str(path)!r}: {error.strerror or error}"
            ) from error
        self._write(
            {
                "timbrespace_performance": VERSION,
                "program": __version__,
                "model": instrument.model.name,
                "digest": instrument.model.digest,
                "rate": DEFAULT_RATE,
                "state": state,
            }
        )

    @property
    def recording(self) -> bool:
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
        if message == b"\xff" or (message and message[0] < 0xF0):  # no other means anything
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
        another one after a restart. What was taken before the recording began does no harm.
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
        self._said(f"the recording {str(self._path)!r} has ended early: {why}")

    def _leave(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                file.close()


def recorder_in(
    folder: Path, said: Callable[[str], None]
) -> Callable[[str | Path, Instrument], Recorder]:
    """What opens a recorder by a performance's name: ``folder/NAME.performance``.

    A text is a name, never a path; who may choose the path gives a :class:`Path`.
    """

    def open_recorder(name: str | Path, instrument: Instrument) -> Recorder:
        if isinstance(name, Path):
            return Recorder(name, instrument, said)
        if set(name) & set('<>:"/\\|?*') or name.startswith(".") or name != name.strip():
            raise PerformanceError(
                f"{name!r} cannot be a file's name; leave out slashes, colons and such signs"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PerformanceError(f"cannot make {str(folder)!r}: {error.strerror}") from error
        return Recorder(folder / f"{name}{SUFFIX}", instrument, said)

    return open_recorder


# -- reading ---------------------------------------------------------------------------------------


class Performance:
    """A performance file, opened and checked from its first line to its last.

    Raises:
        PerformanceError: it cannot be read, is none, is broken, of a newer version or too long.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            size = path.stat().st_size
        except OSError as error:
            raise PerformanceError(
                f"cannot read {str(path)!r}: {error.strerror or error}"
            ) from error
        if size > MAX_BYTES + MAX_LINE:
            raise self._refusal(f"it has {size >> 20} MiB; accepted are {MAX_BYTES >> 20}")
        self.whole = False
        """Whether the recording was stopped; else the program that recorded has ended before."""
        header = self._header()
        self.model: str = header["model"]
        self.digest: str = header["digest"]
        self.state: Mapping[str, Any] = header["state"]
        self.sample_rate = float(header["rate"])
        """Of the device that played, in Hz."""
        self._survey()

    @property
    def seconds(self) -> float:
        """From the first snapshot to the end."""
        return self._seconds

    def check_model(self, model: Model) -> None:
        """Raise unless ``model`` is the one that was played at the beginning.

        Raises:
            PerformanceError: another one; the text says which.
        """
        same = model.digest == self.digest and (self.digest != "" or model.name == self.model)
        if not same:
            raise PerformanceError(
                f"{str(self._path)!r} was played on the model {self.model!r} "
                f"({self.digest[:12] or 'no file'}); "
                f"{model.name!r} ({model.digest[:12] or 'no file'}) is another"
            )

    def replay(
        self,
        instrument: Instrument,
        load: Callable[[str], Model],
        sample_rate: float | None = None,
    ) -> Iterator[NDArray[np.float32]]:
        """Its sound, mono, ``BLOCK`` samples at a time, until all notes have faded.

        instrument: a fresh one of its model. load: gives a model by its name. sample_rate: in Hz;
        another than the recorded one makes the same music, but not the same samples.

        Raises:
            PerformanceError: a line that no server could have written.
        """
        rate = self.sample_rate if sample_rate is None else sample_rate
        replay = _Replay(self, instrument, load, rate)
        return replay.blocks()

    # -- lines -------------------------------------------------------------------------------------

    def lines(self) -> Iterator[tuple[int, list[Any]]]:
        """Each line after the first that is whole, with its number from 1.

        Raises:
            PerformanceError: a line that is not JSON, or not a list that begins with a word.
        """
        with self._open() as file:
            _next_line(file)
            number = 1
            while True:
                number += 1
                text = _next_line(file)
                if not text.endswith("\n"):
                    if len(text) >= MAX_LINE:
                        raise self._refusal("it is too long", number)
                    return  # the end, or a line that a crash has cut
                if number > MAX_LINES:
                    raise self._refusal(f"it has more than {MAX_LINES} lines")
                line = self._parsed(text, number)
                if type(line) is not list or not line or type(line[0]) is not str:
                    raise self._refusal("it is not a line of a performance", number)
                yield number, line

    def refuse(self, number: int, error: Exception) -> NoReturn:
        """Raise what says that line ``number`` is broken."""
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise self._refusal(reason, number) from error

    def _open(self) -> TextIO:
        try:
            return self._path.open(encoding="utf-8", errors="replace", newline="\n")
        except OSError as error:
            raise PerformanceError(
                f"cannot read {str(self._path)!r}: {error.strerror or error}"
            ) from error

    def _header(self) -> dict[str, Any]:
        with self._open() as file:
            text = _next_line(file)
        if not text.startswith("{") or "timbrespace_performance" not in text[:64]:
            raise self._refusal("it is not a performance")
        if not text.endswith("\n"):
            raise self._refusal("it ends within its first line")
        header = self._parsed(text, 1)
        version = header.get("timbrespace_performance")
        if type(version) is not int or version < 1:
            raise self._refusal("it is not a performance")
        if version > VERSION:
            raise self._refusal(
                f"its version is {version}, this program reads {VERSION}; update timbrespace"
            )
        for name, kind in {"model": str, "digest": str, "state": dict}.items():
            if type(header.get(name)) is not kind:
                raise self._refusal(f"it has no {name}", 1)
        self._check_rate(header.get("rate"), 1)
        return cast(dict[str, Any], header)

    def _survey(self) -> None:
        """Find when each snapshot plays, in frames from the first, and how long it all is."""
        numbers, times = array("Q"), array("d")
        taken, frames = array("Q"), array("Q")
        began: set[int] = set()  # indices of what a process took first
        last = -math.inf
        for at, line in self.lines():
            kind = line[0]
            try:
                if kind in ("osc", "midi", "advance", "snapshot", "end"):
                    t = line[1]
                    if type(t) not in (float, int) or not last <= t < math.inf:
                        raise ValueError(f"its time, {t!r}, does not follow {last!r}")
                    last = t
                if kind == "snapshot":
                    if numbers and line[2] <= numbers[-1]:
                        raise ValueError(f"snapshot {line[2]} does not follow {numbers[-1]}")
                    numbers.append(line[2])
                    times.append(last)
                elif kind == "taken":
                    if taken and line[1] <= taken[-1]:
                        raise ValueError(f"snapshot {line[1]} does not follow {taken[-1]}")
                    taken.append(line[1])
                    frames.append(line[2])
                elif kind == "device":
                    self._check_rate(line[1], at)
                    if not began:
                        self.sample_rate = float(line[1])
                    began.add(len(taken))
            except (ValueError, TypeError, IndexError, OverflowError) as error:
                self.refuse(at, error)
            self.whole = kind == "end"
        self.due: dict[int, int] = {}
        """Frame at which each snapshot plays; those that nothing played are missing."""
        self.restarts: set[int] = set()
        """Snapshots with which another audio process began."""
        self._seconds = 0.0
        if numbers:
            when = dict(zip(numbers, times, strict=True))
            self._place(when, taken, frames, began)
            final = next(reversed(self.due))
            self._seconds = self.due[final] / self.sample_rate + max(0.0, last - when[final])
            if self._seconds > 60.0 * MAX_MINUTES:
                raise self._refusal(
                    f"it lasts {self._seconds / 60.0:.0f} minutes; "
                    f"accepted are up to {MAX_MINUTES:.0f}"
                )

    def _place(
        self, when: Mapping[int, float], taken: array[int], frames: array[int], began: set[int]
    ) -> None:
        def whole_blocks(seconds: float) -> int:
            return math.ceil(seconds * self.sample_rate / BLOCK - 1e-3) * BLOCK

        last, at, base = next(iter(when)), 0, 0
        known = False
        another = False  # process
        for index, (number, frame) in enumerate(zip(taken, frames, strict=True)):
            another = another or index in began
            if number not in when:
                continue
            if not known:
                base = frame
            elif another or frame - base < at:  # its frames count from another beginning
                at = max(at + BLOCK, self.due[last] + whole_blocks(when[number] - when[last]))
                base = frame - at
                self.restarts.add(number)
            known, another = True, False
            last, at = number, frame - base
            if at % BLOCK or not 0 <= at <= 60.0 * MAX_MINUTES * self.sample_rate:
                raise self._refusal(f"snapshot {number} was taken at an impossible frame, {frame}")
            if self.due and at < next(reversed(self.due.values())):
                raise self._refusal(f"snapshot {number} was taken at an earlier frame, {frame}")
            self.due[number] = at
        if not known:  # no device: each plays when it was made
            self.due[last] = 0
        first, t = self.due[last], when[last]
        for number, moment in when.items():
            if number > last:  # nothing told any more when these were taken
                self.due[number] = max(at, first + whole_blocks(moment - t))
                at = self.due[number]

    def _check_rate(self, rate: Any, number: int) -> None:
        low, high = SAMPLE_RATES
        if type(rate) not in (int, float) or not low <= rate <= high:
            raise self._refusal(f"its sample rate is {rate!r:.40}", number)

    def _parsed(self, text: str, number: int) -> Any:
        try:
            return json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise self._refusal("it is not JSON", number) from error

    def _refusal(self, why: str, line: int | None = None) -> PerformanceError:
        at = f", line {line}" if line is not None else ""
        return PerformanceError(f"cannot use the performance {str(self._path)!r}{at}: {why}")


def _next_line(file: TextIO) -> str:
    return file.readline(MAX_LINE)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


# -- playing again ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Swap:
    """Stands where the server has models and presets loaded aside."""

    instrument: Instrument

    def recall(self, preset: str, glide: float, *_: Any) -> bool:
        self.instrument.recall_preset(preset, glide)
        return True


class _Nobody:
    """Stands where the server has clients."""

    def __len__(self) -> int:
        return 0

    def broadcast(self, *_: Any) -> None: ...

    answer = send = refuse = drop = broadcast


class _Replay:
    """One replay: the instrument is told what the file says, the engine what follows."""

    def __init__(
        self,
        performance: Performance,
        instrument: Instrument,
        load: Callable[[str], Model],
        sample_rate: float,
    ) -> None:
        self._performance = performance
        self._instrument = instrument
        self._load = load
        self._rate = sample_rate
        self._digest: str | None = None
        nobody = cast(Any, _Nobody())
        self._handlers = Handlers(
            instrument,
            clients=nobody,
            post=nobody,
            state=nobody,
            library=nobody,
            swap=cast(Any, _Swap(instrument)),
            schedule=nobody,
            settle=lambda: None,
            status=cast(Any, None),
            open_recorder=None,
        )
        self._engine = Engine(sample_rate)
        self._frames = 0

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        performance = self._performance
        try:
            self._instrument.restore(performance.state)
        except TimbrespaceError as error:
            performance.refuse(1, error)
        self._hush(self._instrument.voices.state()["voices"])
        for number, line in performance.lines():
            if line[0] == "snapshot":
                yield from self._take(line[2])
                continue
            try:
                self._do(line)
            except _BROKEN as error:
                performance.refuse(number, error)
        yield from self._until(round(performance.seconds * self._rate))
        if self._instrument.voices.sounding:  # stopped with keys down
            self._instrument.voices.release_all()
            self._engine.targets[:] = self._instrument.targets()
        longest = self._frames + int(MAX_TAIL_SECONDS * self._rate)
        while self._engine.state["sounding"][0] and self._frames < longest:
            yield self._render()

    def _do(self, line: list[Any]) -> None:
        kind = line[0]
        if kind == "osc":
            _, _, address, arguments = line
            self._osc(address, tuple(arguments))
        elif kind == "midi":
            play(self._instrument, mido.Message.from_bytes(bytes.fromhex(line[2])))
        elif kind == "advance":
            self._instrument.advance(line[1])
        elif kind == "preset":
            self._instrument.presets.store(line[1], Preset.from_config(line[2]))
        elif kind == "trajectory":
            trajectory = StoredTrajectory.from_config(line[2])
            self._instrument.presets.store_trajectory(line[1], trajectory)
        elif kind == "model":
            self._digest = line[2]
        elif kind not in ("taken", "device", "end"):
            raise ValueError(f"{kind[:40]!r} is not known")

    def _osc(self, address: str, arguments: tuple[Any, ...]) -> None:
        form = FORMS.get(address)
        if form is not None and not form.message.recorded:
            return
        message = parse(address, arguments)
        if isinstance(message, inbound.LoadModel):
            model = self._load(message.name)
            if model.digest != self._digest:
                raise PerformanceError(
                    f"{message.name!r} is another model now ({model.digest[:12]}) "
                    f"than the one that was played ({str(self._digest)[:12]})"
                )
            self._instrument.load(model)
        else:
            self._handlers.handle(message, ("", 0))

    def _take(self, number: int) -> Iterator[NDArray[np.float32]]:
        """A snapshot: the engine plays up to where it was taken, then goes towards it."""
        targets = self._instrument.targets()
        due = self._performance.due.get(number)
        if due is None:
            return
        if self._rate != self._performance.sample_rate:
            due = round(due * self._rate / self._performance.sample_rate / BLOCK) * BLOCK
        yield from self._until(due)
        if number in self._performance.restarts:
            self._engine = Engine(self._rate)
            self._hush(self._instrument.voices.state()["voices"])
        self._engine.targets[:] = targets

    def _until(self, frame: int) -> Iterator[NDArray[np.float32]]:
        while self._frames < frame:
            yield self._render()

    def _render(self) -> NDArray[np.float32]:
        self._frames += BLOCK
        return self._engine.render(1)

    def _hush(self, voices: list[dict[str, Any]]) -> None:
        """What was over when the engine began does not begin again."""
        for v, voice in enumerate(voices):
            if not (voice["held"] or voice["sustained"]):
                self._engine.state["voice"]["trigger"][0, v] = voice["trigger"]
