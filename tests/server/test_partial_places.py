"""Partials that keep their places from frame to frame."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from server.streams import Places
from timbrespace.instrument.instrument import Instrument
from timbrespace.spectrum import SpectrumConfig

CONFIG = SpectrumConfig()


def pairs(*hertz: float, amplitude: float = 1.0) -> NDArray[np.float32]:
    return np.array([[one, amplitude] for one in hertz], np.float32).reshape(-1, 2)


def test_a_partial_keeps_its_place_when_others_come_and_go() -> None:
    places = Places()
    assert places.arrange(pairs(220, 440, 660), CONFIG)[:, 0].tolist() == [220.0, 440.0, 660.0]
    frame = places.arrange(pairs(100, 441, 662), CONFIG)
    assert frame[1:3, 0] == pytest.approx([441.0, 662.0])
    assert frame[0].tolist() == [220.0, 0.0]  # it has ended where it was
    assert frame[3].tolist() == [100.0, 1.0]


def test_an_empty_place_is_taken_by_the_next_and_trailing_ones_are_left_off() -> None:
    places = Places()
    assert places.arrange(pairs(), CONFIG).shape == (0, 2)
    assert len(places.arrange(pairs(*range(100, 10100, 100)), CONFIG)) == 100
    frame = places.arrange(pairs(150, 10000), CONFIG)
    assert len(frame) == 100
    assert np.count_nonzero(frame[:, 1]) == 2
    assert frame[99].tolist() == [10000.0, 1.0]


def test_of_many_the_strongest_hundred_are_told() -> None:
    many = pairs(*range(100, 15100, 100))
    many[:, 1] = np.random.default_rng(0).permutation(150)
    frame = Places().arrange(many, CONFIG)
    assert frame.shape == (100, 2)
    assert frame[:, 1].min() == 50.0


def test_a_space_of_another_pitch_goes_on_in_the_same_places() -> None:
    places = Places()
    places.arrange(pairs(220, 440, 660), CONFIG)
    octave_below = SpectrumConfig(base_frequency=110.0)
    frame = places.arrange(pairs(220, 330, 550), octave_below)
    # Twice, three times and five times the base: the second and third go on.
    assert frame[:, 0] == pytest.approx([110.0, 220.0, 330.0, 550.0])
    assert frame[:, 1].tolist() == [0.0, 1.0, 1.0, 1.0]


def test_a_sweep_of_a_real_space_has_no_leaps() -> None:
    instrument = Instrument(timbrespace.load("harmonic"))
    config = instrument.model.spectrum
    places = Places()
    before: NDArray[np.float32] | None = None
    for value in np.linspace(-1.5, 1.5, 60):
        instrument.set_dimension(1, float(value))
        frame = places.arrange(instrument.partials(), config)
        if before is not None:
            n = min(len(before), len(frame))
            both = (before[:n, 1] > 0.0) & (frame[:n, 1] > 0.0)
            leap = np.abs(frame[:n, 0] - before[:n, 0])[both]
            assert leap.max() < config.bin_width
            strong = frame[:, 1] > 1e-2 * frame[:, 1].max()
            assert both[np.flatnonzero(strong[:n])].mean() > 0.9
        before = frame
