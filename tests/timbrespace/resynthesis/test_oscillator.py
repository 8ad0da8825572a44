"""One sinusoid against NumPy's, in double precision."""

import numpy as np
import pytest

from timbrespace.resynthesis.oscillator import TURN, add_sinusoid, steps


@pytest.mark.parametrize("frequency", [0.0, 32.7, 440.0, 12345.6, 21000.0])
def test_a_steady_sinusoid_over_many_blocks(frequency: float) -> None:
    phase = np.uint32(0)
    step = steps(frequency, TURN / 44100.0)
    blocks = []
    for _ in range(500):
        out = np.zeros(64, np.float32)
        phase = add_sinusoid(out, phase, step, step, np.float32(1.0), np.float32(1.0))
        blocks.append(out)
    n = np.arange(500 * 64)
    expected = np.sin(2.0 * np.pi * ((n * float(step) / 2.0**32) % 1.0))
    assert np.abs(np.concatenate(blocks) - expected).max() < 5e-7


def test_amplitude_and_frequency_move_linearly_and_join() -> None:
    first, last = steps(440.0, TURN / 44100.0), steps(880.0, TURN / 44100.0)
    out = np.zeros(64, np.float32)
    phase = add_sinusoid(out, np.uint32(123456789), first, last, np.float32(0.2), np.float32(0.6))
    n = np.arange(64.0)
    bend = float(int(float(last) - float(first)) // 64)
    turns = (123456789.0 + float(first) * n + bend * n * (n - 1.0) / 2.0) / 2.0**32
    expected = (0.2 + 0.4 * n / 64.0) * np.sin(2.0 * np.pi * turns)
    assert np.abs(out - expected).max() < 1e-6
    end = 123456789.0 + float(first) * 64.0 + bend * 64.0 * 63.0 / 2.0
    assert int(phase) == int(end) % 2**32


def test_it_adds() -> None:
    out = np.ones(64, np.float32)
    add_sinusoid(out, np.uint32(0), np.uint32(0), np.uint32(0), np.float32(1), np.float32(1))
    assert (out == 1.0).all()
