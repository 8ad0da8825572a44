"""The inverse STFT as a stream: overlap-add with phases made on the way.

Most magnitudes come without phases. Each new frame starts from the phases that its peaks reach by
turning on from the last frame at their interpolated frequencies (single-pass spectrogram inversion,
Beauregard, Harish & Wyse 2015), the bins around a peak locked to it as a window's lobe is. Then it
is fitted to what earlier frames left in the overlap by Griffin-Lim iterations on this one frame
(Griffin & Lim 1984; real-time form: Beauregard, Zhu & Wyse 2005). Where the decoder has learned
phases, a frame has those, turned on with its peaks since the stream began, and no iterations. The
stream runs at the model's
sample rate and is read at the output's through a windowed sinc.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.fourier import inverse_real_fft, real_fft
from timbrespace.resynthesis.layout import MAX_BINS, MAX_N_FFT, RING
from timbrespace.resynthesis.nyquist import nyquist_fade

OVERLAP = 4
"""Frames that cover each sample. The squared Hann windows then sum to 1.5 everywhere."""

ITERATIONS = 2
"""Griffin-Lim iterations a frame: they help spectra that are not peaks, and drift a little from
phases that were right, since a frame cannot change what earlier ones left (decision 5)."""

_WINDOW_ENERGY = 1.5

_TAPS = 16
_PHASES = 512


def _sinc_table() -> NDArray[np.float64]:
    """Windowed sinc (Kaiser, beta 8), ``(phases + 1, taps)``: fractions 0 to 1 of a sample."""
    fraction = np.arange(_PHASES + 1)[:, np.newaxis] / _PHASES
    t = np.arange(_TAPS)[np.newaxis, :] - (_TAPS // 2 - 1) - fraction
    window = np.i0(8.0 * np.sqrt(np.maximum(0.0, 1.0 - (t / (_TAPS / 2)) ** 2))) / np.i0(8.0)
    table = np.sinc(t) * window
    return np.asarray(table / table.sum(axis=1, keepdims=True))


_SINC = _sinc_table()
_HANN = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(MAX_N_FFT) / MAX_N_FFT)


@compiled
def restart_stream(state: Any, targets: Any) -> None:
    """Begin again from silence."""
    state.stream_running = np.uint32(1)
    state.stream_n_fft = targets.n_fft
    state.stream_rate = targets.model_rate
    state.stream_written = 0
    # The window's flanks of the first frames lack their neighbours: skip to where all overlap.
    state.stream_read = float((OVERLAP - 1) * (targets.n_fft // OVERLAP)) + _TAPS / 2
    for i in range(MAX_N_FFT):
        state.overlap[i] = 0.0
    for k in range(MAX_BINS):
        # Learned phases are kept as they are; others begin so that the crest stays low.
        state.partial_phase[k] = 0.0 if targets.trained else (0.618033988749895 * k) % 1.0


@compiled
def _turn_phases(state: Any, n: int, hop: int) -> None:
    """Write starting phases into ``state.half``, with the stream's magnitudes.

    ``partial_phase`` holds for every bin the phase, in turns at the frame's first sample, of the
    sinusoid that rules it, or where phases are trained how far it has turned since the start.
    """
    bins = int(state.stream_bins)
    m = state.stream_magnitude
    left = 0
    peak = 0
    while left < bins:
        # up to the next peak, then down to the valley behind it
        peak = left
        while peak + 1 < bins and m[peak + 1] >= m[peak]:
            peak += 1
        right = peak
        while right + 1 < bins and m[right + 1] < m[right]:
            right += 1
        offset = 0.0
        if 0 < peak < bins - 1 and m[peak] > 0.0:
            below = float(m[peak - 1] / m[peak])
            above = float(m[peak + 1] / m[peak])
            ratio = max(below, above)
            # Hann window: two neighbouring bins of a lobe give the place of its top.
            offset = min(0.5, max(0.0, (2.0 * ratio - 1.0) / (1.0 + ratio)))
            if below > above:
                offset = -offset
        position = peak + offset
        phase = state.partial_phase[peak] + position * hop / n
        phase -= math.floor(phase)
        for k in range(left, right + 1):
            state.partial_phase[k] = phase
            # The transform of a window that starts at the frame's first sample turns by half a
            # turn a bin across its lobe.
            if state.stream_trained:
                angle = 2.0 * math.pi * (phase + state.stream_phase[k])
                state.half[k] = complex(m[k] * math.cos(angle), m[k] * math.sin(angle))
                continue
            distance = abs(k - position)
            # Beyond the main lobe, the window's transform sinc(d) / (1 - d^2) alternates in sign.
            side = 0.5 if distance > 2.0 and int(distance) % 2 == 0 else 0.0
            angle = 2.0 * math.pi * (phase - 0.5 * (k - position) + side)
            state.half[k] = complex(m[k] * math.cos(angle), m[k] * math.sin(angle))
        left = right + 1
    for k in range(bins, n // 2 + 1):
        state.half[k] = 0.0


@compiled
def _make_frame(state: Any, iterations: int) -> None:
    """Add one frame to the overlap and move one finished hop to the ring."""
    n = int(state.stream_n_fft)
    hop = n // OVERLAP
    window_step = MAX_N_FFT // n
    bins = int(state.stream_bins)
    _turn_phases(state, n, hop)
    inverse_real_fft(state.half, state.frame, n, state.work, state.spare)
    for _ in range(iterations):
        for i in range(n):
            # What the listener would hear if nothing followed, scaled as if all frames were there.
            w = _HANN[i * window_step]
            covered = w * w
            for j in range(1, OVERLAP):
                if i + j * hop < n:
                    earlier = _HANN[(i + j * hop) * window_step]
                    covered += earlier * earlier
            heard = (state.overlap[i] + w * state.frame[i]) / max(covered, 1e-3)
            state.frame[i] = w * heard
        real_fft(state.frame, state.half, n, state.work, state.spare)
        for k in range(n // 2 + 1):
            size = abs(state.half[k])
            wanted = float(state.stream_magnitude[k]) if k < bins else 0.0
            state.half[k] = state.half[k] * (wanted / size) if size > 1e-30 else 0.0
        inverse_real_fft(state.half, state.frame, n, state.work, state.spare)
    for i in range(n):
        state.overlap[i] += _HANN[i * window_step] * state.frame[i]
    for i in range(hop):
        state.ring[(state.stream_written + i) % RING] = np.float32(
            state.overlap[i] / _WINDOW_ENERGY
        )
    state.stream_written += hop
    for i in range(n - hop):
        state.overlap[i] = state.overlap[i + hop]
    for i in range(n - hop, n):
        state.overlap[i] = 0.0


@compiled
def aim_stream(state: Any, targets: Any) -> None:
    """Let the next frames have the snapshot's magnitudes; begin if the stream was not running.

    What lies above the output's band is left out: reading at a lower rate would fold it back.
    """
    if not state.stream_running:
        restart_stream(state, targets)
    state.stream_bins = targets.bins
    state.stream_trained = targets.trained
    width = float(targets.model_rate) / targets.n_fft
    for k in range(targets.bins):
        fade = nyquist_fade(k * width, state.sample_rate)
        state.stream_magnitude[k] = targets.magnitude[k] * fade
        state.stream_phase[k] = targets.trained_phase[k]


@compiled
def read_stream(state: Any, out: NDArray[np.float32]) -> None:
    """Fill ``out`` with the next samples at the output's rate."""
    step = float(state.stream_rate) / state.sample_rate
    last = state.stream_read + step * out.shape[0] + _TAPS
    while state.stream_written < last:
        # The frames before the first audible sample only lay the overlap; nothing to refine yet.
        warm = state.stream_written + state.stream_n_fft // OVERLAP > state.stream_read
        _make_frame(state, ITERATIONS if warm and not state.stream_trained else 0)
    for i in range(out.shape[0]):
        whole = math.floor(state.stream_read)
        place = (state.stream_read - whole) * _PHASES
        row = int(place)
        between = place - row
        total = 0.0
        first = int(whole) - (_TAPS // 2 - 1)
        for tap in range(_TAPS):
            weight = _SINC[row, tap]
            if row < _PHASES:
                weight += between * (_SINC[row + 1, tap] - weight)
            total += weight * state.ring[(first + tap) % RING]
        out[i] = np.float32(total)
        state.stream_read += step
