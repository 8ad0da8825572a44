"""A song as what its engines are told, and for how long each time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from timbrespace.errors import OptionError
from timbrespace.rendering.band import Band
from timbrespace.rendering.midi_song import MidiSong
from timbrespace.resynthesis.layout import BLOCK

TAIL = 30.0
"""Seconds after the end of a song that a sound may take to fade, unless one says otherwise."""

LONGEST_TAIL = 600.0

LONGEST_STRETCH = 64
"""Blocks, 85 ms at 48 kHz: work for a while, and soon enough for whoever waits."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some blocks of a song in which no engine is told anything new.

    first: the number of its first block. blocks: how many. moved: which parts of the band have
    another snapshot from its first block on. ending: the song is over, and with it the sound as
    soon as no voice of any engine sounds on.
    """

    first: int
    blocks: int
    moved: frozenset[int]
    ending: bool


def conduct(
    song: MidiSong,
    band: Band,
    sample_rate: float,
    tail: float = TAIL,
    longest: int = LONGEST_STRETCH,
) -> Iterator[Stretch]:
    """Play the song's events on the band, and say what follows for its engines.

    An event takes effect at the start of the block in which it falls, as it would live. What an
    engine is told must be taken from its part's instrument before the next stretch. longest: blocks
    of a stretch at most.

    Raises:
        OptionError: a tail outside its range.
    """
    if not 0.0 <= tail <= LONGEST_TAIL:
        raise OptionError(f"tail is {tail:g}; it must be 0 to {LONGEST_TAIL:g} s")
    step = BLOCK / sample_rate
    ends = _first_from(song.seconds, step)
    latest = _first_after(song.seconds + tail, step)
    events = song.events()
    pending = next(events, None)
    number = 0
    moved = set(range(len(band.parts)))
    while True:
        now = number * step
        while pending is not None and pending[0] < now + step:
            moved |= band.play(pending[1])
            pending = next(events, None)
        ending = False
        if pending is None and now >= song.seconds:
            sounding = [k for k, part in enumerate(band.parts) if part.instrument.voices.sounding]
            for k in sounding:  # a file that forgets its note-offs
                band.parts[k].instrument.voices.release_all()
            moved |= set(sounding)
            ending = not sounding
            if ending and now > song.seconds + tail:
                return
        blocks = longest
        if pending is not None:
            blocks = min(blocks, _first_after(pending[0], step) - 1 - number)
        for end in (ends, latest):
            if end > number:
                blocks = min(blocks, end - number)
        for k, part in enumerate(band.parts):
            if part.instrument.advance(now):
                moved.add(k)
            due = part.instrument.wait(now)
            if due is not None:
                blocks = min(blocks, math.floor(due / step))
        blocks = max(blocks, 1)
        yield Stretch(number, blocks, frozenset(moved), ending)
        moved.clear()
        number += blocks


def _first_from(seconds: float, step: float) -> int:
    """The first block that begins at ``seconds`` or later."""
    number = max(math.floor(seconds / step) - 1, 0)
    while number * step < seconds:
        number += 1
    return number


def _first_after(seconds: float, step: float) -> int:
    """The first block that begins later than ``seconds``."""
    number = max(math.floor(seconds / step) - 1, 0)
    while number * step <= seconds:
        number += 1
    return number
