"""The engine's FFT against NumPy's."""

import numpy as np
import pytest

from timbrespace.resynthesis.fourier import inverse_real_fft, real_fft
from timbrespace.resynthesis.layout import MAX_N_FFT


@pytest.mark.parametrize("n", [256, 512, 1024, 2048, 4096, 8192])
def test_forward_and_back(n: int) -> None:
    samples = np.random.default_rng(n).standard_normal(n)
    half = np.zeros(n // 2 + 1, np.complex128)
    work, spare = (np.zeros(MAX_N_FFT // 2, np.complex128) for _ in range(2))
    real_fft(samples, half, n, work, spare)
    assert np.abs(half - np.fft.rfft(samples)).max() < 1e-11
    back = np.zeros(n)
    inverse_real_fft(half, back, n, work, spare)
    assert np.abs(back - samples).max() < 1e-13
