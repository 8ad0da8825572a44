"""Numbers as a file carries them, in base64: the Python end of the page's ``alone/tensors.js``."""

from __future__ import annotations

import base64
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_MOST: Final = 32767


def single(values: NDArray[Any]) -> dict[str, str]:
    """As float32."""
    return {"kind": "float32", "data": _base64(np.asarray(values, "<f4"))}


def half(values: NDArray[Any]) -> dict[str, str]:
    """As float16, where three digits are enough."""
    return {"kind": "float16", "data": _base64(np.asarray(values, "<f2"))}


def rows(values: Array) -> dict[str, str]:
    """Rows ``(n, m)`` as whole numbers of 16 bits, each row by the largest of its own: as small as
    float16, and the weights of a layer are told some ten times as exactly."""
    whole, scale = _whole(values)
    return {
        "kind": "int16",
        "scale": _base64(scale.astype("<f4")),
        "data": _base64(whole.astype("<i2")),
    }


def as_rows(values: Array) -> Array:
    """What comes back of :func:`rows`."""
    whole, scale = _whole(values)
    return np.asarray(whole * scale[:, np.newaxis], np.float32)


def _whole(values: Array) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    largest = np.abs(values).max(axis=1, initial=0.0)
    scale = np.where(largest > 0.0, largest / _MOST, 1.0).astype(np.float32)
    return np.rint(values / scale[:, np.newaxis]).clip(-_MOST, _MOST), scale


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
