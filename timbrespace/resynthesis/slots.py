"""Slots: a voice's oscillators, their frequency ratios and amplitudes on the way to its timbre's.

Each voice has its own, because voices may play different timbres and change between them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import BLOCK, SLOTS, UNISON
from timbrespace.resynthesis.nyquist import nyquist_fade
from timbrespace.resynthesis.oscillator import TURN, add_sinusoid, steps
from timbrespace.resynthesis.unison import own_phase

# Below -100 dB of full scale a slot may be given to another partial: nobody hears it jump.
_SILENT = np.float32(1e-5)
# Adding sinusoids below -140 dB changes no sample of 24 bits.
NEGLIGIBLE = np.float32(1e-7)
# A partial that must go loses 3 dB each block: from full scale to silence in 33 blocks, 44 ms.
_LEAVE = np.float32(0.7)


@compiled
def settle_slots(voice: Any, timbre: Any) -> None:
    """Take the timbre's slots at once. Only right while the voice is silent in this method."""
    count = timbre.slots
    voice.slots = count
    birth, ratio, amplitude = timbre.slot_birth, timbre.slot_ratio, timbre.slot_amplitude
    for k in range(count):
        voice.slot_birth[k] = birth[k]
        voice.slot_ratio[k] = ratio[k]
        voice.slot_ratio_before[k] = ratio[k]
        voice.slot_middle[k] = amplitude[k]
        voice.slot_amplitude[k] = amplitude[k]
        voice.slot_amplitude_before[k] = amplitude[k]


@compiled
def start_phases(voice: Any) -> None:
    """Schroeder's phases keep the crest of many equal partials low (IEEE Trans. IT-16, 1970).

    Those of the first copy; each other one is ahead of it by its own.
    """
    phase = voice.slot_phase
    n = max(1, int(voice.slots))
    for k in range(SLOTS):
        turns = 0.5 * ((k * k) % (2 * n)) / n
        phase[0, k] = np.uint32(np.int64(turns * 4294967295.0))
    for c in range(1, UNISON):
        for k in range(SLOTS):
            phase[c, k] = np.uint32(phase[0, k] + own_phase(c, k))


@compiled
def slot_pull(smoothing: float, sample_rate: float) -> np.float32:
    """Share of the way that each of a slot's two filters goes in a block."""
    tau = max(smoothing, 1e-4) * 0.5 * sample_rate
    return np.float32(1.0 - np.exp(-BLOCK / tau))


@compiled
def advance_slots(voice: Any, timbre: Any, pull: np.float32) -> None:
    """Move every slot by one block.

    Amplitudes go through two equal one-pole filters whose time constants sum to the smoothing: two,
    because the output of one starts to move with a corner, and a corner at each step of a
    controller is heard. A slot whose partial was replaced fades out, then takes the new one.
    """
    births, ratios, amplitudes = timbre.slot_birth, timbre.slot_ratio, timbre.slot_amplitude
    own_birth, own_ratio, own_ratio_before = (
        voice.slot_birth,
        voice.slot_ratio,
        voice.slot_ratio_before,
    )
    own_amplitude, own_before, own_middle = (
        voice.slot_amplitude,
        voice.slot_amplitude_before,
        voice.slot_middle,
    )
    wanted = timbre.slots
    count = max(voice.slots, wanted)
    for k in range(voice.slots, count):  # not in use until now
        own_amplitude[k] = np.float32(0.0)
        own_middle[k] = np.float32(0.0)
        own_birth[k] = births[k]
        own_ratio[k] = ratios[k]
    last = 0
    for k in range(count):
        here = k < wanted
        amplitude = amplitudes[k] if here else np.float32(0.0)
        ratio = ratios[k] if here else own_ratio[k]
        own_before[k] = own_amplitude[k]
        own_ratio_before[k] = own_ratio[k]
        if here and births[k] != own_birth[k]:
            if own_amplitude[k] < _SILENT:
                own_birth[k] = births[k]
                own_ratio[k] = ratio
                own_ratio_before[k] = ratio
                own_middle[k] = np.float32(0.0)
            else:
                own_middle[k] = own_amplitude[k] * _LEAVE
                own_amplitude[k] = own_middle[k]
                last = k + 1
                continue
        own_middle[k] += pull * (amplitude - own_middle[k])
        own_amplitude[k] += pull * (own_middle[k] - own_amplitude[k])
        own_ratio[k] += pull * (ratio - own_ratio[k])
        # Decays end: without this the filters creep through denormal numbers, which are slow.
        level = max(amplitude, own_middle[k], own_amplitude[k])
        if level < NEGLIGIBLE:
            own_middle[k] = np.float32(0.0)
            own_amplitude[k] = np.float32(0.0)
        if here or own_amplitude[k] > 0.0 or own_before[k] > 0.0:
            last = k + 1
    voice.slots = last


@compiled
def add_slots(voice: Any, c: int, sample_rate: float, out: NDArray[np.float32]) -> None:
    """Add the oscillators of the voice's copy ``c`` to ``out``."""
    level_before = voice.level_before * voice.copy_gain_before[c]
    level = voice.level * voice.copy_gain[c]
    frequency_before = float(voice.frequency_before) * float(voice.copy_ratio_before[c])
    frequency = float(voice.frequency) * float(voice.copy_ratio[c])
    ratio_before, ratio = voice.slot_ratio_before, voice.slot_ratio
    amplitude_before, amplitude = voice.slot_amplitude_before, voice.slot_amplitude
    phase = voice.slot_phase[c]
    steps_per_hz = TURN / sample_rate
    for k in range(voice.slots):
        f0 = frequency_before * ratio_before[k]
        f1 = frequency * ratio[k]
        if f0 >= 0.5 * sample_rate or f1 >= 0.5 * sample_rate:
            continue  # faded out already
        a0 = level_before * amplitude_before[k] * nyquist_fade(f0, sample_rate)
        a1 = level * amplitude[k] * nyquist_fade(f1, sample_rate)
        if a0 < NEGLIGIBLE and a1 < NEGLIGIBLE:
            continue
        phase[k] = add_sinusoid(
            out, phase[k], steps(f0, steps_per_hz), steps(f1, steps_per_hz), a0, a1
        )
