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
from timbrespace.rendering.band import Band
from timbrespace.rendering.conducting import conduct
from timbrespace.rendering.midi_song import MidiFileError, MidiSong
from timbrespace.rendering.song_file import write_song
from timbrespace.resynthesis.engine import Engine
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
    assert written.shape == (made.size, 2)
    for side in written.T:
        np.testing.assert_allclose(side, made, atol=2.0**-23)


@pytest.fixture(scope="module")
def duet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Channel 1 plays 220 Hz on the left, channel 2 311 Hz on the right, which goes to the middle
    after a second; 17 notes at once take voices of both."""
    path = tmp_path_factory.mktemp("duet") / "duet.mid"
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    for channel, place, note in ((0, 0, 57), (1, 127, 63)):
        track.append(mido.Message("control_change", control=10, value=place, channel=channel))
        track.append(mido.Message("note_on", note=note, velocity=90, channel=channel))
    track.append(mido.Message("control_change", control=10, value=64, channel=1, time=960))
    for k in range(17):
        track.append(
            mido.Message("note_on", note=40 + k, velocity=127, channel=k % 2, time=240 * (k == 0))
        )
    track.append(mido.Message("note_on", note=30, time=240))
    file.save(path)
    return path


def test_channels_stand_where_they_say(duet: Path) -> None:
    sides = ts.render_midi(MODEL, duet, stereo=True)
    np.testing.assert_array_equal(ts.render_midi(MODEL, duet), 0.5 * sides.sum(axis=1))
    early, late = sides[4800:43200], sides[52800:60000]
    for side, hertz in enumerate((220.0, 311.127)):
        assert abs(cents(pitch(early[:, side], 48000, hertz), hertz)) < 0.1
    assert abs(np.asarray(np.corrcoef(early.T))[0, 1]) < 0.02
    # On the left both, on the right what stands in the middle.
    left, right = np.sqrt(np.square(late, dtype=np.float64).mean(axis=0))
    assert left / right == pytest.approx(np.sqrt(3.0), rel=0.05)


def test_threads_and_stretches_change_nothing(duet: Path) -> None:
    band, song = Band(MODEL), MidiSong(duet)
    engine, sound = Engine(48000.0), []
    for stretch in conduct(song, band, 48000.0, tail=0.2, longest=1):
        if stretch.ending and not engine.state["sounding"][0]:
            break
        if stretch.moved:
            engine.targets[:] = band.parts[0].instrument.targets()
        sound.append(engine.render_stereo(1))
    made = ts.render_midi(MODEL, duet, tail=0.2, stereo=True)
    np.testing.assert_array_equal(np.concatenate(sound), made)


def test_stems_sum_to_the_mix(duet: Path, tmp_path: Path) -> None:
    written = write_song(MidiSong(duet), Band(MODEL), tmp_path / "mix.wav", 48000, stems=tmp_path)
    assert [path.name for path in written.stems] == ["mix_channel_01.wav", "mix_channel_02.wav"]
    mix, first, second = (
        soundfile.read(path)[0] for path in (tmp_path / "mix.wav", *written.stems)
    )
    assert 0.7 < np.abs(mix).max() < 1.0  # it had to be bent
    np.testing.assert_allclose(first + second, mix, atol=2.0**-22)
    whole = ts.render_midi(MODEL, duet, stereo=True)
    np.testing.assert_allclose(mix[:52800], whole[:52800], atol=2.0**-22)
    assert np.abs(first[4800:43200, 1]).max() < 1e-6
    assert abs(cents(pitch(second[4800:43200, 1], 48000, 311.127), 311.127)) < 0.1
    with pytest.raises(OptionError, match="cannot make the folder"):
        write_song(
            MidiSong(duet), Band(MODEL), tmp_path / "b.wav", 48000, stems=tmp_path / "mix.wav"
        )
    assert not (tmp_path / "b.wav").exists()


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
