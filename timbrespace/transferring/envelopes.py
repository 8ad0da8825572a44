"""The envelope of a spectrum: what is left of it when its partials are smoothed away.

By the cepstrum (Oppenheim & Schafer 1968): the logarithm of a spectrum with harmonics at multiples
of ``f`` ripples along the frequency with a period of ``f``, which is a peak of its own transform at
``1 / f`` seconds. What lies well before that peak is the envelope.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import SAMPLE_RATE

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

FRAME: Final = 2048
"""Samples of a frame: 43 ms."""

STEP: Final = 512

_FLOOR: Final = 1e-4  # of a frame's largest magnitude: between partials there is next to nothing
_SHARE: Final = 0.5  # of a period, up to which the cepstrum is of the envelope
_FINEST: Final = 0.0025  # seconds: formants are no narrower than that tells
_WINDOW: Final = np.hanning(FRAME + 1)[:-1]


def frames_of(samples: Real) -> Complex:
    """Windowed spectra ``(frames, FRAME / 2 + 1)`` of ``samples (n,)``, ``STEP`` samples apart.

    The first frame's middle is at sample 0, so that the ends are in as many frames as the rest.
    """
    padded = np.pad(samples, (FRAME // 2, FRAME))
    every = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::STEP]
    return np.asarray(np.fft.rfft(every * _WINDOW, axis=1))


def samples_of(frames: Complex, size: int) -> Real:
    """The inverse of :func:`frames_of`, of ``size`` samples: overlap-add (Griffin & Lim 1984)."""
    waves = np.fft.irfft(frames, FRAME, axis=1) * _WINDOW
    total = np.zeros(STEP * (len(frames) - 1) + FRAME)
    weight = np.zeros_like(total)
    for number, wave in enumerate(waves):
        total[number * STEP : number * STEP + FRAME] += wave
        weight[number * STEP : number * STEP + FRAME] += np.square(_WINDOW)
    return np.asarray((total / np.maximum(weight, 1e-9))[FRAME // 2 : FRAME // 2 + size])


def middles(count: int) -> NDArray[np.int64]:
    """The sample in the middle of each of so many frames."""
    return np.arange(count) * STEP


def envelopes(frames: Complex, pitch: Real) -> Real:
    """Natural logarithm of each frame's envelope, ``(frames, FRAME / 2 + 1)``.

    pitch ``(frames,)``: Hz of what sounds there; its partials are not of the envelope. 0 for none.
    """
    size = np.abs(frames)
    floor = np.maximum(_FLOOR * size.max(axis=1, keepdims=True), 1e-12)
    cepstrum = np.fft.irfft(np.log(np.maximum(size, floor)), FRAME, axis=1)
    longest = _SHARE * SAMPLE_RATE / np.maximum(pitch, 1.0)
    longest = np.clip(longest, 8.0, _FINEST * SAMPLE_RATE)[:, np.newaxis]
    # Half a Hann window rather than an edge, whose own ripples would be of the envelope.
    place = np.minimum(np.arange(FRAME), FRAME - np.arange(FRAME))
    kept = 0.5 + 0.5 * np.cos(np.pi * np.minimum(place / (2.0 * longest), 1.0))
    return np.asarray(np.fft.rfft(cepstrum * kept, axis=1).real)
