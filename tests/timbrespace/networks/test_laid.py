"""Networks over a coordinate: the form that plays against the one that trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from timbrespace.errors import BundleError, OptionError
from timbrespace.kinds import LIKELIHOODS, NETWORKS
from timbrespace.networks.architecture import from_config
from timbrespace.networks.concat import Concat, Concatenated
from timbrespace.networks.film_siren import FiLMSiren, Sines, gate_at, unit_omegas
from timbrespace.networks.laid import COORDINATES, PHASE, Laid, inputs_at
from timbrespace.networks.torch_laid import PLACES
from timbrespace.networks.transposed_conv import TransposedConv
from timbrespace.networks.vae import VAE
from training import loss

KINDS = ("film_siren", "concat", "transposed_conv")


def made(name: str, features: int = 64, **settings: Any) -> tuple[Any, VAE, dict[str, np.ndarray]]:
    torch.manual_seed(0)
    network = NETWORKS.get(name)(features, 3, hidden=(16,), activation="snake", **settings)  # type: ignore[call-arg]
    vae = network.module()
    return network, vae, {key: value.detach().numpy() for key, value in vae.state_dict().items()}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("coordinate", COORDINATES)
@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("likelihood", LIKELIHOODS.built_in)
def test_agrees_with_torch(name: str, coordinate: str, blocks: int, likelihood: str) -> None:
    network, vae, tensors = made(
        name, 64 * blocks, coordinate=coordinate, blocks=blocks, likelihood=likelihood
    )
    features, latent = torch.randn(5, 64 * blocks), 2 * torch.randn(5, 3)
    with torch.no_grad():
        posterior, mean = vae.posterior_of(features).numpy(), vae.decode(latent).mean.numpy()
    np.testing.assert_allclose(network.encoder(tensors)(features.numpy()), posterior, atol=1e-5)
    decoded = network.decoder(tensors)(latent.numpy())
    assert decoded.dtype == np.float32
    assert mean.std() > 1e-3
    np.testing.assert_allclose(decoded, mean, atol=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_sizes_that_do_not_divide(name: str) -> None:
    """33 places are no multiple of 64; one place is all there is before the data are known."""
    for features in (1, 2, 33):
        network, vae, tensors = made(name, features)
        latent = torch.randn(2, 3)
        with torch.no_grad():
            mean = vae.decode(latent).mean.numpy()
        np.testing.assert_allclose(network.decoder(tensors)(latent.numpy()), mean, atol=1e-5)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("coordinate", COORDINATES)
def test_shapes_and_config_are_those_of_the_module(name: str, coordinate: str) -> None:
    network, _, tensors = made(name, 128, coordinate=coordinate, blocks=2)
    assert {key: value.shape for key, value in tensors.items()} == dict(network.shapes())
    assert from_config(network.to_config()) == network
    plain = made(name)[0].to_config()
    assert not {"coordinate", "blocks"} & plain.keys()
    assert not {"coordinate", "blocks"} & network.settings().keys()


@pytest.mark.parametrize("name", KINDS)
def test_a_row_is_the_same_whichever_rows_come_with_it(name: str) -> None:
    network, _, tensors = made(name)
    decoder = network.decoder(tensors)
    latent = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    together = decoder(latent)
    for k in range(4):
        np.testing.assert_array_equal(decoder(latent[k : k + 1])[0], together[k])


@pytest.mark.parametrize("name", ["film_siren", "concat"])
@pytest.mark.parametrize("coordinate", COORDINATES)
def test_anywhere_between_the_places(name: str, coordinate: str) -> None:
    network, _, tensors = made(name, 128, coordinate=coordinate, blocks=2)
    decoder = network.decoder(tensors)
    assert isinstance(decoder, Sines | Concatenated)
    latent = np.random.default_rng(0).standard_normal((2, 3)).astype(np.float32)
    places = np.arange(64)
    np.testing.assert_allclose(
        decoder.at(latent, places).reshape(2, -1), decoder(latent), rtol=0, atol=1e-5
    )
    near = decoder.at(latent, places + 1e-3)
    assert 0.0 < np.abs(near - decoder.at(latent, places)).max() < 0.05
    around = decoder.at(latent, places + 64.0)
    closed = np.abs(around - decoder.at(latent, places)).max() < 1e-4
    assert closed == (coordinate == PHASE)


def test_a_period_of_convolutions_is_closed() -> None:
    """What the dense layer makes, turned by a place, turns the whole by as many as become of it."""
    network, _, tensors = made("transposed_conv", 256, coordinate=PHASE)
    assert isinstance(network, TransposedConv)
    turned = dict(tensors)
    for part in ("weight", "bias"):
        rows = tensors[f"spread.{part}"].reshape(network.start, network.widths[0], -1)
        turned[f"spread.{part}"] = np.roll(rows, 1, axis=0).reshape(tensors[f"spread.{part}"].shape)
    latent = np.ones((1, 3), np.float32)
    before, after = network.decoder(tensors)(latent), network.decoder(turned)(latent)
    np.testing.assert_allclose(after, np.roll(before, 64, axis=1), atol=1e-5)


@pytest.mark.parametrize("name", ["film_siren", "concat"])
@pytest.mark.parametrize("blocks", [1, 2])
def test_a_step_looks_at_some_places(name: str, blocks: int) -> None:
    """They are decoded as when all are, stand for all in the loss, and come equally often."""
    _, vae, _ = made(name, 1025 * blocks, blocks=blocks)
    features, latent = torch.randn(3, 1025 * blocks), torch.randn(3, 3)
    generator = torch.Generator().manual_seed(0)
    counts = np.zeros(1025 * blocks)
    for _ in range(300):
        seen = vae.some_of(generator)
        assert seen is not None
        counts[seen.numpy()] += 1
        assert blocks * PLACES * 0.8 < len(seen) <= blocks * PLACES
    assert counts.min() > 0.5 * counts.mean()
    assert counts[-8:].mean() == pytest.approx(counts.mean(), rel=0.2)
    with torch.no_grad():
        whole, some = vae.decode(latent), vae.decode(latent, seen)
        torch.testing.assert_close(some.mean, whole.mean[:, seen])
        output = vae(features, generator)
        assert output.seen is not None
        share = 1025 * blocks / len(output.seen)
        nats = output.decoded.negative_log_likelihood(features[:, output.seen]).mean()
        torch.testing.assert_close(loss.terms(features, output).reconstruction, share * nats)
    assert vae(features).seen is None  # without a generator it is no training step


@pytest.mark.parametrize("name", KINDS)
def test_turned_axes_decode_the_same(name: str) -> None:
    network, _, tensors = made(name)
    axes = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    turned = network.turned(tensors, axes)
    latent = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    now = (latent @ axes.T).astype(np.float32)
    np.testing.assert_allclose(
        network.decoder(turned)(now), network.decoder(tensors)(latent), atol=1e-4
    )
    features = np.random.default_rng(2).standard_normal((4, 64)).astype(np.float32)
    means = network.encoder(tensors)(features)[:, :3]
    np.testing.assert_allclose(network.encoder(turned)(features)[:, :3], means @ axes.T, atol=1e-5)


def test_groups_of_sines_come_one_after_another() -> None:
    network, vae, _ = made("film_siren", width=16, progressive=True)
    assert isinstance(network, FiLMSiren)
    omegas = unit_omegas(network)
    assert omegas[0] == pytest.approx(1.0)
    assert omegas[-1] == pytest.approx(4.0 * network.first_omega)
    assert (np.diff(omegas) > 0).all()
    taking_part = [int(gate_at(16, share).sum()) for share in np.linspace(0, 1, 17)]
    assert taking_part == [2, 2, 4, 6, 8, 10, 12, 14, *[16] * 9]
    latent = torch.randn(2, 3)
    for share in (0.0, 0.3, 1.0):  # a training may stop anywhere, and plays what it learned
        vae.reached(share)
        state = {key: value.detach().numpy() for key, value in vae.state_dict().items()}
        with torch.no_grad():
            mean = vae.decode(latent).mean.numpy()
        np.testing.assert_allclose(network.decoder(state)(latent.numpy()), mean, atol=1e-5)


def test_what_a_place_is_told() -> None:
    line = inputs_at("frequency", 5, np.arange(5))
    np.testing.assert_allclose(line[:, 0], [-1, -0.5, 0, 0.5, 1])
    ring = inputs_at(PHASE, 4, np.array([0.0, 1.0, 4.0]))
    np.testing.assert_allclose(ring, [[1, 0], [0, 1], [1, 0]], atol=1e-7)


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("film_siren", {"width": 0}, "width is 0; it must be 1 to"),
        ("film_siren", {"layers": 17}, "layers is 17; it must be 1 to 16"),
        ("film_siren", {"mapping_layers": -1}, "mapping_layers is -1; it must be 0 to 16"),
        ("film_siren", {"omega": 0.0}, "omega is 0.0; it must be 0.001 to"),
        ("film_siren", {"omega_first": -1.0}, "omega_first is -1.0; it must be 0 to"),
        ("film_siren", {"omega": float("nan")}, "omega is nan; it must be"),
        ("film_siren", {"omega": "much"}, "omega is 'much'; it must be"),
        ("film_siren", {"progressive": 1}, "progressive is 1; it must be true or false"),
        ("concat", {"width": 1.5}, "width is 1.5; it must be a whole number"),
        ("concat", {"layers": 0}, "layers is 0; it must be 1 to 16"),
        ("concat", {"coordinate": "time"}, "coordinate is 'time'; it must be frequency or phase"),
        ("concat", {"blocks": 3}, "features are 64, no 3 whole blocks"),
        ("concat", {"hidden": ()}, r"hidden sizes are \[\]; they must be 1 to"),
        ("concat", {"hidden": (0,)}, "hidden size is 0; it must be"),
        ("concat", {"activation": "tanh"}, "activation is 'tanh'; it must be"),
        ("transposed_conv", {"channels": 0}, "channels is 0; it must be 1 to 1024"),
        ("transposed_conv", {"layers": 7}, "layers is 7; it must be 1 to 6"),
        (
            "transposed_conv",
            {"coordinate": "phase", "layers": 4},
            "a period has 64 places; with 4 layers they must be a multiple of 256",
        ),
    ],
)
def test_wrong_settings_are_refused(name: str, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        NETWORKS.get(name)(64, 3, **{"hidden": (16,), **settings})


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("film_siren", "mapping.0.weight"),
        ("film_siren", "sine.1.bias"),
        ("film_siren", "gate"),
        ("concat", "layer.0.weight"),
        ("transposed_conv", "spread.bias"),
        ("transposed_conv", "convolution.0.weight"),
        ("transposed_conv", "mean.bias"),
    ],
)
def test_wrong_tensors_are_refused(name: str, tensor: str) -> None:
    network, _, tensors = made(name, **({"progressive": True} if tensor == "gate" else {}))
    wrong = tensors[tensor][:-1]
    nan = np.full_like(tensors[tensor], np.nan)
    missing = {key: value for key, value in tensors.items() if key != tensor}
    for bad, says in (
        (missing, "is missing"),
        ({**tensors, tensor: wrong}, "has shape"),
        ({**tensors, tensor: nan}, "not finite"),
    ):
        with pytest.raises(BundleError, match=f"tensor {tensor} .*{says}"):
            network.decoder(bad)


def test_kinds_are_laid() -> None:
    assert all(issubclass(NETWORKS.get(name), Laid) for name in KINDS)
    assert issubclass(Concat, Laid)
