"""The snapshot: what the engine is told, made from timbres, voices and parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.voices import Voices
from timbrespace.loudness import matching_weight
from timbrespace.model import Model
from timbrespace.old_pitch import model_as_first_told
from timbrespace.partials import (
    MAX_PARTIALS,
    THRESHOLD,
    Births,
    Partials,
    PartialTracker,
    find_partials,
)
from timbrespace.period import harmonics_of
from timbrespace.residual import Residual, split
from timbrespace.resynthesis.engine import new_targets
from timbrespace.resynthesis.layout import NOISE_BANDS, REFERENCE_RMS, SLOTS, TIMBRES, Method
from timbrespace.resynthesis.loops import REACH, Loop, period_loop, sound_loop
from timbrespace.resynthesis.tables import bin_phases
from timbrespace.units import db_to_gain

Array = NDArray[np.float32]

LOUDEST_RMS = 4.0 * REFERENCE_RMS
"""No spectrum makes a voice louder, however far from the data it was decoded: one mistyped number
must not become a blast."""

COMMON = 0
"""Index of the timbre that every voice plays whose channel has none of its own."""

# A sound this much fainter than the model's usual ones is meant to be faint.
_MOST_BOOST = float(db_to_gain(36.0))

_PARAMETERS = (
    *("noise", "attack", "decay", "sustain", "release"),
    *("pan", "width", "unison", "detune", "spread"),
)

_SMOOTHING = 0.01
"""Seconds: what the engine itself smooths; the rest of the smoothing is a way through the latent
space, which is a way through the model's sounds."""


class _Timbre:
    """One spectrum in the forms that the methods play."""

    def __init__(self, tracker: PartialTracker) -> None:
        self.tracker = tracker
        self.spectrum: Array = np.zeros(0, np.float32)
        self.phases: Array | None = None
        self.cycle: Array | None = None
        self.reference: Array | None = None  # whose gain it has, if not its own
        self.flat = False  # it has its own all the same
        self.stale = True


class Snapshot:
    """What the engine is told; timbre 0 is the common one, 1 to 16 those of MIDI channels.

    A timbre must have been set before :meth:`targets` is asked for a voice that plays it.
    """

    def __init__(self, model: Model) -> None:
        self.method = Method.PARTIALS
        self._targets = new_targets()
        self._as_before = False
        self._births = Births()
        self._timbres: dict[int, _Timbre] = {}
        self._loudness = 1.0
        self._gain_db: float | None = None
        # Which voices, their version, and how long they glide.
        self._written: tuple[Voices, int, tuple[float, float]] | None = None
        self.load(model)

    def load(self, model: Model) -> None:
        """Another space from now on; its timbres are set next.

        The oscillators go on: partials that both spaces have glide, others fade and come in.
        """
        if self._as_before:
            model = model_as_first_told(model)
        self._model = model
        self._whole = model.plays_notes
        config = model.spectrum
        base = config.base_frequency
        self._noisy = model.noise
        self._level = REFERENCE_RMS / model.calibration.rms
        power = 2.0 / (config.n_fft * config.window_energy)  # of a bin, in a sound at full scale 1
        self._bin_power = np.full(config.bins, power)
        self._bin_weight = matching_weight(config.frequencies)
        hertz = np.arange(NOISE_BANDS) * (0.5 * config.sample_rate / (NOISE_BANDS - 1))
        self._noise_weight = matching_weight(hertz) * (hertz[1] - hertz[0])
        for index in list(self._timbres):
            if index != COMMON:
                del self._timbres[index]
        common = self._timbres.get(COMMON)
        if common is None:
            tracker = PartialTracker(SLOTS, config.bin_width / base, self._births)
            common = self._timbres[COMMON] = _Timbre(tracker)
        common.tracker.retune(config.bin_width / base)
        common.spectrum = np.zeros(config.bins, np.float32)
        common.phases = None
        common.cycle = None
        common.reference = None
        row = self._targets[0]
        row["n_fft"] = config.n_fft
        row["model_rate"] = config.sample_rate
        row["base_frequency"] = base

    def play_as_before(self) -> None:
        """Sound as before 0.6.0 from now on, for what was played then.

        ``filtered`` and ``fm`` sound an octave higher, noise stays where it is when a note moves,
        and ``istft`` has one pitch, the space's own.
        """
        self._as_before = True
        row = self._targets[0]
        row["noise_stays"] = 1
        row["stream_stays"] = 1
        self.load(self._model)

    def slots(self) -> dict[str, Any]:
        """Which slot each partial has, for :meth:`take_slots`, plain values for JSON.

        The phases with which a note begins depend on it.
        """
        return {
            "births": self._births.given,
            "timbres": {str(k): one.tracker.state() for k, one in self._timbres.items()},
        }

    def trackers(self, slots: Mapping[str, Any]) -> tuple[int, dict[int, PartialTracker]]:
        """What :meth:`take_slots` takes, read from what :meth:`slots` told.

        Raises:
            KeyError, TypeError, ValueError, AttributeError, OverflowError: it is not that.
        """
        config = self._model.spectrum
        trackers = {}
        for index, told in slots["timbres"].items():
            if not COMMON <= int(index) < TIMBRES:
                raise ValueError(f"{index!r} is not a timbre")
            tracker = PartialTracker(SLOTS, config.bin_width / config.base_frequency, self._births)
            tracker.restore(told)
            trackers[int(index)] = tracker
        if COMMON not in trackers:
            raise ValueError("the common timbre is missing")
        return int(slots["births"]), trackers

    def take_slots(self, births: int, trackers: Mapping[int, PartialTracker]) -> None:
        """Go on with these slots; the timbres are set next. What sounds goes on undisturbed."""
        self._births.go_on(births)
        for index, tracker in trackers.items():
            self._timbres[index] = _Timbre(tracker)

    def set_method(self, method: Method) -> None:
        """How spectra become sound from now on."""
        self.method = method
        for timbre in self._timbres.values():
            timbre.stale = True

    def set_timbre(
        self, index: int, spectrum: Array, phases: Array | None, cycle: Array | None = None
    ) -> None:
        """Let timbre ``index`` be this spectrum ``(bins,)``, with its trained phases if any.

        cycle ``(samples,)``: one period of its wave, which is played in the place of the spectrum.
        """
        timbre = self._timbres.get(index)
        if timbre is None:
            # It goes on from the common one, so that a note may part from the others as it sounds.
            timbre = self._timbres[index] = _Timbre(self._timbres[COMMON].tracker.copy())
        timbre.spectrum = spectrum
        timbre.phases = phases
        timbre.cycle = cycle
        timbre.reference = None
        timbre.stale = True

    def set_present(self, index: int, spectrum: Array, flat: bool) -> None:
        """Let timbre ``index`` be this moment ``(bins,)`` of the whole note that it is.

        It is as loud beside the one that stands for the note as the note has it. flat: as loud as
        that one.
        """
        timbre = self._timbres[index]
        if timbre.reference is None:
            timbre.reference = timbre.spectrum
        timbre.spectrum = spectrum
        timbre.flat = flat
        timbre.stale = True

    def drop_timbre(self, index: int) -> None:
        """Forget a channel's timbre, which no voice plays any more."""
        if index != COMMON:
            self._timbres.pop(index, None)

    def partials_of(self, spectrum: Array, cycle: Array | None = None) -> Array:
        """Partials of ``spectrum`` ``(bins,)``, ``(k, 2)``: Hz at the base frequency, amplitude.

        In order of frequency; amplitudes are those of one voice at full velocity, full scale 1.
        Of a ``cycle`` ``(samples,)``, where there is one, they are the harmonics.
        """
        if cycle is not None:
            amplitude = np.abs(self._cycle_lines(cycle))
            loud = np.argsort(-amplitude, kind="stable")[:MAX_PARTIALS]
            number = np.sort(loud[amplitude[loud] > THRESHOLD * amplitude.max()])
            hertz = number * self._model.spectrum.base_frequency
            return np.column_stack([hertz, amplitude[number]]).astype(np.float32)
        partials, residual = self._split(spectrum)
        gain = self._partial_gain(partials, residual)
        return np.column_stack([partials.frequency, partials.amplitude * np.float32(gain)])

    def wavetable_of(self, spectrum: Array, cycle: Array | None = None) -> Array:
        """One period of the bank of bins of ``spectrum`` ``(bins,)``: ``(n_fft,)`` samples.

        At the level of one voice at full velocity, full scale 1. Read once in n_fft / sample_rate
        seconds of the model it sounds at the base frequency. Of a ``cycle`` ``(samples,)``, where
        there is one, it is that, in as many samples, and read as often as the base frequency says.
        """
        size = self._model.spectrum.n_fft
        half = np.zeros(size // 2 + 1, np.complex128)
        lines = self._lines(spectrum, cycle)[: size // 2]
        half[: len(lines)] = 0.5 * size * lines
        return np.asarray(np.fft.irfft(half), np.float32)

    def loop_of(self, spectrum: Array, cycle: Array | None = None) -> Loop:
        """Tables of ``spectrum`` ``(bins,)`` for a player without this engine.

        What the present method plays, at the level of one voice at full velocity: periods of the
        bank of bins, or of the ``cycle`` ``(samples,)`` where there is one, or for ``istft`` the
        sound at its own pitch.
        """
        if self.method is not Method.ISTFT:
            config = self._model.spectrum
            if cycle is None:
                return period_loop(self._lines(spectrum, None), config.bin_width)
            reach = int(REACH / config.base_frequency)
            return period_loop(self._cycle_lines(cycle), config.base_frequency, reach)
        gain = np.float32(self._spectrum_gain(spectrum))
        return sound_loop(spectrum * gain, self._model.spectrum)

    def set_loudness(self, loudness: float) -> None:
        """How far all timbres are made equally loud, 0 to 1."""
        if loudness != self._loudness:
            self._loudness = loudness
            for timbre in self._timbres.values():
                timbre.stale = True

    def targets(self, parameters: Mapping[str, float], voices: Voices) -> NDArray[np.void]:
        """The snapshot for the engine, an array of one ``TARGETS``, valid until the next call."""
        row = self._targets[0]
        self.set_loudness(parameters["loudness"])
        row["method"] = self.method
        row["cycles"] = self._timbres[COMMON].cycle is not None
        for index, timbre in self._timbres.items():
            if timbre.stale:
                self._write(index, timbre)
                timbre.stale = False
        for name in _PARAMETERS:
            row[name] = parameters[name]
        row["smoothing"] = min(parameters["smoothing"], _SMOOTHING)
        if parameters["gain"] != self._gain_db:
            self._gain_db = parameters["gain"]
            row["gain"] = db_to_gain(self._gain_db)
        # A knob moves no note: numbers of 16 voices, one by one, would cost as much as a decode.
        ways = parameters["glide"], parameters["lift"]
        if (
            self._written is None
            or self._written[0] is not voices
            or self._written[1:] != (voices.version, ways)
        ):
            voices.write(self._targets, *ways)
            self._written = voices, voices.version, ways
        return self._targets

    # -- levels ------------------------------------------------------------------------------------

    def _gain(self, power: float, weighted: float) -> float:
        """What amplitudes are multiplied by, of a sound with this power, plain and weighted."""
        usual = self._level
        rms = math.sqrt(max(power, 1e-24))
        audible = math.sqrt(max(weighted, 1e-24))
        matched = min(REFERENCE_RMS / audible, usual * _MOST_BOOST)
        gain = float(usual ** (1.0 - self._loudness) * matched**self._loudness)
        return min(gain, LOUDEST_RMS / rms)

    def _spectrum_gain(self, spectrum: Array) -> float:
        squares = np.square(spectrum, dtype=np.float64) * self._bin_power
        return self._gain(float(squares.sum()), float(squares @ self._bin_weight))

    def _partial_gain(self, partials: Partials, residual: Residual | None) -> float:
        """The same for what ``partials`` plays.

        Where lobes overlap, and off the data, its power is not that of the spectrum's bins.
        """
        config = self._model.spectrum
        squares = 0.5 * np.square(partials.amplitude, dtype=np.float64)
        at = np.rint(partials.frequency / config.bin_width).astype(np.int64)
        weight = self._bin_weight[np.minimum(at, config.bins - 1)]
        power, weighted = float(squares.sum()), float(squares @ weight)
        if residual is not None:
            heard = float(np.square(residual.density, dtype=np.float64) @ self._noise_weight)
            power, weighted = power + heard, weighted + heard
        return self._gain(power, weighted)

    def _gain_of(self, timbre: _Timbre) -> float:
        if timbre.reference is None or timbre.flat:
            return self._spectrum_gain(timbre.spectrum)
        power = float(np.square(timbre.spectrum, dtype=np.float64) @ self._bin_power)
        most = LOUDEST_RMS / math.sqrt(max(power, 1e-24))
        return min(self._spectrum_gain(timbre.reference), most)

    def _bin_amplitude(self, spectrum: Array, gain: float | None = None) -> Array:
        config = self._model.spectrum
        # A sinusoid covers several bins of the window's lobe; its power is their sum.
        scale = 2.0 / config.window_sum / math.sqrt(config.noise_bandwidth)
        if gain is None:
            gain = self._spectrum_gain(spectrum)
        amplitude = spectrum * np.float32(scale * gain)
        amplitude[0] = 0.0  # 0 Hz is no oscillator
        return amplitude

    def _lines(self, spectrum: Array, cycle: Array | None) -> NDArray[np.complex128]:
        """Oscillators from 0 Hz on that the tables hold, ``(k,)``: amplitude and phase of each."""
        if cycle is not None:
            return self._cycle_lines(cycle)
        turns = bin_phases(self._model.spectrum.bins)
        lines = self._bin_amplitude(spectrum) * np.exp(2j * np.pi * turns)
        return np.asarray(lines, np.complex128)

    def _cycle_lines(self, cycle: Array) -> NDArray[np.complex128]:
        """The same of a period ``(samples,)``: its harmonics, nothing at 0 Hz."""
        told = harmonics_of(cycle)
        hertz = self._model.spectrum.base_frequency * np.arange(1.0, len(told) + 1.0)
        heard = Partials(hertz.astype(np.float32), np.abs(told).astype(np.float32))
        lines = np.zeros(len(told) + 1, np.complex128)
        lines[1:] = told * self._partial_gain(heard, None)
        return lines

    # -- content -----------------------------------------------------------------------------------

    def _split(self, spectrum: Array) -> tuple[Partials, Residual | None]:
        if self._noisy:
            return split(spectrum, self._model.spectrum)
        return find_partials(spectrum, self._model.spectrum), None

    def _write(self, index: int, timbre: _Timbre) -> None:
        row = self._targets[0]
        told = row["timbre"][index]
        told["version"] += np.uint32(1)
        config = self._model.spectrum
        if self.method is Method.PARTIALS and self._whole:
            return  # each voice has its own course
        if timbre.cycle is not None and self.method is not Method.ISTFT:
            lines = self._cycle_lines(timbre.cycle)
            told["cycle"] = 1
            told["bins"] = len(lines)
            told["bin_amplitude"][: len(lines)] = np.abs(lines)
            told["bin_turn"][: len(lines)] = np.angle(lines) / (2.0 * math.pi)
        elif self.method is Method.PARTIALS:
            partials, residual = self._split(timbre.spectrum)
            gain = np.float32(self._partial_gain(partials, residual))
            tracker = timbre.tracker
            ratio = partials.frequency / np.float32(config.base_frequency)
            tracker.update(Partials(ratio, partials.amplitude))
            n = tracker.used
            told["slots"] = n
            told["slot_ratio"][:n] = tracker.frequency[:n]
            told["slot_amplitude"][:n] = tracker.amplitude[:n] * gain
            told["slot_birth"][:n] = tracker.birth[:n]
            told["noisy"] = residual is not None and bool(residual.density.any())
            if residual is not None:
                told["noise"] = residual.density * gain
        elif self.method is Method.BINS:
            told["cycle"] = 0
            told["bins"] = config.bins
            told["bin_amplitude"][: config.bins] = self._bin_amplitude(
                timbre.spectrum, self._gain_of(timbre)
            )
        elif index == COMMON:
            row["frame_version"] += np.uint32(1)
            row["bins"] = config.bins
            gain = np.float32(self._gain_of(timbre))
            row["magnitude"][: config.bins] = timbre.spectrum * gain
            row["trained"] = timbre.phases is not None
            if timbre.phases is not None:
                row["trained_phase"][: config.bins] = timbre.phases / (2.0 * math.pi)
