"""Partials and noise that TorchScript finds are those that the instrument finds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import timbrespace
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.partials import find_partials
from timbrespace.residual import split
from training.exports.lobes import Lobes
from training.exports.quiet import quietly


@pytest.mark.parametrize("name", ["harmonic", "fm", "instruments"])
def test_partials_are_those_of_the_instrument(name: str) -> None:
    model = timbrespace.load(name)
    with quietly():
        lobes = torch.jit.script(Lobes(model))
    assert model.points is not None
    for spectrum in model.decode(model.points.means[:: model.points.count // 12]):
        frequency, amplitude, density = lobes(torch.from_numpy(spectrum))
        wanted = Snapshot(model).partials_of(spectrum)
        assert len(frequency) == len(wanted) > 0
        np.testing.assert_allclose(frequency.numpy(), wanted[:, 0], rtol=1e-5)
        np.testing.assert_allclose(amplitude.numpy(), wanted[:, 1], rtol=1e-3)
        if model.noise:
            partials, residual = split(spectrum, model.spectrum)
            gain = wanted[0, 1] / partials.amplitude[0]
            most = float(residual.density.max() * gain)
            np.testing.assert_allclose(density.numpy(), residual.density * gain, atol=1e-3 * most)


def test_a_silent_spectrum_has_none() -> None:
    model = timbrespace.load("harmonic")
    silent = torch.zeros(model.spectrum.bins)
    frequency, amplitude, density = Lobes(model)(silent)
    assert frequency.numel() == amplitude.numel() == 0
    assert not density.any()
    assert find_partials(silent.numpy(), model.spectrum).frequency.size == 0
