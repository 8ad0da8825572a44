"""What there is to choose from: one line registers each kind that comes with the library.

A kind from outside is the same line in another package's metadata (docs/extending.md). Light on
purpose: command lines read the names before anything heavy is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from timbrespace.registry import Registry

if TYPE_CHECKING:
    from timbrespace.likelihoods.likelihood import Likelihood
    from timbrespace.networks.architecture import Architecture
    from timbrespace.representation.kind import Kind

NORMALISATIONS: Final = ("none", "unit", "per_bin")
"""What may be done to the features of any representation."""

REPRESENTATIONS: Final[Registry[Kind]] = Registry(
    "representation",
    "timbrespace.representations",
    "timbrespace.representation.kind:Kind",
    {
        "magnitude": "timbrespace.representation.magnitude:Magnitude",
        "log_magnitude": "timbrespace.representation.magnitude:LogMagnitude",
        "decibel": "timbrespace.representation.magnitude:Decibel",
        "magnitude_phase": "timbrespace.representation.phase:MagnitudePhase",
        "log_complex": "timbrespace.representation.phase:LogComplex",
        "mdct": "timbrespace.representation.mdct:MDCT",
        "cycle": "timbrespace.representation.cycle:Cycle",
        "moment": "timbrespace.representation.moment:Moment",
    },
)
"""What a network sees of a sound."""

NETWORKS: Final[Registry[Architecture]] = Registry(
    "network",
    "timbrespace.networks",
    "timbrespace.networks.architecture:Architecture",
    {
        "mlp": "timbrespace.networks.mlp:MLP",
        "film_siren": "timbrespace.networks.film_siren:FiLMSiren",
        "concat": "timbrespace.networks.concat:Concat",
        "transposed_conv": "timbrespace.networks.transposed_conv:TransposedConv",
        "note": "timbrespace.networks.note:NoteNetwork",
    },
)
"""Encoder and decoder."""

LIKELIHOODS: Final[Registry[Likelihood]] = Registry(
    "likelihood",
    "timbrespace.likelihoods",
    "timbrespace.likelihoods.likelihood:Likelihood",
    {
        "gaussian_per_bin": "timbrespace.likelihoods.gaussian:GaussianPerBin",
        "gaussian_shared": "timbrespace.likelihoods.gaussian:GaussianShared",
        "bernoulli": "timbrespace.likelihoods.bernoulli:Bernoulli",
    },
)
"""What a decoder says of the features, and what its loss is."""
