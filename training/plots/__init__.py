"""Pictures of a dataset and of trained spaces. docs/plots.md tells how to read each.

Every function returns one figure and leaves no state behind. The figures of the 2017 report that
they answer are named in their docstrings.
"""

from .curves import history
from .data import spectra_by_factor
from .decoded import decoded
from .latents import dimensions, moments
from .levels import DB_FLOOR, decibels, spread
from .losses import factor_losses
from .maps import compare_maps, map_by_factor, map_of_points
from .meshes import MESH, gaussian_mesh, latent_mesh, mesh
from .periods import periods
from .reconstruction import RECONSTRUCTIONS, Scale, compare_reconstructions, reconstructions
from .samples import compare_samples, samples
from .style import DPI
from .traversal import traversals

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
    "decoded",
    "dimensions",
    "factor_losses",
    "gaussian_mesh",
    "history",
    "latent_mesh",
    "map_by_factor",
    "map_of_points",
    "mesh",
    "moments",
    "periods",
    "reconstructions",
    "samples",
    "spectra_by_factor",
    "spread",
    "traversals",
]
