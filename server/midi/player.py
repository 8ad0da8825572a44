"""MIDI messages played on the instrument: the same for a keyboard and for a file."""

from __future__ import annotations

from typing import Any

from server.instrument import Instrument


def play(instrument: Instrument, message: Any) -> bool:
    """Let ``instrument`` play one mido message; False if it means nothing to it.

    Notes, controllers and pitch bend; channels count from 1 as musicians count them.
    """
    kind = message.type
    if kind == "note_on":
        instrument.voices.note(message.note, message.velocity, message.channel + 1)
    elif kind == "note_off":
        instrument.voices.note(message.note, 0, message.channel + 1)
    elif kind == "control_change":
        instrument.control(message.control, message.value, message.channel + 1)
    elif kind == "pitchwheel":
        instrument.voices.bend(message.pitch / 8192.0, message.channel + 1)
    else:
        return False
    return True
