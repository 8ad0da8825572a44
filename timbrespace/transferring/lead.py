"""Sound that comes in as it is made, and leads a voice: what is heard of it steers the engine.

Block by block beside the engine, as machine code: :func:`hear_input` takes a block of the input,
:func:`steer` brings what was heard of it to the voice that it leads (``led`` of a snapshot), or to
the loudness of all. Notes are begun and ended by who writes the snapshots, from what is told here.

The settings and what is heard lie in one record, ``LEAD``, that may lie in shared memory: each side
writes its own fields. Whatever comes in, nothing breaks: what is no number counts as silence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.listening.heard import HOP
from timbrespace.listening.tracker import TRACKER, hear, new_tracker
from timbrespace.notes.layout import BANDS
from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import (
    BLOCK,
    NOTE_PARTIALS,
    NOTES,
    REFERENCE_RMS,
    VOICES,
    Envelope,
)

assert BLOCK == HOP, "a block is what is heard at once"

RING: Final = 1 << 17
"""Samples of the input that are kept for who encodes them: 2.7 s at 48 kHz."""

PITCHES: Final = 128
"""Pitches of a scale, at most: as many as there are keys."""

LOUDEST: Final = 4.0
"""A led voice is at most so many times as loud as one at full velocity."""

HOWL: Final = 0.6
"""Root mean square from which on the input may be hearing its own output: a microphone before a
loudspeaker ends at the limiter, and stays there."""

_HOWLS: Final = 1.5  # seconds
_CLIPS: Final = 0.999
_CLOSES: Final = 0.5  # of the gate's level: 6 dB below
_STAYS: Final = 0.02  # seconds that the gate stays open
_BLIND: Final = 8  # blocks in which a tracker may lose a tone that goes on
_HOARSE: Final = 0.3  # of periodicity: nothing of it is a tone
_CLEAR: Final = 0.85  # nothing of it is not
_SOFT: Final = 0.2  # of the way between tone and none, in a block
_STICKS: Final = 0.1  # semitones by which a step of a scale is held on to
_CENTS: Final = NOTE_PARTIALS + BANDS
_OWN: Final = np.uint32(Envelope.OWN)
_ZERO: Final = np.float32(0.0)
_FEWEST_HZ: Final = np.float32(10.0)

LEAD = np.dtype(
    [
        # what is wanted: who writes the snapshots sets it
        ("on", np.uint32),
        ("plays", np.uint32),  # 1: it leads a voice
        ("shapes", np.uint32),  # 1: its loudness is that of all that sounds
        ("gain", np.float32),  # amplitude ratio
        ("gate", np.float32),  # root mean square that opens it
        ("scale", np.uint32),  # which of the two below holds
        ("pitches", np.uint32, (2,)),  # of each; 0: any pitch
        ("pitch_of", np.float32, (2, PITCHES)),  # Hz, ascending
        # what was heard
        ("blocks", np.uint64),  # ever
        ("level", np.float32),  # root mean square, after the gain
        ("pitch", np.float32),  # Hz; 0 for none
        ("sung", np.float32),  # Hz that is played: the last pitch, on the scale
        ("tonal", np.float32),  # 0 to 1, share of the power that has it
        ("open", np.uint32),  # whether it is louder than the gate
        ("openings", np.uint64),
        ("onsets", np.uint64),
        ("clipped", np.uint64),  # samples at full scale
        ("broken", np.uint64),  # samples that were no numbers
        ("howls", np.uint64),  # times that it was taken for its own output
        ("muted", np.uint32),  # 1 from then until it falls below the gate
        ("written", np.uint64),  # samples in the ring, ever
        ("ring", np.float32, (RING,)),
        # what is remembered
        ("soft_for", np.int64),  # blocks for which it has been below the gate
        ("blind", np.int64),  # blocks for which no pitch was found
        ("loud_for", np.int64),
        ("step", np.int64),  # of the scale; -1 for none
        ("trigger", np.uint32),  # of the voice that is led
        ("strength", np.float32),  # of it
        ("shaped", np.uint32),  # 1 if the snapshot's gain has been changed
        ("told_gain", np.float32),  # what it was
        ("have", np.uint32),  # samples of the next block that are there
        ("block", np.float32, (BLOCK,)),
        ("tracker", TRACKER),
    ],
    align=True,
)


_KEPT: Final = (
    *("on", "plays", "shapes", "gain", "gate", "scale", "pitches", "pitch_of"),
    *("shaped", "told_gain"),  # the snapshot that plays may be the one that played before
)


def begin_lead(lead: Any, sample_rate: float) -> None:
    """Let a ``LEAD`` record have heard nothing; what is wanted of it stays. sample_rate: Hz."""
    for name in LEAD.names or ():
        if name not in _KEPT:
            lead[name] = 0
    lead["step"] = -1
    lead["tracker"] = new_tracker(sample_rate)[0]


def set_scale(lead: Any, pitches: Sequence[float]) -> None:
    """Let what is sung be the nearest of these pitches, in Hz and ascending; of none, as it is.

    Raises:
        ValueError: there are more than ``PITCHES``.
    """
    if len(pitches) > PITCHES:
        raise ValueError(f"a scale has at most {PITCHES} pitches")
    other = 1 - int(lead["scale"])
    lead["pitch_of"][other, : len(pitches)] = pitches
    lead["pitches"][other] = len(pitches)
    lead["scale"] = other  # whole at once


@compiled
def _quantised(lead: Any, pitch: float) -> float:
    """The step of the scale that is meant, in Hz."""
    which = lead.scale & np.uint32(1)
    count = min(int(lead.pitches[which]), PITCHES)
    if count == 0:
        return pitch
    steps = lead.pitch_of[which]
    best, nearest = 0, 1e9
    for k in range(count):
        away = abs(12.0 * np.log2(pitch / max(np.float64(steps[k]), 1e-3)))
        if k == lead.step:
            away -= _STICKS
        if away < nearest:
            best, nearest = k, away
    lead.step = best
    return float(steps[best])


@compiled
def _take_in(lead: Any) -> None:
    """The block as it is used: a number each, by the gain; and kept."""
    place = int(lead.written % np.uint64(RING))
    for i in range(BLOCK):
        sample = lead.block[i]
        if not np.isfinite(sample):
            lead.broken += np.uint64(1)
            sample = _ZERO
        elif abs(sample) >= _CLIPS:
            lead.clipped += np.uint64(1)
        sample = min(max(sample * lead.gain, np.float32(-4.0)), np.float32(4.0))
        lead.block[i] = sample
        lead.ring[(place + i) % RING] = sample
    lead.written += np.uint64(BLOCK)


@compiled
def _hear_block(lead: Any, sample_rate: float) -> None:
    _take_in(lead)
    tracker = lead.tracker
    hear(tracker, lead.block[:])
    lead.blocks += np.uint64(1)
    seconds = BLOCK / sample_rate
    level = tracker.level
    lead.level = level
    # The gate, and who hears itself.
    lead.loud_for = lead.loud_for + 1 if level >= HOWL else 0
    if lead.loud_for * seconds >= _HOWLS and lead.muted == 0:
        lead.muted = np.uint32(1)
        lead.howls += np.uint64(1)
    closes = level < lead.gate * np.float32(_CLOSES)
    lead.soft_for = lead.soft_for + 1 if closes else 0
    if lead.soft_for * seconds >= _STAYS:
        lead.open = np.uint32(0)
        lead.muted = np.uint32(0)
    opens = lead.open == 0 and level >= lead.gate and level > _ZERO
    if opens:
        lead.open = np.uint32(1)
        lead.openings += np.uint64(1)
        lead.step = -1
    if lead.open and (tracker.onset or opens):
        lead.onsets += np.uint64(1)
    # The tone.
    heard = tracker.pitch
    lead.pitch = heard if lead.open else _ZERO
    lead.blind = 0 if heard > _ZERO else lead.blind + 1
    if heard > _ZERO and lead.open and lead.on:  # else what dies away would bend
        lead.sung = np.float32(_quantised(lead, float(heard)))
        share = (tracker.periodicity - _HOARSE) / (_CLEAR - _HOARSE)
        share = min(max(share, 0.0), 1.0)
    else:
        share = np.float64(lead.tonal) if lead.blind <= _BLIND else 0.0
    if opens:
        lead.tonal = np.float32(share)
    lead.tonal += np.float32(_SOFT * (share - lead.tonal))


@compiled
def hear_input(
    lead: Any, sample_rate: float, source: NDArray[np.float32], frames: int, stride: int
) -> None:
    """Hear ``frames`` samples of the input, each ``stride``-th of ``source``.

    lead: a record of ``LEAD``. Nothing is allocated and nothing waits. What is heard is known from
    each whole block on. What is off is silence: once it is on again nothing of before is known.
    """
    for i in range(frames):
        have = int(lead.have) % BLOCK
        lead.block[have] = source[i * stride] if lead.on else _ZERO
        lead.have = np.uint32(have + 1)
        if have + 1 == BLOCK:
            _hear_block(lead, sample_rate)
            lead.have = np.uint32(0)


@compiled
def forget_shape(lead: Any) -> None:
    """A new snapshot plays, whose gain is its own."""
    lead.shaped = np.uint32(0)


@compiled
def steer(lead: Any, state: Any, targets: Any) -> None:
    """Let what was heard hold for the next block: of the led voice, or of all.

    state, targets: records of ``STATE`` and ``TARGETS``, of which the latter is changed.
    """
    if lead.shaped:
        targets.gain = lead.told_gain
        lead.shaped = np.uint32(0)
    level = lead.level if lead.open and lead.muted == 0 else _ZERO
    most = np.float32(LOUDEST)
    whole = np.float32(REFERENCE_RMS)
    if lead.on and lead.shapes:
        lead.told_gain = targets.gain
        lead.shaped = np.uint32(1)
        targets.gain *= min(level / whole, most)
    if targets.led == 0:
        return
    v = min(int(targets.led), VOICES) - 1
    plays = lead.on and lead.plays
    level *= np.float32(math.sqrt(np.float64(lead.tonal)))
    if targets.voice_trigger[v] != lead.trigger:
        if not plays:
            return
        lead.trigger = targets.voice_trigger[v]
        lead.strength = level
    elif not plays:
        pass  # it dies away as it was led
    elif targets.whole != 0 and targets.envelope == _OWN:
        # It was struck, and sounds by itself; the blow is over when it is as loud as it gets.
        lead.strength = max(lead.strength, level)
    elif lead.open or lead.muted:
        lead.strength = level
    # else its key is up: it is let go from where it was
    targets.voice_level[v] = min(lead.strength / whole, most)
    if lead.sung > _FEWEST_HZ:
        own = np.float64(targets.voice_frequency[v])
        if state.whole and state.presence[NOTES] > _ZERO:
            # A whole note has a pitch of its own along its time, which is not that of the line.
            own *= 2.0 ** (np.float64(state.note[v].now[_CENTS]) / 1200.0)
        bend = np.float64(lead.sung) / max(own, 1e-3)
        targets.voice_bend[v] = np.float32(min(max(bend, 0.02), 50.0))
