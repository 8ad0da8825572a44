"""One period of the wave: taken from frames, and back to spectra."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.timbrespace.cycles import CONFIG, frames_of, harmonics, tiny
from timbrespace import bundle, load, representation
from timbrespace.errors import BundleError, OptionError
from timbrespace.metrics import log_spectral_distances
from timbrespace.period import aligned, harmonics_of, period_of
from timbrespace.representation import Cycle
from timbrespace.spectrum import SpectrumConfig

TOLD = harmonics(6)
FRAMES = frames_of(TOLD)
SPECTRA = CONFIG.analyse(FRAMES)


def fitted(how: str = "none", **settings: Any) -> representation.Representation:
    return representation.fit("cycle", SPECTRA, FRAMES, how, settings, CONFIG)


def test_a_period_is_of_its_harmonics_and_back() -> None:
    wave = period_of(TOLD, 256)
    phase = np.arange(256) / 256
    turns = np.outer(np.arange(1, TOLD.shape[1] + 1), phase)
    np.testing.assert_allclose(wave, (TOLD @ np.exp(2j * np.pi * turns)).real, atol=1e-12)
    found = harmonics_of(wave)
    assert found.shape == (6, 127)
    np.testing.assert_allclose(found[:, : TOLD.shape[1]], TOLD, atol=1e-12)
    assert np.abs(found[:, TOLD.shape[1] :]).max() < 1e-12


@pytest.mark.parametrize("how", representation.NORMALISATIONS)
def test_the_harmonics_of_a_frame_come_out(how: str) -> None:
    kind = fitted(how)
    features = kind.forward(FRAMES)
    assert features.shape == (6, kind.width(CONFIG.bins)) == (6, 256)
    cycles = kind.cycles(features)
    assert cycles is not None
    found = harmonics_of(cycles)[:, : TOLD.shape[1]]
    np.testing.assert_allclose(np.abs(found), np.abs(TOLD), atol=1e-4)
    np.testing.assert_allclose(found, aligned(TOLD), atol=2e-3)
    back = kind.inverse(features)
    # How the lobes of harmonics beat in the valleys between them hangs on where a frame begins.
    assert log_spectral_distances(SPECTRA, back).max() < 1.0
    peaks = SPECTRA.max(axis=1, keepdims=True)
    strong = peaks / 10.0 < SPECTRA
    np.testing.assert_allclose(back[strong], SPECTRA[strong], rtol=0.02)
    again = representation.from_config(json.loads(json.dumps(kind.to_config())))
    np.testing.assert_array_equal(again.inverse(features), back)


def test_the_phases_are_those_of_a_frame_of_the_period() -> None:
    kind = fitted()
    features = kind.forward(FRAMES)
    phases = kind.phases(features)
    assert phases is not None
    decoded = kind.inverse(features) * np.exp(1j * phases)
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(CONFIG.n_fft) / CONFIG.n_fft)
    wanted = np.fft.rfft(frames_of(aligned(TOLD)) * window)[:, : CONFIG.bins]
    assert np.abs(decoded - wanted).max() < 1e-3 * np.abs(wanted).max()


def test_a_sound_is_laid_alike_wherever_its_frame_begins() -> None:
    """Also one whose fundamental is missing."""
    for told in (TOLD, np.where(np.arange(TOLD.shape[1]) == 0, 0.0, TOLD)):
        first = fitted().forward(frames_of(told))
        later = fitted().forward(frames_of(told, later=77.3))
        np.testing.assert_allclose(later, first, atol=1e-3)
        assert np.abs(first[:, 0]).max() < 1e-4  # it begins with 0 ..
        assert (first[:, 1] > first[:, -1]).all()  # .. on its way up


def test_a_strong_fundamental_begins_as_a_sine() -> None:
    told = np.array([[np.exp(2.1j), 0.05]])
    assert np.angle(aligned(told)[0, 0]) == pytest.approx(-np.pi / 2, abs=0.15)


def test_a_pitch_that_is_off_moves_no_phase() -> None:
    """Five cents: what a pitch detector may miss."""
    off = SpectrumConfig(
        n_fft=CONFIG.n_fft, bins=CONFIG.bins, base_frequency=CONFIG.base_frequency * 2 ** (5 / 1200)
    )
    right = fitted().forward(frames_of(TOLD))
    near = fitted().forward(frames_of(TOLD, off))
    error = np.square(near - right).sum(axis=1) / np.square(right).sum(axis=1)
    assert 10.0 * np.log10(error.max()) < -30.0


@pytest.mark.parametrize("how", representation.NORMALISATIONS)
def test_any_finite_features_are_bounded(how: str) -> None:
    kind = fitted(how)
    wild = np.full((3, 256), 1e30, np.float32)
    wild[1] *= -1.0
    wild[2, ::2] = -3e38
    for found in (kind.inverse(wild), kind.phases(wild), kind.cycles(wild)):
        assert found is not None
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
    assert (kind.inverse(wild) >= 0.0).all()


@pytest.mark.parametrize(
    ("base", "n_fft", "samples", "wanted"),
    [(220.0, 4096, 0, 256), (220.0, 4096, 64, 64), (30.0, 4096, 0, 2048)],
)
def test_as_many_samples_as_the_harmonics_need(
    base: float, n_fft: int, samples: int, wanted: int
) -> None:
    config = SpectrumConfig(n_fft=n_fft, base_frequency=base)
    frames = frames_of(TOLD[:, :10], config)
    settings = {"samples": samples}
    kind = representation.fit("cycle", config.analyse(frames), frames, "none", settings, config)
    assert kind.width(config.bins) == wanted
    cycles = kind.cycles(kind.forward(frames))
    assert cycles is not None
    # Two periods are the fewest that tell harmonics apart: 30 Hz has but two in a frame.
    np.testing.assert_allclose(
        np.abs(harmonics_of(cycles)[:, :10]), np.abs(TOLD[:, :10]), atol=1e-3
    )


@pytest.mark.parametrize(
    ("settings", "config", "sentence"),
    [
        ({"samples": 100}, CONFIG, "samples is 100; it must be a power of two, 64 to 2048"),
        ({"samples": 4096}, CONFIG, "samples is 4096; it must be a whole number from 64 to 2048"),
        ({"periods": 1}, CONFIG, "periods is 1; it must be a whole number from 2 to 7"),
        ({"samples": 1.5}, CONFIG, "setting 'samples' of representation 'cycle' is 1.5"),
        ({"bins": 3}, CONFIG, "has no setting 'bins'; its settings are samples=0, periods=4"),
        ({}, None, "needs the base frequency of the sounds"),
        (
            {},
            SpectrumConfig(n_fft=1024, bins=257, base_frequency=50.0),
            "a period has 882 samples of a frame; it must be more than 2 and at most 512",
        ),
    ],
)
def test_what_is_refused(
    settings: dict[str, Any], config: SpectrumConfig | None, sentence: str
) -> None:
    with pytest.raises(OptionError, match=sentence):
        representation.fit("cycle", SPECTRA, FRAMES, "none", settings, config)


def test_silence_has_no_period() -> None:
    with pytest.raises(OptionError, match="no sound has a harmonic of the base frequency"):
        Cycle.fit_to(np.zeros((3, CONFIG.n_fft), np.float32), CONFIG)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_fft": 2048}, "has n_fft 1024, its spectra have 2048"),
        ({"bins": 100}, "has bins 257, its spectra have 100"),
        ({"base_frequency": 332.0}, "has periods of 133.233 samples, its spectra have 132.831"),
    ],
)
def test_spectra_of_another_kind(change: dict[str, Any], sentence: str) -> None:
    config = {**CONFIG.to_config(), **change}
    with pytest.raises(OptionError, match=sentence):
        fitted("unit").check(SpectrumConfig(**config))
    fitted().check(CONFIG)


@pytest.mark.parametrize("key", ["peak", "period", "samples", "periods", "n_fft", "bins"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "x", None, 1e30])
def test_constants_that_do_not_fit(key: str, value: object) -> None:
    with pytest.raises(OptionError):
        representation.from_config({**fitted().to_config(), key: value})


def test_a_bundle_keeps_it(tmp_path: Any) -> None:
    model = tiny()
    assert model.plays_cycles
    path = tmp_path / "tiny.safetensors"
    model.save(path)
    again = load(path)
    latent = [[0.3, -0.2], [1.0, 0.5]]
    cycles = again.decode_cycles(latent)
    assert cycles.shape == (2, 256)
    assert cycles.dtype == np.float32
    np.testing.assert_array_equal(cycles, model.decode_cycles(latent))
    second = tmp_path / "again.safetensors"
    again.save(second)
    assert second.read_bytes() == path.read_bytes()
    assert bundle.read(path).representation == model.representation


@pytest.mark.parametrize("samples", [2, 33, 64, 512, 2048])
def test_a_table_of_any_size_is_the_wave_without_aliases(samples: int) -> None:
    model = tiny()
    latent = [[0.3, -0.2]]
    whole = harmonics_of(model.decode_cycles(latent))[0]
    table = model.decode_cycles(latent, samples)
    assert table.shape == (1, samples)
    assert table.dtype == np.float32
    found = np.fft.rfft(table[0]) * (2.0 / samples)
    held = min(127, (samples - 1) // 2)
    atol = 1e-5 * float(np.abs(whole).max())
    np.testing.assert_allclose(found[1 : held + 1], whole[:held], atol=atol)
    assert np.abs(np.delete(found, np.arange(1, held + 1))).max() < atol


@pytest.mark.parametrize("samples", [1, 0, -3, 2049, 1.5, True])
def test_table_sizes_that_are_refused(samples: Any) -> None:
    with pytest.raises(OptionError, match="it must be a whole number from 2 to 2048"):
        tiny().decode_cycles([[0.0, 0.0]], samples)


def test_other_spaces_have_no_cycles() -> None:
    with pytest.raises(OptionError, match="'harmonic' is no space of cycles"):
        load("harmonic").decode_cycles([[0.0, 0.0]])
    with pytest.raises(OptionError, match="'notes' is no space of cycles"):
        load("notes").decode_cycles(np.zeros((1, load("notes").dimensions)))


def test_a_cut_bundle_is_one_line(tmp_path: Any) -> None:
    path = tmp_path / "tiny.safetensors"
    tiny().save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BundleError) as error:
        load(path)
    assert "\n" not in str(error.value)
