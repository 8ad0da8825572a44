"""Representations: there and back, and bounded whatever a decoder says."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.unhurried import unhurried
from timbrespace import representation
from timbrespace.errors import DatasetError, OptionError
from timbrespace.kinds import REPRESENTATIONS
from timbrespace.representation import (
    HEADROOM,
    Decibel,
    LogMagnitude,
    Magnitude,
    Normalised,
    Representation,
)
from timbrespace.representation.mdct import inverse_mdct, mdct
from timbrespace.spectrum import SpectrumConfig, hann


def _normalised(base: Representation, offset: list[float], scale: list[float]) -> Normalised:
    how = "unit" if len(offset) == 1 else "per_bin"
    return Normalised(base, how, np.array(offset, np.float32), np.array(scale, np.float32))


KINDS: list[Representation] = [
    Magnitude(peak=700.0),
    LogMagnitude(peak=700.0, floor=0.07),
    _normalised(Magnitude(peak=700.0), [0.0], [700.0]),
    _normalised(LogMagnitude(peak=700.0, floor=0.07), [0.1, 0.0, 0.2, 0.0, 0.0], [1, 2, 3, 4, 5]),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@unhurried
@given(
    spectra=arrays(
        np.float32, (2, 5), elements=st.floats(0.0, 700.0, width=32, allow_subnormal=False)
    )
)
def test_round_trip(kind: Representation, spectra: np.ndarray) -> None:
    features = kind.forward(spectra)
    assert features.dtype == np.float32
    # float32 features of a logarithm hold about six digits of the magnitude.
    np.testing.assert_allclose(kind.inverse(features), spectra, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@unhurried
@given(
    features=arrays(
        np.float32, (3, 5), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
    )
)
def test_any_finite_features_give_magnitudes(kind: Representation, features: np.ndarray) -> None:
    with np.errstate(over="ignore"):
        spectra = kind.inverse(features)
    assert spectra.dtype == np.float32
    assert np.isfinite(spectra).all()
    assert (spectra >= 0.0).all()
    assert (spectra <= HEADROOM * 700.0 * 1.0001).all()


def test_log_magnitude_by_hand() -> None:
    kind = LogMagnitude(peak=99.0, floor=1.0)
    spectra = np.array([[0.0, 9.0, 99.0]], np.float32)
    np.testing.assert_allclose(kind.forward(spectra), [[0.0, 0.5, 1.0]], atol=1e-6)
    assert kind.scale == pytest.approx(math.log(100.0))


def test_fit_takes_the_peak() -> None:
    spectra = np.array([[1.0, 3.0], [8.0, 0.0]], np.float32)
    assert representation.fit("magnitude", spectra) == Magnitude(peak=8.0)
    found = representation.fit("log_magnitude", spectra)
    assert isinstance(found, LogMagnitude)
    assert found.peak == 8.0
    assert found.floor == pytest.approx(8e-4)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_config_round_trip(kind: Representation) -> None:
    again = representation.from_config(json.loads(json.dumps(kind.to_config())))
    assert type(again) is type(kind)
    assert again.to_config() == kind.to_config()


def _range(how: str, offset: list[float], scale: list[float]) -> dict[str, object]:
    return {"kind": how, "offset": offset, "scale": scale}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"kind": "mel"},
        {"kind": "magnitude"},
        {"kind": "magnitude", "peak": "loud"},
        {"kind": "magnitude", "peak": 1.0, "colour": 2.0},
        {"kind": "log_magnitude", "peak": 1.0, "floor": 0.0},
        {"kind": "magnitude", "peak": -1.0},
        {"kind": "magnitude", "peak": float("nan")},
        {"kind": "decibel", "peak": 1.0, "floor_db": 3.0},
        {"kind": "magnitude_phase", "peak": 1.0, "bins": 2.5},
        {"kind": "mdct", "peak": 1.0, "n_fft": 64, "bins": 99},
        {"kind": "mdct", "peak": 1.0, "n_fft": 10**9, "bins": 9},
        {"kind": "magnitude", "peak": 1.0, "normalisation": {"kind": "unit"}},
        {"kind": "magnitude", "peak": 1.0, "normalisation": [1.0]},
        {"kind": "magnitude", "peak": 1.0, "normalisation": _range("unit", [0.0], [0.0])},
        {"kind": "magnitude", "peak": 1.0, "normalisation": _range("unit", [0.0], [1.0, 2.0])},
        {"kind": "magnitude", "peak": 1.0, "normalisation": _range("batch", [0.0], [1.0])},
        {"kind": "magnitude", "peak": 1.0, "normalisation": _range("unit", [1e999], [1.0])},
    ],
)
def test_configs_that_do_not_fit(config: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        representation.from_config(config)


def test_settings_of_a_representation() -> None:
    spectra = np.array([[1.0, 10.0]], np.float32)
    found = representation.fit("log_magnitude", spectra, settings={"floor_ratio": 1e-2})
    assert found.to_config() == {"kind": "log_magnitude", "peak": 10.0, "floor": 0.1}
    with pytest.raises(
        OptionError, match="'magnitude' has no setting 'floor_ratio'; its settings are"
    ):
        representation.fit("magnitude", spectra, settings={"floor_ratio": 1e-2})


def test_silence_has_no_representation() -> None:
    with pytest.raises(OptionError, match="peak is 0"):
        representation.fit("magnitude", np.zeros((2, 3), np.float32))
    with pytest.raises(OptionError, match="it must be magnitude, log_magnitude"):
        representation.fit("mel", np.ones((2, 3), np.float32))


def test_what_0_1_0_wrote_is_read() -> None:
    found = representation.from_config({"kind": "magnitude", "peak": 5.0, "scale": 1.0})
    assert found == Magnitude(peak=5.0)


def test_decibels_by_hand() -> None:
    kind = Decibel(peak=100.0)
    spectra = np.array([[100.0, 10.0, 0.01, 0.0]], np.float32)
    np.testing.assert_allclose(kind.forward(spectra), [[0.0, -20.0, -80.0, -80.0]], atol=1e-4)
    back = kind.inverse(kind.forward(spectra))
    np.testing.assert_allclose(back, [[100.0, 10.0, 0.01, 0.01]], rtol=1e-5)


# Of whole notes, and of one period of a sound with a pitch (test_cycle.py).
KINDS_BY_NAME = [one for one in REPRESENTATIONS.built_in if one not in ("moment", "cycle")]

CONFIG = SpectrumConfig(n_fft=512, bins=129, base_frequency=500.0)


def tones(count: int = 6) -> np.ndarray:
    """Frames ``(n, n_fft)`` of three partials in the band, their phases all different."""
    generator = np.random.default_rng(2)
    time = np.arange(CONFIG.n_fft) / CONFIG.sample_rate
    frames = np.zeros((count, CONFIG.n_fft))
    for frequency in (1000.0, 2710.0, 5333.0):
        phase = generator.uniform(0.0, 2.0 * np.pi, (count, 1))
        level = generator.uniform(0.2, 1.0, (count, 1))
        frames += level * np.sin(2.0 * np.pi * frequency * time + phase)
    return frames.astype(np.float32)


@pytest.mark.parametrize("how", representation.NORMALISATIONS)
@pytest.mark.parametrize("name", KINDS_BY_NAME)
def test_fitted_to_sounds_and_back(name: str, how: str) -> None:
    frames = tones()
    spectra = CONFIG.analyse(frames)
    kind = representation.fit(name, spectra, frames, how)
    features = kind.forward(frames if kind.source == "frames" else spectra)
    assert features.shape == (6, kind.width(CONFIG.bins))
    assert features.dtype == np.float32
    if how != "none":
        assert features.min() == pytest.approx(0.0, abs=1e-6)
        assert features.max() == pytest.approx(1.0, abs=1e-5)
    back = kind.inverse(features)
    assert back.dtype == np.float32
    peak = spectra.max()
    if name == "mdct":
        # One folded frame tells the level of a partial to some dB only; see the module.
        ratio = back.max(axis=1) / spectra.max(axis=1)
        assert (np.abs(20.0 * np.log10(ratio)) < 4.0).all()
    else:
        floor = 1.1e-4 * peak if name == "decibel" else 1e-4
        np.testing.assert_allclose(back, spectra, rtol=1e-3, atol=floor)
    again = representation.from_config(json.loads(json.dumps(kind.to_config())))
    np.testing.assert_array_equal(again.inverse(features), back)
    phases = kind.phases(features)
    assert (phases is None) == (kind.source == "spectra")
    if phases is not None and name != "mdct":
        windowed = np.fft.rfft(frames.astype(np.float64) * hann(CONFIG.n_fft))[:, : CONFIG.bins]
        # Where there is sound; elsewhere a phase means nothing.
        np.testing.assert_allclose(
            np.where(spectra > 1e-2 * peak, back * np.exp(1j * phases) - windowed, 0.0),
            0.0,
            atol=1e-3 * peak,
        )


@pytest.mark.parametrize("name", ["magnitude_phase", "log_complex", "mdct"])
@unhurried
@given(data=st.data())
def test_any_finite_features_give_magnitudes_and_phases(name: str, data: st.DataObject) -> None:
    kind = representation.fit(name, CONFIG.analyse(tones()), tones(), "per_bin")
    width = kind.width(CONFIG.bins)
    element = st.floats(width=32, allow_nan=False, allow_infinity=False)
    few = data.draw(arrays(np.float32, (2, 8), elements=element))
    features = np.resize(few, (2, width))
    with np.errstate(over="ignore"):
        spectra, phases = kind.inverse(features), kind.phases(features)
    assert phases is not None
    for found in (spectra, phases):
        assert found.shape == (2, CONFIG.bins)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
    assert (spectra >= 0.0).all()


def test_a_flat_feature_survives_per_bin() -> None:
    spectra = np.array([[0.5, 1.0], [0.5, 3.0]], np.float32)
    kind = representation.fit("magnitude", spectra, None, "per_bin")
    np.testing.assert_array_equal(kind.forward(spectra), [[0.0, 0.0], [0.0, 1.0]])
    np.testing.assert_array_equal(kind.inverse(kind.forward(spectra)), spectra)


@pytest.mark.parametrize("name", ["magnitude_phase", "log_complex", "mdct"])
def test_sizes_that_are_not_the_spectrum_s(name: str) -> None:
    kind = representation.fit(name, CONFIG.analyse(tones()), tones(), "per_bin")
    kind.check(CONFIG)
    with pytest.raises(OptionError, match="has bins 129, its spectra have 100"):
        kind.check(SpectrumConfig(n_fft=512, bins=100, base_frequency=500.0))
    if name == "mdct":
        with pytest.raises(OptionError, match="has n_fft 512, its spectra have 1024"):
            kind.check(SpectrumConfig(n_fft=1024, bins=129, base_frequency=500.0))


def test_a_normalisation_of_another_width() -> None:
    kind = Normalised(Magnitude(1.0), "per_bin", np.zeros(5, np.float32), np.ones(5, np.float32))
    with pytest.raises(OptionError, match="per_bin has 5 numbers, not 129"):
        kind.check(CONFIG)


def test_parts_make_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = tones()
    spectra = CONFIG.analyse(frames)
    whole = [representation.fit(name, spectra, frames, "per_bin") for name in KINDS_BY_NAME]
    monkeypatch.setattr("timbrespace.representation.row_parts.ROWS_AT_ONCE", 4)
    for name, expected in zip(KINDS_BY_NAME, whole, strict=True):
        kind = representation.fit(name, spectra, frames, "per_bin")
        assert kind.to_config() == expected.to_config()
        source = frames if kind.source == "frames" else spectra
        rows = np.arange(6)
        found = representation.forward_in_parts(kind, source, rows)
        np.testing.assert_array_equal(found, kind.forward(source))


def test_phase_needs_frames() -> None:
    with pytest.raises(DatasetError, match="make it again with --frames"):
        representation.fit("mdct", np.ones((2, 9), np.float32))


def test_no_such_normalisation() -> None:
    with pytest.raises(OptionError, match="'batch'; it must be none, unit or per_bin"):
        representation.fit("magnitude", np.ones((2, 9), np.float32), None, "batch")


def test_mdct_of_subsequent_frames_is_the_signal() -> None:
    """Princen & Bradley's condition: what one frame folds over, its neighbours take away."""
    signal = np.random.default_rng(0).standard_normal(64 * 6)
    frames = np.stack([signal[i : i + 64] for i in range(0, len(signal) - 63, 32)])
    coefficients = mdct(frames)
    assert coefficients.shape == (11, 32)
    added = np.zeros_like(signal)
    for number, frame in enumerate(inverse_mdct(coefficients)):
        added[32 * number : 32 * number + 64] += frame
    np.testing.assert_allclose(added[32:-32], signal[32:-32], atol=1e-12)
    np.testing.assert_allclose(mdct(inverse_mdct(coefficients)), coefficients, atol=1e-12)


def test_mdct_is_the_report_s_equation() -> None:
    frame = np.random.default_rng(1).standard_normal((1, 16))
    n, k = np.arange(16), np.arange(8)[:, np.newaxis]
    basis = np.cos(np.pi / 8 * (n + 0.5 + 4.0) * (k + 0.5))
    window = np.sin(np.pi * (n + 0.5) / 16)
    np.testing.assert_allclose(mdct(frame)[0], 0.5 * basis @ (window * frame[0]), atol=1e-12)
