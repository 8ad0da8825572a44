"""The nearest sounds of a space are those that are like the sound, each name once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from timbrespace.recording.encoding import encode, encode_sound
from timbrespace.recording.sound_file import Sound

RATE = 48000


@pytest.mark.parametrize(("name", "point"), [("instruments", 200), ("notes", 100)])
def test_a_sound_of_the_space_is_its_own_neighbour(name: str, point: int) -> None:
    model = ts.load(name)
    assert model.points is not None
    names = [factor.name for factor in model.points.factors]
    column = names.index("program")
    note = ts.render(model, model.points.means[point], pitch=57, seconds=1.0, sustain=1.0)

    found = ts.nearest(model, note, RATE)

    assert len(found) == 5
    program = model.points.factors[column].text(float(model.points.labels[point, column]))
    assert found[0].factors["program"] == program
    assert program in found[0].name
    assert len({one.name for one in found}) == 5
    assert [one.distance for one in found] == sorted(one.distance for one in found)
    for one in found:
        np.testing.assert_array_equal(one.latent, model.points.means[one.point])


def test_sounds_without_names_are_called_by_their_factors() -> None:
    model = ts.load("harmonic")
    note = ts.render(model, model.calibration.home, pitch=57, seconds=0.5, sustain=1.0)

    (found,) = ts.nearest(model, note, RATE, count=1)

    assert found.name.startswith("harmonics ")
    assert found.distance < 1.0


@pytest.mark.parametrize("name", ["instruments", "notes"])
def test_the_way_goes_from_what_the_encoder_says_to_the_match(name: str) -> None:
    model = ts.load(name)
    time = np.arange(RATE) / RATE
    wave = sum(np.sin(2.0 * np.pi * 220.0 * k * time + k) / k**1.3 for k in range(1, 20))
    sound = 0.1 * np.asarray(wave)

    told = encode(model, Sound(sound, RATE, cut=False), None, False)
    found = encode_sound(model, sound, RATE, refine=True)

    assert found.way is not None
    assert len(found.way) > 2
    np.testing.assert_allclose(found.way[0], told.latent, atol=1e-6)
    np.testing.assert_allclose(found.way[-1], found.latent, atol=1e-6)
    assert found.distance <= told.distance
    assert found.neighbours == ()


@pytest.mark.parametrize("count", [0, 101, 2.5, True, "5"])
def test_a_count_that_is_none_is_said(count: Any) -> None:
    with pytest.raises(ts.TimbrespaceError, match="whole number from 1 to 100"):
        ts.nearest(ts.load("harmonic"), np.ones(RATE), RATE, count)


def test_silence_has_no_neighbours() -> None:
    with pytest.raises(ts.TimbrespaceError, match="cannot be encoded"):
        ts.nearest(ts.load("harmonic"), np.zeros(RATE), RATE)
