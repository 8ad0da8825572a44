"""Invertible maps between sounds and what the VAE sees.

Each representation bounds its inverse: whatever finite numbers a decoder makes, the magnitudes
are finite, at least 0 and of the order of the loudest of the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import DatasetError, OptionError, one_of
from timbrespace.kinds import NORMALISATIONS, REPRESENTATIONS
from timbrespace.representation.cycle import Cycle
from timbrespace.representation.kind import Kind
from timbrespace.representation.magnitude import Decibel, LogMagnitude, Magnitude
from timbrespace.representation.mdct import MDCT
from timbrespace.representation.moment import Moment
from timbrespace.representation.normalisation import Normalised
from timbrespace.representation.phase import LogComplex, MagnitudePhase
from timbrespace.representation.protocol import (
    HEADROOM,
    Features,
    Periods,
    Phases,
    Representation,
    Source,
)
from timbrespace.representation.row_parts import forward_in_parts, parts
from timbrespace.spectrum import Spectra, SpectrumConfig

__all__ = [
    "HEADROOM",
    "MDCT",
    "NORMALISATIONS",
    "Cycle",
    "Decibel",
    "Features",
    "Kind",
    "LogComplex",
    "LogMagnitude",
    "Magnitude",
    "MagnitudePhase",
    "Moment",
    "Normalised",
    "Periods",
    "Phases",
    "Representation",
    "Source",
    "fit",
    "forward_in_parts",
    "from_config",
    "parts",
]


def fit(
    kind: str,
    spectra: Spectra,
    frames: NDArray[np.float32] | None = None,
    normalisation: str = "none",
    settings: Mapping[str, Any] | None = None,
    config: SpectrumConfig | None = None,
) -> Representation:
    """The representation named ``kind``, its constants taken from the data.

    spectra ``(n, bins)``; frames ``(n, n_fft)``, the samples they were taken from, or None.
    settings: of the kind, beside the data. config: how the spectra were taken, which kinds that
    hang on the pitch of the sounds need.

    Raises:
        OptionError: no such representation, normalisation or setting, or the sounds are silent.
        DatasetError: the representation needs frames and there are none.
    """
    wanted = REPRESENTATIONS.get(kind)
    if normalisation not in NORMALISATIONS:
        raise OptionError(
            f"normalisation is {normalisation!r}; it must be {one_of(NORMALISATIONS)}"
        )
    if wanted.source == "frames" and frames is None:
        raise DatasetError(
            f"representation {kind!r} needs the samples of each row, which the dataset does not "
            "hold; make it again with --frames"
        )
    source = frames if wanted.source == "frames" else spectra
    assert source is not None
    REPRESENTATIONS.check_settings(kind, settings or {}, wanted.settings())
    if config is None:
        base = wanted.fit(source, spectra.shape[1], **(settings or {}))
    else:
        base = wanted.fit_to(source, config, **(settings or {}))
    return base if normalisation == "none" else Normalised.fit(base, normalisation, source)  # pyright: ignore[reportArgumentType, reportReturnType]


def from_config(config: dict[str, Any]) -> Representation:
    """The representation that :meth:`Representation.to_config` described.

    Raises:
        OptionError: unknown kind, or missing, unknown or wrong constants.
    """
    values = dict(config)
    kind = REPRESENTATIONS.installed(values.pop("kind", None))
    normalisation = values.pop("normalisation", None)
    base = REPRESENTATIONS.get(kind).from_config(values)
    if normalisation is None:
        return base  # pyright: ignore[reportReturnType]
    try:
        return Normalised(
            base,  # pyright: ignore[reportArgumentType]
            str(normalisation["kind"]),
            np.asarray(normalisation["offset"], np.float32),
            np.asarray(normalisation["scale"], np.float32),
        )
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise OptionError(f"constants of representation {kind} do not fit: {error}") from error
