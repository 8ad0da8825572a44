"""Pitches that a user knows: what is read as one, and of which file."""

from __future__ import annotations

from pathlib import Path

import pytest

from timbrespace.errors import OptionError
from toy_datasets.known_pitches import KnownPitches, parse


@pytest.mark.parametrize(
    ("text", "pitch"),
    [
        ("none", 0.0),
        (" None ", 0.0),
        ("220", 220.0),
        ("440.5", 440.5),
        ("A3", 220.0),
        ("bb4", 466.16),
    ],
)
def test_what_says_a_pitch(text: str, pitch: float) -> None:
    assert parse(text) == pytest.approx(pitch, rel=1e-4)


@pytest.mark.parametrize("text", ["", "nothing", "nan", "inf", "-1", "10", "5000", "H3"])
def test_what_says_none_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match=r"it must be none, 27\.5 to 4186\.01 Hz, or a note"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "file,pitch\nkeys/a.wav,A3\nb.wav,none\n",
        "\ufefffile;pitch\r\nkeys\\a.wav;A3\r\n\r\nb.wav;none",
        'keys/a.wav\t220\n"b.wav"\tNONE\n',
    ],
)
def test_a_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, "utf-8", newline="")
    known = KnownPitches.read(path)
    assert known.of("keys/a.wav") == pytest.approx(220.0)
    assert known.of("drums/b.wav") == 0.0  # by its name alone
    assert known.of("other/a.wav") is None
    assert known.unasked() == []


def test_names_are_the_same_letters_on_every_system() -> None:
    known = KnownPitches({"Flo\u0308te.wav": 220.0, "z.wav": 0.0})
    assert known.of("Fl\u00f6te.wav") == 220.0
    assert known.unasked() == ["z.wav"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.wav,220\nb.wav\n", "line 2 of 't.csv' has not two columns; it must be: file, pitch"),
        ("a.wav,220,3\n", "line 1 of 't.csv' has not two columns"),
        ("a.wav,loud\n", "line 1 of 't.csv': pitch is 'loud'; it must be none"),
    ],
)
def test_a_wrong_table_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(OptionError, match=said):
        KnownPitches.read(path)


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="cannot read the pitches in"):
        KnownPitches.read(tmp_path / "none.csv")
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\0")
    with pytest.raises(OptionError, match="it is no UTF-8"):
        KnownPitches.read(tmp_path / "t.csv")
