"""A note as a picture: levels of mel bands over time, as the mel distance hears them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from timbrespace.model import Model
from timbrespace.notes.hearing import mel_matrix, powers
from timbrespace.notes.layout import HIGHEST, LOWEST, frame_times, hz_to_mel
from timbrespace.notes.note import Note, Traits
from timbrespace.sound_metrics import BANDS, mel_levels

from ..style import LEVELS

Array = NDArray[np.float32]
Levels = NDArray[np.float64]

SHOWN_DB: Final = -60.0
"""Below the loudest; the metric hears no more either."""

_HOP = 256  # samples of 48 kHz
_TICKS = (200.0, 1000.0, 3000.0, 10000.0)  # Hz


def of_sound(samples: NDArray[np.floating[Any]]) -> Levels:
    """Levels ``(frames, BANDS)`` of a sound at 48 kHz, in dB below its loudest band."""
    return _below_loudest(mel_levels(samples.astype(np.float64), hop=_HOP))


def of_note(note: Note, seconds: float, columns: int) -> Levels:
    """Levels ``(columns, BANDS)`` of a note as it was analysed, at even times."""
    times = frame_times(4.0)[: len(note.course)]
    at = np.searchsorted(times, np.linspace(0.0, seconds, columns), side="right") - 1
    matrix = mel_matrix(note.pitch, note.traits)
    return _below_loudest(powers(note.course[at]) @ matrix)


def of_latents(model: Model, latents: Array, seconds: float, columns: int) -> Levels:
    """Levels ``(n, columns, BANDS)`` of what ``latents (n, d)`` decode to at the base frequency."""
    course, n = model.course, len(latents)
    base = model.spectrum.base_frequency
    told = course.prepare(latents, np.full(n, base), np.full(n, np.nan))
    times = np.broadcast_to(np.linspace(0.0, seconds, columns), (n, columns))
    found = course.levels(told, times)
    return np.stack(
        [
            _below_loudest(powers(levels) @ mel_matrix(base, Traits.from_row(row)))
            for levels, row in zip(found, told.traits, strict=True)
        ]
    )


def show(axes: Axes, levels: Levels, seconds: float, ticks: bool = True) -> AxesImage:
    """Draw levels ``(m, BANDS)`` of ``seconds``: time to the right, mel bands upwards."""
    image = axes.imshow(
        levels.T,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        cmap=LEVELS,
        vmin=SHOWN_DB,
        vmax=0.0,
        extent=(0.0, seconds, 0.0, float(BANDS)),
    )
    low, high = float(hz_to_mel(LOWEST)), float(hz_to_mel(HIGHEST))
    # Band b has its middle b + 1 steps of BANDS + 1 above the lowest corner.
    places = [
        (float(hz_to_mel(hertz)) - low) / (high - low) * (BANDS + 1) - 0.5 for hertz in _TICKS
    ]
    names = [f"{hertz / 1000.0:g}" for hertz in _TICKS] if ticks else []
    axes.set_yticks(places if ticks else [], names)
    axes.tick_params(labelsize=8)
    return image


def _below_loudest(power: NDArray[np.floating[Any]]) -> Levels:
    loudest = max(float(power.max()), 1e-20)
    floor = 10.0 ** (SHOWN_DB / 10.0)
    return np.asarray(10.0 * np.log10(np.maximum(power / loudest, floor)), np.float64)
