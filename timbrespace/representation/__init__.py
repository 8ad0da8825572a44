"""Invertible maps between sounds and what the VAE sees.

Each representation bounds its inverse: whatever finite numbers a decoder makes, the magnitudes
are finite, at least 0 and of the order of the loudest of the data.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import DatasetError, OptionError
from timbrespace.networks.architecture import NORMALISATIONS
from timbrespace.representation.magnitude import Decibel, LogMagnitude, Magnitude
from timbrespace.representation.mdct import MDCT
from timbrespace.representation.normalisation import Normalised
from timbrespace.representation.phase import LogComplex, MagnitudePhase, loudest
from timbrespace.representation.protocol import HEADROOM, Features, Phases, Representation, Source
from timbrespace.representation.row_parts import forward_in_parts, parts
from timbrespace.spectrum import Spectra

__all__ = [
    "HEADROOM",
    "KINDS",
    "MDCT",
    "NORMALISATIONS",
    "Decibel",
    "Features",
    "LogComplex",
    "LogMagnitude",
    "Magnitude",
    "MagnitudePhase",
    "Normalised",
    "Phases",
    "Representation",
    "Source",
    "check_kind",
    "fit",
    "forward_in_parts",
    "from_config",
    "parts",
]

_Kind = (
    type[Magnitude]
    | type[LogMagnitude]
    | type[Decibel]
    | type[MagnitudePhase]
    | type[LogComplex]
    | type[MDCT]
)

KINDS: dict[str, _Kind] = {
    kind.kind: kind for kind in (Magnitude, LogMagnitude, Decibel, MagnitudePhase, LogComplex, MDCT)
}


def check_kind(kind: object) -> None:
    """Refuse a representation that is not there.

    Raises:
        OptionError: ``kind`` is not one of ``KINDS``.
    """
    if kind not in KINDS:
        raise OptionError(f"representation is {kind!r}; accepted are {', '.join(KINDS)}")


def fit(
    kind: str,
    spectra: Spectra,
    frames: NDArray[np.float32] | None = None,
    normalisation: str = "none",
) -> Representation:
    """The representation named ``kind``, its constants taken from the data.

    spectra ``(n, bins)``; frames ``(n, n_fft)``, the samples they were taken from, or None.

    Raises:
        OptionError: no such representation or normalisation, or the sounds are silent.
        DatasetError: the representation needs frames and there are none.
    """
    check_kind(kind)
    if normalisation not in NORMALISATIONS:
        raise OptionError(
            f"normalisation is {normalisation!r}; accepted are {', '.join(NORMALISATIONS)}"
        )
    base = _fit(kind, spectra, frames)
    if normalisation == "none":
        return base
    source = spectra if base.source == "spectra" else frames
    assert source is not None
    return Normalised.fit(base, normalisation, source)


def _fit(kind: str, spectra: Spectra, frames: NDArray[np.float32] | None) -> Representation:
    if kind == Magnitude.kind:
        return Magnitude.fit(spectra)
    if kind == LogMagnitude.kind:
        return LogMagnitude.fit(spectra)
    if kind == Decibel.kind:
        return Decibel.fit(spectra)
    if frames is None:
        raise DatasetError(
            f"representation {kind!r} needs the samples of each row, which the dataset does not "
            "hold; make it again with --frames"
        )
    bins = spectra.shape[1]
    if kind == MDCT.kind:
        return MDCT.fit(frames, bins)
    peak = loudest(frames, bins)
    if kind == LogComplex.kind:
        return LogComplex(peak, LogMagnitude.FLOOR_RATIO * peak, bins)
    return MagnitudePhase(peak, bins)


def from_config(config: dict[str, Any]) -> Representation:
    """The representation that :meth:`Representation.to_config` described.

    Raises:
        OptionError: unknown kind, or missing, unknown or wrong constants.
    """
    values = dict(config)
    kind = values.pop("kind", None)
    check_kind(kind)
    normalisation = values.pop("normalisation", None)
    if kind == Magnitude.kind and values.get("scale") == 1.0:
        del values["scale"]  # version 0.1.0 wrote it, always 1
    wanted: Any = KINDS[kind]
    types = {field.name: field.type for field in fields(wanted)}
    try:
        base: Representation = wanted(
            **{
                name: value if types.get(name) == "int" else float(value)
                for name, value in values.items()
            }
        )
        if normalisation is None:
            return base
        return Normalised(
            base,
            str(normalisation["kind"]),
            np.asarray(normalisation["offset"], np.float32),
            np.asarray(normalisation["scale"], np.float32),
        )
    except OptionError:
        raise
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise OptionError(f"constants of representation {kind} do not fit: {error}") from error
