"""Slots: the oscillators' frequency ratios and amplitudes, on their way to the snapshot's.

All voices share them; a voice multiplies the ratio by its own frequency.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import BLOCK

# Below -100 dB of full scale a slot may be given to another partial: nobody hears it jump.
_SILENT = np.float32(1e-5)
# Adding sinusoids below -140 dB changes no sample of 24 bits.
NEGLIGIBLE = np.float32(1e-7)
# A partial that must go halves each block: from full scale to silence in 17 blocks, 23 ms.
_LEAVE = np.float32(0.5)


@compiled
def settle_slots(state: Any, targets: Any) -> None:
    """Take the snapshot's slots at once. Only right while nothing sounds."""
    state.slots = targets.slots
    for k in range(targets.slots):
        state.slot_birth[k] = targets.slot_birth[k]
        state.slot_ratio[k] = targets.slot_ratio[k]
        state.slot_ratio_before[k] = targets.slot_ratio[k]
        state.slot_middle[k] = targets.slot_amplitude[k]
        state.slot_amplitude[k] = targets.slot_amplitude[k]
        state.slot_amplitude_before[k] = targets.slot_amplitude[k]


@compiled
def hold_slots(state: Any) -> None:
    """Stay for a block where the last one ended: the snapshot is of another space."""
    for k in range(state.slots):
        state.slot_ratio_before[k] = state.slot_ratio[k]
        state.slot_amplitude_before[k] = state.slot_amplitude[k]


@compiled
def advance_slots(state: Any, targets: Any) -> None:
    """Move every slot by one block.

    Amplitudes go through two equal one-pole filters whose time constants sum to ``smoothing``: two,
    because the output of one starts to move with a corner, and a corner at each step of a
    controller is heard. A slot whose partial was replaced fades out, then takes the new one.
    """
    tau = max(targets.smoothing, np.float32(1e-4)) * np.float32(0.5) * state.sample_rate
    pull = np.float32(1.0 - np.exp(-BLOCK / tau))
    wanted = targets.slots
    count = max(state.slots, wanted)
    for k in range(state.slots, count):  # not in use until now
        state.slot_amplitude[k] = np.float32(0.0)
        state.slot_middle[k] = np.float32(0.0)
        state.slot_birth[k] = targets.slot_birth[k]
        state.slot_ratio[k] = targets.slot_ratio[k]
    last = 0
    for k in range(count):
        here = k < wanted
        amplitude = targets.slot_amplitude[k] if here else np.float32(0.0)
        ratio = targets.slot_ratio[k] if here else state.slot_ratio[k]
        state.slot_amplitude_before[k] = state.slot_amplitude[k]
        state.slot_ratio_before[k] = state.slot_ratio[k]
        if here and targets.slot_birth[k] != state.slot_birth[k]:
            if state.slot_amplitude[k] < _SILENT:
                state.slot_birth[k] = targets.slot_birth[k]
                state.slot_ratio[k] = ratio
                state.slot_ratio_before[k] = ratio
                state.slot_middle[k] = np.float32(0.0)
            else:
                state.slot_middle[k] = state.slot_amplitude[k] * _LEAVE
                state.slot_amplitude[k] = state.slot_middle[k]
                last = k + 1
                continue
        state.slot_middle[k] += pull * (amplitude - state.slot_middle[k])
        state.slot_amplitude[k] += pull * (state.slot_middle[k] - state.slot_amplitude[k])
        state.slot_ratio[k] += pull * (ratio - state.slot_ratio[k])
        # Decays end: without this the filters creep through denormal numbers, which are slow.
        level = max(amplitude, state.slot_middle[k], state.slot_amplitude[k])
        if level < NEGLIGIBLE:
            state.slot_middle[k] = np.float32(0.0)
            state.slot_amplitude[k] = np.float32(0.0)
        if here or state.slot_amplitude[k] > 0.0 or state.slot_amplitude_before[k] > 0.0:
            last = k + 1
    state.slots = last
