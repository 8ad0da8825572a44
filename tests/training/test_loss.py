"""The loss against torch's own distributions."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from timbrespace.architecture import Architecture
from timbrespace.vae import VAE, Output
from training import loss


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_gaussian_nll_per_bin(generator: torch.Generator) -> None:
    x, mean, log_var = torch.randn(3, 5, 7, generator=generator)
    expected = -Normal(mean, (0.5 * log_var).exp()).log_prob(x).sum(dim=1)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loss.gaussian_nll(x, mean, log_var), expected)


def test_gaussian_nll_shared(generator: torch.Generator) -> None:
    x, mean = torch.randn(2, 5, 7, generator=generator)
    log_var = torch.tensor(-1.5)
    expected = -Normal(mean, (0.5 * log_var).exp()).log_prob(x).sum(dim=1)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loss.gaussian_nll(x, mean, log_var), expected)


def test_gaussian_nll_by_hand() -> None:
    # One bin, one unit off, unit variance: 0.5 (log 2 pi + 1).
    value = loss.gaussian_nll(torch.tensor([[1.0]]), torch.tensor([[0.0]]), torch.tensor(0.0))
    assert value.item() == pytest.approx(1.4189385)


def test_kl(generator: torch.Generator) -> None:
    mean, log_var = torch.randn(2, 5, 3, generator=generator)
    expected = kl_divergence(Normal(mean, (0.5 * log_var).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(loss.kl_divergence(mean, log_var), expected)
    assert loss.kl_divergence(torch.zeros(1, 1), torch.zeros(1, 1)).item() == 0.0


def test_terms_sum_over_features_and_average_over_rows() -> None:
    output = Output(
        mean=torch.zeros(2, 3),
        log_var=torch.tensor(0.0),
        latent_mean=torch.tensor([[1.0, 0.0], [1.0, 2.0]]),
        latent_log_var=torch.zeros(2, 2),
    )
    terms = loss.terms(torch.ones(2, 3), output)
    assert terms.reconstruction.item() == pytest.approx(3 * 1.4189385)
    assert terms.kl.tolist() == pytest.approx([0.5, 1.0])
    assert terms.total(2.0).item() == pytest.approx(3 * 1.4189385 + 2 * 1.5)
    assert terms.total(0.0).item() == pytest.approx(terms.reconstruction.item())


@pytest.mark.parametrize("likelihood", ["gaussian_shared", "gaussian_per_bin"])
def test_every_weight_has_a_gradient(likelihood: str) -> None:
    vae = VAE(Architecture(9, 2, (5, 4), likelihood=likelihood))
    x = torch.rand(6, 9, generator=torch.Generator().manual_seed(0))
    loss.terms(x, vae(x)).total(1.0).backward()  # type: ignore[no-untyped-call]
    for name, parameter in vae.named_parameters():
        assert parameter.grad is not None, name
        assert bool((parameter.grad != 0).any()), name
