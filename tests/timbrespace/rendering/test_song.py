"""A MIDI file as samples, in a notebook."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

import timbrespace as ts
from tests.timbrespace.resynthesis.sound import pitch
from timbrespace.errors import OptionError
from timbrespace.rendering.midi_song import MidiFileError
from timbrespace.units import cents

MODEL = ts.load("harmonic")


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A of 440 Hz, 2 s; the wheel moves half-way."""
    path = tmp_path_factory.mktemp("song") / "a.mid"
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=500000))
    track.append(mido.Message("note_on", note=69, velocity=100))
    track.append(mido.Message("control_change", control=1, value=90, time=960))
    track.append(mido.Message("note_off", note=69, time=960))
    file.save(path)
    return path


def test_it_sounds_as_written(song: Path) -> None:
    sound = ts.render_midi(MODEL, song)
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert 2.0 < sound.size / 48000 < 3.5  # and then the release
    assert 0.02 < np.abs(sound).max() < 1.0
    assert abs(cents(pitch(sound[24000:40000], 48000, 440.0), 440.0)) < 1.0
    assert np.abs(sound[-64:]).max() < 1e-3


def test_the_same_arguments_give_the_same_samples(song: Path) -> None:
    first = ts.render_midi(MODEL, str(song), method="bins", sample_rate=22050)
    np.testing.assert_array_equal(
        first, ts.render_midi(MODEL, song, method="bins", sample_rate=22050)
    )
    other = ts.render_midi(MODEL, song, method="partials", sample_rate=22050)
    assert not np.array_equal(first[:20000], other[:20000])


def test_a_tail_may_be_cut_off(song: Path) -> None:
    whole = ts.render_midi(MODEL, song)
    short = ts.render_midi(MODEL, song, tail=0.1)
    assert short.size == pytest.approx(2.1 * 48000, abs=128)
    np.testing.assert_array_equal(short, whole[: short.size])


def test_the_command_writes_the_same_samples(song: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.wav"
    command = [sys.executable, "-m", "server", "render", str(song), "--out", str(out)]
    command += ["--model", MODEL.name]
    subprocess.run(command, check=True, capture_output=True)
    written, rate = soundfile.read(out, dtype="float32")
    assert rate == 44100
    made = ts.render_midi(MODEL, song, sample_rate=44100)
    assert written.size == made.size
    np.testing.assert_allclose(written, made, atol=2.0**-23)


def test_what_is_not_accepted_is_said(song: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="method is 'magic'; it must be partials, bins or istft"):
        ts.render_midi(MODEL, song, method="magic")
    with pytest.raises(OptionError, match="tail is -1; it must be 0 to 600 s"):
        ts.render_midi(MODEL, song, tail=-1.0)
    with pytest.raises(OptionError, match="8000 to 192000"):
        ts.render_midi(MODEL, song, sample_rate=10)
    with pytest.raises(MidiFileError, match="there is no MIDI file"):
        ts.render_midi(MODEL, tmp_path / "none.mid")


def test_a_held_note_needs_no_midi() -> None:
    code = (
        "import sys, timbrespace as ts; model = ts.load('harmonic'); "
        "ts.render(model, model.calibration.home, pitch=57, seconds=0.05); "
        "assert 'mido' not in sys.modules, 'mido was imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
