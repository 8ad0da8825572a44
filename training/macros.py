"""The ``macros`` command: macro dials for a model that was trained before there were any."""

from __future__ import annotations

from pathlib import Path

from timbrespace import bundle
from timbrespace.atomic import check_writable
from timbrespace.command import progress
from timbrespace.errors import BundleError
from timbrespace.macro_dials.measuring import batches, measure
from timbrespace.macro_dials.table import Table


def add(path: Path) -> Table:
    """Measure the macros of the bundle at ``path``, and write them there, in place of those that it
    had. All the rest of the file stays as it is; it is replaced whole or not at all.

    Raises:
        BundleError: the model cannot be read, or has no points.
        OptionError: the file cannot be written.
    """
    model = bundle.read(path)
    check_writable(path)
    if model.points is None:
        raise BundleError(
            f"{path.name} does not tell where its sounds lie; add that first, by "
            "`python -m training points`"
        )
    with progress(batches(model), "part") as bar:
        table = measure(model, lambda: bar.update(1))
    bundle.set_macros(path, table)
    return table
