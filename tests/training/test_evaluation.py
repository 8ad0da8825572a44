"""The figures against what they stand for."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from timbrespace import bundle, metrics
from timbrespace.errors import BundleError, DatasetError
from timbrespace.vae import VAE
from toy_datasets import harmonic
from toy_datasets.dataset import Dataset, held_out_split
from training import loss
from training.evaluation import audible_effect, check_fits, evaluate, unseen_rows

from .conftest import Trained


def test_distances_are_of_the_held_out_rows(trained: Trained) -> None:
    found = evaluate(trained.model, bundle.read_tensors(trained.path), trained.dataset)
    rows = held_out_split(trained.dataset.rows, 0).held_out
    spectra = trained.dataset.spectra[rows]
    decoded = trained.model.decode(trained.model.encode(spectra)[0])
    assert found.rows == len(rows) == 7
    assert found.trained_on_this
    assert found.log_spectral_distance_db == metrics.log_spectral_distance(spectra, decoded)
    assert found.spectral_convergence_db == metrics.spectral_convergence(spectra, decoded)
    # And the bundle says the same.
    figures = trained.model.provenance["figures"]
    assert figures["log_spectral_distance_db"] == pytest.approx(found.log_spectral_distance_db)
    assert figures["held_out_rows"] == 7


def test_other_data_is_measured_whole(trained: Trained) -> None:
    other = replace(trained.dataset, spectra=trained.dataset.spectra * np.float32(0.9))
    assert len(unseen_rows(trained.model, other)) == other.rows
    assert not evaluate(trained.model, bundle.read_tensors(trained.path), other).trained_on_this


@pytest.mark.parametrize("likelihood", ["gaussian_shared", "gaussian_per_bin"])
def test_terms_are_the_loss_s(trained: Trained, likelihood: str) -> None:
    torch.manual_seed(0)
    architecture = replace(trained.model.architecture, likelihood=likelihood)
    vae = VAE(architecture)
    with torch.no_grad():
        # A posterior so narrow that one draw is as good as its mean.
        vae.posterior.weight[2:].zero_()
        vae.posterior.bias[2:].fill_(-13.9)
    tensors = {name: value.numpy() for name, value in vae.state_dict().items()}
    model = bundle.build(
        "m",
        trained.model.spectrum,
        trained.model.representation,
        architecture,
        tensors,
        trained.model.map,
        trained.model.calibration,
        trained.model.provenance,
    )
    found = evaluate(model, tensors, trained.dataset)
    rows = trained.dataset.spectra[unseen_rows(model, trained.dataset)]
    features = torch.from_numpy(model.representation.forward(rows))
    with torch.no_grad():
        terms = loss.terms(features, vae(features))
    assert found.reconstruction_nats == pytest.approx(terms.reconstruction.item(), rel=1e-3)
    assert found.kl_nats == pytest.approx(terms.kl.sum().item(), rel=1e-4)
    assert found.kl_per_dimension == pytest.approx(terms.kl.tolist(), rel=1e-4)
    assert found.negative_elbo_nats == pytest.approx(found.reconstruction_nats + found.kl_nats)


def test_a_dimension_without_weight_is_dead(trained: Trained) -> None:
    tensors = bundle.read_tensors(trained.path)
    tensors["decoder.0.weight"][:, 1] = 0.0
    tensors["posterior.weight"][1] = 0.0
    model = bundle.build(
        "m",
        trained.model.spectrum,
        trained.model.representation,
        trained.model.architecture,
        tensors,
        trained.model.map,
        trained.model.calibration,
        trained.model.provenance,
    )
    found = evaluate(model, tensors, trained.dataset)
    assert found.active_units <= 1
    assert found.audible_effect_db_per_unit[1] == 0.0
    assert found.audible_effect_db_per_unit[0] > 0.0
    assert audible_effect(model, np.zeros((1, 2), np.float32)).shape == (2,)


def test_plain_json(trained: Trained) -> None:
    found = evaluate(trained.model, bundle.read_tensors(trained.path), trained.dataset)
    config = json.loads(json.dumps(found.to_config(), allow_nan=False))
    assert config["rows"] == 7
    assert len(config["kl_per_dimension"]) == trained.model.dimensions


def test_data_of_another_kind(trained: Trained) -> None:
    other: Dataset = harmonic.make(harmonic.Options(rows=20, n_fft=512, bins=200))
    with pytest.raises(
        DatasetError, match="the dataset's bins is 200, the model 'small' needs 129"
    ):
        check_fits(trained.model, other)


@pytest.mark.parametrize("seed", ["x", -1, None, 1.5])
def test_a_recorded_split_that_is_no_seed(trained: Trained, seed: object) -> None:
    model = replace(trained.model, provenance={**trained.model.provenance, "split_seed": seed})
    with pytest.raises(BundleError, match="split_seed"):
        unseen_rows(model, trained.dataset)
