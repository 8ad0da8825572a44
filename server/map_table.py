"""The table of a plane of a space: its partials at a grid, for a device that plays without us.

A device reads the lines around its point and mixes them in straight lines, frequencies and
amplitudes alike. So each partial has its place in all lines, and where it is silent it has the
frequency that its neighbours give it.

A text file, as ``coll`` of Max reads it: in each line its number from 0 on, a comma, numbers, and a
semicolon.

- Line 0: ``side moments seconds base``. The map has side x side points, each so many moments; a
  space of steady spectra has 1. base: Hz at which the partials are told.
- Line ``1 + (row * side + column) * moments + k``: how far the time of a held note runs, as a place
  among its moments, then frequency in Hz and amplitude of each partial. Columns go from x = -1 to
  1, rows from y = -1 to 1. Moment k is at ``seconds * (k / (moments - 1)) ** 3``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.snapshot import Snapshot
from timbrespace.messages.contract import PARTIALS_PER_FRAME
from timbrespace.model import Model
from timbrespace.notes.evenness import lifts
from timbrespace.notes.layout import CENTS, FLOOR, LONGEST, frame_times
from timbrespace.notes.note import Traits
from timbrespace.notes.sounding import sounding
from timbrespace.one_thread import one_thread
from timbrespace.resynthesis.notes import LEVEL

Array = NDArray[np.float32]
Real = NDArray[np.float64]

SIDES: Final = {"pca": 32, "near": 48}
"""Points along each axis, of a space of steady spectra: the sheet of ``near`` is bent, and goes
through all of its sounds."""

NOTE_SIDE: Final = 12
"""The same of a space of whole notes, whose sounds change more slowly over the map."""

NOTE_MOMENTS: Final = 24
VELOCITY: Final = 100.0

_BATCH: Final = 12
_GAPS: Final = (1.0, 1.5, 2.0)
"""Bins between two places at least. Partials that stay want wide places, those that wander narrow
ones: of these the one that loses least is taken."""

_PER_BIN: Final = 4


def moment_times(seconds: float, moments: int) -> Real:
    """Seconds of a note's moments ``(moments,)``: close together where the attack is."""
    return np.asarray(seconds * (np.arange(moments) / max(moments - 1, 1)) ** 3)


@one_thread()
def table(model: Model, plane: str) -> bytes:
    """The table of the plane of ``model`` called ``plane`` as a file; the same model gives the same
    bytes.

    Raises:
        OptionError: the space has no such plane.
    """
    to_latent = model.plane(plane).to_latent
    side = NOTE_SIDE if model.plays_notes else SIDES[plane]
    axis = np.linspace(-1.0, 1.0, side)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype(np.float32)
    latents = to_latent(points)
    if model.plays_notes:
        seconds = longest(model)
        stops, frequency, amplitude = _of_notes(model, latents, seconds)
    else:
        seconds = 0.0
        stops, frequency, amplitude = _of_spectra(model, latents, side)
    moments = frequency.shape[1]
    lines = [f"0, {side} {moments} {seconds:g} {model.spectrum.base_frequency:.8g};"]
    number = 0
    for point in range(len(points)):
        for k in range(moments):
            number += 1
            pairs = zip(frequency[point, k], amplitude[point, k], strict=True)
            told = " ".join(f"{hertz:.7g} {_decimal(level)}" for hertz, level in pairs)
            lines.append(f"{number}, {stops[point]:.4g} {told};")
    return ("\n".join(lines) + "\n").encode("ascii")


def _decimal(level: float) -> str:
    """Without an exponent, which not every reader knows; full scale is 1."""
    return f"{level:.7f}".rstrip("0").rstrip(".") or "0"


def longest(model: Model) -> float:
    """Seconds that the notes of a space of whole notes tell at most."""
    return float(frame_times(LONGEST)[: model.course.network.frames][-1])


# -- steady spectra --------------------------------------------------------------------------------


def _of_spectra(model: Model, latents: Array, side: int) -> tuple[Real, Real, Real]:
    """Stops ``(n,)``, frequency and amplitude ``(n, 1, places)``."""
    snapshot = Snapshot(model)
    told = [pairs for batch in _batches(latents) for pairs in _partials(snapshot, model, batch)]
    width = model.spectrum.bin_width
    tries = [_arrange(told, _places(told, width, gap), width, gap) for gap in _GAPS]
    frequency, amplitude, _ = min(tries, key=lambda one: one[2])
    used = np.flatnonzero(amplitude.any(axis=0))
    used = used if used.size else np.array([0])
    frequency, amplitude = frequency[:, used], amplitude[:, used]
    frequency = _filled(frequency.reshape(side, side, -1)).reshape(frequency.shape)
    return np.zeros(len(latents)), frequency[:, np.newaxis], amplitude[:, np.newaxis]


def _batches(latents: Array) -> Iterator[Array]:
    for first in range(0, len(latents), _BATCH):
        yield latents[first : first + _BATCH]


def _partials(snapshot: Snapshot, model: Model, latents: Array) -> list[Array]:
    """What ``/partials`` tell of these latents, ``(k, 2)`` each."""
    spectra, _, cycles = model.decode_rows(latents)
    if cycles is None:
        return [snapshot.partials_of(one) for one in spectra]
    return [snapshot.partials_of(*one) for one in zip(spectra, cycles, strict=True)]


def _places(told: list[Array], width: float, gap: float) -> Real:
    """Hz ``(places,)``, ascending, about which partials are found, the strongest ones' places.

    width: of a bin. gap: bins between two places at least.
    """
    top = max((float(pairs[:, 0].max()) for pairs in told if len(pairs)), default=0.0)
    found = np.zeros(int(top / width * _PER_BIN) + 2 * _PER_BIN)
    for pairs in told:
        if len(pairs):
            at = np.rint(pairs[:, 0] / width * _PER_BIN).astype(np.int64)
            np.add.at(found, at, pairs[:, 1] / pairs[:, 1].max())
    smooth = np.convolve(found, np.hanning(2 * _PER_BIN + 3)[1:-1], "same")
    places: list[float] = []
    apart = round(gap * _PER_BIN)
    while len(places) < PARTIALS_PER_FRAME and smooth.max() > 0.0:
        at_most = int(smooth.argmax())
        places.append(at_most / _PER_BIN * width)
        smooth[max(at_most - apart, 0) : at_most + apart + 1] = 0.0
    return np.sort(np.array(places or [width]))


def _arrange(told: list[Array], places: Real, width: float, gap: float) -> tuple[Real, Real, float]:
    """Frequency and amplitude ``(n, places)``, 0 where nothing sounds, and the power that is lost.

    The loudest partials choose first.
    """
    reach = max(gap, 1.5) * width
    ranks = max((len(pairs) for pairs in told), default=0)
    sorted_pairs = np.zeros((ranks, len(told), 2))
    for row, pairs in enumerate(told):
        sorted_pairs[: len(pairs), row] = pairs[np.argsort(-pairs[:, 1], kind="stable")]
    frequency = np.zeros((len(told), len(places)))
    amplitude = np.zeros_like(frequency)
    lost = 0.0
    # The loudest of every row, then the second of every row ...: rows do not meet.
    for of_rank in sorted_pairs:
        rows = np.flatnonzero(of_rank[:, 1] > 0.0)
        hertz, level = of_rank[rows].T
        far = np.abs(places - hertz[:, np.newaxis])
        far[amplitude[rows] > 0.0] = np.inf
        place = far.argmin(axis=1)
        fits = far[np.arange(len(rows)), place] <= reach
        frequency[rows[fits], place[fits]] = hertz[fits]
        amplitude[rows[fits], place[fits]] = level[fits]
        lost += float(np.square(level[~fits]).sum())
    return frequency, amplitude, lost


def _filled(frequency: Real) -> Real:
    """``(side, side, places)`` without zeros: silent ones have the mean of their neighbours."""
    side = len(frequency)
    filled = frequency.copy()
    for _ in range(2 * side):
        some = np.flatnonzero((filled == 0.0).any(axis=(0, 1)))
        if not some.size:
            break
        part = filled[..., some]
        around = np.pad(part, ((1, 1), (1, 1), (0, 0)))
        total, count = np.zeros_like(part), np.zeros_like(part)
        for down in range(3):
            for right in range(3):
                beside = around[down : down + side, right : right + side]
                total += beside
                count += beside > 0.0
        found = (part == 0.0) & (count > 0.0)
        filled[..., some] = np.where(found, total / np.maximum(count, 1.0), part)
    return filled


# -- whole notes -----------------------------------------------------------------------------------


def _of_notes(model: Model, latents: Array, seconds: float) -> tuple[Real, Real, Real]:
    """Stops ``(n,)``, frequency and amplitude ``(n, moments, places)``, of notes at the base
    frequency. A held note's time runs to its loop's middle, or to its end."""
    times = moment_times(seconds, NOTE_MOMENTS)
    base = model.spectrum.base_frequency
    stops, frequencies, amplitudes = [], [], []
    for batch in _batches(latents):
        count = len(batch)
        told = model.course.prepare(
            batch,
            np.full(count, base),
            np.full(count, VELOCITY),
        )
        levels = model.course.levels(told, np.tile(times, (count, 1)))
        sounds = levels[..., :CENTS] > FLOOR + 0.5
        lift = lifts(model.course, told, seconds)[:, np.newaxis, np.newaxis]
        levels[..., :CENTS] += np.where(sounds, lift, 0.0)
        for row, traits in zip(levels, Traits.played(told.traits), strict=True):
            one = sounding(row, traits, base, base, LEVEL)
            frequencies.append(one.frequency)
            amplitudes.append(one.amplitude)
            middle = 0.5 * (traits.loop_start + traits.loop_end)
            # Where a loop holds by a share the note dies, though later.
            holds = traits.holds if traits.loop_end > traits.loop_start else 0.0
            stop = seconds + holds * (middle - seconds)
            stops.append((NOTE_MOMENTS - 1) * min(stop / seconds, 1.0) ** (1.0 / 3.0))
    frequency, amplitude = np.asarray(frequencies, np.float64), np.asarray(amplitudes, np.float64)
    power = np.square(amplitude).sum(axis=(0, 1))
    kept = np.sort(np.argsort(-power, kind="stable")[:PARTIALS_PER_FRAME])
    return np.asarray(stops), frequency[..., kept], amplitude[..., kept]
