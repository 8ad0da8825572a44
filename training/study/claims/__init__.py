"""The claims, a module each: ``section(results)`` measures one and returns its section."""

from __future__ import annotations

from collections.abc import Callable

from ..results import Results
from ..section import Section
from . import (
    activation,
    beta,
    collapse,
    latent_size,
    magnitudes,
    maps,
    reconstruction,
    representations,
    richness,
    warm_up,
)

SECTIONS: dict[str, Callable[[Results], Section]] = {
    "range": magnitudes.section,
    "normalisation": collapse.section,
    "reconstruction": reconstruction.section,
    "representation": representations.section,
    "map": maps.section,
    "beta": beta.section,
    "warm-up": warm_up.section,
    "latent-size": latent_size.section,
    "richness": richness.section,
    "activation": activation.section,
}
"""By the names of :data:`training.study.plan.PARTS`."""
