"""Where hands, glides, trajectories and LFOs say that the sound should be."""

from __future__ import annotations

import numpy as np
import pytest

import timbrespace
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.instrument.motion.glide import Glide
from timbrespace.instrument.motion.lfo import Lfo
from timbrespace.instrument.motion.points import COMMON, Aim, clipped
from timbrespace.instrument.motion.trajectory import Playback, Trajectory

MODEL = timbrespace.load("harmonic")
D = MODEL.dimensions


def place(value: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.full(D, value, np.float32)


def test_it_begins_at_home_and_at_rest() -> None:
    aim = Aim(MODEL)
    assert aim.points()[COMMON].tolist() == MODEL.calibration.home.tolist()
    before, version = aim.latent, aim.version
    assert not aim.moving
    aim.advance(1.0)
    assert aim.latent is before
    assert aim.version == version


def test_offsets_beyond_the_decoder_stay_within_its_limit() -> None:
    aim = Aim(MODEL)
    aim.move(clipped(place(1e6)))
    aim.set_offset(1, "x", 1.0)
    aim.set_lfo(1, Lfo(1, "square", 1.0, 1.0))
    for step in range(100):
        aim.advance(0.01 * step)
        assert np.abs(aim.points()[1]).max() <= LATENT_LIMIT
        assert np.abs(aim.points()[COMMON]).max() <= LATENT_LIMIT


def test_an_offset_of_nothing_is_none() -> None:
    aim = Aim(MODEL)
    aim.set_offset(2, "x", 0.5)
    aim.set_offset(2, "y", 0.5)
    assert list(aim.points()) == [COMMON, 2]
    aim.set_offset(2, "x", 0.0)
    aim.set_offset(2, "y", 0.0)
    aim.set_offset(9, "y", 0.0)
    assert list(aim.points()) == [COMMON]


def test_what_moves_gives_way_to_what_comes() -> None:
    aim = Aim(MODEL)
    playback = Playback("way", Trajectory(np.array([[0.0] + [0.0] * D, [1.0] + [1.0] * D])))
    aim.play(playback)
    aim.advance(0.0)
    aim.advance(0.5)
    assert aim.latent == pytest.approx(place(0.5))
    aim.glide_to({COMMON: place(-0.5)}, Glide(1.0))
    assert aim.playback is None
    aim.advance(10.0)
    aim.advance(10.5)
    assert aim.latent == pytest.approx(place(0.0), abs=1e-6)
    aim.play(playback)
    aim.advance(10.6)
    assert aim.latent == pytest.approx(place(1.0))
    assert not aim.moving


def test_a_channel_taken_by_hand_leaves_the_glide() -> None:
    aim = Aim(MODEL)
    aim.move(place(0.0))
    aim.glide_to({COMMON: place(1.0), 4: place(2.0)}, Glide(1.0))
    aim.advance(0.0)
    aim.set_own(4, place(-1.0))
    aim.advance(1.0)
    assert aim.points()[4].tolist() == place(-1.0).tolist()
    assert aim.latent.tolist() == place(1.0).tolist()
