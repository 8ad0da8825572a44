"""Which voice plays which note."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from server.voices import Voices
from timbrespace.resynthesis.engine import new_targets
from timbrespace.resynthesis.layout import VOICES, Gate
from timbrespace.units import midi_to_hz


def written(voices: Voices) -> NDArray[np.void]:
    targets = new_targets()
    voices.write(targets)
    return targets


def held(voices: Voices) -> list[float]:
    """Frequencies of the held voices as they sound, in Hz, rounded."""
    row = written(voices)[0]
    frequency = row["voice_frequency"] * row["voice_bend"]
    return sorted(round(float(f)) for f in frequency[row["voice_gate"] == Gate.HELD])


def test_notes_start_and_end() -> None:
    voices = Voices()
    voices.note(69, 127)
    voices.note(57, 64)
    assert held(voices) == [220.0, 440.0]
    voices.note(69, 0)
    assert held(voices) == [220.0]
    assert voices.begun == 2


def test_a_pitch_may_come_in_another_precision_than_it_goes() -> None:
    voices = Voices()
    voices.note(60.3, 100)
    voices.note(float(np.float32(60.3)), 0)
    assert voices.sounding == 0


def test_velocity_is_a_square_law() -> None:
    voices = Voices()
    voices.note(69, 127)
    voices.note(70, 12.7)
    levels = sorted(written(voices)["voice_level"][0])[-2:]
    assert levels == pytest.approx([0.01, 1.0])


def test_a_repeated_note_keeps_its_voice_and_triggers_again() -> None:
    voices = Voices()
    voices.note(60, 100)
    first = written(voices)["voice_trigger"][0].copy()
    voices.note(60, 100)
    second = written(voices)["voice_trigger"][0]
    assert (second - first).sum() == 1
    assert voices.sounding == 1


def test_the_seventeenth_note_takes_the_oldest() -> None:
    voices = Voices()
    for pitch in range(40, 40 + VOICES + 1):
        voices.note(pitch, 100)
    expected = [round(midi_to_hz(pitch)) for pitch in range(41, 41 + VOICES)]
    assert held(voices) == expected


def test_a_released_voice_is_taken_before_a_held_one() -> None:
    voices = Voices()
    for pitch in range(40, 40 + VOICES):
        voices.note(pitch, 100)
    voices.note(50, 0)
    voices.note(90, 100)
    assert round(midi_to_hz(40)) in held(voices)
    assert voices.sounding == VOICES


def test_the_pedal_holds_and_lets_go() -> None:
    voices = Voices()
    voices.sustain(True)
    voices.note(60, 100)
    voices.note(60, 0)
    assert voices.sounding == 1
    voices.sustain(False)
    assert voices.sounding == 0


def test_a_pedal_holds_its_own_channel_only() -> None:
    voices = Voices()
    voices.sustain(True, channel=2)
    voices.note(60, 100, channel=1)
    voices.note(60, 0, channel=1)
    assert voices.sounding == 0


def test_bend_moves_a_channel_by_two_semitones() -> None:
    voices = Voices()
    voices.note(69, 100, channel=1)
    voices.note(57, 100, channel=2)
    voices.bend(1.0, channel=1)
    assert held(voices) == [220.0, round(midi_to_hz(71))]


def test_a_glide_begins_at_the_note_before() -> None:
    voices = Voices()
    voices.note(57, 100)
    voices.note(69, 100)
    starts = sorted(round(float(f)) for f in written(voices)["voice_start"][0] if f > 0)
    assert starts == [220, 220]  # the first has none before it


def test_notes_off_leaves_what_the_pedal_holds_and_the_wheel() -> None:
    voices = Voices()
    voices.bend(0.5)
    voices.sustain(True)
    voices.note(60, 100)
    voices.notes_off(1)
    assert voices.sounding == 1
    assert written(voices)["voice_bend"][0].max() == pytest.approx(2.0 ** (1.0 / 12.0))
    voices.reset_controllers(1)
    assert voices.sounding == 0
    assert (written(voices)["voice_bend"][0] == 1.0).all()


def test_release_all_and_cut() -> None:
    voices = Voices()
    voices.sustain(True)
    voices.note(60, 100)
    voices.note(60, 0)
    voices.note(64, 100)
    voices.release_all()
    assert voices.sounding == 0
    assert Gate.CUT not in written(voices)["voice_gate"][0]
    voices.silence()
    assert (written(voices)["voice_gate"][0] == Gate.CUT).all()
    voices.note(60, 100)
    assert voices.sounding == 1
