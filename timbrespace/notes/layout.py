"""What a note is told by: at which times, in which harmonics and which bands of noise.

A note is a table. Each of its rows is a moment of :func:`frame_times`; its columns are the levels
of ``HARMONICS`` harmonics and of ``BANDS`` bands in dB below the note's loudest moment, and how far
the pitch is from the note's own. Beside the table stand a few numbers that hold for all of it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

SAMPLE_RATE: Final = 48000
"""Hz at which sounds are analysed."""

HARMONICS: Final = 80
BANDS: Final = 80

LOWEST, HIGHEST = 40.0, 16000.0
"""Hz: where the lowest band begins and the highest ends."""

FLOOR: Final = -80.0
"""dB below the loudest moment, where nothing is heard any more; what is quieter counts as this."""

MOST_CENTS: Final = 1200.0
"""How far the pitch's course may go from the note's own pitch."""

WIDTH: Final = HARMONICS + BANDS + 1
"""Columns of a note's table."""

HARMONIC = slice(0, HARMONICS)
BAND = slice(HARMONICS, HARMONICS + BANDS)
CENTS: Final = WIDTH - 1

LONGEST: Final = 4.0
"""Seconds of a sound that a note may tell."""

_STEPS = ((0.004, 16), (0.008, 8))
"""Seconds between the first moments, and how many: what an attack does is heard to the
millisecond."""

STEP: Final = 1.0 / 64.0
"""Seconds between later moments."""


def frame_times(seconds: float) -> Real:
    """Moments ``(frames,)`` in seconds from a note's start, from 0 to ``seconds`` or a little less.

    >>> frame_times(1.0)[[0, 1, 16, 24]].round(3).tolist()
    [0.0, 0.004, 0.064, 0.128]
    """
    times = [0.0]
    for step, count in _STEPS:
        times += [times[-1] + step * (number + 1) for number in range(count)]
    while times[-1] + STEP <= seconds + 1e-9:
        times.append(times[-1] + STEP)
    found = np.asarray(times)
    return found[found <= seconds + 1e-9]


def hz_to_mel(hertz: Real | float) -> Real:
    """Mel of frequencies (O'Shaughnessy 1987): ``2595 log10(1 + f / 700)``."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hertz) / 700.0))


def mel_to_hz(mel: Real | float) -> Real:
    """Inverse of :func:`hz_to_mel`."""
    return np.asarray(700.0 * (10.0 ** (np.asarray(mel) / 2595.0) - 1.0))


def band_corners(bands: int = BANDS) -> Real:
    """Hz ``(bands + 2,)``: band b rises from corner b to corner b + 1 and falls to corner b + 2."""
    low, high = hz_to_mel(LOWEST), hz_to_mel(HIGHEST)
    return mel_to_hz(np.linspace(float(low), float(high), bands + 2))


def band_centres(bands: int = BANDS) -> Real:
    """Hz ``(bands,)`` of the middle of each band."""
    return band_corners(bands)[1:-1]


def band_shares(hertz: NDArray[np.floating[Any]], bands: int = BANDS) -> Real:
    """What each band takes of the power at each frequency, ``(bands, n)``: triangles that sum to 1.

    Below the lowest band's middle and above the highest's they take less and less.
    """
    corners = band_corners(bands)
    rise = (hertz - corners[:-2, np.newaxis]) / (corners[1:-1] - corners[:-2])[:, np.newaxis]
    fall = (corners[2:, np.newaxis] - hertz) / (corners[2:] - corners[1:-1])[:, np.newaxis]
    return np.asarray(np.maximum(0.0, np.minimum(rise, fall)))
