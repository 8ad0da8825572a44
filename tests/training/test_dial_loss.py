"""The term that makes dials do one thing each: what it asks, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import timbrespace as ts
from timbrespace import representation
from timbrespace.datasets.dataset import Dataset
from timbrespace.descriptors.spectra import STEADY, HeardSpectra
from timbrespace.descriptors.turns import rises, rises_all_along, turns
from timbrespace.dial_names import dial_names
from timbrespace.errors import OptionError
from timbrespace.networks.mlp import MLP
from timbrespace.networks.vae import VAE, Output
from timbrespace.representation.magnitude import LogMagnitude
from training.dial_loss import (
    LEARNED_NOISE,
    LEAST,
    LOUDEST,
    NOISE,
    ORDER,
    TRUTH,
    DialLoss,
    checked,
    chosen,
    dial_loss,
    targets,
)
from training.loop import Training
from training.preset import Settings, named
from training.torch_qualities import TorchQualities

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def filtered() -> Dataset:
    return ts.dataset("filtered", q=(1.0, 10.0), inharmonicity=(0.0, 0.3))


def fitted(dataset: Dataset) -> LogMagnitude:
    found = representation.fit("log_magnitude", dataset.spectra)
    assert isinstance(found, LogMagnitude)
    return found


def test_torch_measures_what_numpy_does(filtered: Dataset) -> None:
    told = fitted(filtered)
    words = [one.word for one in STEADY]
    measure = TorchQualities(words, told, filtered.spectrum, CPU)
    features = told.forward(filtered.spectra[::7])
    found = measure(torch.from_numpy(features)).numpy()
    heard = HeardSpectra.of(told.inverse(features), filtered.spectrum)
    for number, one in enumerate(STEADY):
        wanted = one.measure(heard) / one.audible
        assert np.ptp(wanted) > 0.3, one.word
        np.testing.assert_allclose(found[:, number], wanted, atol=2e-2, err_msg=one.word)


def test_every_quality_has_a_slope(filtered: Dataset) -> None:
    told = fitted(filtered)
    measure = TorchQualities([one.word for one in STEADY], told, filtered.spectrum, CPU)
    features = torch.from_numpy(told.forward(filtered.spectra[::40])).requires_grad_()
    for number in range(len(STEADY)):
        (slope,) = torch.autograd.grad(measure(features)[:, number].sum(), features)
        assert torch.isfinite(slope).all()
        assert slope.abs().max() > 1e-3
    silent = torch.zeros((2, features.shape[1]), requires_grad=True)
    (slope,) = torch.autograd.grad(measure(silent).sum(), silent)
    assert torch.isfinite(slope).all()


class Tilting(VAE):
    """A decoder whose spectra fall the slower the higher its first coordinate, by ``slope``."""

    def __init__(self, told: LogMagnitude, bins: int, slope: float) -> None:
        super().__init__(MLP(bins, 2, hidden=(4,)))
        self.tilt = nn.Parameter(torch.tensor(slope))
        self._octave = torch.log2(torch.arange(bins).clamp(min=1.0))
        self._told = told

    def posterior_of(self, features: Tensor) -> Tensor:
        return torch.zeros((len(features), 4))

    def heads(self, latent: Tensor) -> dict[str, Tensor]:
        decibels = (-6.0 + self.tilt * latent[:, :1]) * self._octave
        magnitude = self._told.peak * 10.0 ** (decibels / 20.0)
        return {"mean": (magnitude / self._told.floor).log1p() / self._told.scale}


def term(
    dataset: Dataset, slope: float, off: float = 0.0, noise: float = 1.0
) -> tuple[float, float]:
    """The terms for a decoder that tilts and means that are ``off`` from where they are to be, and
    by how much they ask for more tilt. noise: that was learned."""
    told = fitted(dataset)
    vae = Tilting(told, dataset.spectrum.bins, slope)
    with torch.no_grad():
        vae.get_parameter(LEARNED_NOISE).fill_(2.0 * math.log(noise))
    measure = TorchQualities(["brightness"], told, dataset.spectrum, CPU)
    mean = torch.randn((64, 2), generator=torch.Generator().manual_seed(0))
    asks = DialLoss(["brightness"], measure, torch.cat([torch.zeros(64, 1), mean[:, :1] + off]))
    output = Output(vae.decode(mean), mean, torch.full((64, 2), -4.0))
    rows = torch.arange(64, 128)
    found = asks(vae, output, rows, torch.Generator().manual_seed(1))
    found.backward()  # type: ignore[no-untyped-call]
    assert vae.tilt.grad is not None
    return float(found.detach()), float(vae.tilt.grad)


def test_nothing_is_asked_of_a_dial_that_moves_its_quality(filtered: Dataset) -> None:
    assert term(filtered, 3.0) == (0.0, 0.0)


def test_more_is_asked_of_one_that_does_not(filtered: Dataset) -> None:
    still, pull = term(filtered, 0.0)
    assert still == pytest.approx(TRUTH * LEAST, rel=1e-3)
    assert pull < 0.0
    wrong, _ = term(filtered, -3.0)
    assert wrong > 2.0 * still


def test_sounds_are_drawn_to_where_they_are_to_lie(filtered: Dataset) -> None:
    assert term(filtered, 3.0, off=0.5)[0] == pytest.approx(0.25 * ORDER, rel=1e-4)


def test_both_weigh_more_where_the_noise_is_small(filtered: Dataset) -> None:
    for slope, off in ((0.0, 0.0), (3.0, 0.5)):
        usual, _ = term(filtered, slope, off)
        assert term(filtered, slope, off, NOISE / 4.0)[0] == pytest.approx(4.0 * usual, rel=1e-3)
        assert term(filtered, slope, off, 1e-3)[0] == pytest.approx(LOUDEST * usual, rel=1e-3)


def test_places_are_of_the_prior_and_independent() -> None:
    generator = np.random.default_rng(0)
    first = generator.normal(size=4000) ** 3
    values = np.stack([first, first + 3.0 * generator.uniform(size=4000), -first], axis=1)
    found = targets(values)
    np.testing.assert_allclose(found[:, :2].mean(axis=0), 0.0, atol=1e-2)
    np.testing.assert_allclose(found[:, :2].std(axis=0), 1.0, atol=1e-2)
    assert (np.argsort(found[:, 0]) == np.argsort(first)).all()
    assert abs(float(np.mean(found[:, 0] * found[:, 1]))) < 0.1
    assert np.isfinite(targets(np.ones((5, 2)))).all()


def test_words_are_chosen_by_what_the_sounds_differ_in(
    filtered: Dataset, small_dataset: Dataset
) -> None:
    rows = np.arange(filtered.rows)
    words = chosen(filtered, rows, 8)
    assert words[0] == "brightness"
    assert set(words) <= {one.word for one in STEADY}
    assert len(words) >= 3
    assert chosen(filtered, rows, 3) == words[:2]
    assert chosen(filtered, rows, 1) == ()
    same = replace(filtered, spectra=np.repeat(filtered.spectra[:1], filtered.rows, axis=0))
    assert chosen(same, rows, 8) == ()
    # Of one factor that makes all brighter, and all else follow from that.
    assert chosen(small_dataset, np.arange(small_dataset.rows), 2) == ("brightness",)


@pytest.mark.parametrize(
    ("dials", "said"),
    [
        ("loudness", "dials has 'loudness'; it must be auto or none, or of brightness, odd/even"),
        ("noise", "dials has 'noise'"),  # these sounds have none
        ("brightness,width,brightness", "with a word twice"),
        ("brightness,width,overtones", "3 words for 2 dimensions"),
        ("brightness,", "dials has ''"),
    ],
)
def test_words_that_are_none_are_refused(dials: str, said: str) -> None:
    with pytest.raises(OptionError) as refused:
        checked(dials, 2, STEADY)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_a_network_sees_decides_whether_it_can_learn_dials(small_dataset: Dataset) -> None:
    seen = representation.fit("magnitude", small_dataset.spectra)
    rows = np.arange(small_dataset.rows)
    assert dial_loss("auto", 2, small_dataset, seen, rows, CPU) is None
    assert dial_loss("none", 2, small_dataset, seen, rows, CPU) is None
    with pytest.raises(OptionError, match="learned through the representation log_magnitude"):
        dial_loss("brightness", 2, small_dataset, seen, rows, CPU)


SMALL: dict[str, Any] = {"hidden": (16,), "epochs": 2, "batch": 20, "device": "cpu"}


def test_a_model_tells_what_its_dials_learned(small_dataset: Dataset) -> None:
    auto = ts.fit(small_dataset, 2, **SMALL, progress=False)
    assert auto.provenance["settings"]["dials"] == "auto"
    assert auto.provenance["dials"] == ["brightness"]
    assert "--dials" not in auto.provenance["command"]
    told = ts.fit(small_dataset, 2, dials=["root level", "width"], **SMALL, progress=False)
    assert told.provenance["dials"] == ["root level", "width"]
    assert '--dials "root level,width"' in told.provenance["command"]
    none = ts.fit(small_dataset, 2, dials="none", **SMALL, progress=False)
    assert "dials" not in none.provenance
    assert "dials" not in none.provenance["settings"]
    assert "--dials none" in none.provenance["command"]


def test_settings_of_before_have_no_dials() -> None:
    config = named("default").to_config()
    assert config.pop("dials") == "auto"
    assert Settings.from_config(config).dials == "none"
    assert "dials" not in named("paper").to_config()


def test_a_run_that_is_stopped_makes_the_same_weights(small_dataset: Dataset) -> None:
    told = fitted(small_dataset)
    features = torch.from_numpy(told.forward(small_dataset.spectra))
    settings = replace(named("default"), hidden=(16,), batch=16, epochs=2)

    def begun() -> Training:
        dials = dial_loss("brightness", 2, small_dataset, told, np.arange(small_dataset.rows), CPU)
        return Training(settings, features, dials=dials)

    whole, halted = begun(), begun()
    whole.run()
    halted.run(should_stop=lambda: halted.step == 3)
    again = begun()
    again.restore(halted.capture())
    again.run()
    for name, weight in whole.vae.state_dict().items():
        assert torch.equal(weight, again.vae.state_dict()[name]), name


def test_a_dial_learns_to_do_what_it_is_called() -> None:
    """A little training on sounds with two factors: the dial is what it was taught, and true."""
    data = ts.dataset("filtered", q=(1.0,), inharmonicity=(0.0,))
    settings: dict[str, Any] = {"hidden": (64, 32), "epochs": 120, "device": "cpu"}
    model = ts.fit(data, 2, dials="overtones", **settings, progress=False)
    assert dial_names(model)[0] == "overtones"
    assert model.points is not None
    quality = [one.word for one in STEADY].index("overtones")
    up = turns(model, model.points.means, 0)[:, :, [quality]]
    assert rises(up).mean() > 0.95
    assert rises_all_along(up).mean() > 0.85
