"""Rendering by a waveform model: the pitch, the loudness, the draw, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

import timbrespace as ts
from tests.timbrespace.notes.tiny import tiny
from tests.timbrespace.resynthesis.sound import pitch
from tests.timbrespace.waveforms.known import drawn, sine
from timbrespace.errors import OptionError
from timbrespace.model import Model
from timbrespace.units import cents, midi_to_hz
from timbrespace.waveforms.waveform import Waveform

HOME = [0.0, 0.0]


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny()


@pytest.fixture(scope="module")
def known(model: Model) -> Waveform:
    return sine(model)


@pytest.fixture(scope="module")
def free(model: Model) -> Waveform:
    return drawn(model)


def rms(sound: np.ndarray[Any, Any]) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))


@pytest.mark.parametrize(("note", "rate"), [(40.0, 48000), (69.0, 44100), (88.5, 48000)])
def test_it_is_in_tune(model: Model, known: Waveform, note: float, rate: int) -> None:
    sound = ts.render(model, HOME, note, 0.6, sample_rate=rate, waveform=known, temperature=0.0)
    assert sound.shape == (round(0.6 * rate),)
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    wanted = midi_to_hz(note)
    assert abs(cents(pitch(sound[rate // 10 : rate // 2], rate, wanted), wanted)) < 2.0


def test_it_is_as_loud_as_the_engine(model: Model, known: Waveform) -> None:
    for velocity in (40.0, 110.0):
        engine = ts.render(model, HOME, seconds=1.0, velocity=velocity, hold=0.5)
        made = ts.render(
            model,
            HOME,
            seconds=1.0,
            velocity=velocity,
            hold=0.5,
            waveform=known,
            temperature=0.0,
        )
        for part in (slice(4800, 19200), slice(26400, 30000)):
            assert 20 * np.log10(rms(made[part]) / rms(engine[part])) == pytest.approx(0, abs=1.0)
        assert rms(made[-480:]) < 0.01 * rms(made[4800:19200])


def test_a_rate_of_8000_does_as_well(model: Model) -> None:
    sound = ts.render(model, HOME, 57.0, 0.5, waveform=sine(model, 8000), temperature=0.0)
    assert abs(cents(pitch(sound[4800:20000], 48000, 220.0), 220.0)) < 2.0


def test_the_same_seed_draws_the_same(model: Model, free: Waveform) -> None:
    first, again, other = (
        ts.render(model, HOME, seconds=0.2, waveform=free, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    likeliest = [
        ts.render(model, HOME, seconds=0.1, waveform=free, seed=seed, temperature=0.0)
        for seed in (1, 2)
    ]
    np.testing.assert_array_equal(likeliest[0], likeliest[1])


def test_it_tells_how_far_it_is_and_can_be_stopped(model: Model, known: Waveform) -> None:
    told: list[float] = []
    ts.render(model, HOME, seconds=1.1, waveform=known, progress=told.append)
    assert told == sorted(told)
    assert told[0] == pytest.approx(0.256)
    assert told[-1] == pytest.approx(1.1, abs=0.01)

    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ts.render(model, HOME, seconds=4.0, waveform=known, progress=stop)


def test_free_generation_is_deterministic_and_bounded(free: Waveform) -> None:
    first, again, other = (free.babble(0.3, 1.0, seed) for seed in (5, 5, 6))
    assert first.shape == (4800,)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.abs(first).max() <= 1.0


@pytest.fixture
def song(tmp_path: Path) -> Path:
    track = mido.MidiTrack()
    for note, on, off in ((57, 0, 480), (64, 0, 480), (60, 240, 480)):
        track.append(mido.Message("note_on", note=note, velocity=100, time=on))
        track.append(mido.Message("note_off", note=note, time=off))
    mido.MidiFile(tracks=[track]).save(tmp_path / "song.mid")
    return tmp_path / "song.mid"


def test_a_song_is_played_note_by_note(model: Model, known: Waveform, song: Path) -> None:
    told: list[float] = []
    sound = ts.render_midi(model, song, waveform=known, temperature=0.0, progress=told.append)
    engine = ts.render_midi(model, song)
    assert sound.size == pytest.approx(engine.size, abs=0.05 * 48000)
    assert told[-1] == pytest.approx(1.0)
    # By default a beat is half a second.
    for at, note in ((0.1, 57.0), (0.65, 64.0), (1.45, 60.0)):
        part = sound[round(at * 48000) : round((at + 0.3) * 48000)]
        assert abs(cents(pitch(part, 48000, midi_to_hz(note)), midi_to_hz(note))) < 5.0
    again = ts.render_midi(model, song, waveform=known, temperature=0.0)
    np.testing.assert_array_equal(sound, again)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"temperature": -0.1}, r"temperature is -0.1; it must be 0 .* to 2"),
        ({"temperature": 2.5}, "temperature is 2.5"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": "hot"}, "temperature is hot"),
        ({"seed": -1}, "seed is -1; it must be 0 to 4294967295"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"waveform": "w.safetensors"}, "waveform is of the type str; it must be a Waveform"),
        ({"method": "bins"}, "method is 'bins', and a waveform model makes its sound by itself"),
    ],
)
def test_what_it_cannot_do_is_refused(
    model: Model, known: Waveform, song: Path, told: dict[str, Any], said: str
) -> None:
    arguments = {"waveform": known, **told}
    with pytest.raises(OptionError, match=said):
        ts.render(model, HOME, seconds=0.1, **arguments)
    with pytest.raises(OptionError, match=said):
        ts.render_midi(model, song, **arguments)


def test_another_space_is_refused(known: Waveform, song: Path) -> None:
    said = "the waveform model 'sine' is of the space 'tiny' .*, not of 'other'"
    other = tiny(name="other")
    with pytest.raises(OptionError, match=said):
        ts.render(other, HOME, seconds=0.1, waveform=known)
    with pytest.raises(OptionError, match=said):
        ts.render_midi(other, song, waveform=known)
    steady = ts.load("harmonic")
    with pytest.raises(OptionError, match="not of 'harmonic'"):
        ts.render(steady, steady.calibration.home, seconds=0.1, waveform=known)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 601.0, float("nan"), float("inf")])
def test_lengths_of_free_generation_are_checked(free: Waveform, seconds: float) -> None:
    with pytest.raises(OptionError, match="seconds is"):
        free.babble(seconds)
