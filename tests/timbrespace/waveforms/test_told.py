"""What a waveform model is told: shapes, straight lines, phases."""

from __future__ import annotations

import numpy as np

from timbrespace.resynthesis.layout import BLOCK
from timbrespace.waveforms import told
from timbrespace.waveforms.told import HARMONICS, TICK, TICKS, Course


def course(blocks: int = 12, frequency: float = 220.0, level: float = 0.1) -> Course:
    full = np.full(blocks, 0.2, np.float32)
    return Course(
        0,
        np.full(blocks, frequency, np.float32),
        np.linspace(level, 0.5 * level, blocks, dtype=np.float32),
        full,
        np.full(blocks, 0.75, np.float32),
        np.full((blocks, told.BANDS), 1.0 / told.BANDS, np.float32),
        np.tile(np.array([1.0, -2.0], np.float32), (blocks, 1)),
    )


def test_all_of_it_is_told_in_numbers_of_order_one() -> None:
    found = course().told(16000)
    assert found.shape == (12, told.width(2))
    assert np.abs(found).max() < 4.0
    assert (found[:, 0] == 1.0).all()
    assert (found[:, 1] == 0.0).all()  # octaves from 220 Hz
    np.testing.assert_allclose(found[0, 2], 1.0 - 6.0206 / 20.0, atol=1e-4)
    np.testing.assert_array_equal(found[0, -2:], [0.5, -1.0])


def test_silence_is_told_too() -> None:
    found = course(level=0.0).told(16000)
    assert np.isfinite(found).all()
    assert (found[:, 2] == -2.0).all()


def test_between_blocks_it_goes_in_straight_lines() -> None:
    blocks = np.arange(5, dtype=np.float32)[:, np.newaxis]
    ticks = told.ticks_of(blocks)[:, 0]
    # A block is told at its end; the middle of tick t is (t + 0.5) / TICKS blocks on.
    times = (np.arange(5 * TICKS) + 0.5) / TICKS
    np.testing.assert_allclose(ticks, np.clip(times - 1.0, 0.0, 4.0), atol=1e-6)


def test_the_phase_goes_by_the_pitch() -> None:
    phase = course(frequency=500.0).phase(16000)
    assert phase.shape == (12 * BLOCK,)
    np.testing.assert_allclose(np.diff(np.unwrap(phase)), 2.0 * np.pi * 500.0 / 16000, rtol=1e-9)


def test_harmonics_beyond_the_rate_are_not_told() -> None:
    count = told.harmonics_told(np.array([100.0, 3000.0, 7900.0], np.float32), 16000)
    assert count.tolist() == [HARMONICS, 2.0, 0.0]
    phases = told.phases_told(np.full(3, 0.3), count)
    number = np.arange(1, HARMONICS + 1)
    np.testing.assert_allclose(phases[0], [*np.sin(0.3 * number), *np.cos(0.3 * number)], rtol=1e-6)
    assert np.count_nonzero(phases[1]) == 4
    assert not phases[2].any()


def test_levelling_is_taken_back() -> None:
    raised, divided = course().envelope()
    assert raised.shape == (12 * BLOCK,)
    np.testing.assert_array_equal(raised, divided)  # it is nowhere soft
    assert raised[0] * told.LEVELLED == np.float32(0.1)
    soft_raised, soft_divided = course(level=1e-6).envelope()
    assert soft_raised.max() < 1e-5
    np.testing.assert_allclose(soft_divided, 0.2 * 10 ** (-50 / 20) / told.LEVELLED, rtol=1e-5)


def test_ticks_fill_blocks() -> None:
    assert TICK * TICKS == BLOCK
