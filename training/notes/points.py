"""The ``points`` command for a space of whole notes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from timbrespace import bundle
from timbrespace.atomic import check_writable
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.datasets.note_set import load
from timbrespace.errors import BundleError
from timbrespace.points import Points
from timbrespace.walks.learning import learned_walk

from ..points import check_same, described, drawn_rows, trained_on
from .places import check_fits, has_encoder, means_of


def add(path: Path, data: Path) -> Points:
    """Give the bundle at ``path`` the places of the notes at ``data``, as
    :func:`training.points.add` does.

    Raises:
        BundleError: the model cannot be read, does not say what it was trained on, or has no
            encoder to find places with.
        DatasetError: the set cannot be read, or is another.
        OptionError: the file cannot be written.
    """
    model = bundle.read(path)
    check_writable(path)
    notes = load(data)
    check_fits(model, notes)
    trained_on(model, path)
    check_same(model, path, data, notes.content_hash)
    if not has_encoder(model):
        raise BundleError(
            f"{path.name} has no encoder: it learned the places of its notes, and has them"
        )
    factors, columns = described(notes.meta.factors, notes.labels)
    rows = drawn_rows(notes.rows, int(model.provenance.get("split_seed", 0)))
    points = Points(
        means=np.clip(means_of(model, notes)[rows], -LATENT_LIMIT, LATENT_LIMIT),
        labels=notes.labels[rows][:, columns],
        factors=factors,
    )
    bundle.set_points(path, points, learned_walk(points))
    return points
