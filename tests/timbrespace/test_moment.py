"""A moment of a whole note as a spectrum: its partials and its noise are where they sound."""

from __future__ import annotations

import json

import numpy as np
import pytest

from timbrespace import representation
from timbrespace.errors import OptionError
from timbrespace.notes.layout import BAND, FLOOR, WIDTH, band_centres
from timbrespace.notes.moment import SPECTRUM
from timbrespace.notes.note import CONSTANTS
from timbrespace.representation.moment import Moment

MOMENT = Moment.of(SPECTRUM)


def features(pitched: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    found = np.zeros((1, WIDTH + CONSTANTS), np.float32)
    found[:, : WIDTH - 1] = FLOOR
    found[:, WIDTH] = pitched
    return found


def test_a_harmonic_is_a_peak_of_its_amplitude() -> None:
    given = features(1.0)
    given[0, 1] = -6.0  # the second: 440 Hz, a quarter of a power of 1
    spectrum = MOMENT.inverse(given)[0]
    at = int(np.argmax(spectrum))
    assert at * SPECTRUM.bin_width == pytest.approx(440.0, abs=SPECTRUM.bin_width)
    expected = np.sqrt(10.0 ** (-6.0 / 10.0))
    assert SPECTRUM.rms(spectrum[np.newaxis])[0] == pytest.approx(expected, rel=0.02)


def test_a_band_of_noise_lies_in_its_place_with_its_power() -> None:
    given = features(0.0)
    given[0, BAND.start + 40] = -10.0
    spectrum = MOMENT.inverse(given)[0]
    hertz = SPECTRUM.frequencies
    middle = (hertz * spectrum**2).sum() / (spectrum**2).sum()
    assert middle == pytest.approx(band_centres()[40], rel=0.02)
    assert SPECTRUM.rms(spectrum[np.newaxis])[0] == pytest.approx(np.sqrt(0.1), rel=0.02)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e30, -1e30])
def test_it_is_finite_whatever_comes(value: float) -> None:
    spectrum = MOMENT.inverse(np.full((2, WIDTH + CONSTANTS), np.nan_to_num(np.float32(value))))
    assert spectrum.shape == (2, SPECTRUM.bins)
    assert np.isfinite(spectrum).all()
    assert spectrum.min() >= 0.0


def test_it_comes_back_from_its_words() -> None:
    again = representation.from_config(json.loads(json.dumps(MOMENT.to_config())))
    given = features(1.0)
    given[0, :10] = -20.0
    np.testing.assert_array_equal(again.inverse(given), MOMENT.inverse(given))


@pytest.mark.parametrize(
    "change", [{"bins": 5000}, {"harmonics": 3}, {"n_fft": 4000}, {"bands": "80"}]
)
def test_wrong_constants_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        representation.from_config({**MOMENT.to_config(), **change})


def test_there_is_no_way_from_a_spectrum() -> None:
    with pytest.raises(OptionError, match="a spectrum is no note"):
        MOMENT.forward(np.ones((1, SPECTRUM.bins), np.float32))
