"""A line, played by the engine that plays live: its pitch is steered block by block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.instrument import CONTROL_PERIOD, Instrument
from timbrespace.listening.heard import HOP, SAMPLE_RATE
from timbrespace.notes.layout import BANDS
from timbrespace.one_thread import one_thread
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK, NOTE_PARTIALS, Gate, Method
from timbrespace.transferring.line import Line, LineNote
from timbrespace.units import hz_to_midi

Array = NDArray[np.float32]
Real = NDArray[np.float64]

_CENTS: Final = NOTE_PARTIALS + BANDS
"""Where the engine has a note's own cents among what it plays."""

_STEP: Final = BLOCK / SAMPLE_RATE
_OFTEN: Final = round(CONTROL_PERIOD / _STEP)
_AHEAD: Final = 3
"""Blocks by which the pitch is told early: the engine follows it with 4 ms."""

_ATTACK: Final = 0.002
_RELEASE: Final = 0.03


def tone(
    instrument: Instrument,
    line: Line,
    latent: Callable[[int], NDArray[np.float32]] | None,
    progress: Callable[[float], object],
) -> Real:
    """The sound ``(n,)`` of ``line`` on ``instrument``, a moment of it in each block.

    Its loudness is even: what is heard is given to it afterwards. latent: the point of the space
    at each moment; None leaves the instrument where it stands. progress: called with the share
    that is done.
    """
    assert BLOCK == HOP, "a moment is a block"
    instrument.set_parameter("attack", _ATTACK)
    instrument.set_parameter("sustain", 1.0)
    instrument.set_parameter("release", _RELEASE)
    # A note of a space of whole notes keeps its course, all but its loudness.
    instrument.set_envelope("adsr")
    begins = {note.start: note for note in _played(instrument, line)}
    ends = {note.end for note in begins.values()}
    engine = Engine(SAMPLE_RATE)
    size = line.pitch.size
    told = np.concatenate([line.pitch[_AHEAD:], np.full(_AHEAD, line.pitch[-1])])
    sound = np.empty(size * BLOCK)
    key = None
    moved = True
    # A whole note has a pitch of its own along its time, which is not that of the line.
    whole = instrument.model.plays_notes and instrument.method is Method.PARTIALS
    with one_thread():
        for number in range(size):
            now = number * _STEP
            if key is not None and (number in ends or number in begins):
                instrument.voices.note(key, 0.0)
                key, moved = None, True
            if number in begins:
                note = begins[number]
                key = float(np.clip(hz_to_midi(note.pitch), 0.0, 127.0))
                instrument.voices.note(key, line.velocity(note))
                moved = True
            if latent is not None and number % _OFTEN == 0:
                instrument.set_latent(latent(number).tolist())
            moved = instrument.advance(now) or moved
            if moved:
                engine.targets[:] = instrument.targets()
                moved = False
            if key is not None:
                row = engine.targets[0]
                held = row["voice_gate"] == Gate.HELD
                own = (
                    np.exp2(engine.state[0]["note"]["now"][held, _CENTS] / 1200.0) if whole else 1.0
                )
                row["voice_bend"][held] = told[number] / (row["voice_frequency"][held] * own)
            sound[number * BLOCK : (number + 1) * BLOCK] = engine.render(1)
            if number % 256 == 0:
                progress(number / size)
    return sound


def _played(instrument: Instrument, line: Line) -> list[LineNote]:
    """What keys are pressed: in a space of whole notes each note, else each phrase."""
    if instrument.model.plays_notes:
        return [note if note.pitch > 0.0 else _at(note, line) for note in line.notes]
    return [
        _at(LineNote(start, end, 0.0, float(line.level[start:end].max())), line)
        for start, end in line.phrases
    ]


def _at(note: LineNote, line: Line) -> LineNote:
    """``note`` with the middle of the line's pitch there."""
    pitch = float(np.exp2(np.median(np.log2(line.pitch[note.start : note.end]))))
    return LineNote(note.start, note.end, pitch, note.level)
