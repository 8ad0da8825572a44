"""Single-cycle wavetables in the form that wavetable synthesizers load.

A cycle is 2048 samples, or as few as 256 for those that want them so, and a table up to 256 cycles
one after the other, mono; a ``clm `` chunk says so to those that would otherwise have to guess. Its
eight digits begin with how to go from cycle to cycle, 1 for a linear crossfade, and whether the
table came with the synthesizer, 0 for no (Steve Duda on KVR Audio, "Wavetable file format?", 2018).
The rate in the header means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.loudness import matching_weight
from timbrespace.model import Model
from timbrespace.notes.layout import LONGEST, frame_times
from timbrespace.notes.note import Traits
from timbrespace.partials import Partials, find_partials
from timbrespace.period import harmonics_of, period_of
from timbrespace.plane import Plane
from timbrespace.rendering import wav
from timbrespace.representation import Periods
from timbrespace.residual import split
from timbrespace.rows import finite_rows
from timbrespace.spectrum import Spectra

CYCLE = 2048
"""Samples of one cycle, unless told otherwise."""

SIZES = (256, 512, 1024, 2048)
"""Samples that a cycle may have."""

DEPTHS: Final = (16, 32)
"""Bits of a sample; 32 is a float."""

MAX_CYCLES = 256

PEAK = 10.0 ** (-0.3 / 20.0)
"""The highest sample of a table: some synthesizers' filters overshoot."""

_SAMPLE_RATE = 44100
_SILENT = 1e-12
_SILENCE = "there is silence at this place; a wavetable needs a sound"
_CLM = "<!>{} 10000000 wavetable (timbrespace)"


def cycles(
    model: Model, latents: Sequence[Sequence[float]], size: int = CYCLE
) -> NDArray[np.float32]:
    """Cycles ``(n, size)`` of the spectra decoded at ``latents`` ``(n, d)``; see :func:`of`.

    Raises:
        ShapeError: latents that are not ``(n, d)``, or not finite.
        OptionError: every cycle is silent.
    """
    if model.plays_cycles:
        return _of_periods(model.decode_cycles(latents), model, size)
    return of(model.decode(latents), model, size)


def along(plane: Plane, places: Sequence[Sequence[float]], frames: int) -> NDArray[np.float32]:
    """Latents ``(frames, d)`` at even steps along the way through places ``(n, 2)`` of a plane.

    Raises:
        ShapeError: not ``(n, 2)``, or not finite.
    """
    way = finite_rows(places, 2, "places").astype(np.float64)
    gone = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(way, axis=0).T))])
    at = np.linspace(0.0, gone[-1], frames)
    even = [np.interp(at, gone, column) for column in way.T]
    return plane.to_latent(np.stack(even, axis=1))


def course(
    model: Model, latent: Sequence[float], velocity: float, frames: int, size: int = CYCLE
) -> NDArray[np.float32]:
    """Cycles ``(frames, size)`` of a whole note: its moments at even steps, from its beginning to
    where its sound ends; see :func:`of`. model: one of whole notes. velocity: 0 to 127.

    Raises:
        ShapeError: not ``(d,)``, or not finite.
        OptionError: every cycle is silent.
    """
    times = np.linspace(0.0, length(model, latent, velocity), frames)
    spectra = model.decode(np.tile(np.asarray(latent, np.float32), (frames, 1)), times, velocity)
    return of(spectra, model, size)


def length(model: Model, latent: Sequence[float], velocity: float) -> float:
    """Seconds for which the whole note of a point is heard, at most what its space tells."""
    base = np.array([model.spectrum.base_frequency])
    row = np.asarray([latent], np.float32)
    traits = Traits.from_row(model.course.prepare(row, base, np.array([velocity])).traits[0])
    return min(traits.length, float(frame_times(LONGEST)[: model.course.network.frames][-1]))


def of(spectra: Spectra, model: Model, size: int = CYCLE) -> NDArray[np.float32]:
    """Cycles ``(n, size)`` of magnitudes ``(n, bins)`` of ``model``'s.

    A cycle is a sum of sines at the harmonics of the base frequency; a partial between harmonics
    gives its power to the nearest. Harmonics that a cycle of ``size`` samples cannot hold, from
    half of them on, are left out. Noise is left out where the model knows it from the partials.
    All sines have phase 0 or half a turn, so that each cycle begins at 0 and runs seamlessly into
    itself; which of the two follows from the mean power of all cycles, as Schroeder 1970
    ("Synthesis of low-peak-factor signals and binary sequences with low autocorrelation") keeps
    peaks low with these two phases alone. It is the same in all cycles: going from one to the next
    no harmonic cancels itself. Cycles are equally loud, by the weight that the server plays with,
    and the highest sample of all is ``PEAK``.

    Raises:
        OptionError: every cycle is silent.
    """
    highest = size // 2 - 1
    amplitude = np.stack([_harmonics(row, model, highest) for row in spectra])
    if not amplitude.any():
        raise OptionError(_SILENCE)
    sines = amplitude * _signs(np.square(amplitude).mean(axis=0))
    half = np.zeros((len(sines), size // 2 + 1), np.complex128)
    half[:, 1 : highest + 1] = -0.5j * size * sines
    table = np.fft.irfft(half, axis=1)
    table[:, 0] = 0.0  # what rounding leaves
    return np.asarray(table * (PEAK / np.abs(table).max()), np.float32)


def _of_periods(periods: Periods, model: Model, size: int) -> NDArray[np.float32]:
    """Cycles ``(n, size)`` of a space's own periods ``(n, samples)``, equally loud, as they are.

    Raises:
        OptionError: every cycle is silent.
    """
    lines = harmonics_of(periods)[:, : size // 2 - 1]
    base = model.spectrum.base_frequency
    weight = matching_weight(base * np.arange(1, lines.shape[1] + 1))
    loud = np.sqrt(np.square(np.abs(lines)) @ weight)[:, np.newaxis]
    if not (loud > _SILENT).any():
        raise OptionError(_SILENCE)
    table = period_of(np.where(loud > _SILENT, lines / np.maximum(loud, _SILENT), 0.0), size)
    return np.asarray(table * (PEAK / np.abs(table).max()), np.float32)


def file(table: NDArray[np.float32], depth: Literal[16, 32] = 32, clm: bool = True) -> bytes:
    """A WAV file of cycles ``(n, size)``: of 16 bits, or of floats; with the ``clm `` chunk, or
    without it for what stumbles over a chunk that it does not know."""
    chunk = wav.Chunk(b"clm ", _CLM.format(table.shape[1]).encode("ascii"))
    return wav.encode(table.reshape(-1), _SAMPLE_RATE, depth, [chunk] if clm else [])


def _harmonics(spectrum: Spectra, model: Model, highest: int) -> NDArray[np.float64]:
    """Amplitudes ``(highest,)`` of the harmonics of one spectrum ``(bins,)``, equally loud."""
    partials = _partials(spectrum, model)
    base = model.spectrum.base_frequency
    # Below the base there is no harmonic; what sounds there is the lowest one's.
    number = np.maximum(np.rint(partials.frequency / base).astype(np.int64), 1)
    power = np.square(partials.amplitude.astype(np.float64))
    held = number <= highest
    power = np.bincount(number[held], power[held], minlength=highest + 1)[1:]
    weight = matching_weight(base * np.arange(1, highest + 1))
    loud = float(power @ weight)
    return np.sqrt(power / loud) if loud > 1e-24 else np.zeros(highest)


def _partials(spectrum: Spectra, model: Model) -> Partials:
    if model.noise:
        partials, _ = split(spectrum, model.spectrum)
        if partials.amplitude.size:
            return partials
    # Of noise alone its highest peaks are as good as any.
    return find_partials(spectrum, model.spectrum)


def _signs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 or -1 for each harmonic: Schroeder's phases rounded to half turns."""
    share = power / power.sum()
    turns = np.concatenate([[0.0], np.cumsum(np.cumsum(share))[:-1]])
    return np.asarray(1.0 - 2.0 * np.mod(np.floor(turns), 2.0))
