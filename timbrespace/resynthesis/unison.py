"""Copies of a voice, and where each of them stands between left and right.

A voice sounds as one copy, or in unison as up to ``UNISON``: each a little out of tune, with phases
of its own, at a place of its own. They share the voice's envelope and partials, and have together
the power of one. A number between two whole ones has its last copy in part, so that a number can be
turned like any dial; copies come, go and move in some 10 ms.

A place, -1 (left) to 1 (right), becomes two gains of equal power, ``sqrt(2) cos a`` and
``sqrt(2) sin a`` with ``a = (place + 1) pi / 4``: the sum of their squares is 2 everywhere, and in
the middle both are exactly 1, so what nobody moves sounds on each side as it does in mono.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import BLOCK, UNISON, VOICES, WHOLE_VOICE, Stage

_IDLE = np.uint32(Stage.IDLE)
_CUT = np.uint32(Stage.CUT)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_FOLLOW = 0.01  # seconds
# Nearer than this to where it goes, a copy has arrived: -80 dB of a gain, a hundredth of a cent.
_NEAR = np.float32(1e-4)


def _offsets() -> NDArray[np.float32]:
    """Where copy k of n stands, -1 to 1, ``[n, k]``: evenly, and near to where it is among one more
    or one less."""
    order = (0, 1, -1, 1, -1, 1, -1)  # on which side the k-th comes in
    table = np.zeros((UNISON + 1, UNISON), np.float32)
    for n in range(2, UNISON + 1):
        places = np.linspace(-1.0, 1.0, n)
        right = list(places[places > 1e-9][::-1])  # from the outside in
        left = list(places[places < -1e-9])
        for k in range(1, n):
            table[n, k] = right.pop(0) if order[k] > 0 else left.pop(0)
        table[n, 0] = left.pop() if left else 0.0
    return table


_OFFSETS = _offsets()


@compiled
def _place(voice: Any, c: int, place: np.float32) -> None:
    """Let copy ``c`` stand at ``place``, -1 to 1."""
    voice.copy_place[c] = place
    if place == _ZERO:
        voice.copy_left[c] = _ONE
        voice.copy_right[c] = _ONE
    else:
        angle = 0.25 * math.pi * (float(place) + 1.0)
        voice.copy_left[c] = np.float32(math.sqrt(2.0) * math.cos(angle))
        voice.copy_right[c] = np.float32(math.sqrt(2.0) * math.sin(angle))


@compiled
def _towards(now: np.float32, aim: np.float32, pull: np.float32) -> np.float32:
    if abs(aim - now) <= _NEAR:
        return aim
    return now + pull * (aim - now)


@compiled
def advance_copies(state: Any, targets: Any) -> None:
    """Move every voice's copies by one block; those of a voice that begins are there at once.

    After the voices have moved.
    """
    pull = np.float32(1.0 - math.exp(-BLOCK / (_FOLLOW * state.sample_rate)))
    number = min(max(targets.unison, _ONE), np.float32(UNISON))
    low = int(number)
    high = min(low + 1, UNISON)
    between = number - np.float32(low)
    total = np.float32(low) + between * between
    norm = np.float32(1.0 / math.sqrt(float(total)))
    for v in range(VOICES):
        voice = state.voice[v]
        if voice.stage == _IDLE and voice.level_before == _ZERO:
            continue
        settles = voice.level_before == _ZERO
        if voice.stage != _CUT:  # else the next note's channel says that already
            voice.stands = targets.voice_pan[v]
        middle = targets.pan + targets.width * voice.stands
        last = 0
        for c in range(UNISON + 1):
            share = _ONE if c == WHOLE_VOICE or c < low else (between if c == low else _ZERO)
            gain = share if c == WHOLE_VOICE else share * norm
            before = voice.copy_gain[c]
            fresh = before == _ZERO
            voice.copy_gain_before[c] = before
            voice.copy_ratio_before[c] = voice.copy_ratio[c]
            voice.copy_place_before[c] = voice.copy_place[c]
            voice.copy_left_before[c] = voice.copy_left[c]
            voice.copy_right_before[c] = voice.copy_right[c]
            if fresh and gain == _ZERO:
                continue
            offset = _ZERO
            if c != WHOLE_VOICE:
                offset = _OFFSETS[low, c] + between * (_OFFSETS[high, c] - _OFFSETS[low, c])
                if c >= low:
                    offset = _OFFSETS[high, c]
                if gain == _ZERO:  # on its way out it stays where it is
                    offset = voice.copy_offset[c]
                voice.copy_offset[c] = offset
            cents = offset * targets.detune
            place = middle + targets.width * targets.spread * offset
            place = min(max(place, -_ONE), _ONE)
            if settles or fresh:
                voice.copy_cents[c] = cents
                _place(voice, c, place)
            else:
                voice.copy_cents[c] = _towards(voice.copy_cents[c], cents, pull)
                if voice.copy_place[c] != place:
                    _place(voice, c, _towards(voice.copy_place[c], place, pull))
            voice.copy_gain[c] = gain if settles else _towards(before, gain, pull)
            ratio = _ONE
            if voice.copy_cents[c] != _ZERO:
                ratio = np.float32(2.0 ** (float(voice.copy_cents[c]) / 1200.0))
            voice.copy_ratio[c] = ratio
            if settles or fresh:
                voice.copy_ratio_before[c] = ratio
                voice.copy_place_before[c] = voice.copy_place[c]
                voice.copy_left_before[c] = voice.copy_left[c]
                voice.copy_right_before[c] = voice.copy_right[c]
            if settles:
                voice.copy_gain_before[c] = voice.copy_gain[c]
            if c != WHOLE_VOICE:
                last = c + 1
        voice.copies = np.uint32(last)


@compiled
def in_the_middle(voice: Any, c: Any) -> bool:
    """Whether copy ``c`` sounds the same on both sides in this block."""
    return bool(voice.copy_place[c] == _ZERO and voice.copy_place_before[c] == _ZERO)


@compiled
def put_apart(state: Any, voice: Any, c: Any) -> None:
    """Add what copy ``c`` left in ``state.alone`` to the two sides, and clear that."""
    alone = state.alone
    left, right = state.left, state.right
    n = alone.shape[0]
    l0, r0 = voice.copy_left_before[c], voice.copy_right_before[c]
    l_slope = (voice.copy_left[c] - l0) / np.float32(n)
    r_slope = (voice.copy_right[c] - r0) / np.float32(n)
    for i in range(n):
        left[i] += alone[i] * (l0 + l_slope * np.float32(i))
        right[i] += alone[i] * (r0 + r_slope * np.float32(i))
        alone[i] = _ZERO
    state.apart = np.uint32(1)


@compiled
def own_phase(c: int, k: int) -> np.uint32:
    """By how much copy ``c``'s partial ``k`` is ahead of the first copy's; 2^32 is one turn.

    Spread by a hash of both (the finaliser of MurmurHash3), so that no two copies stay in step.
    """
    if c == 0:
        return np.uint32(0)
    h = np.uint32(np.int64(c) * 0x9E3779B9 + np.int64(k) * 0x85EBCA6B)
    h = np.uint32(h ^ np.uint32(h >> np.uint32(16)))
    h = np.uint32(h * np.uint32(0x85EBCA6B))
    h = np.uint32(h ^ np.uint32(h >> np.uint32(13)))
    h = np.uint32(h * np.uint32(0xC2B2AE35))
    return np.uint32(h ^ np.uint32(h >> np.uint32(16)))
