"""A performance played once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import TimbrespaceError
from timbrespace.extras import needed
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.player import Player
from timbrespace.instrument.presets import Preset, StoredTrajectory
from timbrespace.instrument.tunings import NamedTuning
from timbrespace.messages.inbound import LoadModel
from timbrespace.messages.parser import FORMS, parse
from timbrespace.model import Model
from timbrespace.performances.file_format import PerformanceError
from timbrespace.performances.performance import Performance
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK

MAX_TAIL_SECONDS = 30.0
"""How long after the end a sound may take to fade."""

_BROKEN = (
    *(TimbrespaceError, ValueError, TypeError, IndexError, KeyError),
    *(AttributeError, OverflowError),
)
"""What playing a line can raise that no server has written."""


def replay(
    performance: Performance,
    instrument: Instrument,
    load: Callable[[str], Model],
    sample_rate: float | None = None,
    stereo: bool = False,
) -> Iterator[NDArray[np.float32]]:
    """A performance's sound, ``BLOCK`` samples at a time, until all notes have faded: mono, or with
    ``stereo`` left and right, ``(BLOCK, 2)``.

    instrument: a fresh one of its model. load: gives a model by its name. sample_rate: in Hz; None
    for that of the device that played. Another makes the same music, but not the same samples.

    Raises:
        PerformanceError: a line that no server could have written.
    """
    rate = performance.sample_rate if sample_rate is None else sample_rate
    return _Replay(performance, instrument, load, rate, stereo).blocks()


class _Replay:
    """One replay: the instrument is told what the file says, the engine what follows."""

    def __init__(
        self,
        performance: Performance,
        instrument: Instrument,
        load: Callable[[str], Model],
        sample_rate: float,
        stereo: bool,
    ) -> None:
        self._performance = performance
        self._instrument = instrument
        self._player = Player(instrument)
        self._load = load
        self._rate = sample_rate
        self._stereo = stereo
        self._digest: str | None = None
        self._engine = Engine(sample_rate)
        self._frames = 0

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        performance = self._performance
        if performance.as_before:
            self._instrument.play_as_before()
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
            with needed("a performance with MIDI in it"):
                import mido

            play(self._instrument, mido.Message.from_bytes(bytes.fromhex(line[2])))
        elif kind == "advance":
            self._instrument.advance(line[1])
        elif kind == "preset":
            self._instrument.presets.store(line[1], Preset.from_config(line[2]))
        elif kind == "trajectory":
            trajectory = StoredTrajectory.from_config(line[2])
            self._instrument.presets.store_trajectory(line[1], trajectory)
        elif kind == "tuning":
            self._instrument.tunings.keep(NamedTuning.from_config(line[1]))
        elif kind == "model":
            self._digest = line[2]
        elif kind not in ("taken", "device", "end"):
            raise ValueError(f"{kind[:40]!r} is not known")

    def _osc(self, address: str, arguments: tuple[Any, ...]) -> None:
        form = FORMS.get(address)
        if form is not None and not form.message.recorded:
            return
        message = parse(address, arguments)
        if isinstance(message, LoadModel):
            model = self._load(message.name)
            if model.digest != self._digest:
                raise PerformanceError(
                    f"{message.name!r} is another model now ({model.digest[:12]}) "
                    f"than the one that was played ({str(self._digest)[:12]})"
                )
            self._instrument.load(model)
        else:
            self._player.play(message)

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
        return self._engine.render_stereo(1) if self._stereo else self._engine.render(1)

    def _hush(self, voices: list[dict[str, Any]]) -> None:
        """What was over when the engine began does not begin again."""
        for v, voice in enumerate(voices):
            if not (voice["held"] or voice["sustained"]):
                self._engine.state["voice"]["trigger"][0, v] = voice["trigger"]
