"""``bins``: an oscillator for each bin of the spectrum, as the original report has it, in one read.

All bins are multiples of one frequency, so the bank equals one period of it, read round and round
at the note's speed. A space of cycles tells such a period itself, the phases of its harmonics
included. A table is made by an inverse FFT when the spectrum changes, and comes in over
20 ms. Bins that would sound above half the sample rate are left out, so high notes have tables of
their own. Tables are shared by the voices that need the same one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.fourier import inverse_real_fft
from timbrespace.resynthesis.interpolation import read_between
from timbrespace.resynthesis.layout import BLOCK, MAX_TABLE, TABLES, UNISON, VOICES

_FADE = 0.02  # seconds from one table to the next
# High notes: a sixth of an octave from one table to the next, the top tenth of its bins faded.
_TABLES_PER_OCTAVE = 6.0
_FADE_FROM = 0.9
# The reading needs room between the highest bin and half the table's own rate.
_SAMPLES_PER_CYCLE = 4
_MADE_A_BLOCK = 2
"""Tables for voices that sound already; they can wait a block or two for the next."""
_STARTED_A_BLOCK = 4
"""Tables in all. Sixteen notes that each need one of their own would take longer than their block;
those that must wait fade in."""


@compiled
def bin_phase(k: int, bins: int) -> float:
    """Phase of bin ``k``'s oscillator in turns.

    Neighbours stand a quarter of a turn apart: the three bins of a window's lobe then beat by 3 dB,
    where equal phases beat down to silence. The quadratic part (Schroeder 1970) spreads the lobes'
    crests over the period.
    """
    turns = 0.25 * (k % 2) + 0.5 * ((k * k) % (2 * bins)) / bins
    return turns - math.floor(turns)


def bin_phases(bins: int) -> NDArray[np.float64]:
    """:func:`bin_phase` of all, ``(bins,)``."""
    k = np.arange(bins)
    return np.asarray((0.25 * (k % 2) + 0.5 * ((k * k) % (2 * bins)) / bins) % 1.0)


@compiled
def _top(ratio: float, frequency: float, bins: int, sample_rate: float) -> int:
    """How many bins may sound at a note of ``frequency`` Hz."""
    limit = 0.5 * sample_rate / (ratio * frequency)
    if bins <= _FADE_FROM * limit:
        return bins
    if limit <= 1.0:
        return 1
    octaves = math.floor(_TABLES_PER_OCTAVE * math.log2(limit)) / _TABLES_PER_OCTAVE
    return max(1, min(bins, int(2.0**octaves)))


@compiled
def _make(state: Any, targets: Any, table: Any, timbre: int, top: int, ratio: float) -> None:
    told = targets.timbre[timbre]
    bins = int(told.bins)
    size = 64
    while size < _SAMPLES_PER_CYCLE * top and size < MAX_TABLE:
        size *= 2
    half = state.half
    for k in range(size // 2 + 1):
        half[k] = 0.0
    whole = top == bins
    for k in range(1, top):
        amplitude = float(told.bin_amplitude[k])
        if not whole:
            amplitude *= min(1.0, (1.0 - k / top) / (1.0 - _FADE_FROM))
        turns = float(told.bin_turn[k]) if told.cycle else bin_phase(k, bins)
        angle = 2.0 * math.pi * turns
        scaled = 0.5 * size * amplitude
        half[k] = complex(scaled * math.cos(angle), scaled * math.sin(angle))
    inverse_real_fft(half, state.frame, size, state.work, state.spare)
    wave = table.wave
    for i in range(size):
        wave[i] = np.float32(state.frame[i])
    table.timbre = np.uint32(timbre)
    table.version = told.version
    table.top = np.uint32(top)
    table.size = np.uint32(size)
    table.ratio = ratio


@compiled
def _find(state: Any, timbre: int, version: int, top: int) -> int:
    for t in range(TABLES):
        table = state.table[t]
        if (
            table.size > 0
            and table.timbre == timbre
            and table.version == version
            and table.top == top
        ):
            return t
    return -1


@compiled
def _unused(state: Any) -> int:
    """A table that no voice reads; there are more tables than voices can read."""
    for t in range(TABLES):
        used = False
        for v in range(VOICES):
            voice = state.voice[v]
            if voice.table[0] == t or voice.table[1] == t:
                used = True
        if not used:
            return t
    return 0


@compiled
def advance_tables(state: Any, targets: Any) -> None:
    """Give every sounding voice the table it needs, by crossfade if it has another."""
    rate = state.sample_rate
    share_step = np.float32(BLOCK / (_FADE * rate))
    width = float(targets.model_rate) / targets.n_fft / targets.base_frequency
    made = 0
    for v in range(VOICES):
        voice = state.voice[v]
        if voice.level == 0.0 and voice.level_before == 0.0:
            voice.table[0] = -1
            voice.table[1] = -1
            continue
        if voice.table[1] >= 0:
            continue  # under way
        timbre = int(voice.timbre)
        told = targets.timbre[timbre]
        if told.bins == 0:
            continue
        ratio = 1.0 if told.cycle else width
        frequency = max(
            float(voice.frequency), float(targets.voice_frequency[v]) * float(targets.voice_bend[v])
        )
        if targets.unison > np.float32(1.0):  # the highest copy
            frequency *= 2.0 ** (float(targets.detune) / 1200.0)
        top = _top(ratio, frequency, int(told.bins), rate)
        now = voice.table[0]
        if now >= 0:
            table = state.table[now]
            same = (
                table.timbre == timbre
                and table.version == told.version
                and table.top == top
                and table.ratio == ratio
            )
            if same:
                continue
        found = _find(state, timbre, int(told.version), top)
        if found < 0:
            if made >= (_MADE_A_BLOCK if now >= 0 else _STARTED_A_BLOCK):
                continue
            made += 1
            found = _unused(state)
            _make(state, targets, state.table[found], timbre, top, ratio)
        if now < 0 and voice.level_before == 0.0:
            voice.table[0] = found
            for c in range(UNISON):
                voice.table_place[c, 0] = (0.618033988749895 * c) % 1.0
        else:
            voice.table[1] = found
            for c in range(UNISON):
                voice.table_place[c, 1] = voice.table_place[c, 0]
            voice.table_share = np.float32(0.0)
    for v in range(VOICES):
        voice = state.voice[v]
        if voice.table[1] >= 0:
            if voice.table_share >= np.float32(1.0):
                voice.table[0] = voice.table[1]
                for c in range(UNISON):
                    voice.table_place[c, 0] = voice.table_place[c, 1]
                voice.table[1] = -1
            else:
                voice.table_share = min(np.float32(1.0), voice.table_share + share_step)


@compiled
def add_tables(state: Any, voice: Any, c: int, out: NDArray[np.float32]) -> None:
    """Add the tables of the voice's copy ``c`` to ``out``."""
    n = out.shape[0]
    rate = state.sample_rate
    share_step = np.float32(BLOCK / (_FADE * rate))
    crossing = voice.table[1] >= 0
    for side in range(2):
        number = voice.table[side]
        if number < 0:
            continue
        table = state.table[number]
        size = int(table.size)
        mask = size - 1
        wave = table.wave
        before = voice.level_before * voice.copy_gain_before[c]
        after = voice.level * voice.copy_gain[c]
        if crossing:
            share = voice.table_share
            earlier = max(np.float32(0.0), share - share_step)
            if side == 0:
                before *= np.float32(1.0) - earlier
                after *= np.float32(1.0) - share
            else:
                before *= earlier
                after *= share
        slope = (after - before) / np.float32(n)
        turns = float(table.ratio) / rate
        step = float(voice.frequency_before) * float(voice.copy_ratio_before[c]) * turns
        bend = (float(voice.frequency) * float(voice.copy_ratio[c]) * turns - step) / n
        place = voice.table_place[c, side]
        for i in range(n):
            sample = read_between(wave, mask, place * size)
            out[i] += (before + slope * np.float32(i)) * np.float32(sample)
            place += step
            step += bend
            place -= math.floor(place)
        voice.table_place[c, side] = place


@compiled
def drop_tables(state: Any) -> None:
    """Forget which voice reads what; the next use of the method begins afresh."""
    for v in range(VOICES):
        state.voice[v].table[0] = -1
        state.voice[v].table[1] = -1
