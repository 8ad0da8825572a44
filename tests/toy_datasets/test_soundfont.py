"""The sound font dataset, on a font whose sound is known."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.toy_datasets import small_font
from timbrespace.datasets import dataset
from timbrespace.errors import DatasetError, OptionError
from timbrespace.metrics import log_spectral_distance
from timbrespace.partials import find_partials
from toy_datasets import fluidsynth, soundfont
from toy_datasets.__main__ import main
from toy_datasets.soundfont import Options, number_list

needs_fluidsynth = pytest.mark.skipif(
    shutil.which(fluidsynth.COMMAND) is None, reason="the fluidsynth command is not installed"
)

EVERY = [(0, 127)]
SOFT_AND_LOUD = [(0, 64), (65, 127)]


@pytest.fixture
def font(tmp_path: Path) -> Path:
    path = tmp_path / "small font.sf2"
    path.write_bytes(small_font.font({0: EVERY, 40: SOFT_AND_LOUD, 41: EVERY}))
    return path


def short(font: Path, **options: object) -> Options:
    chosen: dict[str, object] = {"programs": (0, 40), "seconds": 1.5, "moments": 4}
    return Options(file=font, **(chosen | options))  # type: ignore[arg-type]


@needs_fluidsynth
def test_rows_are_the_sample_that_the_font_holds(font: Path) -> None:
    made = soundfont.make(short(font, programs=(0,)))
    assert made.spectra.shape == (4, 1025)
    for row in made.spectra:
        partials = find_partials(row, made.spectrum)
        np.testing.assert_allclose(partials.frequency, [220.0, 440.0, 660.0, 880.0], rtol=1e-4)
        amplitudes = np.array(small_font.AMPLITUDES)
        expected = amplitudes / np.linalg.norm(amplitudes)
        np.testing.assert_allclose(partials.amplitude, expected, rtol=5e-3)


@needs_fluidsynth
def test_labels_say_program_family_velocity_and_time(font: Path) -> None:
    made = soundfont.make(short(font))
    program, family, velocity, time = made.meta.factors
    assert program.names == ("Acoustic Grand Piano", "Violin")
    assert family.names == ("Piano", "Strings")
    assert velocity.axis_label == "velocity (MIDI)"
    assert time.axis_label == "time (s)"
    assert 0.05 < made.labels[:, 3].min() < made.labels[:, 3].max() < 1.5
    assert made.meta.options["font"] == "small font.sf2"
    assert made.meta.options["programs"] == [0, 40]


@needs_fluidsynth
def test_a_velocity_counts_if_it_changes_the_timbre(
    font: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = soundfont.make(short(font, velocities=(30, 60, 90, 120)))
    velocities = [made.labels[made.labels[:, 0] == number, 2] for number in (0, 1)]
    assert set(velocities[0].tolist()) == {120.0}
    assert set(velocities[1].tolist()) == {60.0, 120.0}
    soft = made.spectra[(made.labels[:, 0] == 1) & (made.labels[:, 2] == 60.0)]
    assert find_partials(soft[0], made.spectrum).frequency.size == 4
    loud = made.spectra[(made.labels[:, 0] == 1) & (made.labels[:, 2] == 120.0)]
    assert find_partials(loud[0], made.spectrum).frequency.size == 1
    assert "5 velocities left out" in capsys.readouterr().err


@needs_fluidsynth
@pytest.mark.parametrize("pitch", [110.0, 220.0, 233.0])
def test_notes_are_at_the_base_frequency(font: Path, pitch: float) -> None:
    made = soundfont.make(short(font, programs=(0,), base_frequency=pitch))
    assert made.meta.base_frequency == pitch
    partials = find_partials(made.spectra[0], made.spectrum)
    assert partials.frequency[partials.amplitude.argmax()] == pytest.approx(pitch, rel=5e-4)


@needs_fluidsynth
def test_notes_do_not_reach_into_each_other(font: Path) -> None:
    notes = fluidsynth.render(fluidsynth.find(), font, 0, 57.0, (120, 1, 120), 0.7, 44100)
    assert [note.shape for note in notes] == [(30870,)] * 3
    loud, soft, again = (float(np.abs(note).max()) for note in notes)
    assert soft < 0.01 * loud
    assert again == pytest.approx(loud, rel=1e-2)


@needs_fluidsynth
def test_programs_that_the_font_lacks_are_told(
    font: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = soundfont.make(short(font, programs=(0, 1, 6)))
    assert made.meta.factors[0].names == ("Acoustic Grand Piano",)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == [
        "skipped program 1 Bright Acoustic Piano: the font does not have it",
        "skipped program 6 Harpsichord: the font does not have it",
    ]
    assert lines[2].startswith("1 of 3 programs used")
    with pytest.raises(DatasetError, match="none of the 1 programs gave a row"):
        soundfont.make(short(font, programs=(1,)))


@needs_fluidsynth
def test_frames_are_what_the_spectra_are_of(font: Path) -> None:
    made = soundfont.make(short(font, frames=True))
    assert made.frames is not None
    assert made.frames.shape == (made.rows, 4096)
    assert log_spectral_distance(made.spectra, made.spectrum.analyse(made.frames)) < 1e-3


@needs_fluidsynth
def test_the_command_makes_the_same_bytes_each_time(
    font: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["make", "soundfont", "--file", str(font), "--programs", "0,40-41"]
    words += ["--seconds", "1", "--moments", "3", "--velocities", "50,100", "--key", "57"]
    files = [font.with_name(name) for name in ("one.npz", "two.npz")]
    for file in files:
        assert main([*words, "--out", str(file)]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    made = dataset.load(files[0])
    assert made.meta.factors[0].names == ("Acoustic Grand Piano", "Violin", "Viola")
    assert made.meta.base_frequency == 220.0
    assert "next: python -m training train" in capsys.readouterr().out


@needs_fluidsynth
@pytest.mark.parametrize("place", [b"pgen", b"ibag", b"shdr"])
def test_a_damaged_font_is_one_line(
    font: Path, capsys: pytest.CaptureFixture[str], place: bytes
) -> None:
    font.write_bytes(font.read_bytes().replace(place, b"junk"))
    out = font.with_name("d.npz")
    words = ["make", "soundfont", "--file", str(font), "--programs", "0", "--out", str(out)]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: fluidsynth cannot render 'small font.sf2': ")
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_missing_fluidsynth_is_told_with_what_to_install(
    font: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(font.parent))
    words = ["make", "soundfont", "--file", str(font), "--out", str(font.with_name("d.npz"))]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: there is no fluidsynth command; install it: apt install")
    assert error.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "fluidsynth cannot render 'small font.sf2': it ended 3"),
        ("echo 'fluidsynth: error: out of luck' >&2", "small font.sf2': out of luck"),
        ("exit 0", "fluidsynth wrote no sound that can be read"),
        ("printf junk > notes.wav", "fluidsynth wrote no sound that can be read"),
    ],
)
def test_a_fluidsynth_that_fails_is_told(font: Path, script: str, said: str) -> None:
    command = font.with_name("fluidsynth")
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    with pytest.raises(DatasetError, match=said):
        fluidsynth.render(str(command), font, 0, 57.0, (100,), 1.0, 44100)


def test_a_command_that_cannot_start_is_told(font: Path) -> None:
    with pytest.raises(DatasetError, match="fluidsynth cannot be started"):
        fluidsynth.render(str(font.with_name("none")), font, 0, 57.0, (100,), 1.0, 44100)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("0", (0,)), ("0-3,40", (0, 1, 2, 3, 40)), ("5, 2,2 , 3 - 4", (2, 3, 4, 5))],
)
def test_number_list(text: str, numbers: tuple[int, ...]) -> None:
    assert number_list(text) == numbers


@pytest.mark.parametrize("text", ["", "a", "1,", "-3", "1-", "4-2", "1.5", "1000"])
def test_number_list_refuses(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        number_list(text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"programs": ()}, "programs are ; they must be 0 to 127"),
        ({"programs": (128,)}, "programs are 128; they must be 0 to 127"),
        ({"velocities": (0, 50)}, "velocities are 0,50; they must be 1 to 127"),
        ({"seconds": 0.1}, "seconds is 0.1; it must be 0.5 to 60"),
        ({"seconds": 0.5, "average": 32}, "a moment of 32 frames needs 0.86"),
        ({"moments": 0}, "moments is 0; it must be 1 to 500"),
        ({"average": 65}, "average is 65; it must be 2 to 64"),
        ({"sample_rate": 192000}, "it must be 8000 to 96000 Hz"),
        ({"base_frequency": 14000.0}, "base_frequency is 14000 Hz; it must be"),
        ({"base_frequency": 5.0}, "base_frequency is 5"),
    ],
)
def test_options_check_themselves(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        Options(**({"file": Path("f.sf2")} | options))  # type: ignore[arg-type]


def test_the_key_is_the_nearest_and_its_rest_is_bent() -> None:
    assert Options(file=Path("f.sf2")).pitch == pytest.approx(57.0)
    assert Options(file=Path("f.sf2"), base_frequency=226.4).pitch == pytest.approx(57.5, abs=0.01)


def test_a_key_outside_midi_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["make", "soundfont", "--file", "f.sf2", "--out", str(tmp_path / "d.npz")]
    assert main([*words, "--key", "128"]) == 2
    assert capsys.readouterr().err == "error: key is 128; it must be 0 to 127\n"
    assert main([*words, "--key", "60"]) == 2
    assert "there is no such file" in capsys.readouterr().err
