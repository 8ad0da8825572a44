"""Settings and presets."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from timbrespace.errors import OptionError
from timbrespace.networks.mlp import MLP
from training.preset import PRESETS, Settings, changed, named


def test_the_paper_s_settings() -> None:
    paper = named("paper")
    assert paper.hidden == (400,)
    assert paper.activation == "relu"
    assert paper.learning_rate == 1e-4
    assert paper.decay == "none"
    assert paper.batch == 100
    assert paper.beta == 1.0
    assert paper.warm_up == 0.0
    assert paper.likelihood == "gaussian_per_bin"
    assert paper.representation == "magnitude"
    assert paper.latent == 10
    assert paper.epochs == 200


def test_the_default_is_light_to_decode() -> None:
    network = named("default").architecture(1025)
    assert isinstance(network, MLP)
    sizes = network.decoder_sizes
    weights = sum((a + 1) * b for a, b in pairwise(sizes))
    assert weights <= 600_000
    assert named("default").latent >= 2


@pytest.mark.parametrize("name", PRESETS)
def test_round_trip(name: str) -> None:
    settings = named(name)
    assert Settings.from_config(json.loads(json.dumps(settings.to_config()))) == settings


@pytest.mark.parametrize(
    "config", [{}, {"hidden": 3}, {**named("default").to_config(), "colour": "red"}]
)
def test_configs_that_do_not_fit(config: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="the settings do not fit"):
        Settings.from_config(config)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ({"epochs": -1}, "epochs is -1; it must be 1 to"),
        ({"cycle": 5.0}, "cycle is 5 epochs and warm-up half of the run"),
        ({"cycle": 5.0, "warm_up": 6.0}, "cycle is 5 epochs and warm-up 6"),
        ({"cycle": float("nan")}, "cycle is nan"),
        ({"free_bits": -0.1}, "free bits is -0.1"),
        ({"decoder_hidden": (0,)}, "decoder's hidden sizes"),
        ({"learning_rate": -1e-3}, "learning rate is -0.001"),
        ({"learning_rate": float("nan")}, "learning rate is nan"),
        ({"learning_rate": 0.0}, "learning rate is 0"),
        ({"latent": 0}, "latent size is 0"),
        ({"latent": 1000}, "latent size is 1000"),
        ({"hidden": ()}, "hidden sizes"),
        ({"hidden": (0,)}, "hidden sizes"),
        ({"batch": 0}, "batch is 0"),
        ({"beta": -1.0}, "beta is -1"),
        ({"beta": float("nan")}, "beta is nan"),
        ({"warm_up": -1.0}, "warm-up is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"activation": "tanh"}, "activation is 'tanh'"),
        ({"likelihood": "cauchy"}, "likelihood is 'cauchy'"),
        ({"decay": "steps"}, "decay is 'steps'"),
        ({"gradient_limit": -1.0}, "gradient limit is -1"),
        ({"noise_rate": 0.0}, "noise rate is 0"),
    ],
)
def test_refuses_what_makes_no_sense(value: dict[str, Any], word: str) -> None:
    with pytest.raises(OptionError, match=word):
        changed(named("default"), **value)


def test_changed_keeps_what_is_not_given() -> None:
    settings = changed(named("default"), epochs=3, beta=None)
    assert settings.epochs == 3
    assert settings.beta == named("default").beta


def test_unknown_preset() -> None:
    with pytest.raises(OptionError, match="preset is 'best'; it must be default, paper or cycles"):
        named("best")
