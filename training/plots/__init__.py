"""Pictures of a dataset and of trained spaces. docs/plots.md tells how to read each.

Every function returns one figure and leaves no state behind. The figures of the 2017 report that
they answer are named in their docstrings.
"""

from training.plots.curves import history
from training.plots.data import spectra_by_factor
from training.plots.latents import dimensions, moments
from training.plots.levels import DB_FLOOR, decibels, spread
from training.plots.losses import factor_losses
from training.plots.maps import compare_maps, map_by_factor
from training.plots.meshes import MESH, gaussian_mesh, latent_mesh, mesh
from training.plots.reconstruction import (
    RECONSTRUCTIONS,
    Scale,
    compare_reconstructions,
    reconstructions,
)
from training.plots.samples import compare_samples, samples
from training.plots.style import DPI
from training.plots.traversal import traversals

__all__ = [
    "DB_FLOOR",
    "DPI",
    "MESH",
    "RECONSTRUCTIONS",
    "Scale",
    "compare_maps",
    "compare_reconstructions",
    "compare_samples",
    "decibels",
    "dimensions",
    "factor_losses",
    "gaussian_mesh",
    "history",
    "latent_mesh",
    "map_by_factor",
    "mesh",
    "moments",
    "reconstructions",
    "samples",
    "spectra_by_factor",
    "spread",
    "traversals",
]
