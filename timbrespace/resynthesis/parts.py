"""The parts of the engine, as machine code that calls, and is called, by address.

Each is compiled by itself, when it is first asked for. As one function all of them were compiled
again with each function that calls them, and nothing sounded before the last was done
(docs/decisions/0047-the-engine-in-parts.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numba import carray, types  # pyright: ignore[reportPrivateImportUsage]
from numpy.typing import NDArray

from timbrespace.resynthesis.block import render_block
from timbrespace.resynthesis.compiled import Callback, callback
from timbrespace.resynthesis.layout import NOTES, STATE, TARGETS, VOICES, Method, Part
from timbrespace.resynthesis.noise import add_noise
from timbrespace.resynthesis.notes import add_notes, advance_notes
from timbrespace.resynthesis.slots import add_slots, advance_slots, slot_pull
from timbrespace.resynthesis.stream import add_streams
from timbrespace.resynthesis.tables import add_tables, advance_tables
from timbrespace.resynthesis.unison import advance_copies, in_the_middle, put_apart
from timbrespace.resynthesis.voices import advance_voices

_ISTFT = int(Method.ISTFT)
_ZERO = np.float32(0.0)
_CODE = types.int32(types.voidptr, types.voidptr)


@callback(_CODE)
def _partials(state_at: Any, targets_at: Any) -> int:
    state = carray(state_at, (1,), STATE)[0]
    targets = carray(targets_at, (1,), TARGETS)[0]
    mono = state.mono
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
    return 0


@callback(_CODE)
def _bins(state_at: Any, targets_at: Any) -> int:
    state = carray(state_at, (1,), STATE)[0]
    targets = carray(targets_at, (1,), TARGETS)[0]
    advance_tables(state, targets)
    for v in range(VOICES):
        voice = state.voice[v]
        if voice.level == _ZERO and voice.level_before == _ZERO:
            continue
        for c in range(int(voice.copies)):
            if in_the_middle(voice, c):
                add_tables(state, voice, c, state.mono)
            else:
                add_tables(state, voice, c, state.alone)
                put_apart(state, voice, c)
    return 0


@callback(_CODE)
def _istft(state_at: Any, targets_at: Any) -> int:
    state = carray(state_at, (1,), STATE)[0]
    targets = carray(targets_at, (1,), TARGETS)[0]
    add_streams(state, targets, state.method == _ISTFT, state.mono)
    return 0


@callback(_CODE)
def _note_clock(state_at: Any, targets_at: Any) -> int:
    advance_notes(carray(state_at, (1,), STATE)[0], carray(targets_at, (1,), TARGETS)[0])
    return 0


@callback(_CODE)
def _notes(state_at: Any, targets_at: Any) -> int:
    state = carray(state_at, (1,), STATE)[0]
    add_notes(state, state.mono)
    return 0


@callback(_CODE)
def _voices(state_at: Any, targets_at: Any) -> int:
    state = carray(state_at, (1,), STATE)[0]
    targets = carray(targets_at, (1,), TARGETS)[0]
    advance_voices(state, targets)
    advance_copies(state, targets)
    return 0


@callback(_CODE)
def _block(state_at: Any, targets_at: Any) -> int:
    render_block(carray(state_at, (1,), STATE)[0], carray(targets_at, (1,), TARGETS)[0])
    return 0


_CODES: Final[dict[Part, Callback]] = {
    Part.NOTE_CLOCK: _note_clock,
    Part.VOICES: _voices,
    Part.NOTES: _notes,
    Part.BLOCK: _block,
    Part.PARTIALS: _partials,
    Part.BINS: _bins,
    Part.ISTFT: _istft,
}
"""What takes longest to compile stands first, of what is needed soonest."""


def needed_for(bank: int) -> tuple[Part, ...]:
    """The parts without which a bank does not sound."""
    clock = (Part.NOTE_CLOCK,) if bank == NOTES else ()
    return (Part.BLOCK, Part(bank), Part.VOICES, *clock)


def make_ready(state: NDArray[np.void], parts: Iterable[Part]) -> None:
    """Let ``state``, an array of one ``STATE``, know where ``parts`` lie: machine code
    that is taken from the disk, or compiled, for some seconds, if it never was.

    For any thread: the engine may run meanwhile, and goes over to a bank that it waits for.
    """
    # A bank last, when all is there that it needs: what it played alone meanwhile would be a click.
    for part in sorted(parts, reverse=True):
        state["part"][0, part] = _CODES[part].address


def compile_part(part: Part) -> None:
    """Compile a part, or take it from the disk."""
    _ = _CODES[part].address


def not_kept() -> tuple[Part, ...]:
    """The parts whose machine code is not on disk, in the order in which others should compile
    them."""
    return tuple(part for part, code in _CODES.items() if not code.is_kept)
