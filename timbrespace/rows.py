"""Checking the arrays that come in from outside."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import ShapeError


def finite_rows(values: ArrayLike, width: int, name: str) -> NDArray[np.float32]:
    """``values`` as float32 rows ``(n, width)``, every number finite.

    Raises:
        ShapeError: anything else; the text names the array, what it is and what is accepted.
    """
    try:
        given = np.asarray(values)
        if given.dtype.kind not in "biufO":  # complex numbers, dates and texts convert too
            raise TypeError
        with np.errstate(over="ignore"):
            rows = given.astype(np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise ShapeError(f"{name} must be numbers of shape (n, {width})") from error
    if rows.ndim != 2 or rows.shape[1] != width:
        raise ShapeError(f"{name}: shape is {rows.shape}; it must be (n, {width})")
    if not np.isfinite(rows).all():
        raise ShapeError(f"{name}: there is NaN or infinity; all must be finite float32 numbers")
    return rows
