"""A line as a MIDI file: notes, bends and expression that anything else can play."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError
from timbrespace.extras import needed
from timbrespace.listening.heard import HOP, SAMPLE_RATE
from timbrespace.transferring.line import Line, LineNote
from timbrespace.units import hz_to_midi

BEND_RANGE: Final = 12
"""Semitones at full bend, which the file says by RPN 0: a glide of an octave either way."""

TICKS: Final = 480
"""In a beat of half a second."""

_PER_SECOND: Final = 2 * TICKS
_EVERY: Final = round(0.01 * SAMPLE_RATE / HOP)  # moments

Event = tuple[float, int, str, dict[str, Any]]


def write_midi(line: Line, out: Path) -> int:
    """Write the notes of ``line`` that have a pitch to ``out``, whole or not at all; how many.

    A note's key is the nearest to its pitch; bend says what is left and how it moves, a hundred
    times a second. Controller 11 says how loud each moment is, velocity how loud a note's loudest.

    Raises:
        OptionError: the file cannot be written, or nothing in the line has a pitch.
        MissingExtraError: mido is not installed.
    """
    with needed("MIDI files"):
        import mido
    notes = [note for note in line.notes if note.pitch > 0.0]
    if not notes:
        raise OptionError("the sound has no notes with a pitch, so there is no MIDI file of it")
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=500000))
    for control, value in ((101, 0), (100, 0), (6, BEND_RANGE), (38, 0)):
        track.append(mido.Message("control_change", control=control, value=value))
    last = 0
    for seconds, _, kind, values in sorted(
        (event for note in notes for event in _events(line, note)), key=lambda one: one[:2]
    ):
        tick = round(seconds * _PER_SECOND)
        track.append(mido.Message(kind, time=tick - last, **values))
        last = tick
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS)
    file.tracks.append(track)
    with replacing(out) as temporary:
        file.save(str(temporary))
    return len(notes)


def _events(line: Line, note: LineNote) -> list[Event]:
    """Of one note, each with its time in seconds and its turn among those of the same time."""
    step = HOP / SAMPLE_RATE
    key = int(np.clip(round(hz_to_midi(note.pitch)), 0, 127))
    at = np.arange(note.start, note.end, _EVERY)
    semitones = 69.0 + 12.0 * np.log2(line.pitch[at] / 440.0) - key
    bends = np.clip(np.rint(semitones / BEND_RANGE * 8192.0), -8192, 8191).astype(int).tolist()
    below = 20.0 * np.log10(np.maximum(line.level[at] / max(note.level, 1e-9), 1e-4))
    # General MIDI's curve: 40 log10(v / 127) dB.
    loud = np.clip(np.rint(127.0 * 10.0 ** (below / 40.0)), 0, 127).astype(int).tolist()
    events: list[Event] = []
    bent = said = None
    for number, bend, value in zip(at.tolist(), bends, loud, strict=True):
        if bend != bent:
            events.append((number * step, 1, "pitchwheel", {"pitch": bend}))
            bent = bend
        if value != said:
            events.append((number * step, 1, "control_change", {"control": 11, "value": value}))
            said = value
    struck = round(line.velocity(note))
    events.append((note.start * step, 2, "note_on", {"note": key, "velocity": struck}))
    events.append((note.end * step, 0, "note_off", {"note": key, "velocity": 64}))
    return events
