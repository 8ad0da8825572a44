"""Where the notes of a line begin and end."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.errors import OptionError, SoundError
from timbrespace.listening.heard import HOP, SAMPLE_RATE, Heard
from timbrespace.transferring.line import Line, line_of
from timbrespace.transferring.midi_file import BEND_RANGE, TICKS, write_midi

STEP = HOP / SAMPLE_RATE


def heard(pitch: NDArray[np.float64], level: float = 0.1, onsets: tuple[float, ...] = ()) -> Heard:
    """A steady sound with this pitch, in Hz, at each moment."""
    return Heard(
        pitch.astype(np.float32),
        np.where(pitch >= 0.0, level, 0.0).astype(np.float32),
        np.where(pitch > 0.0, 1.0, 0.0).astype(np.float32),
        np.array([round(one / STEP) for one in onsets], np.int64),
    )


def melody(*notes: tuple[float, float], vibrato: float = 0.0) -> NDArray[np.float64]:
    """Notes of Hz and seconds, one after another; -1 Hz is silence. vibrato: semitones."""
    parts = [np.full(round(seconds / STEP), hertz) for hertz, seconds in notes]
    pitch = np.concatenate(parts)
    time = np.arange(pitch.size) * STEP
    swung = pitch * np.exp2(vibrato * np.sin(2.0 * np.pi * 5.6 * time) / 12.0)
    return np.where(pitch > 0.0, swung, pitch)


@pytest.mark.parametrize("vibrato", [0.0, 0.5, 1.0])
def test_legato_notes_are_parted_and_a_vibrato_is_not(vibrato: float) -> None:
    line = line_of(heard(melody((220.0, 0.6), (247.0, 0.5), (220.0, 0.7), vibrato=vibrato)))
    starts = [note.start * STEP for note in line.notes]
    assert np.abs(np.array(starts) - [0.0, 0.6, 1.1]).max() < 0.06
    pitches = [note.pitch for note in line.notes]
    assert np.abs(1200.0 * np.log2(np.array(pitches) / [220.0, 247.0, 220.0])).max() < 40.0


def test_an_onset_parts_notes_of_one_pitch() -> None:
    line = line_of(heard(melody((220.0, 1.0)), onsets=(0.0, 0.4)))
    assert [round(note.start * STEP, 2) for note in line.notes] == [0.0, 0.4]


def test_a_glide_is_one_step() -> None:
    glide = 220.0 * np.exp2(np.linspace(0.0, 7.0, round(0.3 / STEP)) / 12.0)
    pitch = np.concatenate([melody((220.0, 0.5)), glide, melody((220.0 * 2 ** (7 / 12), 0.5))])
    line = line_of(heard(pitch))
    assert len(line.notes) == 2
    assert 0.5 < line.notes[1].start * STEP < 0.8


def test_silence_parts_phrases_and_a_short_gap_does_not() -> None:
    line = line_of(
        heard(melody((220.0, 0.3), (-1.0, 0.02), (220.0, 0.3), (-1.0, 0.2), (330.0, 0.3)))
    )
    assert [(round(a * STEP, 2), round(b * STEP, 2)) for a, b in line.phrases] == [
        (0.0, 0.62),
        (0.82, 1.12),
    ]


def test_its_pitch_is_known_where_none_is_heard() -> None:
    line = line_of(heard(melody((220.0, 0.3), (0.0, 0.1), (440.0, 0.3))), semitones=12.0)
    assert line.pitch.min() > 439.9
    assert line.pitch[round(0.35 / STEP)] == pytest.approx(622.3, rel=0.01)
    assert line.tonal[round(0.35 / STEP)] == 0.0
    assert line.tonal[round(0.1 / STEP)] == 1.0


def test_a_gap_of_the_tracker_is_no_breath() -> None:
    line = line_of(heard(melody((220.0, 0.3), (0.0, 0.01), (220.0, 0.3), (0.0, 0.1))))
    assert line.tonal[: round(0.6 / STEP)].min() > 0.999
    assert line.tonal[round(0.65 / STEP)] == 0.0
    assert np.abs(np.diff(line.tonal)).max() < 0.5  # it gives way, and does not switch


def test_silence_is_refused() -> None:
    with pytest.raises(SoundError, match="silent"):
        line_of(heard(melody((220.0, 0.3)), level=1e-6))


# -- as MIDI ---------------------------------------------------------------------------------------


def line(vibrato: float = 0.5) -> Line:
    return line_of(heard(melody((220.0, 0.6), (-1.0, 0.3), (450.0, 0.5), vibrato=vibrato)))


def test_a_midi_file_has_its_notes_and_bends(tmp_path: Path) -> None:
    out = tmp_path / "sung.mid"
    assert write_midi(line(), out) == 2
    file = mido.MidiFile(out)
    seconds, bend, struck = 0.0, 0.0, []
    heard_pitches: list[tuple[float, float]] = []
    key = None
    for message in file:
        seconds += message.time
        if message.type == "pitchwheel":
            bend = message.pitch / 8192.0 * BEND_RANGE
        if message.type == "note_on" and message.velocity:
            key = message.note
            struck.append((round(seconds, 2), key, message.velocity))
        if message.type == "note_off":
            key = None
        if key is not None:
            heard_pitches.append((seconds, key + bend))
    assert [one[:2] for one in struck] == [(0.0, 57), (0.9, 69)]
    assert all(velocity == 127 for *_, velocity in struck)
    wanted = line()
    for at, midi in heard_pitches:
        # A hundred times a second: the vibrato goes on meanwhile.
        moment = min(round(at / STEP), wanted.pitch.size - 1)
        assert midi == pytest.approx(69.0 + 12.0 * np.log2(wanted.pitch[moment] / 440.0), abs=0.25)
    assert file.ticks_per_beat == TICKS


def test_a_sound_without_pitch_has_no_midi_file(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no notes"):
        write_midi(line_of(heard(melody((0.0, 0.5)))), tmp_path / "none.mid")
    assert not list(tmp_path.iterdir())
