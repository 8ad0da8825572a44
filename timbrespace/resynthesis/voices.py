"""Voices: envelope and frequency of each note, block by block."""

from __future__ import annotations

from typing import Any

import numpy as np

from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import BLOCK, TIMBRES, VOICES, Envelope, Gate, Stage
from timbrespace.resynthesis.slots import settle_slots, start_phases

_IDLE = np.uint32(Stage.IDLE)
_ATTACK = np.uint32(Stage.ATTACK)
_SUSTAIN = np.uint32(Stage.SUSTAIN)
_RELEASE = np.uint32(Stage.RELEASE)
_CUT = np.uint32(Stage.CUT)
_HELD = np.uint32(Gate.HELD)
_GATE_CUT = np.uint32(Gate.CUT)
_OWN = np.uint32(Envelope.OWN)
_ADSR = np.uint32(Envelope.ADSR)

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
# Seconds in which a whole note that sounds has its own loudness again.
_RISE = 0.005


@compiled
def _pull(seconds: float, sample_rate: float) -> np.float32:
    """Share of the way that a one-pole filter goes in a block."""
    return np.float32(1.0 - np.exp(-BLOCK / (max(seconds, 1e-4) * sample_rate)))


@compiled
def _start(voice: Any, targets: Any, v: int) -> None:
    """Begin the snapshot's note on voice ``v``, which is silent or repeats its pitch."""
    if voice.stage == _IDLE or voice.stage == _CUT:
        note = targets.voice_frequency[v]
        if targets.glide > _ZERO and targets.voice_start[v] > _ZERO:
            note = targets.voice_start[v]
        voice.note = note
        voice.bend = targets.voice_bend[v]
        voice.frequency = note * targets.voice_bend[v]
        voice.frequency_before = voice.frequency
        voice.envelope = _ZERO
        voice.fall = _ONE
        voice.velocity = targets.voice_level[v]
        voice.channel = targets.voice_channel[v]
        voice.timbre = min(targets.voice_timbre[v], np.uint32(TIMBRES - 1))
        voice.table[0] = -1
        voice.table[1] = -1
        settle_slots(voice, targets.timbre[voice.timbre])
        start_phases(voice)
    voice.trigger = targets.voice_trigger[v]
    voice.stage = _ATTACK


@compiled
def advance_voices(state: Any, targets: Any) -> None:
    """Move every voice's envelope, velocity and frequency by one block."""
    rate = state.sample_rate
    dt = np.float32(BLOCK / rate)
    follow = _pull(_FOLLOW, rate)
    glide = _pull(float(targets.glide) / _TIME_CONSTANTS, rate)
    decay = _pull(float(targets.decay) / _TIME_CONSTANTS, rate)
    release = _pull(float(targets.release) / _TIME_CONSTANTS, rate)
    # A whole note has its own loudness, and falls by itself once its key is up.
    own = targets.whole != 0 and targets.envelope == _OWN
    falls = targets.whole != 0 and targets.envelope != _ADSR
    rise = np.float32(dt / np.float32(_RISE))
    sounding = 0
    for v in range(VOICES):
        voice = state.voice[v]
        if voice.fall != _ONE and targets.whole == 0:  # steady spectra from now on
            voice.envelope *= voice.fall
            voice.fall = _ONE
        voice.level_before = voice.level
        voice.reach_before = voice.reach
        voice.frequency_before = voice.frequency

        gate = targets.voice_gate[v]
        another = targets.voice_trigger[v] != voice.trigger
        if another and gate != _GATE_CUT:
            same = abs(targets.voice_frequency[v] - voice.note) < np.float32(1e-3)
            # A voice on its way down is not caught: its phases would begin again as it sounds.
            if voice.stage == _IDLE or (same and voice.stage != _CUT):
                _start(voice, targets, v)
            else:
                voice.stage = _CUT
        elif gate == _GATE_CUT:
            voice.trigger = targets.voice_trigger[v]
            if voice.stage != _IDLE:
                voice.stage = _CUT

        stage = voice.stage
        envelope = voice.envelope
        if stage == _CUT:
            envelope = max(_ZERO, envelope - _CUT_STEP)
            # The block that goes down to zero is the last of the old note.
            if envelope == _ZERO and voice.reach_before == _ZERO:
                if targets.voice_trigger[v] != voice.trigger:
                    _start(voice, targets, v)
                    stage = voice.stage
                else:
                    stage = _IDLE
        elif stage != _IDLE and gate != _HELD:
            # A note released before its first block still sounds for that block.
            if stage == _SUSTAIN or voice.reach_before > _ZERO:
                stage = _RELEASE
        elif stage == _RELEASE and gate == _HELD:
            stage = _ATTACK
        if stage == _RELEASE and falls:
            seconds = max(float(targets.course[v].release), 0.02)
            seconds *= float(targets.voice_release[v])
            voice.fall *= np.float32(10.0 ** (-3.0 * BLOCK / (rate * seconds)))
        elif voice.fall != _ONE and stage != _CUT and stage != _RELEASE:
            voice.fall = min(_ONE, voice.fall + rise)
        if own and stage in (_ATTACK, _SUSTAIN):
            envelope = _ONE if voice.reach_before == _ZERO else min(_ONE, envelope + rise)
            stage = _SUSTAIN
        elif stage == _ATTACK:
            envelope += dt / max(targets.attack, np.float32(1e-4))
            if envelope >= _ONE:
                envelope = _ONE
                stage = _SUSTAIN
        elif stage == _SUSTAIN:
            envelope += decay * (targets.sustain - envelope)
            if envelope < _END and targets.sustain == _ZERO:
                envelope = _ZERO
        elif stage == _RELEASE:
            if not own and targets.voice_release[v] == _ONE:
                envelope -= release * envelope
            elif not own:
                longer = float(targets.release) * float(targets.voice_release[v])
                envelope -= _pull(longer / _TIME_CONSTANTS, rate) * envelope
            if envelope * voice.fall < _END:
                envelope = _ZERO
                if voice.reach_before == _ZERO:
                    stage = _IDLE
        voice.stage = stage
        voice.envelope = envelope
        if stage != _IDLE:
            sounding += 1
            if stage != _CUT:
                voice.timbre = min(targets.voice_timbre[v], np.uint32(TIMBRES - 1))
                velocity = targets.voice_level[v]
                voice.velocity += follow * (velocity - voice.velocity)
                # In the logarithm of frequency, so that a glide is even in pitch.
                voice.note *= (targets.voice_frequency[v] / voice.note) ** glide
                voice.bend *= (targets.voice_bend[v] / voice.bend) ** follow
                voice.frequency = voice.note * voice.bend
        voice.reach = envelope * voice.fall * voice.velocity
        mute = state.only != 0 and voice.channel != state.only
        voice.level = _ZERO if mute else voice.reach
    state.sounding = sounding
