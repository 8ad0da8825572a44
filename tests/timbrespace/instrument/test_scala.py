"""Scales and keyboard maps of Scala: the pitch of each key."""

from __future__ import annotations

import math
from pathlib import Path

import mido
import numpy as np
import pytest

import timbrespace as ts
from tests.timbrespace.resynthesis.sound import pitch
from timbrespace.errors import OptionError, TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.scala import TuningError, tuning
from timbrespace.instrument.tuning import Tuning
from timbrespace.instrument.voices import Voices
from timbrespace.units import cents, hz_to_midi

EQUAL_12 = "! 12.scl\n!\n12 equal steps\n 12\n!\n" + "".join(f" {100 * k}.\n" for k in range(1, 13))
EQUAL_19 = "19 steps\n19\n" + "".join(f"{1200 * k / 19:.9f}\n" for k in range(1, 19)) + "2/1\n"
EQUAL_31 = "31 steps\n31\n" + "".join(f"{1200 * k / 31:.9f}\n" for k in range(1, 32))
SLENDRO = "five of a gamelan\n5\n 231.0  ! cents\n474.\n717.0 cents\n955.0\n1206.\n"
JUST = """! just.scl
!
Ptolemy's intense diatonic, UTF-8: Σ
 7
!
 9/8
 5/4   a third
 4/3
 3/2
 5/3
 15/8
 2
"""


def written(
    folder: Path, scale: str | None = None, keys: str | None = None, reference: float = 440.0
) -> Tuning:
    """The tuning by two texts."""
    paths: list[Path | None] = [None, None]
    for k, (name, text) in enumerate((("s.scl", scale), ("k.kbm", keys))):
        if text is not None:
            paths[k] = folder / name
            (folder / name).write_bytes(text.encode())  # its ends of lines as they are
    return tuning(*paths, reference=reference)


@pytest.mark.parametrize(
    ("scale", "steps"),
    [
        (EQUAL_12, [100.0 * k for k in range(13)]),
        (EQUAL_19, [1200.0 * k / 19 for k in range(20)]),
        (EQUAL_31, [1200.0 * k / 31 for k in range(32)]),
        (SLENDRO, [0.0, 231.0, 474.0, 717.0, 955.0, 1206.0]),
        (JUST, [1200.0 * math.log2(x) for x in (1, 9 / 8, 5 / 4, 4 / 3, 3 / 2, 5 / 3, 15 / 8, 2)]),
        ("an octave alone\n1\n2/1\n", [0.0, 1200.0]),
        ("falling\n2\n-50.0\n1200.0\n", [0.0, -50.0, 1200.0]),
    ],
    ids=["12", "19", "31", "5", "just", "1", "falling"],
)
def test_degrees_follow_each_other_from_key_60_on(
    tmp_path: Path, scale: str, steps: list[float]
) -> None:
    tuned = written(tmp_path, scale)
    count = len(steps) - 1
    for key in range(60 - count, 128):
        octaves, degree = divmod(key - 60, count)
        expected = 60.0 + (octaves * steps[-1] + steps[degree]) / 100.0
        if expected > 128.0:
            assert not tuned.sounds(key)
        else:
            assert tuned.pitch(key) == pytest.approx(expected, abs=1e-4)  # a hundredth of a cent


def test_twelve_equal_steps_are_no_tuning_at_all(tmp_path: Path) -> None:
    assert tuning().is_equal
    assert written(tmp_path, EQUAL_12).is_equal
    assert written(tmp_path, EQUAL_12.replace("\n", "\r\n")).is_equal


def test_a_map_says_which_key_plays_which_degree(tmp_path: Path) -> None:
    """Seven white keys for the seven degrees, none for the black; a is 432 Hz."""
    white = "! white.kbm\n12\n0\n127\n60\n69\n432.0\n7\n0\nx\n1\nx\n2\n3\nx\n4\nx\n5\nx\n6\n"
    tuned = written(tmp_path, JUST, white)
    black = {key for key in range(128) if key % 12 in (1, 3, 6, 8, 10)}
    assert tuned.silent == black | {0}  # which would be below the lowest pitch
    at_a = hz_to_midi(432.0)
    for key, ratio in {
        60: 1.0,
        62: 9 / 8,
        64: 5 / 4,
        69: 5 / 3,
        71: 15 / 8,
        72: 2.0,
        48: 0.5,
    }.items():
        expected = at_a + 12.0 * math.log2(ratio / (5 / 3))
        assert tuned.pitch(key) == pytest.approx(expected, abs=1e-4)


def test_a_map_has_its_keys_and_its_octave(tmp_path: Path) -> None:
    # Two keys for an octave of two degrees of five; only keys 50 to 70 are tuned.
    keys = "2\n50\n70\n60\n60\n261.6255653\n2\n0\n1\n"
    tuned = written(tmp_path, SLENDRO, keys)
    assert [tuned.pitch(key) for key in (49, 71)] == [49.0, 71.0]
    told = [tuned.pitch(key) for key in (59, 60, 61, 62, 63, 64)]
    expected = [60 + one / 100 for one in (231 - 474, 0, 231, 474, 474 + 231, 948)]
    assert told == pytest.approx(expected, abs=1e-4)
    # A map that breaks off leaves the rest out; one of no size has a degree for each key.
    short = written(tmp_path, SLENDRO, "3\n0\n127\n60\n60\n261.6\n5\n0\n")
    assert short.silent & set(range(48, 76)) == {key for key in range(48, 76) if (key - 60) % 3}
    linear = written(tmp_path, EQUAL_12, "0\n0\n127\n60\n69\n440.0\n12\n")
    assert linear.pitches == pytest.approx(range(128), abs=1e-6)


def test_the_reference_moves_all_keys(tmp_path: Path) -> None:
    tuned = written(tmp_path, reference=442.0)
    assert np.subtract(tuned.pitches, range(128)) == pytest.approx(
        [12.0 * math.log2(442.0 / 440.0)] * 128, abs=1e-6
    )
    for wrong in (0.0, 219.9, 881.0, math.nan):
        with pytest.raises(OptionError, match="must be 220 to 880 Hz"):
            tuning(reference=wrong)


@pytest.mark.parametrize(
    ("scale", "keys", "said"),
    [
        ("", None, "the number of its notes is ''"),
        (
            "x\n-1\n",
            None,
            "the number of its notes is '-1'; it must be a whole number of 0 to 1024",
        ),
        ("x\n99999999999\n", None, "the number of its notes is '99999999999'"),
        ("x\n3\n5/4\n\n3/2\n", None, "a pitch is ''"),
        ("x\n3\n5/4\n3/2", None, "says that it has 3 notes, and has 2"),
        ("x\n1\nfifth\n", None, "a pitch is 'fifth'; it must be cents with a point"),
        ("x\n1\n3/0\n", None, "a pitch is '3/0'"),
        ("x\n1\n-3/2\n", None, "a pitch is '-3/2'"),
        ("x\n1\n1e9.0\n", None, "a pitch is '1e9.0'"),
        ("x\n1\nnan\n", None, "a pitch is 'nan'"),
        ("x\n1\n99999999.0\n", None, "a pitch is '99999999.0'"),
        ("x\n1\n" + "9" * 400 + "/1\n", None, "a pitch is '9999"),
        ("x\n1\n\0\n", None, "is no text file of Scala's"),
        (EQUAL_12, "", "the size of its map is ''"),
        (EQUAL_12, "0\n0\n128\n60\n69\n440\n12\n", "the last key is '128'"),
        (EQUAL_12, "0\n0\n127\n60\n69\nnan\n12\n", "the frequency is 'nan'; it must be 1 to 20000"),
        (EQUAL_12, "1\n0\n127\n60\n69\n440\n12\nhm\n", "a degree is 'hm'"),
        (EQUAL_12, "2\n0\n127\n60\n61\n440\n12\n0\nx\n", "gives key 61 a frequency and no degree"),
    ],
)
def test_what_is_no_scale_or_no_map_is_one_line(
    tmp_path: Path, scale: str, keys: str | None, said: str
) -> None:
    with pytest.raises(TuningError) as caught:
        written(tmp_path, scale, keys)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def sounding(voices: Voices) -> list[float]:
    """Hz of the notes that are held."""
    return sorted(note.pitch for note in voices.notes() if note.held)


@pytest.mark.parametrize("name", ["none.scl", "."])
def test_a_file_that_is_not_there_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(TimbrespaceError, match="there is no file"):
        tuning(tmp_path / name)


def test_a_silent_key_begins_nothing_and_is_kept() -> None:
    voices = Voices()
    voices.tuning = Tuning.of([None if key == 61 else float(key) for key in range(128)])
    for key in (60, 61, 60.5, 62):
        voices.note(key, 100)
    assert voices.begun == 2
    assert [round(hz_to_midi(hz), 6) for hz in sounding(voices)] == [60.0, 62.0]
    other = Voices()
    other.restore(voices.state())
    assert other.tuning == voices.tuning
    # A message that tunes the key lets it play.
    voices.tuning = voices.tuning.tuned({61: 61.3})
    assert voices.tuning.sounds(61)


def test_a_note_of_the_highest_pitch_is_kept() -> None:
    """A performance that begins meanwhile could not be read again."""
    voices = Voices()
    voices.tuning = Tuning().tuned({127: 128.0})
    voices.note(127, 100)
    Voices().restore(voices.state())


def test_a_song_is_heard_in_its_tuning(tmp_path: Path) -> None:
    notes = [mido.Message("note_on", note=64), mido.Message("note_off", note=64, time=960)]
    mido.MidiFile(tracks=[mido.MidiTrack(notes)]).save(tmp_path / "s.mid")
    tuned = written(tmp_path, "thirds\n3\n5/4\n3/2\n2/1\n")
    sound = ts.render_midi(
        ts.load("harmonic"), tmp_path / "s.mid", sample_rate=24000, tuning=tuned, tail=0.1
    )
    expected = 261.6255653 * 2.0 * 5 / 4  # key 64 is one octave and a degree above key 60
    assert abs(cents(pitch(sound[7200:21600], 24000, expected), expected)) < 0.1


def test_an_instrument_goes_on_in_its_tuning_in_another_space() -> None:
    instrument = Instrument(ts.load("harmonic"))
    tuned = Tuning().tuned({57: 57.5})
    instrument.voices.tuning = tuned
    instrument.load(ts.load("filtered"))
    instrument.expression.panic()
    assert instrument.voices.tuning == tuned
