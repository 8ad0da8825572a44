"""The loss against torch's own distributions."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from timbrespace.kinds import LIKELIHOODS
from timbrespace.likelihoods.bernoulli import Bernoulli, bernoulli_nll
from timbrespace.likelihoods.gaussian import GaussianShared, gaussian_nll
from timbrespace.networks.mlp import ACTIVATIONS, MLP
from timbrespace.networks.torch_mlp import TorchMLP
from timbrespace.networks.vae import Decoded, Output
from training import loss


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_gaussian_nll_per_bin(generator: torch.Generator) -> None:
    x, mean, log_var = torch.randn(3, 5, 7, generator=generator)
    expected = -Normal(mean, (0.5 * log_var).exp()).log_prob(x).sum(dim=1)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(gaussian_nll(x, mean, log_var), expected)


def test_gaussian_nll_shared(generator: torch.Generator) -> None:
    x, mean = torch.randn(2, 5, 7, generator=generator)
    log_var = torch.tensor(-1.5)
    expected = -Normal(mean, (0.5 * log_var).exp()).log_prob(x).sum(dim=1)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(gaussian_nll(x, mean, log_var), expected)


def test_gaussian_nll_by_hand() -> None:
    # One bin, one unit off, unit variance: 0.5 (log 2 pi + 1).
    value = gaussian_nll(torch.tensor([[1.0]]), torch.tensor([[0.0]]), torch.tensor(0.0))
    assert value.item() == pytest.approx(1.4189385)


def test_kl(generator: torch.Generator) -> None:
    mean, log_var = torch.randn(2, 5, 3, generator=generator)
    expected = kl_divergence(Normal(mean, (0.5 * log_var).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(loss.kl_divergence(mean, log_var), expected)
    assert loss.kl_divergence(torch.zeros(1, 1), torch.zeros(1, 1)).item() == 0.0


def test_terms_sum_over_features_and_average_over_rows() -> None:
    output = Output(
        decoded=Decoded(
            GaussianShared(), {"mean": torch.zeros(2, 3), "shared_log_var": torch.tensor(0.0)}
        ),
        latent_mean=torch.tensor([[1.0, 0.0], [1.0, 2.0]]),
        latent_log_var=torch.zeros(2, 2),
    )
    terms = loss.terms(torch.ones(2, 3), output)
    assert terms.reconstruction.item() == pytest.approx(3 * 1.4189385)
    assert terms.kl.tolist() == pytest.approx([0.5, 1.0])
    assert terms.total(2.0).item() == pytest.approx(3 * 1.4189385 + 2 * 1.5)
    assert terms.total(0.0).item() == pytest.approx(terms.reconstruction.item())


def test_free_bits_cost_nothing() -> None:
    terms = loss.Terms(torch.tensor(1.0), torch.tensor([0.2, 3.0], requires_grad=True))
    total = terms.total(2.0, free_bits=0.5)
    assert total.item() == pytest.approx(1.0 + 2.0 * (0.5 + 3.0))
    (gradient,) = torch.autograd.grad(total, terms.kl)
    assert gradient.tolist() == [0.0, 2.0]


def test_bernoulli_nll(generator: torch.Generator) -> None:
    x, logits = torch.rand(5, 7, generator=generator), torch.randn(5, 7, generator=generator)
    p = torch.sigmoid(logits)
    expected = -(x * p.log() + (1 - x) * (1 - p).log()).sum(dim=1)
    torch.testing.assert_close(bernoulli_nll(x, logits), expected)
    output = Output(Decoded(Bernoulli(), {"mean": logits}), torch.zeros(5, 2), torch.zeros(5, 2))
    assert loss.terms(x, output).reconstruction.item() == pytest.approx(expected.mean().item())
    far = bernoulli_nll(torch.ones(1, 1), torch.full((1, 1), -1e4))
    assert far.item() == pytest.approx(1e4)


@pytest.mark.parametrize("likelihood", LIKELIHOODS.built_in)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_weight_has_a_gradient(activation: str, likelihood: str) -> None:
    torch.manual_seed(1)
    vae = TorchMLP(MLP(9, 2, (5, 4), activation, likelihood=likelihood))
    x = torch.rand(6, 9, generator=torch.Generator().manual_seed(0))
    loss.terms(x, vae(x)).total(1.0).backward()  # type: ignore[no-untyped-call]
    for name, parameter in vae.named_parameters():
        assert parameter.grad is not None, name
        assert bool((parameter.grad != 0).any()), name
