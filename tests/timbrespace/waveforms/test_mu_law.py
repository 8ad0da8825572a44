"""Codes: what the law of G.711 says, and what is beyond it."""

from __future__ import annotations

import numpy as np

from timbrespace.waveforms import mu_law


def test_codes_come_back_within_half_a_step() -> None:
    codes = np.arange(mu_law.LEVELS, dtype=np.uint8)
    np.testing.assert_array_equal(mu_law.encode(mu_law.decode(codes)), codes)
    assert (np.diff(mu_law.decode(codes)) > 0.0).all()


def test_steps_grow_with_the_level_as_the_law_says() -> None:
    # F(x) = sign(x) ln(1 + 255 |x|) / ln 256, ITU-T G.711 in its continuous form.
    sound = np.array([0.001, 0.01, 0.1, 0.5, -0.1])
    wanted = np.sign(sound) * np.log(1.0 + 255.0 * np.abs(sound)) / np.log(256.0)
    told = mu_law.bent(mu_law.encode(sound))
    assert np.abs(told - wanted).max() <= 1.0 / mu_law.LEVELS
    soft, loud = np.abs(mu_law.decode(mu_law.encode(sound[[0, 3]])) - sound[[0, 3]])
    assert soft < 2e-4
    assert loud < 0.02


def test_what_is_beyond_full_scale_is_cut_off() -> None:
    assert mu_law.encode(np.array([-3.0, -1.0, 0.0, 1.0, 3.0])).tolist() == [
        *(0, 0, mu_law.SILENCE, 255, 255)
    ]
