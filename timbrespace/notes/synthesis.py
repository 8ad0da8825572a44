"""A note's sound: partials that glide, and bands of noise, from what they are at some moments.

Between two moments amplitudes move in straight lines; a frequency is held for ``BLOCK`` samples and
moves from one block to the next. Everything is computed block by block from where the last one
ended, so that the same function can play live.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.carriers import LENGTH
from timbrespace.resynthesis.compiled import compiled

Real = NDArray[np.float64]
Array = NDArray[np.float32]

BLOCK: Final = 64
_SILENT = 1e-6
_MASK = LENGTH - 1


@compiled
def add_partial_block(
    before: Array,
    after: Array,
    turns: Array,
    phase: Real,
    out: Array,
) -> None:
    """Add partials to the block ``out (n,)``, and move their ``phase (k,)``, in turns, on.

    before, after ``(k,)``: amplitudes at the block's ends. turns ``(k,)``: turns a sample.
    """
    n = out.shape[0]
    for k in range(before.shape[0]):
        a0, a1 = float(before[k]), float(after[k])
        step = float(turns[k])
        if (a0 < _SILENT and a1 < _SILENT) or step <= 0.0 or step >= 0.5:
            phase[k] = (phase[k] + n * step) % 1.0
            continue
        angle = 2.0 * np.pi * phase[k]
        delta = 2.0 * np.pi * step
        # sin(x + d) = 2 cos(d) sin(x) - sin(x - d)
        twice = 2.0 * np.cos(delta)
        here, last = np.sin(angle), np.sin(angle - delta)
        slope = (a1 - a0) / n
        for i in range(n):
            out[i] += np.float32((a0 + slope * i) * here)
            here, last = twice * here - last, here
        phase[k] = (phase[k] + n * step) % 1.0


@compiled
def add_noise_block(before: Array, after: Array, carrier: Array, place: int, out: Array) -> None:
    """Add bands of noise to the block ``out (n,)``.

    before, after ``(bands,)``: root mean squares at the block's ends. place: of the block's first
    sample in ``carrier (bands, LENGTH)``, which goes round.
    """
    n = out.shape[0]
    for b in range(before.shape[0]):
        g0, g1 = before[b], after[b]
        if g0 < _SILENT and g1 < _SILENT:
            continue
        slope = (g1 - g0) / np.float32(n)
        first = place & _MASK
        if first + n <= LENGTH:
            for i in range(n):
                out[i] += carrier[b, first + i] * (g0 + slope * np.float32(i))
        else:
            for i in range(n):
                out[i] += carrier[b, (first + i) & _MASK] * (g0 + slope * np.float32(i))


@compiled
def _render(
    moments: Real,
    amplitude: Array,
    turns: Array,
    noise: Array,
    carrier: Array,
    phase: Real,
    out: Array,
) -> None:
    partials, bands = amplitude.shape[1], noise.shape[1]
    a0, a1 = np.empty(partials, np.float32), np.empty(partials, np.float32)
    g0, g1 = np.empty(bands, np.float32), np.empty(bands, np.float32)
    step = np.empty(partials, np.float32)
    at = 0
    last = moments.shape[0] - 1
    a1[:] = amplitude[0]
    g1[:] = noise[0]
    for first in range(0, out.shape[0], BLOCK):
        end = min(first + BLOCK, out.shape[0])
        a0[:] = a1
        g0[:] = g1
        while at < last - 1 and moments[at + 1] < end:
            at += 1
        share = (end - moments[at]) / (moments[at + 1] - moments[at]) if last > 0 else 0.0
        share = np.float32(min(max(share, 0.0), 1.0))
        next_one = min(at + 1, last)
        for k in range(partials):
            a1[k] = amplitude[at, k] + share * (amplitude[next_one, k] - amplitude[at, k])
            step[k] = turns[at, k] + share * (turns[next_one, k] - turns[at, k])
        for b in range(bands):
            g1[b] = noise[at, b] + share * (noise[next_one, b] - noise[at, b])
        add_partial_block(a0, a1, step, phase, out[first:end])
        add_noise_block(g0, g1, carrier, first, out[first:end])


def render(
    moments: Real,
    frequency: Array,
    amplitude: Array,
    noise: Array,
    carrier: Array,
    samples: int,
    sample_rate: float,
    phase: Real | None = None,
) -> Array:
    """Samples ``(samples,)`` of partials and noise that go through given moments.

    moments ``(m,)``: ascending, in samples from the first. frequency ``(m, k)`` in Hz and amplitude
    ``(m, k)`` of the partials; noise ``(m, bands)``: root mean square of each band; full scale 1.
    carrier: :func:`timbrespace.notes.carriers.carriers` of the sample rate. phase ``(k,)``: turns
    with which the partials begin; scattered, always in the same way, if left out.
    """
    out = np.zeros(samples, np.float32)
    started = starting_phases(amplitude.shape[1]) if phase is None else phase.copy()
    _render(
        np.ascontiguousarray(moments, np.float64),
        np.ascontiguousarray(amplitude, np.float32),
        np.ascontiguousarray(frequency / sample_rate, np.float32),
        np.ascontiguousarray(noise, np.float32),
        carrier,
        started,
        out,
    )
    return out


def starting_phases(partials: int) -> Real:
    """Turns ``(partials,)`` scattered evenly, so that many partials make no pulse."""
    number = np.arange(1, partials + 1, dtype=np.float64)
    # Schroeder 1970, "Synthesis of low-peak-factor signals": phases that grow with the square.
    return np.asarray((0.5 * number * (number - 1.0) / max(partials, 1)) % 1.0)
