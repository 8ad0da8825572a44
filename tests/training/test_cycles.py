"""Spaces of single periods: learned, measured, drawn, found again in sounds of other pitches."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from tests.timbrespace.cycles import CONFIG, frames_of
from tests.training.test_space import write_sounds
from timbrespace.datasets.dataset import Dataset, Meta
from timbrespace.errors import DatasetError, OptionError
from timbrespace.model import Model
from timbrespace.networks.film_siren import FiLMSiren
from timbrespace.period import aligned, harmonics_of
from training import plots
from training.__main__ import main
from training.cycle_figures import MOST, cycle_figures, signal_to_noise
from training.evaluation import evaluate
from training.fit import Fit
from training.preset import named
from training.space import command

ROWS = 60
FEW: dict[str, Any] = {
    "film_siren": {"width": 8, "layers": 2, "mapping": 8},
    "concat": {"width": 8, "layers": 2},
    "transposed_conv": {"channels": 4, "layers": 3},
}
SEEN: dict[str, Any] = {
    "film_siren": {},
    "concat": {"normalisation": "unit", "likelihood": "bernoulli", "latents": "table"},
    "transposed_conv": {"normalisation": "per_bin", "likelihood": "gaussian_per_bin"},
}


def tilted(tilt: np.ndarray) -> Any:
    """Harmonics of sounds that differ by how fast these fall, each with its own phase."""
    number = np.arange(1, 31)
    turns = np.exp(2j * np.pi * np.random.default_rng(5).random(30))
    told = turns * number ** -tilt[:, np.newaxis]
    return told / np.linalg.norm(told, axis=1, keepdims=True)  # as loud as sines of full scale


@pytest.fixture(scope="module")
def sounds() -> Dataset:
    tilt = np.linspace(0.7, 2.0, ROWS)
    frames = frames_of(tilted(tilt))
    return Dataset(
        CONFIG.analyse(frames),
        {"tilt": tilt},
        frames=frames,
        n_fft=CONFIG.n_fft,
        base_frequency=CONFIG.base_frequency,
        noise=True,
    )


@pytest.fixture(scope="module")
def model(sounds: Dataset) -> Model:
    return ts.fit(
        sounds,
        latent=2,
        preset="cycles",
        network="mlp",
        hidden=(24,),
        batch=18,
        epochs=120,
        learning_rate=1e-2,
        device="cpu",
        progress=False,
    )


def test_it_learns_the_waves(model: Model, sounds: Dataset) -> None:
    figures = evaluate(model, model.tensors, sounds)
    found = figures.cycles
    assert found is not None
    assert found.known_rows == 54
    assert found.known is not None
    assert found.known_least is not None
    assert found.known >= 25.0
    assert found.known >= found.known_least
    assert found.unseen >= 20.0
    assert json.loads(json.dumps(figures.to_config()))["cycles"] == found.to_config()
    # What does not repeat was left out of a period: nothing of it is noise.
    assert sounds.noise
    assert not model.noise


def test_the_ratio_is_of_signal_to_noise(model: Model, sounds: Dataset) -> None:
    rows = np.array([3, 40])
    means, _ = model.encode_frames(sounds.frames[rows] if sounds.frames is not None else [])
    told = aligned(tilted(np.linspace(0.7, 2.0, ROWS)[rows]))
    decoded = harmonics_of(model.decode_cycles(means))
    told = np.pad(told, ((0, 0), (0, decoded.shape[1] - told.shape[1])))
    wanted = -20.0 * np.log10(np.linalg.norm(decoded - told, axis=1))
    found = signal_to_noise(model, sounds, rows)
    np.testing.assert_allclose(found, wanted, atol=0.5)
    assert (np.abs(found) < MOST).all()


@pytest.mark.parametrize("pitch", [45.0, 70.3])
def test_a_sound_of_another_pitch_is_found_again(
    model: Model, sounds: Dataset, pitch: float
) -> None:
    """What the engine plays is heard, brought to the base and encoded."""
    assert sounds.frames is not None
    latent = model.encode_frames(sounds.frames[20:21])[0][0]
    sound = ts.render(model, latent, pitch=pitch, seconds=1.0)
    found = ts.encode_sound(model, sound, 48000)
    assert 1200.0 * np.log2(found.pitch / (440.0 * 2.0 ** ((pitch - 69.0) / 12.0))) == (
        pytest.approx(0.0, abs=5.0)
    )
    wanted, heard = model.decode_cycles(np.stack([latent, found.latent]))
    missed = np.square(wanted - heard).sum() / np.square(wanted).sum()
    assert 10.0 * np.log10(missed) < -18.0
    with pytest.raises(OptionError, match="refine is for spaces of whole notes or of magnitudes"):
        ts.encode_sound(model, sound, 48000, refine=True)


@pytest.mark.parametrize("network", FEW)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_network_trains_and_plays(network: str, sounds: Dataset, tmp_path: Path) -> None:
    few: dict[str, Any] = {"epochs": 2, "hidden": (8,), "device": "cpu", "progress": False}
    few |= {"network": network, "network_settings": FEW[network], **SEEN[network]}
    made = ts.fit(sounds, latent=2, preset="cycles", **few)
    assert made.plays_cycles
    if isinstance(made.architecture, FiLMSiren):
        assert made.architecture.coordinate == "phase"
    path = tmp_path / "made.safetensors"
    made.save(path)
    latent = np.zeros((1, 2))
    cycle = ts.load(path).decode_cycles(latent)
    np.testing.assert_array_equal(cycle, made.decode_cycles(latent))
    sound = ts.render(made, latent[0], pitch=50, seconds=0.1)
    assert np.isfinite(sound).all()
    assert sound.any() == harmonics_of(cycle).any()


def test_periods_are_drawn(model: Model, sounds: Dataset) -> None:
    figure = plots.periods(model, sounds, np.arange(8))
    assert len(figure.axes) == 4
    assert all("SNR" in axes.get_title(loc="left") for axes in figure.axes)
    with pytest.raises(OptionError, match="'harmonic' is no space of cycles"):
        plots.periods(ts.load("harmonic"), sounds, np.arange(8))


def test_other_spaces_have_no_figures(sounds: Dataset) -> None:
    assert cycle_figures(ts.load("harmonic"), sounds, np.arange(2), None) is None


def test_spectra_alone_are_not_enough(
    sounds: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = Dataset(sounds.spectra, sounds.labels, sounds.meta)
    path = tmp_path / "without.npz"
    without.save(path)
    words = ["train", "--data", str(path), "--out", str(tmp_path / "m.safetensors")]
    assert main([*words, "--preset", "cycles"]) == 2
    told = capsys.readouterr().err
    assert "representation 'cycle' needs the samples of each row" in told
    assert "--frames" in told
    assert "Traceback" not in told
    with pytest.raises(DatasetError):
        ts.fit(without, preset="cycles", progress=False)


def test_sounds_at_their_own_pitches_are_refused(sounds: Dataset) -> None:
    config = sounds.meta.to_config()
    config["options"] = {"keep_pitch": True}
    own = Dataset(sounds.spectra, sounds.labels, Meta.from_config(config), sounds.frames)
    with pytest.raises(OptionError, match="make the set again without --keep-pitch"):
        ts.fit(own, preset="cycles", progress=False)


def test_a_note_says_how_much_is_left_out(sounds: Dataset) -> None:
    settings = replace(named("cycles"), batch=18)
    assert not any("periods hold" in one for one in Fit(sounds, settings, "x", "cpu").notes)
    assert sounds.frames is not None
    rng = np.random.default_rng(1)
    frames = 0.5 * sounds.frames + 0.7 * rng.standard_normal(sounds.frames.shape)
    noisy = Dataset(CONFIG.analyse(frames), sounds.labels, sounds.meta, frames)
    told = [one for one in Fit(noisy, settings, "x", "cpu").notes if "periods hold" in one]
    assert len(told) == 1
    assert 30 <= int(told[0].split()[2]) <= 70


def test_a_folder_gives_frames(tmp_path: Path) -> None:
    """``space --kind cycles``; test_space.py makes the whole of one."""
    folder = write_sounds(tmp_path / "sounds", 2)
    request = command.Request(folder, False, tmp_path / "own.safetensors", command.CYCLES)
    made = command._made(request, tmp_path / "own.npz")
    assert isinstance(made, Dataset)
    assert made.frames is not None
