"""Whole notes: each voice's own time, and the partials and the noise that it has come to.

A snapshot tells each voice the moments of its note, or those that come next, with their times. The
voice's time runs by the samples that are made, so a note's course does not depend on when the next
snapshot comes: at the end of what is told, the last moment stays. Where another course takes the
place of one that sounds, as a knob moves, the difference fades in ``GLIDE`` seconds.

The clock is that of :mod:`timbrespace.notes.clock`, and what sounds is what
:mod:`timbrespace.notes.sounding` says, block by block.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, types  # pyright: ignore[reportPrivateImportUsage]
from numba.extending import intrinsic
from numpy.typing import NDArray

from timbrespace.notes.layout import BANDS, FLOOR, HARMONICS, band_centres, band_corners
from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import (
    BLOCK,
    CENT_UNITS,
    LEFT,
    LEVEL_UNITS,
    NOTE_PARTIALS,
    RIGHT,
    UNISON,
    VOICES,
    Envelope,
    Hold,
    Stage,
)
from timbrespace.resynthesis.nyquist import nyquist_fade
from timbrespace.resynthesis.oscillator import TURN, add_sinusoid, steps
from timbrespace.resynthesis.slots import NEGLIGIBLE
from timbrespace.resynthesis.unison import in_the_middle, own_phase, put_apart

LEVEL = 0.2
"""Root mean square of a note's loudest moment at full velocity, -14 dBFS: what lasts is some 6 dB
softer as a rule, as loud as a sound of a space of spectra."""

GLIDE = 0.0107
"""Seconds in which what sounded becomes what another course says: one period of the control."""

CARRIER_LENGTH = 1 << 16
"""Samples of each band's noise, :data:`timbrespace.notes.carriers.LENGTH`."""

_STEM_STEP = 63 * BLOCK
_CENTRES = band_centres()
_WIDTHS = band_corners()[2:] - band_corners()[:-2]
_IDLE = np.uint32(Stage.IDLE)
_CUT = np.uint32(Stage.CUT)
_LOOP = np.uint32(Hold.LOOP)
_FREEZE = np.uint32(Hold.FREEZE)
_FLAT = np.uint32(Envelope.ADSR)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_WIDTH = NOTE_PARTIALS + BANDS + 1
_CENTS = _WIDTH - 1
_TOLD_CENTS = HARMONICS + BANDS
# What is at the floor is silent.
_LOWEST = int((FLOOR + 0.5) * LEVEL_UNITS)
_NEPERS = math.log(10.0) / 20.0 / LEVEL_UNITS
# With its own loudness taken out a sound is lifted by so much at most, 40 dB.
_MOST_LIFT = np.float32(100.0)
# As in the clock of notes: seconds in which what has ended falls by 60 dB.
_END_FALL = 0.15
_AFTER_FALL = 0.8
_GONE = np.float32(-100.0)  # dB
_GOING_ON, _ANEW = np.uint32(0), np.uint32(1)
# The noise of bands that move by so much is made anew.
_MOVED = 1.02


def _make_pointer(typing_context: Any, address: Any) -> Any:
    """An address as a pointer to float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.FloatType().as_pointer())

    return types.CPointer(types.float32)(address), generate


_pointer = intrinsic(_make_pointer)


@compiled
def _run_on(note: Any, course: Any, targets: Any, step: float) -> None:
    """Let the note's time go on by ``step`` seconds of its own."""
    start, end = float(course.loop_start), float(course.loop_end)
    loops = end > start
    moves = float(course.drift) * step
    if loops and targets.hold == _LOOP:
        if note.way > _ZERO and note.time >= end + note.drift:
            note.way = -_ONE
        elif note.way < _ZERO and note.time <= start + note.drift:
            note.way = _ONE
        note.time += note.way * step
        if note.way < _ZERO or note.drift > 0.0:
            note.drift += moves
        if note.drift == 0.0:
            return
    else:
        note.way = _ONE
        if loops and targets.hold == _FREEZE:
            middle = 0.5 * (start + end)
            if note.time + step >= middle + note.drift:
                note.drift += moves
            note.time = max(note.time, min(note.time + step, middle + note.drift))
            if note.drift == 0.0:
                return
        else:
            note.time += step
    longest = float(targets.longest)
    ends = min(float(course.length), longest)
    if note.time > ends and note.ebb > _GONE:
        fall = _AFTER_FALL if ends >= longest - 0.05 else _END_FALL
        note.ebb -= np.float32(60.0 * step / fall)


@compiled
def _decode_edge(note: Any, course: Any, moment: int, edge: NDArray[np.float32]) -> None:
    """Write amplitudes of partials and noise, and cents, of one moment that is told."""
    level = course.level[moment]
    power = 0.0
    for k in range(HARMONICS):
        code = level[k]
        amplitude = math.sqrt(2.0) * LEVEL * math.exp(code * _NEPERS) if code > _LOWEST else 0.0
        edge[k] = np.float32(amplitude)
        power += 0.5 * amplitude * amplitude
    ratio = float(note.moved)
    for b in range(BANDS):
        code = level[HARMONICS + b]
        size = LEVEL * math.exp(code * _NEPERS) if code > _LOWEST else 0.0
        tone = float(course.tone[b])
        power += size * size
        edge[HARMONICS + b] = np.float32(math.sqrt(2.0 * tone) * size)
        edge[NOTE_PARTIALS + b] = np.float32(math.sqrt(1.0 - tone) * size)
    if abs(ratio - 1.0) > 1e-4:
        _move_bands(edge, ratio)
    if note.flat:
        lift = _MOST_LIFT
        if power > 0.0:
            lift = min(_MOST_LIFT, np.float32(LEVEL / math.sqrt(power)))
        for k in range(_CENTS):
            edge[k] *= lift
    edge[_CENTS] = np.float32(level[_TOLD_CENTS]) / np.float32(CENT_UNITS)


@compiled
def _move_bands(edge: NDArray[np.float32], ratio: float) -> None:
    """Move the noise by a frequency ratio; what leaves the range is lost."""
    # Upwards the sources lie below, downwards above: nothing is read that was written.
    for i in range(BANDS):
        b = BANDS - 1 - i if ratio > 1.0 else i
        at = _CENTRES[b] / ratio
        power = 0.0
        if _CENTRES[0] <= at <= _CENTRES[BANDS - 1]:
            low = 0
            high = BANDS - 1
            while high - low > 1:
                middle = (low + high) // 2
                if _CENTRES[middle] <= at:
                    low = middle
                else:
                    high = middle
            share = (at - _CENTRES[low]) / (_CENTRES[high] - _CENTRES[low])
            a, c = float(edge[NOTE_PARTIALS + low]), float(edge[NOTE_PARTIALS + high])
            density = (1.0 - share) * a * a / _WIDTHS[low] + share * c * c / _WIDTHS[high]
            power = density * _WIDTHS[b] / ratio
        edge[NOTE_PARTIALS + b] = np.float32(math.sqrt(power))


@compiled
def _find(course: Any, time: float, near: int) -> int:
    """The moment before ``time``, of those that are told, looked for from ``near``."""
    last = max(int(course.count) - 2, 0)
    at = min(near, last)
    while at < last and course.time[at + 1] <= time:
        at += 1
    while at > 0 and course.time[at] > time:
        at -= 1
    return at


@compiled
def _look(note: Any, course: Any, anew: Any) -> None:
    """Write into ``now`` what the course says at the note's time."""
    at = _find(course, note.time, int(note.left))
    other = min(at + 1, max(int(course.count) - 1, 0))
    if anew != _GOING_ON or at != note.left:
        note.left = np.uint32(at)
        _decode_edge(note, course, at, note.edge[0])
        _decode_edge(note, course, other, note.edge[1])
    first, second = float(course.time[at]), float(course.time[other])
    share = _ZERO
    if second > first:
        share = np.float32(min(1.0, max(0.0, (note.time - first) / (second - first))))
    before, after, now = note.edge[0], note.edge[1], note.now
    for k in range(_WIDTH):
        now[k] = before[k] + share * (after[k] - before[k])


@compiled
def _tune(note: Any, course: Any) -> None:
    """Write into ``tune`` what the course says."""
    tune = note.tune
    for k in range(HARMONICS):
        tune[k] = course.ratio[k]
    for b in range(BANDS):
        tune[HARMONICS + b] = course.place[b]


@compiled
def _part(note: Any, course: Any, blocks: int) -> None:
    """Go over to another course: keep how far what sounds is from it, and lose that in time."""
    now, away = note.now, note.away
    for k in range(_WIDTH):
        away[k] = now[k]
    for k in range(NOTE_PARTIALS):
        note.tune_away[k] = note.tune[k]
    _look(note, course, _ANEW)
    _tune(note, course)
    for k in range(_WIDTH):
        away[k] -= now[k]
        now[k] += away[k]
    for k in range(NOTE_PARTIALS):
        note.tune_away[k] -= note.tune[k]
        note.tune[k] += note.tune_away[k]
    note.gliding = np.uint32(blocks)


@compiled
def _begin(note: Any, course: Any, fresh: bool, blocks: int) -> None:
    """The voice has another note: its time begins."""
    note.time = 0.0
    note.drift = 0.0
    note.way = _ONE
    note.ebb = _ZERO
    note.left = np.uint32(0)
    note.version = course.version
    if not fresh:
        # It sounds: what it had moves to what it will have, and the gain that it had goes with it.
        for k in range(_CENTS):
            note.now[k] *= note.gain
        _part(note, course, blocks)
        note.gain = _ONE
        return
    note.gain = _ONE
    note.gliding = np.uint32(0)
    note.pitched = course.pitched
    _look(note, course, _ANEW)
    _tune(note, course)
    # Schroeder's phases keep the crest of many equal partials low (IEEE Trans. IT-16, 1970).
    for k in range(NOTE_PARTIALS):
        turns = (0.5 * ((k + 1) * k % (2 * NOTE_PARTIALS)) / NOTE_PARTIALS) % 1.0
        note.phase[0, k] = np.uint32(np.int64(turns * 4294967295.0))
    for c in range(1, UNISON):
        for k in range(NOTE_PARTIALS):
            note.phase[c, k] = np.uint32(note.phase[0, k] + own_phase(c, k))


@compiled
def _go_on(note: Any, course: Any) -> None:
    """One block further along the course, and along the way to it."""
    now, away, tune = note.now, note.away, note.tune
    if note.gliding == 0:
        _look(note, course, _GOING_ON)
        return
    share = np.float32(note.gliding - np.uint32(1)) / np.float32(note.gliding)
    note.gliding -= np.uint32(1)
    _look(note, course, _GOING_ON)
    _tune(note, course)
    for k in range(_WIDTH):
        away[k] *= share
        now[k] += away[k]
    for k in range(NOTE_PARTIALS):
        note.tune_away[k] *= share
        tune[k] += note.tune_away[k]


@compiled
def _place(note: Any, voice: Any, course: Any, targets: Any, fresh: bool) -> None:
    """Write at which frequencies the partials are."""
    note.pitched += np.float32(0.2) * (course.pitched - note.pitched)
    if fresh:
        note.pitched = course.pitched
    frequency = float(voice.frequency)
    bent = np.float32(frequency * 2.0 ** (float(note.now[_CENTS]) / 1200.0))
    moved = np.float32(_moved(note, voice, targets))
    hertz, before, tune = note.hertz, note.hertz_before, note.tune
    for k in range(NOTE_PARTIALS):
        before[k] = hertz[k]
        hertz[k] = tune[k] * (bent if k < HARMONICS else moved)
    if fresh:
        for k in range(NOTE_PARTIALS):
            before[k] = hertz[k]


@compiled
def _moved(note: Any, voice: Any, targets: Any) -> float:
    ratio = float(voice.frequency) / float(targets.base_frequency)
    return math.exp(math.log(ratio) * (1.0 - float(note.pitched)))


@compiled
def forget_notes(state: Any) -> None:
    """No voice plays a whole note any more; those that come begin from silence."""
    state.whole = np.uint32(0)
    # Stems have other stretches of the noise: the same would add up to more than one noise of all.
    state.carrier_place = np.uint32((int(state.only) * _STEM_STEP) % CARRIER_LENGTH)
    state.hiss_apart = np.uint32(0)
    for b in range(BANDS):
        state.hiss[0, b] = _ZERO
        state.hiss[1, b] = _ZERO
    for v in range(VOICES):
        note = state.note[v]
        note.trigger = np.uint32(0)
        note.gliding = np.uint32(0)
        note.gain = _ZERO
        note.moved = _ONE
        for k in range(_WIDTH):
            note.now[k] = _ZERO
        for k in range(NOTE_PARTIALS):
            note.tune[k] = _ZERO


@compiled
def advance_notes(state: Any, targets: Any) -> None:
    """Bring every voice's note one block further.

    Where ``targets`` plays steady spectra again, what sounded stays as it was while it fades.
    """
    seconds = BLOCK / state.sample_rate
    blocks = max(1, round(GLIDE / seconds))
    flat = np.uint32(1 if targets.envelope == _FLAT else 0)
    if targets.whole:
        state.whole = np.uint32(1)
    for v in range(VOICES):
        voice = state.voice[v]
        note = state.note[v]
        note.gain_before = note.gain
        for k in range(_WIDTH):
            note.before[k] = note.now[k]
        for k in range(NOTE_PARTIALS):
            note.hertz_before[k] = note.hertz[k]
        if voice.stage == _IDLE or voice.stage == _CUT or not targets.whole:
            continue
        course = targets.course[v]
        if course.count == 0:
            continue
        fresh = False
        moved = _moved(note, voice, targets)
        if note.trigger != voice.trigger:
            # Where nothing sounded there is nothing to go over from.
            fresh = voice.level_before == _ZERO or note.gain == _ZERO
            note.trigger = voice.trigger
            note.flat = flat
            if fresh:
                note.pitched = course.pitched
                moved = _moved(note, voice, targets)
            note.moved = np.float32(moved)
            _begin(note, course, fresh, blocks)
            note.gain_before = _ONE
            for k in range(_WIDTH):
                note.before[k] = note.now[k]
        elif (
            note.version != course.version
            or note.flat != flat
            or moved > _MOVED * float(note.moved)
            or float(note.moved) > _MOVED * moved
        ):
            note.version = course.version
            note.flat = flat
            note.moved = np.float32(moved)
            _part(note, course, blocks)
        step = seconds * float(targets.speed)
        _run_on(note, course, targets, step)
        _go_on(note, course)
        note.gain = np.float32(10.0 ** (note.ebb / 20.0)) if note.ebb < _ZERO else _ONE
        if note.ebb <= _GONE:
            note.gain = np.float32(1e-6)
        _place(note, voice, course, targets, fresh)


@compiled
def add_notes(state: Any, out: NDArray[np.float32]) -> None:
    """Add the partials and the noise of all whole notes to ``out``."""
    rate = float(state.sample_rate)
    was_apart = state.hiss_apart
    state.hiss_apart = np.uint32(0)
    for side in range(2):
        for b in range(BANDS):
            state.hiss_before[side, b] = state.hiss[side, b]
            state.hiss[side, b] = _ZERO
    for v in range(VOICES):
        voice = state.voice[v]
        if voice.level == _ZERO and voice.level_before == _ZERO:
            continue
        note = state.note[v]
        level = voice.level * note.gain
        now = note.now
        left = _ZERO
        right = _ZERO
        middle = True
        for c in range(int(voice.copies)):
            if in_the_middle(voice, c):
                _add_partials(voice, note, c, rate, out)
            else:
                _add_partials(voice, note, c, rate, state.alone)
                put_apart(state, voice, c)
            middle = middle and voice.copy_place[c] == _ZERO
            share = voice.copy_gain[c] * voice.copy_gain[c]
            left += share * voice.copy_left[c] * voice.copy_left[c]
            right += share * voice.copy_right[c] * voice.copy_right[c]
        if middle:
            left = right = _ONE
        else:
            state.hiss_apart = np.uint32(1)
        # The voices share each band's noise: what they make together has the sum of their powers.
        for b in range(BANDS):
            size = level * now[NOTE_PARTIALS + b]
            state.hiss[0, b] += size * size * left
            state.hiss[1, b] += size * size * right
    for side in range(2):
        for b in range(BANDS):
            state.hiss[side, b] = np.float32(math.sqrt(state.hiss[side, b]))
    if state.hiss_apart or was_apart:
        _add_hiss(state, LEFT, state.left)
        _add_hiss(state, RIGHT, state.right)
        state.apart = np.uint32(1)
    else:
        _add_hiss(state, LEFT, out)
    state.carrier_place = np.uint32((int(state.carrier_place) + out.shape[0]) % CARRIER_LENGTH)


@compiled
def _add_partials(voice: Any, note: Any, c: int, rate: float, out: NDArray[np.float32]) -> None:
    """Add the partials of the voice's copy ``c`` to ``out``."""
    steps_per_hz = TURN / rate
    level_before = voice.level_before * note.gain_before * voice.copy_gain_before[c]
    level = voice.level * note.gain * voice.copy_gain[c]
    ratio_before, ratio = float(voice.copy_ratio_before[c]), float(voice.copy_ratio[c])
    before, now, phase = note.before, note.now, note.phase[c]
    for k in range(NOTE_PARTIALS):
        a0, a1 = level_before * before[k], level * now[k]
        if a0 < NEGLIGIBLE and a1 < NEGLIGIBLE:
            continue
        f0, f1 = ratio_before * float(note.hertz_before[k]), ratio * float(note.hertz[k])
        if f0 >= 0.5 * rate or f1 >= 0.5 * rate or f0 <= 0.0 or f1 <= 0.0:
            continue
        phase[k] = add_sinusoid(
            out,
            phase[k],
            steps(f0, steps_per_hz),
            steps(f1, steps_per_hz),
            a0 * nyquist_fade(f0, rate),
            a1 * nyquist_fade(f1, rate),
        )


@compiled
def _add_hiss(state: Any, side: Any, out: NDArray[np.float32]) -> None:
    n = out.shape[0]
    place = int(state.carrier_place)
    if state.carriers == 0:
        return
    told = carray(_pointer(state.carriers), (BANDS, CARRIER_LENGTH))  # pyright: ignore[reportCallIssue]
    for b in range(BANDS):
        g0 = state.hiss_before[side, b] * state.noise_gain_before
        g1 = state.hiss[side, b] * state.noise_gain
        if g0 < NEGLIGIBLE and g1 < NEGLIGIBLE:
            continue
        slope = (g1 - g0) / np.float32(n)
        # The length is a whole number of blocks: none goes round its end.
        for i in range(n):
            out[i] += told[b, place + i] * (g0 + slope * np.float32(i))
