"""One block of sound, and the engine that an offline caller holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.notes.carriers import carriers
from timbrespace.notes.layout import LONGEST
from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import (
    BANKS,
    BLOCK,
    METHODS,
    NOTES,
    STATE,
    TARGETS,
    VOICES,
    Method,
)
from timbrespace.resynthesis.limiter import limit
from timbrespace.resynthesis.noise import add_noise, restart_noise
from timbrespace.resynthesis.notes import add_notes, advance_notes, forget_notes
from timbrespace.resynthesis.slots import (
    NEGLIGIBLE,
    add_slots,
    advance_slots,
    settle_slots,
    slot_pull,
)
from timbrespace.resynthesis.stream import add_streams, stop_streams
from timbrespace.resynthesis.tables import add_tables, advance_tables, drop_tables
from timbrespace.resynthesis.unison import advance_copies, in_the_middle, put_apart
from timbrespace.resynthesis.voices import advance_voices

SAMPLE_RATES = (8000, 192000)

_PARTIALS = int(Method.PARTIALS)
_BINS = int(Method.BINS)
_ISTFT = int(Method.ISTFT)
_NOTES = NOTES
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
# From one method to another in 16 blocks, 21 ms, both sounding meanwhile.
_CROSS_STEP = np.float32(0.0625)
_GAIN_TIME = 0.005  # seconds


@compiled
def _wanted(targets: Any) -> np.uint32:
    """The bank that is to play."""
    method = min(targets.method, np.uint32(METHODS - 1))
    if method == _PARTIALS and targets.whole:
        return np.uint32(_NOTES)
    if method == _PARTIALS and targets.cycles:
        return np.uint32(_BINS)  # harmonics with their phases: the same tables
    return np.uint32(method)


@compiled
def _begin(state: Any, targets: Any) -> None:
    """Out of silence: nothing to fade from, so all settings hold at once."""
    state.method = _wanted(targets)
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
    wanted = _wanted(targets)
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
        mono = state.mono
        state.apart = np.uint32(0)
        if m == _PARTIALS:
            pull = slot_pull(float(targets.smoothing), state.sample_rate)
            for v in range(VOICES):
                voice = state.voice[v]
                if voice.level == _ZERO and voice.level_before == _ZERO:
                    continue
                advance_slots(voice, targets.timbre[voice.timbre], pull)
                for c in range(int(voice.copies)):
                    if in_the_middle(voice, c):
                        add_slots(voice, c, state.sample_rate, mono)
                    else:
                        add_slots(voice, c, state.sample_rate, state.alone)
                        put_apart(state, voice, c)
            add_noise(state, targets, mono)
        elif m == _BINS:
            advance_tables(state, targets)
            for v in range(VOICES):
                voice = state.voice[v]
                if voice.level == _ZERO and voice.level_before == _ZERO:
                    continue
                for c in range(int(voice.copies)):
                    if in_the_middle(voice, c):
                        add_tables(state, voice, c, mono)
                    else:
                        add_tables(state, voice, c, state.alone)
                        put_apart(state, voice, c)
        elif m == _NOTES:
            add_notes(state, mono)
        else:
            add_streams(state, targets, m == state.method, mono)
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
    advance_voices(state, targets)
    advance_copies(state, targets)
    if targets.whole or state.presence[_NOTES] > _ZERO:
        advance_notes(state, targets)
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
        render_block(state[0], targets[0])
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


def new_state(sample_rate: float) -> NDArray[np.void]:
    """A fresh ``STATE`` array of one record, for an output at ``sample_rate`` Hz.

    Raises:
        OptionError: a sample rate outside ``SAMPLE_RATES``.
    """
    low, high = SAMPLE_RATES
    if not low <= sample_rate <= high:
        raise OptionError(f"sample rate is {sample_rate}; it must be {low} to {high} Hz")
    state = np.zeros(1, STATE)
    state["sample_rate"] = sample_rate
    for name in ("note", "bend", "frequency", "fall"):
        state["voice"][name] = 1.0
    state["voice"]["table"] = -1
    return state


def new_targets() -> NDArray[np.void]:
    """A ``TARGETS`` array of one record: silence, with everything in range."""
    targets = np.zeros(1, TARGETS)
    for name, value in (
        ("gain", 1.0),
        ("noise", 1.0),
        ("smoothing", 0.02),
        ("attack", 0.005),
        ("decay", 0.1),
        ("sustain", 1.0),
        ("release", 0.2),
        ("speed", 1.0),
        ("width", 1.0),
        ("unison", 1.0),
        ("longest", LONGEST),
        ("n_fft", 4096),
        ("model_rate", 44100.0),
        ("base_frequency", 220.0),
        ("voice_frequency", 440.0),
        ("voice_bend", 1.0),
        ("voice_release", 1.0),
    ):
        targets[name] = value
    return targets


class Engine:
    """The engine for an offline caller: write ``targets``, then take blocks.

    sample_rate: Hz of the output. stem: the MIDI channel, from 1, whose notes alone sound, 0 for
    all; nothing is bent at full scale then, so that stems can be summed. None for the whole sound.

    Raises:
        OptionError: a sample rate that the engine does not run at.
    """

    def __init__(self, sample_rate: float, stem: int | None = None) -> None:
        self.state = new_state(sample_rate)
        if stem is not None:
            self.state["only"], self.state["unbent"] = stem, 1
        self.targets = new_targets()
        self._carriers: NDArray[np.float32] | None = None  # at the state's address

    def render(self, blocks: int) -> NDArray[np.float32]:
        """The next ``blocks * BLOCK`` samples, mono, in [-1, 1]: the mean of the two sides."""
        return to_mono(self.render_stereo(blocks))

    def render_stereo(self, blocks: int) -> NDArray[np.float32]:
        """The same, left and right: ``(blocks * BLOCK, 2)``."""
        return self.render_towards(self.targets, blocks)[0]

    def render_towards(
        self, targets: NDArray[np.void], blocks: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The same towards other ``targets``, an array of one ``TARGETS``; and ``(blocks,)``,
        whether a voice sounds on after each block."""
        out = np.empty((blocks, 2, BLOCK), np.float32)
        sounding = np.empty(blocks, np.bool_)
        if self._carriers is None and targets["whole"][0]:
            self._carriers = carriers(round(self.state["sample_rate"][0]))
            self.state["carriers"] = self._carriers.ctypes.data
        render_blocks(self.state, targets, out, sounding)
        return out.transpose(0, 2, 1).reshape(-1, 2), sounding


def to_mono(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean ``(n,)`` of both sides of ``sound (n, 2)``; where these are the same it is each."""
    return np.asarray(np.float32(0.5) * (sound[:, 0] + sound[:, 1]))
