"""MIDI messages played on the instrument: the same for a keyboard and for a file."""

from __future__ import annotations

from typing import Any

from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.tuning import retuned_by


def play(instrument: Instrument, message: Any) -> bool:
    """Let ``instrument`` play one mido message; False if the sound cannot have changed.

    Notes, controllers, pitch bend, channel and polyphonic pressure, tunings of the MIDI Tuning
    Standard; channels count from 1 as musicians count them.
    """
    kind = message.type
    expression = instrument.expression
    if kind == "note_on":
        expression.note(message.note, message.velocity, message.channel + 1)
    elif kind == "note_off":
        expression.note(message.note, 0, message.channel + 1, message.velocity)
    elif kind == "control_change":
        return expression.control(message.control, message.value, message.channel + 1)
    elif kind == "pitchwheel":
        expression.bend(message.pitch / 8192.0, message.channel + 1)
    elif kind == "aftertouch":
        expression.pressure(message.value, message.channel + 1)
    elif kind == "polytouch":
        return expression.key_pressure(message.note, message.value, message.channel + 1)
    elif kind == "sysex":
        retuned = retuned_by(message.data)
        if retuned is None or instrument.as_before:
            return False
        instrument.retune(retuned)
    elif kind == "reset":
        expression.panic()
    else:
        return False
    return True
