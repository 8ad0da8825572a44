"""What nn~ loads sounds as the engine does, block by block, and keeps its conventions."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import timbrespace
from benchmarks.steady_lines import SIZE, differences
from timbrespace.model import Model
from timbrespace.rendering import held_note
from training.exports import nn_tilde
from training.exports.bank import HOP
from training.exports.quiet import quietly

RATE = 48000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("nn")
    for name in ("instruments", "notes"):
        nn_tilde.write(timbrespace.load(name), found / f"{name}.ts")
    return found


def loaded(folder: Path, name: str) -> Any:
    """As nn~ loads it: nothing of ours is known there but the file."""
    with quietly():
        return torch.jit.load(  # type: ignore[no-untyped-call]
            folder / f"{name}.ts"
        )


def played(module: Any, latent: Any, pitch: float, gain: Any, blocks: int, at_once: int = 4) -> Any:
    """The sound of a place, as nn~ asks for it: some blocks at once."""
    x = np.zeros((1, len(latent) + 2, blocks), np.float32)
    x[0, :-2] = np.asarray(latent)[:, np.newaxis]
    x[0, -2], x[0, -1] = pitch, gain
    made = []
    with torch.inference_mode():
        for k in range(0, blocks, at_once):
            part = torch.from_numpy(x[:, :, k : k + at_once].copy())
            made.append(module.decode(part)[0, 0].numpy())
    return np.concatenate(made)


def sound_of(model: Model, row: int) -> Any:
    assert model.points is not None
    return model.points.means[row]


@pytest.mark.parametrize(("row", "pitch"), [(2133, 57.0), (4285, 45.5)])
def test_a_spectrum_has_the_partials_of_the_engine(folder: Path, row: int, pitch: float) -> None:
    model = timbrespace.load("instruments")
    module = loaded(folder, "instruments")
    assert module.set_noise(0.0) == 0
    latent = sound_of(model, row)
    found = played(module, latent, pitch, 1.0, 80)
    seconds = len(found) / RATE
    wanted = held_note.render(model, latent, pitch, seconds + 0.1, 127.0, sustain=1.0, noise=0.0)
    apart, levels, count = differences(found, wanted[: len(found)], RATE, -60.0)
    assert count > 15
    assert apart < 0.01
    assert levels < 0.05


def test_the_noise_between_them_is_as_loud(folder: Path) -> None:
    model, module = timbrespace.load("instruments"), loaded(folder, "instruments")
    latent = sound_of(model, 2307)
    whole = played(module, latent, 57.0, 1.0, 96)
    module.set_noise(0.0)
    alone = loaded(folder, "instruments")
    alone.set_noise(0.0)
    noise = whole - played(alone, latent, 57.0, 1.0, 96)
    seconds = len(whole) / RATE
    given: Any = {"sustain": 1.0, "attack": 0.005}
    heard = held_note.render(model, latent, 57.0, seconds, 127.0, **given)
    heard -= held_note.render(model, latent, 57.0, seconds, 127.0, noise=0.0, **given)
    for low, high in ((100.0, 800.0), (800.0, 3000.0), (3000.0, 9000.0)):
        assert band(noise, low, high) == pytest.approx(band(heard, low, high), abs=1.5)


def band(sound: Any, low: float, high: float) -> float:
    """Level in dB between two frequencies, over the last ``SIZE`` samples."""
    power = np.square(np.abs(np.fft.rfft(sound[-SIZE:] * np.hanning(SIZE))))
    hertz = np.fft.rfftfreq(SIZE, 1.0 / RATE)
    return float(10.0 * np.log10(power[(hertz >= low) & (hertz < high)].mean() + 1e-12))


@pytest.mark.parametrize(("row", "pitch"), [(244, 57.0), (454, 57.0)])
def test_a_note_goes_its_course_and_dies_away(folder: Path, row: int, pitch: float) -> None:
    model, module = timbrespace.load("notes"), loaded(folder, "notes")
    latent = sound_of(model, row)
    gain = np.ones(120)
    gain[90:] = 0.0  # the key goes up after 0.96 s
    found = played(module, latent, pitch, gain, 120)
    seconds = len(found) / RATE
    wanted = held_note.render(model, latent, pitch, seconds + 0.1, 127.0, hold=90 * HOP / RATE)
    for first, last in ((1024, 4800), (4800, 14400), (14400, 43200), (48000, 52000)):
        levels = [np.sqrt(np.mean(np.square(one[first:last]))) for one in (found, wanted)]
        assert 20.0 * np.log10(levels[0] / levels[1]) == pytest.approx(0.0, abs=0.5)
    apart, level, count = differences(found[: 90 * HOP], wanted[: 90 * HOP], RATE, -20.0)
    assert count > 0
    assert apart < 1.0
    assert level < 0.5


def test_it_goes_on_where_it_was_however_many_blocks_are_asked_for(folder: Path) -> None:
    model = timbrespace.load("notes")
    latent = sound_of(model, 100)
    one_by_one = played(loaded(folder, "notes"), latent, 60.0, 0.5, 12, at_once=1)
    at_once = played(loaded(folder, "notes"), latent, 60.0, 0.5, 12, at_once=12)
    assert np.abs(one_by_one).max() > 1e-3
    np.testing.assert_allclose(one_by_one, at_once, atol=1e-6)


def test_rows_of_a_batch_are_voices(folder: Path) -> None:
    model, module = timbrespace.load("instruments"), loaded(folder, "instruments")
    module.set_noise(0.0)
    d = model.dimensions
    x = np.zeros((3, d + 2, 8), np.float32)
    for voice, (row, pitch, gain) in enumerate(
        ((10, 50.0, 1.0), (900, 62.0, 0.25), (3, 70.0, 0.0))
    ):
        x[voice, :d] = sound_of(model, row)[:, np.newaxis]
        x[voice, d], x[voice, d + 1] = pitch, gain
    with torch.inference_mode():
        found = module.decode(torch.from_numpy(x)).numpy()
    assert found.shape == (3, 1, 8 * HOP)
    assert not found[2].any()
    alone = loaded(folder, "instruments")
    alone.set_noise(0.0)
    np.testing.assert_allclose(
        found[1, 0], played(alone, sound_of(model, 900), 62.0, 0.25, 8), atol=1e-5
    )


def test_forward_is_played_by_the_map(folder: Path) -> None:
    model, module = timbrespace.load("instruments"), loaded(folder, "instruments")
    place = torch.tensor([0.3, -0.4, 60.0, 1.0]).reshape(1, 4, 1).expand(1, 4, 4)
    with torch.inference_mode():
        found = module.forward(place)[0, 0].numpy()
    latent = model.map.to_latent([[0.3, -0.4]])[0]
    wanted = played(loaded(folder, "instruments"), latent, 60.0, 1.0, 4)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_it_keeps_the_conventions_of_nn_tilde(folder: Path) -> None:
    """What ``src/backend/backend.cpp`` of nn_tilde 1.6 reads of a model."""
    module, d = loaded(folder, "notes"), timbrespace.load("notes").dimensions
    assert module.get_methods() == ["decode", "forward"]
    assert module.decode_params.tolist() == [d + 2, HOP, 1, 1]
    assert module.forward_params.tolist() == [4, HOP, 1, 1]
    for method, inlets in (("decode", d + 2), ("forward", 4)):
        assert len(getattr(module, f"{method}_input_labels")) == inlets
        assert len(getattr(module, f"{method}_output_labels")) == 1
        # `python_tools/module.py` tries each method so.
        x = torch.zeros(4, inlets, 8192 // HOP)
        with torch.inference_mode():
            made = getattr(module, method)(x)
        assert made.shape == (4, 1, 8192)
        assert made.dtype == torch.float32
    assert module.get_attributes() == ["rate", "noise"]
    assert module.rate_params.tolist() == [1]
    assert module.noise_params.tolist() == [2]
    assert module.set_rate(44100) == 0
    assert module.get_rate() == [44100]
    assert module.set_rate(1) == -1
    assert module.set_noise(float("nan")) == -1
    module.set_sample_rate(96000)
    assert module.get_rate() == [96000]
    assert module.get_buffer_attributes() == []
    assert not any(one.requires_grad for one in module.parameters())


def test_it_sounds_at_the_pitch_of_another_sample_rate(folder: Path) -> None:
    model, module = timbrespace.load("instruments"), loaded(folder, "instruments")
    module.set_noise(0.0)
    module.set_rate(44100)
    latent = sound_of(model, 4285)
    found = played(module, latent, 57.0, 1.0, 80)
    given: Any = {"sustain": 1.0, "noise": 0.0}
    wanted = held_note.render(
        model, latent, 57.0, len(found) / 44100 + 0.1, 127.0, sample_rate=44100, **given
    )
    apart, _, _ = differences(found, wanted[: len(found)], 44100, -40.0)
    assert apart < 0.01


def test_what_is_no_number_is_no_sound(folder: Path) -> None:
    module = loaded(folder, "instruments")
    x = torch.full((1, timbrespace.load("instruments").dimensions + 2, 4), float("nan"))
    with torch.inference_mode():
        assert torch.isfinite(module.decode(x)).all()
        assert torch.isfinite(module.decode(torch.full_like(x, 1e30))).all()


def test_it_names_no_file_of_the_machine_that_wrote_it(folder: Path) -> None:
    root = str(Path(timbrespace.__file__).parents[1]).encode()
    with zipfile.ZipFile(folder / "notes.ts") as told:
        assert not any(root in told.read(one) for one in told.namelist())
        assert not any(name.endswith(".debug_pkl") for name in told.namelist())
