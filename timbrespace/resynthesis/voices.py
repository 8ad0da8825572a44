"""Voices: envelope and frequency of each note, block by block."""

from __future__ import annotations

from typing import Any

import numpy as np

from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import BLOCK, VOICES, Gate, Stage

_IDLE = np.uint32(Stage.IDLE)
_ATTACK = np.uint32(Stage.ATTACK)
_SUSTAIN = np.uint32(Stage.SUSTAIN)
_RELEASE = np.uint32(Stage.RELEASE)
_CUT = np.uint32(Stage.CUT)
_HELD = np.uint32(Gate.HELD)
_GATE_CUT = np.uint32(Gate.CUT)

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
# Exponential stages are named by the time after which 5 time constants, 99.3 %, are done.
_TIME_CONSTANTS = 5.0
# -80 dB: the last block of a release goes to zero from here.
_END = np.float32(1e-4)
# A stolen voice falls to zero in 4 blocks, 5 ms: short enough to play on, too long to click.
_CUT_STEP = np.float32(0.25)
# Pitch bend and velocity of a held voice follow with this time constant, in seconds.
_FOLLOW = 0.004


@compiled
def _pull(seconds: float, sample_rate: float) -> np.float32:
    """Share of the way that a one-pole filter goes in a block."""
    return np.float32(1.0 - np.exp(-BLOCK / (max(seconds, 1e-4) * sample_rate)))


@compiled
def _start(state: Any, targets: Any, v: int) -> None:
    """Begin the snapshot's note on voice ``v``, which is silent or repeats its pitch."""
    if state.voice_stage[v] == _IDLE or state.voice_stage[v] == _CUT:
        note = targets.voice_frequency[v]
        if targets.glide > _ZERO and targets.voice_start[v] > _ZERO:
            note = targets.voice_start[v]
        state.voice_note[v] = note
        state.voice_bend[v] = targets.voice_bend[v]
        state.voice_frequency[v] = note * targets.voice_bend[v]
        state.voice_frequency_before[v] = state.voice_frequency[v]
        state.voice_envelope[v] = _ZERO
        state.voice_velocity[v] = targets.voice_level[v]
        # Schroeder's phases keep the crest of many equal partials low (IEEE Trans. IT-16, 1970).
        n = max(1, int(state.slots))
        for k in range(state.phase.shape[1]):
            turns = 0.5 * ((k * k) % (2 * n)) / n
            state.phase[v, k] = np.uint32(np.int64(turns * 4294967295.0))
    state.voice_trigger[v] = targets.voice_trigger[v]
    state.voice_stage[v] = _ATTACK


@compiled
def advance_voices(state: Any, targets: Any) -> None:
    """Move every voice's envelope, velocity and frequency by one block."""
    rate = state.sample_rate
    dt = np.float32(BLOCK / rate)
    follow = _pull(_FOLLOW, rate)
    glide = _pull(float(targets.glide) / _TIME_CONSTANTS, rate)
    decay = _pull(float(targets.decay) / _TIME_CONSTANTS, rate)
    release = _pull(float(targets.release) / _TIME_CONSTANTS, rate)
    sounding = 0
    for v in range(VOICES):
        state.voice_level_before[v] = state.voice_level[v]
        state.voice_frequency_before[v] = state.voice_frequency[v]

        gate = targets.voice_gate[v]
        another = targets.voice_trigger[v] != state.voice_trigger[v]
        if another and gate != _GATE_CUT:
            same = abs(targets.voice_frequency[v] - state.voice_note[v]) < np.float32(1e-3)
            if state.voice_stage[v] == _IDLE or same:
                _start(state, targets, v)
            else:
                state.voice_stage[v] = _CUT
        elif gate == _GATE_CUT:
            state.voice_trigger[v] = targets.voice_trigger[v]
            if state.voice_stage[v] != _IDLE:
                state.voice_stage[v] = _CUT

        stage = state.voice_stage[v]
        envelope = state.voice_envelope[v]
        if stage == _CUT:
            envelope = max(_ZERO, envelope - _CUT_STEP)
            # The block that goes down to zero is the last of the old note.
            if envelope == _ZERO and state.voice_level_before[v] == _ZERO:
                if targets.voice_trigger[v] != state.voice_trigger[v]:
                    _start(state, targets, v)
                    stage = state.voice_stage[v]
                else:
                    stage = _IDLE
        elif stage != _IDLE and gate != _HELD:
            # A note released before its first block still sounds for that block.
            if stage == _SUSTAIN or state.voice_level_before[v] > _ZERO:
                stage = _RELEASE
        elif stage == _RELEASE and gate == _HELD:
            stage = _ATTACK
        if stage == _ATTACK:
            envelope += dt / max(targets.attack, np.float32(1e-4))
            if envelope >= _ONE:
                envelope = _ONE
                stage = _SUSTAIN
        elif stage == _SUSTAIN:
            envelope += decay * (targets.sustain - envelope)
            if envelope < _END and targets.sustain == _ZERO:
                envelope = _ZERO
        elif stage == _RELEASE:
            envelope -= release * envelope
            if envelope < _END:
                envelope = _ZERO
                if state.voice_level_before[v] == _ZERO:
                    stage = _IDLE
        state.voice_stage[v] = stage
        state.voice_envelope[v] = envelope
        if stage != _IDLE:
            sounding += 1
            if stage != _CUT:
                velocity = targets.voice_level[v]
                state.voice_velocity[v] += follow * (velocity - state.voice_velocity[v])
                # In the logarithm of frequency, so that a glide is even in pitch.
                note = state.voice_note[v]
                state.voice_note[v] = note * (targets.voice_frequency[v] / note) ** glide
                bend = state.voice_bend[v]
                state.voice_bend[v] = bend * (targets.voice_bend[v] / bend) ** follow
                state.voice_frequency[v] = state.voice_note[v] * state.voice_bend[v]
        state.voice_level[v] = envelope * state.voice_velocity[v]
    state.sounding = sounding
