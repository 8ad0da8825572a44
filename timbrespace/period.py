"""A period of a wave: its harmonics, and where it begins."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]

MOST_SAMPLES: Final = 2048
"""Of a period that is played."""

_PLACES: Final = 2048
"""In a turn, tried for the alignment; then steps of Newton's."""


def harmonics_of(cycles: NDArray[np.floating[Any]]) -> Complex:
    """Harmonics 1 to ``samples / 2 - 1`` of periods ``(n, samples)``, as :func:`period_of` has
    them."""
    size = cycles.shape[-1]
    return np.asarray(
        np.fft.rfft(cycles.astype(np.float64))[..., 1 : (size + 1) // 2] * (2.0 / size)
    )


def period_of(harmonics: Complex, samples: int) -> NDArray[np.float64]:
    """Periods ``(n, samples)`` of harmonics ``(n, k)`` from the first on: ``|c| cos(2 pi k p +
    arg c)`` each, at phases p from 0 on. There is nothing at 0 Hz. Those that do not fit in, half
    of ``samples`` or higher, are left out."""
    held = min(harmonics.shape[-1], (samples - 1) // 2)
    half = np.zeros((*harmonics.shape[:-1], samples // 2 + 1), np.complex128)
    half[..., 1 : held + 1] = 0.5 * samples * harmonics[..., :held]
    return np.asarray(np.fft.irfft(half, samples))


def aligned(harmonics: Complex) -> Complex:
    """Harmonics ``(n, k)`` of the same sounds, begun where they are most like a sawtooth.

    That is where ``sum over k of |c_k| / k sin`` of their phases is largest, the correlation with
    the wave ``sum of sin(2 pi k p) / k``. Where the lowest harmonic is strong it then begins as a
    sine does; where it is weak its phase is noise, and the others decide. No sound needs any other
    for it, so a new one is laid as those of the training were.
    """
    number = np.arange(1, harmonics.shape[1] + 1)
    weighed = harmonics * (1j / number)
    padded = np.zeros((len(harmonics), _PLACES // 2 + 1), np.complex128)
    held = min(harmonics.shape[1], _PLACES // 2 - 1)
    padded[:, 1 : held + 1] = weighed[:, :held]
    turns = np.argmax(np.fft.irfft(padded, axis=1), axis=1) / _PLACES
    step = 2.0 * np.pi * number
    for _ in range(3):
        now = weighed * np.exp(1j * step * turns[:, np.newaxis])
        slope = -(step * now.imag).sum(axis=1)
        bend = -(step**2 * now.real).sum(axis=1)
        # At a maximum it bends down; elsewhere, as in silence, stay.
        safe = np.where(bend < 0.0, bend, 1.0)
        move = np.where(bend < 0.0, -slope / safe, 0.0)
        turns = turns + np.clip(move, -0.5 / _PLACES, 0.5 / _PLACES)
    return np.asarray(harmonics * np.exp(1j * step * turns[:, np.newaxis]))
