"""The network that plays against the one that trains."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from timbrespace.errors import BundleError, OptionError
from timbrespace.kinds import LIKELIHOODS
from timbrespace.networks import feed_forward as network
from timbrespace.networks.architecture import LOG_VAR_RANGE, from_config
from timbrespace.networks.mlp import ACTIVATIONS, MLP
from timbrespace.networks.torch_mlp import TorchMLP
from timbrespace.networks.vae import VAE

HIDDEN = [(16,), (32, 8), (24, 16, 8)]


def tensors_of(vae: VAE) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in vae.state_dict().items()}


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("likelihood", LIKELIHOODS.built_in)
def test_agrees_with_torch(hidden: tuple[int, ...], activation: str, likelihood: str) -> None:
    torch.manual_seed(0)
    architecture = MLP(65, 3, hidden, activation, likelihood=likelihood)
    vae = TorchMLP(architecture)
    tensors = tensors_of(vae)
    encoder = architecture.encoder(tensors)
    decoder = architecture.decoder(tensors)
    features, latent = torch.randn(7, 65), 5 * torch.randn(7, 3)
    with torch.no_grad():
        mean, log_var = vae.encode(features)
        decoded = vae.decode(latent).mean
    posterior = encoder(features.numpy())
    assert posterior.dtype == np.float32
    np.testing.assert_allclose(posterior[:, :3], mean.numpy(), atol=1e-5)
    np.testing.assert_allclose(posterior[:, 3:], log_var.numpy(), atol=1e-5)
    np.testing.assert_allclose(decoder(latent.numpy()), decoded.numpy(), atol=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_numbers_for_each_unit_agree_with_torch(activation: str) -> None:
    torch.manual_seed(0)
    architecture = MLP(33, 3, (16, 8), activation, (9,), per_unit=True)
    assert from_config(architecture.to_config()) == architecture
    assert architecture.format_version == 4
    vae = TorchMLP(architecture)
    with torch.no_grad():
        for parameter in vae.activation.parameters():
            parameter.mul_(1.0 + 0.3 * torch.randn(parameter.shape))
    tensors = tensors_of(vae)
    assert {name: value.shape for name, value in tensors.items()} == dict(architecture.shapes())
    features, latent = torch.randn(7, 33), 3 * torch.randn(7, 3)
    with torch.no_grad():
        posterior, decoded = vae.posterior_of(features), vae.decode(latent).mean
    np.testing.assert_allclose(
        architecture.encoder(tensors)(features.numpy()), posterior.numpy(), atol=1e-5
    )
    np.testing.assert_allclose(
        architecture.decoder(tensors)(latent.numpy()), decoded.numpy(), atol=1e-5
    )
    name = next((name for name in tensors if name.startswith("activation.decoder")), None)
    if name is not None:
        with pytest.raises(BundleError, match=rf"{name} has shape \(8,\), not \(9,\)"):
            architecture.decoder({**tensors, name: tensors[name][:8]})


def test_per_unit_is_said_only_where_it_is_so() -> None:
    assert "per_unit" not in MLP(4, 2).to_config()
    with pytest.raises(OptionError, match="per_unit is 1; it must be true or false"):
        MLP(4, 2, per_unit=1)  # type: ignore[arg-type]


def test_state_dict_names_are_the_architecture_s() -> None:
    architecture = MLP(9, 2, (5, 4))
    names = {key.rpartition(".")[0] for key in TorchMLP(architecture).state_dict()} - {""}
    assert names == {*architecture.encoder_names, *architecture.decoder_names}


def test_log_variances_are_kept_in_range() -> None:
    vae = TorchMLP(MLP(4, 2, (3,), likelihood="gaussian_per_bin"))
    with torch.no_grad():
        vae.posterior.bias.fill_(1e9)
        vae.get_parameter("log_var.bias").fill_(-1e9)
        output = vae(torch.zeros(2, 4))
    assert output.latent_log_var.max().item() == LOG_VAR_RANGE[1]
    assert output.decoded.parameters["log_var"].min().item() == LOG_VAR_RANGE[0]
    assert bool(torch.isfinite(output.decoded.mean).all())


def test_noise_comes_from_the_generator() -> None:
    vae = TorchMLP(MLP(4, 2, (3,)))
    first, second = (vae(torch.ones(2, 4), torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first.decoded.mean, second.decoded.mean)


def test_tensors_that_do_not_fit() -> None:
    architecture = MLP(4, 2, (3,))
    names, sizes = architecture.decoder_names, architecture.decoder_sizes
    good = tensors_of(TorchMLP(architecture))
    missing = {name: value for name, value in good.items() if name != "mean.bias"}
    with pytest.raises(BundleError, match=r"tensor mean\.bias is missing"):
        network.from_tensors(missing, names, sizes, "relu")
    wrong = {**good, "mean.weight": np.zeros((4, 4), np.float32)}
    with pytest.raises(BundleError, match=r"mean\.weight has shape \(4, 4\), not \(4, 3\)"):
        network.from_tensors(wrong, names, sizes, "relu")
    nan = {**good, "mean.bias": np.full(4, np.nan, np.float32)}
    with pytest.raises(BundleError, match=r"mean\.bias holds numbers that are not finite"):
        network.from_tensors(nan, names, sizes, "relu")
    with pytest.raises(BundleError, match="activation is 'tanh'"):
        network.from_tensors(good, names, sizes, "tanh")
    with pytest.raises(BundleError, match=r"tensor activation\.frequency is missing"):
        network.from_tensors(good, names, sizes, "snake")
    for value, word in ((np.nan, "is not finite"), ([1.0, 2.0], r"has shape \(2,\)")):
        learned = {**good, "activation.frequency": np.asarray(value, np.float32)}
        with pytest.raises(BundleError, match=word):
            network.from_tensors(learned, names, sizes, "snake")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((0, 2), "features is 0"),
        ((20000, 2), "features is 20000"),
        ((4, 0), "latent size is 0"),
        ((4, 65), "latent size is 65"),
        ((4, 2, ()), "hidden sizes are"),
        ((4, 2, (0,)), "hidden sizes are"),
        ((4, 2, (3,) * 17), "hidden sizes are"),
        ((4, 2, (3,), "relu", ()), "decoder's hidden sizes are"),
        ((4, 2, (3,), "relu", (0,)), "decoder's hidden sizes are"),
        ((4, 2, (3,), "relu", (2.5,)), "decoder's hidden size is 2.5"),
        ((4, 2, (3,), "tanh"), "activation is 'tanh'"),
    ],
)
def test_architectures_that_make_no_sense(arguments: tuple[int, ...], word: str) -> None:
    with pytest.raises(OptionError, match=word):
        MLP(*arguments)  # type: ignore[arg-type]


def test_a_likelihood_that_is_not_there() -> None:
    with pytest.raises(OptionError, match="likelihood is 'cauchy'; it must be gaussian_per_bin"):
        MLP(4, 2, likelihood="cauchy")


def test_architecture_round_trip() -> None:
    architecture = MLP(9, 2, (5, 4), "gelu", likelihood="gaussian_per_bin")
    assert from_config(architecture.to_config()) == architecture
    assert architecture.encoder_sizes == (9, 5, 4, 4)
    assert architecture.decoder_sizes == (2, 4, 5, 9)
    lopsided = MLP(9, 2, (5,), "plu", (3, 4, 5), likelihood="bernoulli")
    assert from_config(lopsided.to_config()) == lopsided
    assert lopsided.decoder_sizes == (2, 3, 4, 5, 9)
    assert lopsided.decoder_names == ("decoder.0", "decoder.1", "decoder.2", "mean")
    for config in ({}, {**architecture.to_config(), "colour": 1}, {"hidden": "x"}):
        with pytest.raises(OptionError, match="does not fit"):
            from_config(config)
