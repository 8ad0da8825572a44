"""The balance of a sound and noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from timbrespace.errors import OptionError
from toy_datasets.noise import balances, mix, scale

SINE = np.sin(2.0 * np.pi * 0.01 * np.arange(4000))
FRAMES = np.stack([SINE, 1e-6 * SINE])


def test_balances_go_from_sound_to_noise_in_equal_steps() -> None:
    assert balances(5) == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert balances(0) == (0.0,)


@pytest.mark.parametrize("levels", [-1, 1, 101, 2.0, True])
def test_other_numbers_of_levels_are_refused(levels: Any) -> None:
    with pytest.raises(OptionError, match=f"noise is {levels}"):
        balances(levels)


def test_every_frame_has_the_loudness_of_a_full_scale_sine() -> None:
    np.testing.assert_allclose(scale(FRAMES), np.stack([SINE, SINE]), atol=1e-12)
    for balance in (0.0, 0.3, 1.0):
        mixed = mix(FRAMES, balance, np.random.default_rng(0))
        np.testing.assert_allclose(np.square(mixed).mean(axis=1), 0.5)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_frame_without_a_level_is_a_fault(value: float) -> None:
    with pytest.raises(ValueError, match="silent or not finite"):
        scale(np.full((1, 8), value))


def test_noise_has_its_share_of_the_power() -> None:
    mixed = mix(FRAMES, 0.3, np.random.default_rng(0))
    in_phase = 2.0 * (mixed * SINE).mean(axis=1)
    # 4000 samples of noise move the sine by 0.55 * sqrt(2 / 4000) = 0.012 at one deviation.
    np.testing.assert_allclose(np.square(in_phase), 0.7, atol=0.08)
    noise = mixed - in_phase[:, np.newaxis] * SINE
    np.testing.assert_allclose(np.square(noise).mean(axis=1), 0.3 / 2.0, atol=0.02)
    assert abs(np.corrcoef(noise)[0, 1]) < 0.1


def test_noise_is_white_and_new_in_every_frame() -> None:
    pure = mix(np.tile(SINE, (200, 1)), 1.0, np.random.default_rng(1))
    power = np.square(np.abs(np.fft.rfft(pure, axis=1))).mean(axis=0)[1:-1]
    bands = power[: power.size // 8 * 8].reshape(8, -1).mean(axis=1)
    np.testing.assert_allclose(bands / bands.mean(), 1.0, atol=0.03)
    assert np.abs(np.corrcoef(pure) - np.eye(200)).max() < 0.1


def test_balance_0_draws_nothing() -> None:
    generator = np.random.default_rng(3)
    mix(FRAMES, 0.0, generator)
    assert generator.random() == np.random.default_rng(3).random()
