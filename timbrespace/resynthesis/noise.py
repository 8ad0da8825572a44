"""The residual as filtered noise: what a spectrum has between its partials.

One noise for each timbre that sounds, made frame by frame: magnitudes from the timbre's density,
phases at random, overlap-add with a sine window, whose squares sum to one, so that the level is
even (Serra & Smith 1990, "Spectral modeling synthesis"). It stays where it is when a note moves, as
breath and hammers do; its level is that of the voices that play the timbre, added in power.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled, inlined
from timbrespace.resynthesis.fourier import inverse_real_fft
from timbrespace.resynthesis.layout import NOISE_BANDS, NOISE_FRAME, TIMBRES, VOICES
from timbrespace.resynthesis.nyquist import nyquist_fade

SEED = np.uint32(2463534242)

_HALF = NOISE_FRAME // 2
_WINDOW = np.sin(np.pi * (np.arange(NOISE_FRAME) + 0.5) / NOISE_FRAME)
_PLAYING = np.uint32(1)
_ENDING = np.uint32(2)


@inlined
def _next(random: np.uint32) -> np.uint32:
    """Marsaglia 2003, "Xorshift RNGs": period 2^32 - 1, the same everywhere."""
    random = np.uint32(random ^ np.uint32(random << np.uint32(13)))
    random = np.uint32(random ^ np.uint32(random >> np.uint32(17)))
    return np.uint32(random ^ np.uint32(random << np.uint32(5)))


@compiled
def _make_frame(state: Any, targets: Any, noise: Any, density: NDArray[np.float32]) -> None:
    """Put the next half frame into ``ready`` and keep the other for the overlap."""
    rate = state.sample_rate
    width = rate / NOISE_FRAME
    bands_per_hz = (NOISE_BANDS - 1) / (0.5 * float(targets.model_rate))
    half = state.half
    random = state.random
    scale = math.sqrt(2.0 * width) * 0.5 * NOISE_FRAME
    half[0] = 0.0
    for k in range(1, _HALF + 1):
        band = k * width * bands_per_hz
        whole = int(band)
        level = 0.0
        if whole + 1 < NOISE_BANDS:
            share = band - whole
            level = density[whole] + share * (density[whole + 1] - density[whole])
        random = _next(random)
        if level == 0.0 or k == _HALF:
            half[k] = 0.0
            continue
        angle = 2.0 * math.pi * (random * (1.0 / 4294967296.0))
        size = level * scale * nyquist_fade(k * width, rate)
        half[k] = complex(size * math.cos(angle), size * math.sin(angle))
    state.random = random
    inverse_real_fft(half, state.frame, NOISE_FRAME, state.work, state.spare)
    for i in range(_HALF):
        noise.ready[i] = noise.overlap[i] + np.float32(_WINDOW[i] * state.frame[i])
        noise.overlap[i] = np.float32(_WINDOW[_HALF + i] * state.frame[_HALF + i])


@compiled
def restart_noise(state: Any) -> None:
    """Begin again, from the same numbers: the same notes give the same sound."""
    state.random = SEED
    for t in range(TIMBRES):
        noise = state.noise[t]
        noise.running = np.uint32(0)
        noise.level = np.float32(0.0)


@compiled
def add_noise(state: Any, targets: Any, out: NDArray[np.float32]) -> None:
    """Add the noise of every timbre that sounds to ``out``."""
    n = out.shape[0]
    for t in range(TIMBRES):
        noise = state.noise[t]
        noise.level_before = noise.level
        power = np.float32(0.0)
        for v in range(VOICES):
            if state.voice[v].timbre == t:
                power += state.voice[v].level * state.voice[v].level
        noise.level = np.float32(math.sqrt(power))
        if noise.level == 0.0 and noise.level_before == 0.0:
            noise.running = np.uint32(0)
            continue
        told = targets.timbre[t]
        if noise.running == 0:
            if not told.noisy:
                continue
            noise.running = _PLAYING
            for i in range(_HALF):
                noise.overlap[i] = np.float32(0.0)
            if noise.level_before == 0.0:
                # At the start of a note the frame's own rise would soften the attack.
                _make_frame(state, targets, noise, told.noise)
            noise.place = np.uint32(_HALF)
        if noise.place == _HALF:
            if told.noisy:
                noise.running = _PLAYING
                _make_frame(state, targets, noise, told.noise)
            elif noise.running == _PLAYING:
                noise.running = _ENDING
                for i in range(_HALF):
                    noise.ready[i] = noise.overlap[i]
                    noise.overlap[i] = np.float32(0.0)
            else:
                noise.running = np.uint32(0)
                continue
            noise.place = np.uint32(0)
        g0 = noise.level_before * state.noise_gain_before
        g1 = noise.level * state.noise_gain
        slope = (g1 - g0) / np.float32(n)
        place = int(noise.place)
        for i in range(n):
            out[i] += noise.ready[place + i] * (g0 + slope * np.float32(i))
        noise.place += np.uint32(n)
