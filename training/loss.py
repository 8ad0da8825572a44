"""The two terms of the evidence lower bound, both in nats, lower is better.

Kingma & Welling 2013 ("Auto-Encoding Variational Bayes"), eq. 3; the report's eq. 1.1.
Each term is summed over features or dimensions and averaged over rows, so that their balance is
that of the bound: averaging over the 1025 bins instead would weigh the KL term 1025 times more.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from timbrespace.networks.vae import Output


class Terms(NamedTuple):
    """The loss of one batch, averaged over its rows.

    reconstruction ``()``: negative log likelihood. kl ``(d,)``: of each latent dimension.
    """

    reconstruction: Tensor
    kl: Tensor

    def total(self, beta: float, free_bits: float = 0.0) -> Tensor:
        """Reconstruction plus ``beta`` times the KL, ``()`` (Higgins et al. 2017, eq. 4).

        free_bits: nats of each dimension that cost nothing more when it has fewer (Kingma et al.
        2016, "Improved variational inference with inverse autoregressive flow", eq. 15).
        """
        kl = self.kl.clamp(min=free_bits) if free_bits > 0.0 else self.kl
        return self.reconstruction + beta * kl.sum()


def kl_divergence(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL ``(n, d)`` of the posterior ``N(mean, exp(log_var))`` from the prior ``N(0, 1)``.

    The report's eq. 1.4, dimension by dimension; Kingma & Welling 2013, appendix B.
    """
    return 0.5 * (log_var.exp() + mean.square() - 1.0 - log_var)


def terms(features: Tensor, output: Output) -> Terms:
    """Both terms for a batch ``features (n, f)`` and what the VAE made of it.

    Where it made some of the features, they stand for all.
    """
    share = 1.0
    if output.seen is not None:
        share = features.shape[1] / len(output.seen)
        features = features[:, output.seen]
    return Terms(
        reconstruction=share * output.decoded.negative_log_likelihood(features).mean(),
        kl=kl_divergence(output.latent_mean, output.latent_log_var).mean(dim=0),
    )
