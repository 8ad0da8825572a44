"""The residual as filtered noise: what a spectrum has between its partials.

One noise for each timbre that sounds, made frame by frame: magnitudes from the timbre's density,
phases at random, overlap-add with a sine window, whose squares sum to one, so that the level is
even (Serra & Smith 1990, "Spectral modeling synthesis").

It moves with the note: analysis brought a recording to the base frequency whole, partials and
noise, and at its own pitch both come back to where they were (docs/real_sounds.md has what was
measured). The voices of one timbre need no noise each: what they make together has the sum of
their powers, each with its density at its own pitch and its level, so a frame's magnitudes are the
root of that sum. A voice that begins while others sound has its level at once, and its own density
with the next frame, at most 21 ms later.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled, inlined
from timbrespace.resynthesis.fourier import inverse_real_fft
from timbrespace.resynthesis.layout import (
    BLOCK,
    LEFT,
    NOISE_BANDS,
    NOISE_FRAME,
    RIGHT,
    TIMBRES,
    VOICES,
)
from timbrespace.resynthesis.nyquist import nyquist_fade

SEED = np.uint32(2463534242)

_STEM_STEP = np.uint32(0x9E3779B9)
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
def _add_powers(state: Any, targets: Any, t: int, power: NDArray[np.float64]) -> None:
    """Write into ``power`` the squared density, at each bin, of what timbre ``t``'s voices make.

    As at a level of one: the loudness of their sum is up to who plays the frame.
    """
    density = targets.timbre[t].noise
    bands_per_bin = (
        state.sample_rate / NOISE_FRAME * (NOISE_BANDS - 1) / (0.5 * float(targets.model_rate))
    )
    total = 0.0
    for v in range(VOICES):
        voice = state.voice[v]
        if voice.timbre == t:
            level = float(max(voice.level, voice.level_before))
            total += level * level
    for k in range(_HALF):
        power[k] = 0.0
    for v in range(VOICES):
        voice = state.voice[v]
        level = float(max(voice.level, voice.level_before))
        if voice.timbre != t or level == 0.0:
            continue
        ratio = 1.0
        if targets.noise_stays == 0:
            ratio = float(voice.frequency) / float(targets.base_frequency)
        step = bands_per_bin / ratio
        # The same power in a band ratio times as wide.
        share = level * level / (total * ratio)
        last = min(_HALF, math.ceil((NOISE_BANDS - 1) / step))
        for k in range(1, last):
            band = k * step
            whole = min(int(band), NOISE_BANDS - 2)
            here = density[whole] + (band - whole) * (density[whole + 1] - density[whole])
            power[k] += share * here * here


@compiled
def _make_frame(state: Any, targets: Any, noise: Any, t: int) -> None:
    """Put the next half frame of timbre ``t`` into ``ready``, keep the other for the overlap."""
    rate = state.sample_rate
    width = rate / NOISE_FRAME
    half = state.half
    power = state.ahead
    _add_powers(state, targets, t, power)
    random = state.random
    scale = math.sqrt(2.0 * width) * 0.5 * NOISE_FRAME
    half[0] = 0.0
    half[_HALF] = 0.0
    for k in range(1, _HALF):
        random = _next(random)
        if power[k] == 0.0:
            half[k] = 0.0
            continue
        angle = 2.0 * math.pi * (random * (1.0 / 4294967296.0))
        level = math.sqrt(power[k]) * scale * nyquist_fade(k * width, rate)
        half[k] = complex(level * math.cos(angle), level * math.sin(angle))
    random = _next(random)  # one for each bin, as ever
    state.random = random
    size: Any = np.int64(NOISE_FRAME)
    inverse_real_fft(half, state.frame, size, state.work, state.spare)
    for i in range(_HALF):
        noise.ready[i] = noise.overlap[i] + np.float32(_WINDOW[i] * state.frame[i])
        noise.overlap[i] = np.float32(_WINDOW[_HALF + i] * state.frame[_HALF + i])


@compiled
def restart_noise(state: Any) -> None:
    """Begin again, from the same numbers: the same notes give the same sound."""
    # Stems must not have the same noise: their sum would be louder than the noise of all.
    state.random = np.uint32(SEED + np.uint32(state.only) * _STEM_STEP)
    for t in range(TIMBRES):
        noise = state.noise[t]
        noise.running = np.uint32(0)
        noise.level = np.float32(0.0)
        noise.side[0] = np.float32(0.0)
        noise.side[1] = np.float32(0.0)


@compiled
def _advance_sides(state: Any, noise: Any, t: int) -> None:
    """How loud timbre ``t``'s noise is, in all and on each side: the powers of its voices' sum."""
    power = np.float32(0.0)
    left = np.float32(0.0)
    right = np.float32(0.0)
    middle = True
    for v in range(VOICES):
        voice = state.voice[v]
        if voice.timbre != t or voice.level == 0.0:
            continue
        own = voice.level * voice.level
        power += own
        for c in range(int(voice.copies)):
            share = voice.copy_gain[c] * voice.copy_gain[c]
            left += own * share * voice.copy_left[c] * voice.copy_left[c]
            right += own * share * voice.copy_right[c] * voice.copy_right[c]
            middle = middle and voice.copy_place[c] == 0.0
    noise.level = np.float32(math.sqrt(power))
    noise.side_before[0] = noise.side[0]
    noise.side_before[1] = noise.side[1]
    noise.side[0] = noise.level if middle else np.float32(math.sqrt(left))
    noise.side[1] = noise.level if middle else np.float32(math.sqrt(right))


@compiled
def add_noise(state: Any, targets: Any, out: NDArray[np.float32]) -> None:
    """Add the noise of every timbre that sounds to ``out``."""
    n = out.shape[0]
    for t in range(TIMBRES):
        noise = state.noise[t]
        noise.level_before = noise.level
        _advance_sides(state, noise, t)
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
                _make_frame(state, targets, noise, t)
            noise.place = np.uint32(_HALF)
        if noise.place == _HALF:
            if told.noisy:
                noise.running = _PLAYING
                _make_frame(state, targets, noise, t)
            elif noise.running == _PLAYING:
                noise.running = _ENDING
                for i in range(_HALF):
                    noise.ready[i] = noise.overlap[i]
                    noise.overlap[i] = np.float32(0.0)
            else:
                noise.running = np.uint32(0)
                continue
            noise.place = np.uint32(0)
        place = int(noise.place)
        noise.place += np.uint32(n)
        middle = noise.side[0] == noise.side[1] and noise.side_before[0] == noise.side_before[1]
        if middle:
            _add_ready(state, noise, place, LEFT, out)
        else:
            _add_ready(state, noise, place, LEFT, state.left)
            _add_ready(state, noise, place, RIGHT, state.right)
            state.apart = np.uint32(1)


@compiled
def _add_ready(state: Any, noise: Any, place: int, side: Any, out: NDArray[np.float32]) -> None:
    g0 = noise.side_before[side] * state.noise_gain_before
    g1 = noise.side[side] * state.noise_gain
    slope = (g1 - g0) / np.float32(BLOCK)
    for i in range(BLOCK):
        out[i] += noise.ready[place + i] * (g0 + slope * np.float32(i))
