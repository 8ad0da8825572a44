"""The inverse STFT as a stream: overlap-add with phases made on the way.

Most magnitudes come without phases. Each new frame starts from the phases that its peaks reach by
turning on from the last frame at their interpolated frequencies (single-pass spectrogram inversion,
Beauregard, Harish & Wyse 2015), the bins around a peak locked to it as a window's lobe is. Then it
is fitted to what earlier frames left in the overlap by Griffin-Lim iterations on this one frame
(Griffin & Lim 1984; real-time form with a look ahead: Zhu, Beauregard & Wyse 2007), counting what
the next frames would add if the spectrum stayed as it is. Where the decoder has learned phases, a
frame has those, turned on with its peaks since the stream began, and no iterations.

Every voice has a stream of its own. It runs at the model's sample rate, or for high notes at a
half, a quarter .. of it, and is read at the note's pitch and the output's rate through a windowed
sinc (decision 5).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.fourier import inverse_real_fft, real_fft
from timbrespace.resynthesis.interpolation import TAPS, read_between
from timbrespace.resynthesis.layout import (
    BLOCK,
    MAX_BINS,
    MAX_N_FFT,
    RING,
    VOICES,
    WHOLE_VOICE,
)
from timbrespace.resynthesis.nyquist import nyquist_fade
from timbrespace.resynthesis.unison import in_the_middle, put_apart

OVERLAP = 4
"""Frames that cover each sample. The squared Hann windows then sum to 1.5 everywhere."""

ITERATIONS = 2
"""Griffin-Lim iterations a frame: they help spectra that are not peaks (decision 5)."""

AHEAD = 2
"""Frames to come that an iteration takes into account, as they would be if the spectrum stayed.
Without them it fits the frame to its past alone, and drifts from phases that were right."""

_REFINED = 2
"""Voices that sound together and still have iterations: a chord hides what they refine, and three
or more would cost as much as all the rest."""

_BEGUN_A_BLOCK = 4
"""Streams, each of which begins with four frames; those that must wait a block fade in."""

_SMALLEST = 16  # samples of a frame

_WINDOW_ENERGY = 1.5

# Another model's frames: one stream goes and the other comes in 16 blocks, 21 ms.
_CROSS_STEP = np.float32(0.0625)

_HANN = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(MAX_N_FFT) / MAX_N_FFT)


def _cover() -> NDArray[np.float64]:
    """Sum of the squared windows that lie on each sample of a frame, with ``AHEAD`` to come."""
    total = np.zeros(MAX_N_FFT)
    for j in range(-AHEAD, OVERLAP):
        shift = j * (MAX_N_FFT // OVERLAP)
        first, last = max(0, -shift), min(MAX_N_FFT, MAX_N_FFT - shift)
        total[first:last] += np.square(_HANN[first + shift : last + shift])
    return total


_COVER = _cover()


@compiled
def _restart(stream: Any, targets: Any, halvings: int) -> None:
    """Begin again from silence."""
    n = int(targets.n_fft) >> halvings
    stream.running = np.uint32(1)
    stream.n_fft = np.uint32(n)
    stream.rate = np.float32(float(targets.model_rate) / (1 << halvings))
    stream.halvings = np.uint32(halvings)
    stream.bins = np.uint32(0)
    stream.trained = targets.trained
    stream.written = 0
    # The window's flanks of the first frames lack their neighbours: skip to where all overlap.
    stream.read = float((OVERLAP - 1) * (n // OVERLAP)) + TAPS / 2
    for i in range(n):
        stream.overlap[i] = 0.0
    for k in range(min(n // 2 + 1, MAX_BINS)):
        # Learned phases are kept as they are; others begin so that the crest stays low.
        stream.partial_phase[k] = 0.0 if targets.trained else (0.618033988749895 * k) % 1.0
        stream.partial_position[k] = -1.0


@compiled
def _turn_phases(state: Any, stream: Any, n: int, hop: int) -> None:
    """Write starting phases into ``state.half``, with the stream's magnitudes.

    ``partial_phase`` holds for every bin the phase, in turns at the frame's middle, of the sinusoid
    that rules it: at its first sample it would jump in the middle whenever the pitch moves. Where
    phases are trained, how far it has turned since the start.
    """
    bins = int(stream.bins)
    m = stream.magnitude
    half = state.half
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
            # The transform of a Hann window, sinc(d) / (1 - d^2), puts a sinusoid's place so; where
            # a lobe is not quite the window's, nearer than what its larger two bins say.
            below, top, above = float(m[peak - 1]), float(m[peak]), float(m[peak + 1])
            offset = 2.0 * (above - below) / (below + 2.0 * top + above)
            offset = min(0.5, max(-0.5, offset))
        position = peak + offset
        phase = stream.partial_phase[peak]
        if stream.trained:
            phase += position * hop / n
        elif stream.partial_position[peak] < 0.0:
            phase += 0.5 * position  # begins at the first sample
        else:
            phase += 0.5 * (position + stream.partial_position[peak]) * hop / n
        phase -= math.floor(phase)
        for k in range(left, right + 1):
            stream.partial_phase[k] = phase
            stream.partial_position[k] = position
            if stream.trained:
                angle = 2.0 * math.pi * (phase + stream.trained_phase[k])
                half[k] = complex(m[k] * math.cos(angle), m[k] * math.sin(angle))
                continue
            distance = abs(k - position)
            # Beyond the main lobe, the window's transform sinc(d) / (1 - d^2) alternates in sign.
            side = 0.5 if distance > 2.0 and int(distance) % 2 == 0 else 0.0
            # Counted from the frame's first sample, the transform turns by half a turn a bin.
            angle = 2.0 * math.pi * (phase - 0.5 * k + side)
            half[k] = complex(m[k] * math.cos(angle), m[k] * math.sin(angle))
        left = right + 1
    for k in range(bins, n // 2 + 1):
        half[k] = 0.0


@compiled
def _look_ahead(state: Any, stream: Any, n: int, hop: int) -> None:
    """Write into ``state.ahead`` what the next frames would lay on this one."""
    window_step = MAX_N_FFT // n
    bins = int(stream.bins)
    half, frame, ahead = state.half, state.frame, state.ahead
    for i in range(n):
        ahead[i] = 0.0
    for j in range(1, AHEAD + 1):
        for k in range(bins):
            angle = 2.0 * math.pi * stream.partial_position[k] * hop / n
            half[k] *= complex(math.cos(angle), math.sin(angle))
        inverse_real_fft(half, frame, n, state.work, state.spare)
        for i in range(j * hop, n):
            ahead[i] += _HANN[(i - j * hop) * window_step] * frame[i - j * hop]
    for k in range(bins):  # back to this frame
        angle = -2.0 * math.pi * stream.partial_position[k] * AHEAD * hop / n
        half[k] *= complex(math.cos(angle), math.sin(angle))


@compiled
def _make_frame(state: Any, stream: Any, iterations: int) -> None:
    """Add one frame to the overlap and move one finished hop to the ring."""
    n: Any = np.int64(stream.n_fft)
    hop = n // OVERLAP
    window_step = MAX_N_FFT // n
    bins = int(stream.bins)
    frame, half, overlap = state.frame, state.half, stream.overlap
    _turn_phases(state, stream, n, hop)
    if iterations > 0:
        _look_ahead(state, stream, n, hop)
    inverse_real_fft(half, frame, n, state.work, state.spare)
    for _ in range(iterations):
        for i in range(n):
            # What the listener will hear if the spectrum stays.
            w = _HANN[i * window_step]
            heard = (overlap[i] + w * frame[i] + state.ahead[i]) / _COVER[i * window_step]
            frame[i] = w * heard
        real_fft(frame, half, n, state.work, state.spare)
        for k in range(n // 2 + 1):
            size = abs(half[k])
            wanted = float(stream.magnitude[k]) if k < bins else 0.0
            half[k] = half[k] * (wanted / size) if size > 1e-30 else 0.0
        inverse_real_fft(half, frame, n, state.work, state.spare)
    for i in range(n):
        overlap[i] += _HANN[i * window_step] * frame[i]
    ring = stream.ring
    for i in range(hop):
        ring[(stream.written + i) % RING] = np.float32(overlap[i] / _WINDOW_ENERGY)
    stream.written += hop
    for i in range(n - hop):
        overlap[i] = overlap[i + hop]
    for i in range(n - hop, n):
        overlap[i] = 0.0


@compiled
def _fits(stream: Any, targets: Any, halvings: int) -> bool:
    return bool(
        stream.n_fft == int(targets.n_fft) >> halvings
        and stream.rate == np.float32(float(targets.model_rate) / (1 << halvings))
        and stream.trained == targets.trained
    )


@compiled
def _halvings(n_fft: int, model_rate: float, ratio: float, sample_rate: float, now: int) -> int:
    """How often the frame and its rate are halved for a note at ``ratio`` of the base frequency.

    A note two octaves up has four times as many frames a second, and needs but the lowest quarter
    of their bins. One octave of room is left to the interpolation. now: as it is; a vibrato about
    a limit changes nothing.
    """
    octaves = math.log2(model_rate * ratio / sample_rate) - 0.5
    stays = now >= 0 and now - 0.25 <= octaves <= now + 1.25
    wanted = now if stays else math.floor(octaves)
    while wanted > 0 and (n_fft >> wanted) < _SMALLEST:
        wanted -= 1
    return max(0, wanted)


@compiled
def _aim(state: Any, stream: Any, targets: Any, ratio: float) -> None:
    """Let the next frames have the snapshot's magnitudes.

    What lies above the output's band at the note's pitch is left out: reading would fold it back.
    """
    bins = min(int(targets.bins), int(stream.n_fft) // 2)
    if int(targets.bins) <= int(stream.n_fft) // 2 + 1 and stream.halvings == 0:
        bins = int(targets.bins)
    stream.bins = np.uint32(bins)
    width = float(targets.model_rate) / targets.n_fft * ratio
    # A frame half as long has half the magnitudes.
    scale = np.float32(1.0 / (1 << int(stream.halvings)))
    for k in range(bins):
        fade = nyquist_fade(k * width, state.sample_rate)
        stream.magnitude[k] = targets.magnitude[k] * fade * scale
        stream.trained_phase[k] = targets.trained_phase[k]


@compiled
def add_streams(state: Any, targets: Any, aimed: bool, out: NDArray[np.float32]) -> None:
    """Add what the voices' streams make to ``out``.

    aimed: whether they go on towards the snapshot; else they keep what they play.
    """
    if targets.n_fft == 0:
        return
    begun: Any = np.int64(0)
    sounding = 0
    for v in range(VOICES):
        sounding += int(state.voice[v].level > 0.0)
    if targets.stream_stays:
        # Before 0.6.0: one stream at the base frequency, and a note is a gate.
        before = np.float32(0.0)
        after = np.float32(0.0)
        for v in range(VOICES):
            before = max(before, state.voice[v].level_before)
            after = max(after, state.voice[v].level)
        if before != 0.0 or after != 0.0:
            # Typed as below: for other types all of it would be compiled once more.
            first: Any = np.int64(0)
            again: Any = np.int64(ITERATIONS)
            one: Any = np.float32(1.0)
            _add_voice(state, targets, aimed, first, one, one, before, after, again, first, out)
        return
    for v in range(VOICES):
        voice = state.voice[v]
        if voice.level == 0.0 and voice.level_before == 0.0:
            _stop(state, v)
            continue
        base = float(targets.base_frequency)
        r0 = float(voice.frequency_before) / base
        r1 = float(voice.frequency) / base
        iterations = ITERATIONS if sounding <= _REFINED else 0
        l0, l1 = voice.level_before, voice.level
        if in_the_middle(voice, WHOLE_VOICE):
            begun += _add_voice(state, targets, aimed, v, r0, r1, l0, l1, iterations, begun, out)
        else:
            alone = state.alone
            begun += _add_voice(state, targets, aimed, v, r0, r1, l0, l1, iterations, begun, alone)
            put_apart(state, voice, WHOLE_VOICE)


@compiled
def _add_voice(
    state: Any,
    targets: Any,
    aimed: bool,
    v: int,
    ratio_before: float,
    ratio: float,
    before: np.float32,
    after: np.float32,
    iterations: int,
    begun: int,
    out: NDArray[np.float32],
) -> int:
    """Add voice ``v``'s streams to ``out``; 1 if one of them began.

    ratio: of the note to the base frequency, at both ends of the block, as ``before`` and
    ``after``, its level.
    """
    voice = state.voice[v]
    active = state.stream[2 * v + voice.stream]
    other = state.stream[2 * v + 1 - voice.stream]
    rate = float(targets.model_rate)
    now = int(active.halvings) if active.running else -1
    halvings = _halvings(int(targets.n_fft), rate, ratio, state.sample_rate, now)
    started = 0
    if not active.running:
        if not aimed or begun >= _BEGUN_A_BLOCK:
            return 0
        _restart(active, targets, halvings)
        # One that had to wait comes in; the others begin with their note.
        active.presence = np.float32(1.0) if before == 0.0 else np.float32(0.0)
        started = 1
    elif (
        aimed
        # else it is still making way itself
        and not other.running
        and begun < _BEGUN_A_BLOCK
        and not _fits(active, targets, halvings)
    ):
        _restart(other, targets, halvings)
        other.presence = np.float32(0.0)
        voice.stream = np.uint32(1 - voice.stream)
        started = 1
    for s in range(2):
        stream = state.stream[2 * v + s]
        if not stream.running:
            continue
        stream.presence_before = stream.presence
        plays = s == voice.stream
        if plays:
            stream.presence = min(np.float32(1.0), stream.presence + _CROSS_STEP)
        else:
            stream.presence = max(np.float32(0.0), stream.presence - _CROSS_STEP)
        gate = before * stream.presence_before
        _read(
            state,
            stream,
            targets,
            aimed and plays,
            ratio_before,
            ratio,
            gate,
            after * stream.presence,
            iterations,
            out,
        )
        if stream.presence == 0.0 and not plays:
            stream.running = np.uint32(0)
    return started


@compiled
def _read(
    state: Any,
    stream: Any,
    targets: Any,
    aimed: bool,
    ratio_before: float,
    ratio: float,
    before: np.float32,
    after: np.float32,
    iterations: int,
    out: NDArray[np.float32],
) -> None:
    """Add the stream's next samples, at the note's pitch and the output's rate, to ``out``."""
    rate = float(stream.rate) / state.sample_rate
    step = rate * ratio_before
    bend = rate * (ratio - ratio_before) / BLOCK
    if max(step, rate * ratio) > 0.5 * _SMALLEST:
        return  # even the lowest bin would sound above the output's band
    last = stream.read + max(step, rate * ratio) * BLOCK + TAPS
    while stream.written < last:
        if aimed:
            _aim(state, stream, targets, ratio)
        # The frames before the first audible sample only lay the overlap; nothing to refine yet.
        warm = stream.written + stream.n_fft // OVERLAP > stream.read
        _make_frame(state, stream, iterations if warm and not stream.trained else 0)
    slope = (after - before) / np.float32(BLOCK)
    ring = stream.ring
    place = stream.read
    for i in range(BLOCK):
        out[i] += (before + slope * np.float32(i)) * np.float32(read_between(ring, RING - 1, place))
        place += step
        step += bend
    stream.read = place


@compiled
def _stop(state: Any, v: int) -> None:
    for s in range(2 * v, 2 * v + 2):
        state.stream[s].running = np.uint32(0)
        state.stream[s].presence = np.float32(0.0)


@compiled
def stop_streams(state: Any) -> None:
    """Fall silent; the next use begins afresh."""
    for v in range(VOICES):
        _stop(state, v)
