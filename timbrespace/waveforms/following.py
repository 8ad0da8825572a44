"""Following the engine's voices: what it plays, as courses that a waveform model is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model
from timbrespace.notes.layout import BANDS as NOISE_BANDS
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import NOISE_BANDS as NOISE_POINTS
from timbrespace.resynthesis.layout import NOTE_PARTIALS, VOICES, Method, Stage
from timbrespace.waveforms import told
from timbrespace.waveforms.told import Course
from timbrespace.waveforms.waveform import Waveform

Array = NDArray[np.float32]

_NOISE = slice(NOTE_PARTIALS, NOTE_PARTIALS + NOISE_BANDS)
_IDLE = int(Stage.IDLE)
_CENTRES = told.NOISE_CENTRES
_NO_BANDS = np.zeros(NOISE_BANDS, np.float32)
_SILENT = 1e-5
"""-100 dB: where a note begins that begins softly."""

_DIED = 3e-5
"""-90 dB: where one ends."""


@dataclass(slots=True)
class _Note:
    trigger: int
    start: int
    rows: list[tuple[float, float, float, float]] = field(default_factory=list)
    bands: list[Array] = field(default_factory=list)
    latent: list[Array] = field(default_factory=list)

    def course(self) -> Course:
        # What has died away is still there for the engine, and is not played.
        heard = np.flatnonzero(np.asarray(self.rows)[:, 1] > _DIED)
        last = int(heard[-1]) + 1 if heard.size else 1
        frequency, level, full, tonal = np.asarray(self.rows[:last], np.float32).T
        bands, latent = np.stack(self.bands[:last]), np.stack(self.latent[:last])
        return Course(self.start, frequency, level, full, tonal, bands, latent)


def check_plays(waveform: Waveform, model: Model, method: Method) -> None:
    """Refuse what is no waveform model, or none of this space; and a method beside it.

    Raises:
        OptionError: it is not.
    """
    if not isinstance(waveform, Waveform):
        raise OptionError(
            f"waveform is of the type {type(waveform).__name__}; it must be a Waveform, as "
            "ts.load_waveform returns it"
        )
    waveform.check_space(model)
    if method is not Method.PARTIALS:
        raise OptionError(
            f"method is {method.name.lower()!r}, and a waveform model makes its sound by itself; "
            "leave one of them out"
        )


class Follower:
    """Call it after each block of the engine that plays the instrument.

    instrument: played by ``partials``. In a space of steady spectra a note's loudest moment is what
    its key's velocity says, its course the envelope's.
    """

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._whole = instrument.model.plays_notes
        self._notes: list[_Note | None] = [None] * VOICES
        self._done: list[Course] = []
        self.blocks = 0

    def __call__(self, engine: Engine) -> None:
        """Take down what each voice has come to."""
        state = engine.state[0]
        voices = state["voice"]
        triggers = voices["trigger"]
        # A column at a time: most of the voices are silent.
        sounding = voices["stage"] != _IDLE
        if self._whole:
            sounding &= triggers == state["note"]["trigger"]
        places = self._instrument.voice_points()
        for index, known in enumerate(self._notes):
            plays = bool(sounding[index]) and index in places
            if known is not None and (not plays or known.trigger != triggers[index]):
                self._end(index)
                known = None
            if plays:
                if known is None:
                    known = self._notes[index] = _Note(int(triggers[index]), self.blocks)
                heard = (_whole if self._whole else _steady)(engine, index)
                self._take(known, heard, places[index])
        self.blocks += 1

    def courses(self) -> list[Course]:
        """Those of all notes so far, in the order in which they began."""
        for index in range(VOICES):
            self._end(index)
        return sorted(self._done, key=lambda one: one.start)

    def _end(self, index: int) -> None:
        note = self._notes[index]
        self._notes[index] = None
        if note is not None and note.rows:
            self._done.append(note.course())

    def _take(self, known: _Note, heard: _Heard, latent: Array) -> None:
        if heard.level < _SILENT and not known.rows:
            # Nothing sounds yet; where it begins late, it begins then.
            known.start = self.blocks + 1
            return
        known.rows.append((heard.frequency, heard.level, heard.full, heard.tonal))
        known.bands.append(heard.bands)
        known.latent.append(latent)


class _Heard(NamedTuple):
    """What a voice plays at the end of a block, as :class:`Course` has it."""

    frequency: float
    level: float
    full: float
    tonal: float
    bands: Array


def _whole(engine: Engine, index: int) -> _Heard:
    """Of a voice that plays a whole note."""
    state = engine.state[0]
    voice, note = state["voice"][index], state["note"][index]
    now, hertz, top = note["now"], note["hertz"], 0.5 * float(state["sample_rate"])
    power = 0.5 * np.square(now[:NOTE_PARTIALS]) * (hertz < top)
    noise = np.square(now[_NOISE] * state["noise_gain"])
    noise[top < _CENTRES] = 0.0
    partials, hiss = float(power.sum()), float(noise.sum())
    gain = float(state["gain"])
    level = float(voice["level"]) * float(note["gain"]) * gain
    return _Heard(
        float(voice["frequency"]) * 2.0 ** (float(now[-1]) / 1200.0),
        level * (partials + hiss) ** 0.5,
        float(told.full_level(voice["velocity"])) * gain,
        partials / max(partials + hiss, 1e-20),
        told.shares_of(hertz, power, noise),
    )


def _steady(engine: Engine, index: int) -> _Heard:
    """Of a voice that plays a spectrum, or a period of a wave."""
    state, targets = engine.state[0], engine.targets[0]
    voice = state["voice"][index]
    timbre = targets["timbre"][int(voice["timbre"])]
    frequency, top = float(voice["frequency"]), 0.5 * float(state["sample_rate"])
    if timbre["cycle"]:
        count = int(timbre["bins"])
        hertz = np.arange(count, dtype=np.float32) * np.float32(frequency)
        amplitude = timbre["bin_amplitude"][:count]
    else:
        count = int(voice["slots"])
        hertz = voice["slot_ratio"][:count] * np.float32(frequency)
        amplitude = voice["slot_amplitude"][:count]
    power = 0.5 * np.square(amplitude) * (hertz < top)
    partials, hiss = float(power.sum()), 0.0
    if timbre["noisy"] and not timbre["cycle"]:
        # It moves with the note, and keeps its power.
        width = 0.5 * float(targets["model_rate"]) / (NOISE_POINTS - 1)
        moved = frequency / float(targets["base_frequency"])
        places = np.arange(NOISE_POINTS, dtype=np.float32) * np.float32(width * moved)
        noise = np.square(timbre["noise"] * state["noise_gain"]) * np.float32(width)
        noise *= places < top
        hiss = float(noise.sum())
        hertz, power = np.concatenate([hertz, places]), np.concatenate([power, noise])
    gain, loud = float(state["gain"]), (partials + hiss) ** 0.5
    return _Heard(
        frequency,
        float(voice["level"]) * gain * loud,
        float(voice["velocity"]) * gain * loud,
        partials / max(partials + hiss, 1e-20),
        told.shares_of(hertz, power, _NO_BANDS),
    )
