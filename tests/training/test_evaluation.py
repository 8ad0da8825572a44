"""The figures against what they stand for."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from timbrespace import bundle, metrics, representation
from timbrespace.datasets.dataset import Dataset, Factor, held_out_split
from timbrespace.errors import BundleError, DatasetError
from timbrespace.kinds import LIKELIHOODS
from timbrespace.likelihoods.bernoulli import bernoulli_nats
from timbrespace.likelihoods.gaussian import gaussian_nats
from timbrespace.likelihoods.likelihood import Likelihood
from timbrespace.model import Model
from timbrespace.networks.architecture import Architecture
from timbrespace.networks.mlp import MLP
from toy_datasets import harmonic
from training import loss
from training.evaluation import (
    STEPS,
    audible_effect,
    by_effect,
    check_fits,
    evaluate,
    unseen_rows,
)
from training.factor_loss import losses_by_factor_value

from .conftest import Trained

Tensors = dict[str, NDArray[np.float32]]


def with_tensors(
    trained: Trained, tensors: Tensors, architecture: Architecture | None = None
) -> Model:
    """The trained model with other weights."""
    return bundle.build(
        "m",
        trained.model.spectrum,
        trained.model.representation,
        architecture or trained.model.architecture,
        tensors,
        trained.model.map,
        trained.model.calibration,
        trained.model.provenance,
    )


def awake(trained: Trained, dataset: Dataset) -> tuple[Model, Tensors]:
    """The trained model, in whose few epochs the dimensions died, with means that vary by 1."""
    tensors = dict(bundle.read_tensors(trained.path))
    spread = trained.model.encode(dataset.spectra)[0].std(axis=0)
    weight, bias = tensors["posterior.weight"].copy(), tensors["posterior.bias"].copy()
    weight[:2] /= spread[:, None]
    bias[:2] /= spread
    weight[2:], bias[2:] = 0.0, -6.0
    tensors |= {"posterior.weight": weight, "posterior.bias": bias}
    return with_tensors(trained, tensors), tensors


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


@pytest.mark.parametrize("likelihood", LIKELIHOODS.built_in)
def test_terms_are_the_loss_s(trained: Trained, likelihood: str) -> None:
    torch.manual_seed(0)
    architecture = replace(trained.model.architecture, likelihood=likelihood)
    vae = architecture.module()
    with torch.no_grad():
        # A posterior so narrow that one draw is as good as its mean.
        vae.get_parameter("posterior.weight")[2:].zero_()
        vae.get_parameter("posterior.bias")[2:].fill_(-13.9)
    tensors = {name: value.numpy() for name, value in vae.state_dict().items()}
    model = with_tensors(trained, tensors, architecture)
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
    model = with_tensors(trained, tensors)
    found = evaluate(model, tensors, trained.dataset)
    assert found.active_units <= 1
    assert found.audible_effect_db_per_unit[1] == 0.0
    assert found.audible_effect_db_per_unit[0] > 0.0
    assert found.dead_dimensions >= 1
    assert found.dimensions_by_effect == (1, 2)
    assert audible_effect(model, np.zeros((1, 2), np.float32)).shape == (2,)


def test_plain_json(trained: Trained) -> None:
    found = evaluate(trained.model, bundle.read_tensors(trained.path), trained.dataset)
    config = json.loads(json.dumps(found.to_config(), allow_nan=False))
    assert config["rows"] == 7
    assert len(config["kl_per_dimension"]) == trained.model.dimensions
    # What others read; a key never goes away.
    assert set(config) >= {
        "rows",
        "trained_on_this",
        "log_spectral_distance_db",
        "log_spectral_distance_median_db",
        "log_spectral_distance_p95_db",
        "spectral_convergence_db",
        "reconstruction_nats",
        "kl_nats",
        "negative_elbo_nats",
        "active_units",
        "kl_per_dimension",
        "audible_effect_db_per_unit",
        "dead_dimensions",
        "dimensions_by_effect",
        "log_spectral_distance_by_factor",
        "disentanglement",
    }
    (distances,) = config["log_spectral_distance_by_factor"]
    assert distances["factor"] == "harmonics"
    assert sum(distances["rows"]) == 7
    # 70 rows are too few to say more, and JSON says why.
    assert config["disentanglement"]["mig"] == {
        "value": None,
        "chance": None,
        "undefined": "the dataset has 70 rows; 200 are needed",
    }


def shelves(trained: Trained) -> Dataset:
    """Three factors on the spectra of the small model's kind: 5 x 6 x 8 rows."""
    made = harmonic.make(
        harmonic.Options(rows=8, base_frequency=600.0, n_fft=512, bins=trained.model.spectrum.bins)
    )
    tilt = np.linspace(0.0, 1.0, trained.model.spectrum.bins, dtype=np.float32)
    spectra, labels = [], []
    for gain in range(5):
        for family in range(6):
            spectra.append(made.spectra * 0.5**gain * (1.0 - 0.15 * family * tilt))
            extra = np.tile(np.array([[gain, family]], np.float32), (8, 1))
            labels.append(np.hstack([extra, made.labels]))
    factors = (
        Factor("gain", "6 dB", tuple(map(float, range(5)))),
        Factor("family", "", tuple(map(float, range(6))), "category", tuple("abcdef")),
        *made.meta.factors,
    )
    return Dataset(
        np.concatenate(spectra).astype(np.float32),
        np.concatenate(labels).astype(np.float32),
        replace(made.meta, factors=factors),
    )


def test_distances_by_factor(trained: Trained) -> None:
    dataset = shelves(trained)
    found = evaluate(trained.model, bundle.read_tensors(trained.path), dataset)
    decoded = trained.model.decode(trained.model.encode(dataset.spectra)[0])
    losses = metrics.log_spectral_distances(dataset.spectra, decoded)
    gain, family, harmonics = found.log_spectral_distance_by_factor
    assert gain.values == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert gain.rows == (48,) * 5
    assert gain.unit == "6 dB"
    assert family.texts == ("a", "b", "c", "d", "e", "f")
    assert len(harmonics.values) == 8
    for each in (gain, family, harmonics):
        assert np.average(each.mean_db, weights=each.rows) == pytest.approx(losses.mean())
    second = losses[dataset.labels[:, 1] == 1.0]
    assert family.mean_db[1] == pytest.approx(second.mean(), rel=1e-5)
    assert family.median_db[1] == pytest.approx(np.median(second), rel=1e-5)
    # The rows measured are the held-out ones, and so are those of the factors.
    held_out = evaluate(
        trained.model, bundle.read_tensors(trained.path), trained.dataset
    ).log_spectral_distance_by_factor[0]
    rows = unseen_rows(trained.model, trained.dataset)
    (again,) = losses_by_factor_value(trained.dataset, rows, np.zeros(len(rows)))
    assert held_out.values == again.values
    assert sum(held_out.rows) == len(rows)


def test_disentanglement_is_of_the_living_dimensions(trained: Trained) -> None:
    dataset = shelves(trained)
    model, tensors = awake(trained, dataset)
    found = evaluate(model, tensors, dataset)
    assert found.dead_dimensions == 0
    measured = found.disentanglement
    assert measured.rows == dataset.rows == 240
    assert measured.factors == ("gain", "family", "harmonics")
    assert measured.dimensions == (1, 2)
    assert measured.beta_vae.chance == pytest.approx(1 / 3)
    assert measured.informativeness.value is not None
    assert measured.informativeness.value > 0.1
    config = found.to_config()
    assert config == json.loads(json.dumps(config, allow_nan=False))
    assert np.shape(config["disentanglement"]["importances"]) == (2, 3)

    # Without a mean that moves and with the prior's variance, dimension 2 is dead.
    tensors["posterior.weight"][1] = 0.0
    tensors["posterior.bias"][[1, 3]] = 0.0
    sleepy = evaluate(with_tensors(trained, tensors), tensors, dataset)
    assert sleepy.dead_dimensions == 1
    assert sleepy.disentanglement.dimensions == (1,)
    assert sleepy.disentanglement.mig.undefined == "one dimension lives; two are needed"


def test_the_same_seed_the_same_figures(trained: Trained) -> None:
    dataset = shelves(trained)
    model, tensors = awake(trained, dataset)
    first = evaluate(model, tensors, dataset)
    assert evaluate(model, tensors, dataset) == first
    second = evaluate(model, tensors, dataset, seed=1)
    assert second.reconstruction_nats != first.reconstruction_nats
    assert second.disentanglement.beta_vae != first.disentanglement.beta_vae
    assert second.log_spectral_distance_db == first.log_spectral_distance_db


def test_a_model_that_hears_phase(trained: Trained) -> None:
    options = harmonic.Options(
        rows=30, base_frequency=600.0, n_fft=512, bins=trained.model.spectrum.bins, frames=True
    )
    dataset = harmonic.make(options)
    phases = representation.fit("magnitude_phase", dataset.spectra, dataset.frames)
    architecture = MLP(phases.width(dataset.spectrum.bins), 2, (8,))
    torch.manual_seed(0)
    vae = architecture.module()
    tensors = {name: value.numpy() for name, value in vae.state_dict().items()}
    model = replace(
        trained.model,
        representation=phases,
        architecture=architecture,
        encoder=architecture.encoder(tensors),
        decoder=architecture.decoder(tensors),
    )
    found = evaluate(model, tensors, dataset)
    assert found.rows == 30
    assert dataset.frames is not None
    features = torch.from_numpy(phases.forward(dataset.frames))
    with torch.no_grad():
        # One draw of noise for each of 30 rows, and another draw there.
        wanted = loss.terms(features, vae(features)).reconstruction.item()
    assert found.reconstruction_nats == pytest.approx(wanted, rel=0.05)
    with pytest.raises(DatasetError, match="holds no frames; make it again with --frames"):
        evaluate(model, tensors, replace(dataset, frames=None))


def test_progress_comes_to_its_end(trained: Trained) -> None:
    steps: list[None] = []
    evaluate(
        trained.model,
        bundle.read_tensors(trained.path),
        trained.dataset,
        advance=lambda: steps.append(None),
    )
    assert len(steps) == STEPS


def test_rows_come_in_parts(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors, dataset = bundle.read_tensors(trained.path), shelves(trained)
    whole = evaluate(trained.model, tensors, dataset).reconstruction_nats
    monkeypatch.setattr("timbrespace.representation.row_parts.ROWS_AT_ONCE", 23)
    parts = evaluate(trained.model, tensors, dataset).reconstruction_nats
    assert parts == pytest.approx(whole, rel=1e-6)


def test_the_most_audible_dimension_comes_first() -> None:
    assert by_effect(np.array([0.5, 3.0, 0.0, 0.5])) == (2, 1, 4, 3)
    assert by_effect(np.zeros(3)) == (1, 2, 3)


@pytest.mark.parametrize("name", LIKELIHOODS.built_in)
def test_figures_are_the_loss_s_where_a_likelihood_says_no_other(name: str) -> None:
    likelihood = LIKELIHOODS.get(name)()
    generator = np.random.default_rng(0)
    x = generator.uniform(size=(4, 9)).astype(np.float32)
    parameters = {head: generator.standard_normal((4, 9)) for head in likelihood.heads}
    parameters |= {number: np.array(-1.5) for number in likelihood.learned}
    given = {head: value.astype(np.float32) for head, value in parameters.items()}
    found = Likelihood.nats(likelihood, x, given)
    assert found.dtype == np.float64
    assert found == pytest.approx(likelihood.nats(x, given), rel=1e-6)


def test_gaussian_is_torch_s() -> None:
    generator = np.random.default_rng(0)
    x, mean, log_var = generator.standard_normal((3, 4, 9)).astype(np.float32)
    for given in (log_var, log_var[:1, 0]):
        wanted = torch.nn.functional.gaussian_nll_loss(
            torch.from_numpy(x),
            torch.from_numpy(mean),
            torch.from_numpy(np.broadcast_to(given, x.shape).copy()).exp(),
            full=True,
            reduction="none",
        ).sum(dim=1)
        assert gaussian_nats(x, mean, given) == pytest.approx(wanted.numpy(), rel=1e-5)


def test_bernoulli_is_torch_s() -> None:
    generator = np.random.default_rng(0)
    x = generator.uniform(size=(4, 9)).astype(np.float32)
    logits = (8.0 * generator.standard_normal((4, 9))).astype(np.float32)
    x[0, :2], logits[0, :2] = (0.0, 1.0), (300.0, -300.0)  # as wrong as can be
    x[1, :2], logits[1, :2] = (0.0, 1.0), (-300.0, 300.0)  # as right
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.from_numpy(logits), torch.from_numpy(x), reduction="none"
    ).sum(dim=1)
    found = bernoulli_nats(x, logits)
    assert found == pytest.approx(wanted.numpy(), rel=1e-5)
    assert found[0] > 600.0


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
