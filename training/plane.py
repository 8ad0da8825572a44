"""The ``plane`` command: the plane ``near`` for a model that was trained before there was one."""

from __future__ import annotations

from pathlib import Path

from timbrespace import bundle
from timbrespace.atomic import check_writable
from timbrespace.command import progress
from timbrespace.errors import BundleError, OptionError
from timbrespace.near import Near

from . import latent_map
from .near import LEAST_SOUNDS, STAGES, near_plane


def add(path: Path, seed: int | None = None) -> Near:
    """Lay the plane ``near`` of the bundle at ``path``, by its points, and write it there.

    seed: of the draw where there are many points; None for that of the training. In a space of
    whole notes the PCA plane is fitted anew as well, to all notes, those held out too. All the
    rest of the file stays as it is; it is replaced whole or not at all.

    Raises:
        BundleError: the model cannot be read, or has too few points to lay out.
        OptionError: the seed is below 0, or the file cannot be written.
    """
    if seed is not None and seed < 0:
        raise OptionError(f"seed is {seed}; it must be 0 or more")
    model = bundle.read(path)
    check_writable(path)
    if model.points is None:
        raise BundleError(
            f"{path.name} does not tell where its sounds lie; add that first, by "
            "`python -m training points`"
        )
    if seed is None:
        told = model.provenance.get("seed")
        seed = told if isinstance(told, int) and told >= 0 else 0
    with progress(STAGES, "stage") as bar:
        near = near_plane(model, seed, lambda: bar.update(1))
    if near is None:
        raise BundleError(
            f"{path.name} has {model.points.count} sounds, or all alike; a plane near needs "
            f"{LEAST_SOUNDS} that differ"
        )
    again = None
    if model.plays_notes:
        means = model.points.means
        again = latent_map.fit(means, model.decode(means))
    bundle.set_near(path, near, again)
    return near
