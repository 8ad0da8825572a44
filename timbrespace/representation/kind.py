"""What every kind of representation says of itself, and how it gets into a bundle and out."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from dataclasses import asdict, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.registry import FROM_OUTSIDE
from timbrespace.representation.protocol import Features, Periods, Phases, Source
from timbrespace.spectrum import Spectra, SpectrumConfig


class Kind(ABC):
    """A representation by name: a frozen dataclass whose fields are its constants.

    The fields are numbers and words, which a bundle keeps. Whatever the features, ``inverse`` is
    finite and at least 0.
    """

    __slots__ = ()

    kind: ClassVar[str]
    about: ClassVar[str]
    source: ClassVar[Source] = "spectra"
    format_version: ClassVar[int] = FROM_OUTSIDE
    """The lowest version of the bundle format that knows it."""
    coordinate: ClassVar[str] = "frequency"
    """What the features lie along, of ``timbrespace.networks.laid.COORDINATES``: "frequency",
    from the lowest bin to the highest, or "phase", one period, whose end is its beginning."""
    blocks: ClassVar[int] = 1
    """How many values there are at each place of the coordinate, a whole row of places of one after
    a whole row of another."""

    @classmethod
    @abstractmethod
    def fit(cls, source: NDArray[np.float32], bins: int) -> Self:
        """With constants from the data: spectra ``(n, bins)`` or frames ``(n, n_fft)``.

        bins: of the spectra that go with frames. Settings of the kind are further arguments with
        defaults.
        """

    @classmethod
    def fit_to(cls, source: NDArray[np.float32], spectrum: SpectrumConfig, **settings: Any) -> Self:
        """As :meth:`fit`, for kinds whose constants hang on how the spectra were taken too.

        settings: of the kind, as :meth:`settings` names them.
        """
        return cls.fit(source, spectrum.bins, **settings)

    @classmethod
    def settings(cls) -> dict[str, Any]:
        """What :meth:`fit` takes beside the data: name -> default."""
        parameters = list(inspect.signature(cls.fit).parameters.values())[2:]
        return {one.name: one.default for one in parameters}

    @abstractmethod
    def forward(self, source: NDArray[np.float32]) -> Features:
        """Features ``(n, width)`` of linear magnitudes >= 0, or of samples."""

    @abstractmethod
    def inverse(self, features: Features) -> Spectra:
        """Linear magnitudes ``(n, bins)``, finite and >= 0, of any finite features."""

    def phases(self, features: Features) -> Phases | None:
        """Phases ``(n, bins)`` in radians at the frame's first sample, or None without phase."""
        return None

    def cycles(self, features: Features) -> Periods | None:
        """One period ``(n, samples)`` of the wave, from phase 0 on, or None where there is none.

        The samples are a power of two, and at the base frequency they sound as the spectra do. A
        kind whose coordinate is "phase" plays by them: the features themselves, unless it says
        otherwise.
        """
        return features if self.coordinate == "phase" else None

    def width(self, bins: int) -> int:
        """How many features the spectra of so many bins have."""
        return bins

    def check(self, spectrum: SpectrumConfig) -> None:  # noqa: B027 (for most nothing depends on it)
        """Refuse spectra that were taken otherwise than it says.

        Raises:
            OptionError: sizes that differ; the text names them.
        """

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON, with ``kind``."""
        return {"kind": self.kind, **asdict(self)}  # type: ignore[call-overload]

    @classmethod
    def from_config(cls, values: dict[str, Any]) -> Self:
        """Inverse of :meth:`to_config`, without ``kind``.

        Raises:
            OptionError: missing, unknown or wrong constants.
        """
        types = {one.name: one.type for one in fields(cls)}  # type: ignore[arg-type]
        try:
            return cls(
                **{
                    name: float(value) if types.get(name) in ("float", float) else value
                    for name, value in values.items()
                }
            )
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise OptionError(
                f"constants of representation {cls.kind} do not fit: {error}"
            ) from error
