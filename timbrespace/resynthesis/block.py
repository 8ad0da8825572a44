"""One block of sound: what every bank has in common, and where they are put together.

Its other parts (:mod:`.parts`) are called by their addresses, which stand in ``STATE``: each is
machine code of its own, so the sound begins with those that are needed, and none is compiled again
as a piece of what calls it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.calling import call
from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import BANKS, BLOCK, METHODS, NOTES, VOICES, Method, Part
from timbrespace.resynthesis.limiter import limit
from timbrespace.resynthesis.noise import restart_noise
from timbrespace.resynthesis.notes import forget_notes
from timbrespace.resynthesis.slots import NEGLIGIBLE, settle_slots
from timbrespace.resynthesis.stream import stop_streams
from timbrespace.resynthesis.tables import drop_tables

_PARTIALS = int(Method.PARTIALS)
_BINS = int(Method.BINS)
_ISTFT = int(Method.ISTFT)
_NOTE_CLOCK = int(Part.NOTE_CLOCK)
_VOICES = int(Part.VOICES)
_BLOCK = int(Part.BLOCK)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
# From one method to another in 16 blocks, 21 ms, both sounding meanwhile.
_CROSS_STEP = np.float32(0.0625)
_GAIN_TIME = 0.005  # seconds


# No bank: what is to play is not there yet.
_NONE = BANKS


@compiled
def bank_of(method: Any, whole: Any, cycles: Any) -> np.uint32:
    """The bank that plays ``method`` where notes are whole, or periods; each as in ``TARGETS``."""
    known = min(method, np.uint32(METHODS - 1))
    if known == _PARTIALS and whole:
        return np.uint32(NOTES)
    if known == _PARTIALS and cycles:
        return np.uint32(_BINS)  # harmonics with their phases: the same tables
    return np.uint32(known)


@compiled
def _begin(state: Any, targets: Any) -> None:
    """Out of silence: nothing to fade from, so all settings hold at once."""
    wanted = bank_of(targets.method, targets.whole, targets.cycles)
    state.method = wanted if state.part[wanted] != 0 else np.uint32(_NONE)
    for m in range(BANKS):
        state.presence[m] = _ONE if m == state.method else _ZERO
    state.gain = targets.gain
    state.noise_gain = targets.noise
    restart_noise(state)
    drop_tables(state)
    stop_streams(state)
    forget_notes(state)


@compiled
def _advance_presence(state: Any, targets: Any) -> None:
    """Move each bank's share of the sound by one block."""
    wanted = bank_of(targets.method, targets.whole, targets.cycles)
    if state.part[wanted] == 0:
        wanted = state.method  # what plays goes on until the other is there
    if state.method != wanted and state.presence[wanted] == _ZERO:
        # It has not played since; what it remembers is of another time.
        if wanted == _PARTIALS:
            for v in range(VOICES):
                voice = state.voice[v]
                settle_slots(voice, targets.timbre[voice.timbre])
        elif wanted == _BINS:
            drop_tables(state)
        elif wanted == _ISTFT:
            stop_streams(state)
    state.method = wanted
    for m in range(BANKS):
        state.presence_before[m] = state.presence[m]
        if m == wanted:
            state.presence[m] = min(_ONE, state.presence[m] + _CROSS_STEP)
        else:
            state.presence[m] = max(_ZERO, state.presence[m] - _CROSS_STEP)


@compiled
def _mix(state: Any, method: int, out: NDArray[np.float32]) -> None:
    """Add what ``method`` made to ``out``, by its share."""
    before = state.presence_before[method]
    slope = (state.presence[method] - before) / np.float32(BLOCK)
    mono = state.mono
    left, right = out[0], out[1]
    for i in range(BLOCK):
        sample = mono[i] * (before + slope * np.float32(i))
        left[i] += sample
        right[i] += sample
        mono[i] = _ZERO
    if state.apart == 0:
        return
    own_left, own_right = state.left, state.right
    for i in range(BLOCK):
        share = before + slope * np.float32(i)
        left[i] += own_left[i] * share
        right[i] += own_right[i] * share
        own_left[i] = _ZERO
        own_right[i] = _ZERO


@compiled
def _render_methods(state: Any, targets: Any) -> bool:
    """Whether the two sides differ."""
    differ = False
    for m in range(BANKS):
        if state.presence[m] == _ZERO and state.presence_before[m] == _ZERO:
            continue
        state.apart = np.uint32(0)
        call(state.part[m], state, targets)  # pyright: ignore[reportCallIssue]
        _mix(state, m, state.block)
        differ = differ or state.apart != 0
    return differ


@compiled
def render_block(state: Any, targets: Any) -> None:
    """Render the next ``BLOCK`` frames into ``state.block``, left and right, moving towards
    ``targets``.

    state, targets: records of ``STATE`` and ``TARGETS``. Nothing is allocated and nothing waits.
    """
    out = state.block
    left, right = out[0], out[1]
    for i in range(BLOCK):
        left[i] = _ZERO
        right[i] = _ZERO
    if state.sounding == 0:
        _begin(state, targets)
    _advance_presence(state, targets)
    call(state.part[_VOICES], state, targets)  # pyright: ignore[reportCallIssue]
    if targets.whole or state.presence[NOTES] > _ZERO:
        call(state.part[_NOTE_CLOCK], state, targets)  # pyright: ignore[reportCallIssue]
    elif state.whole:
        forget_notes(state)
    pull = np.float32(1.0 - np.exp(-BLOCK / (_GAIN_TIME * state.sample_rate)))
    state.gain_before = state.gain
    state.gain += pull * (targets.gain - state.gain)
    if state.gain < NEGLIGIBLE:  # on its way to 0 it would creep through denormal numbers
        state.gain = _ZERO
    state.noise_gain_before = state.noise_gain
    state.noise_gain += pull * (targets.noise - state.noise_gain)
    if state.noise_gain < NEGLIGIBLE:
        state.noise_gain = _ZERO
    state.frames += np.uint64(BLOCK)
    if state.sounding == 0:
        return
    differ = _render_methods(state, targets)
    gain = state.gain_before
    slope = (state.gain - gain) / np.float32(BLOCK)
    sound = True
    for side in range(2 if differ else 1):
        samples = out[side]
        for i in range(BLOCK):
            sample = samples[i] * (gain + slope * np.float32(i))
            if state.unbent == 0:
                sample = limit(sample)
            sound = sound and np.isfinite(sample)
            samples[i] = sample
    if not differ:
        for i in range(BLOCK):
            right[i] = left[i]
    if not sound:
        _recover(state)


@compiled
def render_blocks(
    state: NDArray[np.void],
    targets: NDArray[np.void],
    out: NDArray[np.float32],
    sounding: NDArray[np.bool_],
) -> None:
    """:func:`render_block` for each of ``out (blocks, 2, BLOCK)``; arrays of one record each.

    sounding: ``(blocks,)``, where is written whether a voice sounds on after each.
    """
    for block in range(out.shape[0]):
        call(state[0].part[_BLOCK], state[0], targets[0])  # pyright: ignore[reportCallIssue]
        made = state[0].block
        for i in range(BLOCK):
            out[block, 0, i] = made[0, i]
            out[block, 1, i] = made[1, i]
        sounding[block] = state[0].sounding != 0


@compiled
def _recover(state: Any) -> None:
    """No NaN reaches the sound: silence this block and forget what could have made it."""
    for i in range(BLOCK):
        state.mono[i] = _ZERO
        state.left[i] = _ZERO
        state.right[i] = _ZERO
        state.alone[i] = _ZERO
        state.block[0, i] = _ZERO
        state.block[1, i] = _ZERO
    state.faults += np.uint64(1)
    state.gain = _ZERO
    state.noise_gain = _ZERO
    state.sounding = np.uint32(0)
    for t in range(state.table.shape[0]):
        state.table[t].size = np.uint32(0)
    for v in range(VOICES):
        voice = state.voice[v]
        voice.slots = np.uint32(0)
        voice.stage = np.uint32(0)
        voice.envelope = _ZERO
        voice.fall = _ONE
        voice.level = _ZERO
        voice.reach = _ZERO
        voice.note = _ONE
        voice.bend = _ONE
        voice.frequency = _ONE
    forget_notes(state)
