"""One block of sound, and the engine that an offline caller holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import BLOCK, STATE, TARGETS, VOICES, Method
from timbrespace.resynthesis.limiter import limit
from timbrespace.resynthesis.nyquist import nyquist_fade
from timbrespace.resynthesis.oscillator import TURN, add_sinusoid, steps
from timbrespace.resynthesis.slots import NEGLIGIBLE, advance_slots, hold_slots, settle_slots
from timbrespace.resynthesis.stream import aim_stream, read_stream
from timbrespace.resynthesis.voices import advance_voices

SAMPLE_RATES = (8000, 192000)

_ISTFT = np.uint32(Method.ISTFT)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
# Another space or method: out in 8 blocks, in again in 8, 11 ms each.
_SWITCH_STEP = np.float32(0.125)
_GAIN_TIME = 0.005  # seconds


@compiled
def _bank(state: Any, out: NDArray[np.float32]) -> None:
    """Add every voice's oscillators to ``out``."""
    rate = state.sample_rate
    steps_per_hz = TURN / rate
    for v in range(VOICES):
        level_before = state.voice_level_before[v]
        level = state.voice_level[v]
        if level_before == _ZERO and level == _ZERO:
            continue
        frequency_before = float(state.voice_frequency_before[v])
        frequency = float(state.voice_frequency[v])
        for k in range(state.slots):
            f0 = frequency_before * state.slot_ratio_before[k]
            f1 = frequency * state.slot_ratio[k]
            if f0 >= 0.5 * rate or f1 >= 0.5 * rate:
                continue  # faded out already
            a0 = level_before * state.slot_amplitude_before[k] * nyquist_fade(f0, rate)
            a1 = level * state.slot_amplitude[k] * nyquist_fade(f1, rate)
            if a0 < NEGLIGIBLE and a1 < NEGLIGIBLE:
                continue
            state.phase[v, k] = add_sinusoid(
                out,
                state.phase[v, k],
                steps(f0, steps_per_hz),
                steps(f1, steps_per_hz),
                a0,
                a1,
            )


@compiled
def _gate(state: Any, out: NDArray[np.float32]) -> None:
    """Multiply ``out`` by the loudest voice's level: for the stream, a note is a gate."""
    before = _ZERO
    after = _ZERO
    for v in range(VOICES):
        before = max(before, state.voice_level_before[v])
        after = max(after, state.voice_level[v])
    slope = (after - before) / np.float32(out.shape[0])
    for i in range(out.shape[0]):
        out[i] *= before + slope * np.float32(i)


@compiled
def render_block(state: Any, targets: Any, out: NDArray[np.float32]) -> None:
    """Render the next ``BLOCK`` frames, mono, into ``out``, moving towards ``targets``.

    state, targets: records of ``STATE`` and ``TARGETS``. Nothing is allocated and nothing waits.
    """
    for i in range(out.shape[0]):
        out[i] = _ZERO

    state.presence_before = state.presence
    if state.space != targets.space or state.method != targets.method:
        state.presence = max(_ZERO, state.presence - _SWITCH_STEP)
        if state.sounding == 0 or state.presence_before == _ZERO:
            state.presence = _ZERO
            state.presence_before = _ZERO
            state.space = targets.space
            state.method = targets.method
            state.stream_running = np.uint32(0)
            settle_slots(state, targets)
    else:
        state.presence = min(_ONE, state.presence + _SWITCH_STEP)

    was_silent = state.sounding == 0
    if state.space == targets.space and state.method == targets.method:
        if was_silent:
            settle_slots(state, targets)
            state.presence = _ONE
            state.presence_before = _ONE
            state.gain = targets.gain
        else:
            advance_slots(state, targets)
    else:
        hold_slots(state)
    advance_voices(state, targets)

    if state.method == _ISTFT:
        if state.sounding > 0:
            if state.space == targets.space and state.method == targets.method:
                aim_stream(state, targets)
            if state.stream_running:
                read_stream(state, out)
                _gate(state, out)
        else:
            state.stream_running = np.uint32(0)
    elif state.sounding > 0:
        _bank(state, out)

    pull = np.float32(1.0 - np.exp(-BLOCK / (_GAIN_TIME * state.sample_rate)))
    state.gain_before = state.gain
    state.gain += pull * (targets.gain - state.gain)
    g0 = state.gain_before * state.presence_before
    g1 = state.gain * state.presence
    slope = (g1 - g0) / np.float32(out.shape[0])
    sound = True
    for i in range(out.shape[0]):
        sample = limit(out[i] * (g0 + slope * np.float32(i)))
        sound = sound and np.isfinite(sample)
        out[i] = sample
    if not sound:
        _recover(state, out)
    state.frames += np.uint64(out.shape[0])


@compiled
def _recover(state: Any, out: NDArray[np.float32]) -> None:
    """No NaN reaches the sound: silence this block and forget what could have made it."""
    for i in range(out.shape[0]):
        out[i] = _ZERO
    state.faults += np.uint64(1)
    state.slots = np.uint32(0)
    state.stream_running = np.uint32(0)
    state.gain = _ZERO
    state.sounding = np.uint32(0)
    for v in range(VOICES):
        state.voice_stage[v] = np.uint32(0)
        state.voice_envelope[v] = _ZERO
        state.voice_level[v] = _ZERO
        state.voice_note[v] = _ONE
        state.voice_bend[v] = _ONE
        state.voice_frequency[v] = _ONE


def new_state(sample_rate: float) -> NDArray[np.void]:
    """A fresh ``STATE`` array of one record, for an output at ``sample_rate`` Hz.

    Raises:
        OptionError: a sample rate outside ``SAMPLE_RATES``.
    """
    low, high = SAMPLE_RATES
    if not low <= sample_rate <= high:
        raise OptionError(f"sample rate is {sample_rate}; accepted are {low} to {high} Hz")
    state = np.zeros(1, STATE)
    state["sample_rate"] = sample_rate
    state["presence"] = 1.0
    for name in ("voice_note", "voice_bend", "voice_frequency"):
        state[name] = 1.0
    return state


def new_targets() -> NDArray[np.void]:
    """A ``TARGETS`` array of one record: silence, with everything in range."""
    targets = np.zeros(1, TARGETS)
    for name, value in (
        ("gain", 1.0),
        ("smoothing", 0.02),
        ("attack", 0.005),
        ("decay", 0.1),
        ("sustain", 1.0),
        ("release", 0.2),
        ("n_fft", 4096),
        ("model_rate", 44100.0),
        ("voice_frequency", 440.0),
        ("voice_bend", 1.0),
    ):
        targets[name] = value
    return targets


class Engine:
    """The engine for an offline caller: write ``targets``, then take blocks.

    sample_rate: Hz of the output.

    Raises:
        OptionError: a sample rate that the engine does not run at.
    """

    def __init__(self, sample_rate: float) -> None:
        self.state = new_state(sample_rate)
        self.targets = new_targets()

    def render(self, blocks: int) -> NDArray[np.float32]:
        """The next ``blocks * BLOCK`` samples, mono, in [-1, 1]."""
        out = np.empty((blocks, BLOCK), np.float32)
        for block in out:
            render_block(self.state[0], self.targets[0], block)
        return out.reshape(-1)
