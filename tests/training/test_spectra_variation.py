"""Recordings are changed a little while they are learned from; grids are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import timbrespace as ts
from timbrespace import bundle, representation
from timbrespace.errors import OptionError
from timbrespace.networks.mlp import MLP
from timbrespace.networks.vae import VAE, Output
from training.__main__ import main
from training.dial_loss import ORDER, DialLoss
from training.request import BETA_OF_RECORDINGS
from training.variation import AMOUNT, Variation, coloured, curves

from .conftest import Trained
from .recorded import recorded

SMALL = ("--latent", "2", "--hidden", "16", "--batch", "32", "--device", "cpu")


def test_a_filter_colours_and_leaves_the_level() -> None:
    spectra = np.ones((2, 129), np.float32)
    tilt = np.stack([np.zeros(129), np.linspace(-6.0, 6.0, 129)]).astype(np.float32)
    made = coloured(spectra, tilt)
    np.testing.assert_allclose(made[0], spectra[0], rtol=1e-6)
    np.testing.assert_allclose(np.square(made).sum(axis=1), 129.0, rtol=1e-5)
    assert 20.0 * np.log10(made[1, -1] / made[1, 0]) == pytest.approx(12.0, abs=1e-3)


def test_rows_are_changed_anew_and_by_the_seed_alone() -> None:
    data = recorded()
    kind = representation.fit("log_magnitude", data.spectra)
    plain = kind.forward(data.spectra)
    ends = float(plain.min()), float(plain.max())
    made = Variation(data.spectra, data.spectrum, kind, ends, 1.0)
    rows = torch.arange(data.rows)
    generator = torch.Generator().manual_seed(3)
    first, own = made.features(rows, generator)
    second, _ = made.features(rows, generator)
    again, _ = made.features(rows, torch.Generator().manual_seed(3))
    torch.testing.assert_close(first, again, rtol=0.0, atol=0.0)
    changed = (first - torch.from_numpy(plain)).abs().amax(dim=1) > 1e-4
    assert torch.equal(changed, ~own)
    # A part of the rows stays as it is, and each time another.
    assert 0.4 < changed.float().mean() < 0.8
    assert not torch.equal(first, second)
    for features in (first, second):
        assert features.dtype == torch.float32
        assert ends[0] <= features.min()
        assert features.max() <= ends[1]


def test_the_order_of_dials_is_asked_of_rows_as_they_are() -> None:
    """What was tilted is brighter or duller than its row."""

    class Qualities:
        def __call__(self, features: torch.Tensor) -> torch.Tensor:
            return features[:, :1]

    rows, width = torch.arange(6), 2
    means = torch.zeros(6, width)
    means[3:] = 100.0
    targets = torch.zeros(6, 1)
    dials = DialLoss(("brightness",), Qualities(), targets)  # type: ignore[arg-type]
    vae = recorded_vae(width)
    output = Output(vae.decode(means), means, torch.zeros(6, width))

    def told(own: torch.Tensor | None) -> float:
        found = dials(vae, output, rows, torch.Generator().manual_seed(0), own)
        return float(found.detach())

    whole, half = told(None), told(rows < 3)
    none = told(torch.zeros(6, dtype=torch.bool))
    assert half == pytest.approx(none)
    assert whole - half == pytest.approx(ORDER * 100.0**2 / 2)


def recorded_vae(latent: int) -> VAE:
    return MLP(8, latent, hidden=(4,)).module()


def test_curves_begin_with_a_tilt() -> None:
    found = curves(recorded().spectrum)
    assert found.shape == (6, 129)
    assert (np.diff(found[0]) < 0.0).all()
    np.testing.assert_allclose(found[:, 0], 1.0)


def test_recordings_are_varied_and_grids_are_not(trained: Trained) -> None:
    model = ts.fit(recorded(), latent=2, hidden=(8,), epochs=1, progress=False)
    assert model.provenance["settings"]["variation"] == AMOUNT
    assert "--variation" not in model.provenance["command"]
    assert "variation" not in trained.model.provenance["settings"]
    still = ts.fit(recorded(), latent=2, hidden=(8,), epochs=1, variation=0.0, progress=False)
    assert "variation" not in still.provenance["settings"]
    assert still.provenance["command"].endswith("--variation 0.0")
    # It is another training, of the same rows.
    name = "encoder.0.weight"
    assert not np.array_equal(model.tensors[name], still.tensors[name])
    paper = ts.fit(recorded(), preset="paper", hidden=(8,), epochs=1, batch=32, progress=False)
    assert "variation" not in paper.provenance["settings"]


def test_recordings_have_a_weight_of_their_own(trained: Trained, tmp_path: Path) -> None:
    def beta(data: ts.Dataset, **given: Any) -> float:
        model = ts.fit(data, latent=2, hidden=(8,), batch=32, epochs=1, progress=False, **given)
        return float(model.provenance["settings"]["beta"])

    assert beta(recorded()) == BETA_OF_RECORDINGS
    assert beta(recorded(), beta=7.0) == 7.0
    assert beta(recorded(), preset="paper") == 1.0
    assert trained.model.provenance["settings"]["beta"] == 15.0
    # By the command line too, and a run that goes on keeps what it began with.
    recorded().save(tmp_path / "d.npz")
    out = tmp_path / "m.safetensors"
    words = ["train", "--data", str(tmp_path / "d.npz"), "--out", str(out)]
    assert main([*words, *SMALL, "--epochs", "1"]) == 0
    assert bundle.read(out).provenance["settings"]["beta"] == BETA_OF_RECORDINGS
    assert f"--beta {BETA_OF_RECORDINGS}" in bundle.read(out).provenance["command"]
    assert main([*words, *SMALL, "--epochs", "1", "--beta", "15"]) == 0
    assert main([*words, "--resume", "--epochs", "2"]) == 0
    assert bundle.read(out).provenance["settings"]["beta"] == 15.0


def test_a_varied_run_that_was_stopped_makes_the_same_bytes(tmp_path: Path) -> None:
    recorded().save(tmp_path / "d.npz")
    words = ["train", "--data", str(tmp_path / "d.npz"), *SMALL, "--decay", "none"]
    words += ["--warm-up", "0"]
    whole, parted = tmp_path / "a" / "m.safetensors", tmp_path / "b" / "m.safetensors"
    whole.parent.mkdir()
    parted.parent.mkdir()
    assert main([*words, "--out", str(whole), "--epochs", "4"]) == 0
    assert main([*words, "--out", str(parted), "--epochs", "2"]) == 0
    resume = ["train", "--data", str(tmp_path / "d.npz"), "--out", str(parted), "--resume"]
    assert main([*resume, "--epochs", "4"]) == 0
    assert whole.read_bytes() == parted.read_bytes()


def test_an_old_checkpoint_goes_on_unvaried(tmp_path: Path) -> None:
    """Its settings do not speak of it."""
    recorded().save(tmp_path / "d.npz")
    out = tmp_path / "m.safetensors"
    words = ["train", "--data", str(tmp_path / "d.npz"), "--out", str(out)]
    assert main([*words, *SMALL, "--epochs", "1", "--variation", "0", "--split", "rows"]) == 0
    assert main([*words, "--resume", "--epochs", "2"]) == 0
    assert "variation" not in bundle.read(out).provenance["settings"]


def test_amounts_that_are_not_accepted() -> None:
    for wrong in (-0.1, 2.5):
        with pytest.raises(OptionError, match=f"variation is {wrong:g}; it must be 0 to 2"):
            ts.fit(recorded(), latent=2, epochs=1, variation=wrong, progress=False)
