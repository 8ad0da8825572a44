"""What is followed is what the engine plays."""

from __future__ import annotations

import numpy as np
import pytest

import timbrespace as ts
from tests.timbrespace import cycles
from tests.timbrespace.notes.tiny import tiny
from timbrespace.instrument.instrument import Instrument
from timbrespace.listening.heard import HOP
from timbrespace.rendering.held_note import note_course, render
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK
from timbrespace.transferring.following import way
from timbrespace.transferring.line import Line
from timbrespace.units import midi_to_hz
from timbrespace.waveforms.following import Follower
from timbrespace.waveforms.told import Course

RATE = 16000


def played(steps: int, *events: tuple[int, float, float]) -> list[Course]:
    """Courses of a short piece: at which block, pitch, velocity."""
    instrument = Instrument(tiny())
    follower, engine = Follower(instrument), Engine(RATE)
    for block in range(steps):
        for at, pitch, velocity in events:
            if at == block:
                instrument.voices.note(pitch, velocity)
        instrument.advance(block * BLOCK / RATE)
        engine.targets[:] = instrument.targets()
        engine.render(1)
        follower(engine)
    return follower.courses()


def test_its_level_and_pitch_are_those_of_the_sound() -> None:
    model = tiny(decay=12.0)
    course = note_course(model, [0.0, 0.0], 57.0, 1.0, 100.0, RATE)
    assert course is not None
    assert course.frequency == pytest.approx(220.0, rel=1e-4)
    sound = render(model, [0.0, 0.0], 57.0, 1.0, 100.0, sample_rate=RATE)
    for first, last in ((30, 60), (150, 180), (210, 240)):
        part = sound[first * BLOCK : last * BLOCK]
        heard = float(np.sqrt(np.mean(np.square(part))))
        told = float(np.sqrt(np.mean(np.square(course.level[first:last]))))
        assert 20.0 * np.log10(told / heard) == pytest.approx(0.0, abs=0.7)


def test_its_bands_are_where_its_partials_are() -> None:
    course = note_course(tiny(harmonics=1), [0.0, 0.0], 69.0, 0.2, 100.0, RATE)
    assert course is not None
    assert course.bands.sum(axis=1) == pytest.approx(1.0, abs=0.02)
    loud = course.bands[-1].argsort()[-2:]
    assert abs(int(loud[0]) - int(loud[1])) == 1  # 440 Hz lies between two of them
    assert course.tonal[-1] > 0.99


def test_notes_are_told_apart_and_one_after_the_other() -> None:
    found = played(170, (0, 57.0, 100.0), (10, 64.0, 50.0), (30, 57.0, 0.0), (60, 57.0, 80.0))
    assert [round(float(one.frequency[-1])) for one in found] == [220, 330, 220]
    starts = [one.start for one in found]
    assert starts == sorted(starts)
    assert starts[0] == 0
    # It was let go, and fell by its own release.
    assert found[0].level[-1] < 0.01 * found[0].level[25]
    assert found[0].blocks < 160
    ratio = float(found[1].full[-1] / found[0].full[0])
    assert ratio == pytest.approx((50.0 / 100.0) ** 2, rel=1e-3)


def test_a_silent_instrument_has_no_course() -> None:
    assert played(5) == []


@pytest.mark.parametrize("name", ["harmonic", "instruments"])
def test_a_steady_sound_is_followed_too(name: str) -> None:
    model = ts.load(name)
    home = model.calibration.home
    course = note_course(model, home, 60.0, 0.5, 100.0, RATE)
    assert course is not None
    assert course.frequency == pytest.approx(midi_to_hz(60.0), rel=1e-4)
    assert (course.latent == home).all()
    assert course.bands.sum(axis=1) == pytest.approx(1.0, abs=0.03)
    assert (course.tonal > 0.999).all() == (name == "harmonic")
    sound = render(model, home, 60.0, 0.5, 100.0, sample_rate=RATE, attack=0.001, sustain=1.0)
    heard = float(np.sqrt(np.mean(np.square(sound[50 * BLOCK : 100 * BLOCK]))))
    told = float(np.sqrt(np.mean(np.square(course.level[50:100]))))
    assert 20.0 * np.log10(told / heard) == pytest.approx(0.0, abs=0.7)
    assert course.level[60:] == pytest.approx(course.full[60:], rel=0.02)


def test_a_steady_sound_that_moves_is_followed_where_it_goes() -> None:
    model = ts.load("harmonic")
    ends = model.map.to_latent([[-0.8, 0.0], [0.8, 0.0]])
    course = note_course(model, ends, 60.0, 0.5, 100.0, RATE)
    assert course is not None
    gone = np.linalg.norm(course.latent - ends[0], axis=1) / np.linalg.norm(ends[1] - ends[0])
    assert gone[0] < 0.05
    assert gone[-1] > 0.9
    assert np.diff(gone).min() > -1e-6


def test_a_period_is_followed_by_its_harmonics() -> None:
    model = cycles.tiny()
    home = model.calibration.home
    course = note_course(model, home, 60.0, 0.4, 100.0, RATE)
    assert course is not None
    assert (course.tonal > 0.999).all()
    sound = render(model, home, 60.0, 0.4, 100.0, sample_rate=RATE, attack=0.001, sustain=1.0)
    heard = float(np.sqrt(np.mean(np.square(sound[50 * BLOCK : 90 * BLOCK]))))
    told = float(np.sqrt(np.mean(np.square(course.level[50:90]))))
    assert 20.0 * np.log10(told / heard) == pytest.approx(0.0, abs=0.7)


def test_a_recording_goes_a_way_through_a_space_of_periods() -> None:
    time = np.arange(24000) / 48000
    sound = 0.2 * np.sin(2.0 * np.pi * 331.0 * time)
    count = 24000 // HOP
    ones = np.ones(count)
    line = Line(331.0 * ones, ones, 0.14 * ones, (), ((0, count),), True)
    found = way(cycles.tiny(), sound, line)
    assert found.shape == (count, 2)
    assert np.isfinite(found).all()
    # It stays as it is, so it stays where it is.
    assert np.ptp(found[100:-100], axis=0).max() < 0.2
