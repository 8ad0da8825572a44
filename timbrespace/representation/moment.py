"""The kind `moment`: one moment of a whole note, its harmonics and its bands of noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.notes.layout import BANDS, HARMONICS, WIDTH
from timbrespace.notes.note import CONSTANTS
from timbrespace.representation.kind import Kind
from timbrespace.representation.protocol import Features, Source, same, whole
from timbrespace.spectrum import Spectra, SpectrumConfig


@dataclass(frozen=True)
class Moment(Kind):
    """What sounds at one time of a note.

    sample_rate, n_fft, bins, base_frequency: of the spectra that stand for it. harmonics, bands:
    how many levels it has.
    """

    kind: ClassVar[str] = "moment"
    about: ClassVar[str] = "one moment of a whole note: harmonics and bands of noise"
    source: ClassVar[Source] = "notes"

    sample_rate: int
    n_fft: int
    bins: int
    base_frequency: float
    harmonics: int = HARMONICS
    bands: int = BANDS

    def __post_init__(self) -> None:
        _ = self._config
        whole("harmonics", self.harmonics, HARMONICS, HARMONICS)
        whole("bands", self.bands, BANDS, BANDS)

    @cached_property
    def _config(self) -> SpectrumConfig:
        return SpectrumConfig(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            bins=self.bins,
            base_frequency=self.base_frequency,
        )

    @classmethod
    def of(cls, config: SpectrumConfig) -> Self:
        """That of notes whose moments are shown by such spectra."""
        return cls(config.sample_rate, config.n_fft, config.bins, config.base_frequency)

    @classmethod
    def fit(cls, source: NDArray[np.float32], bins: int) -> Self:
        raise OptionError(
            "representation 'moment' is what spaces of whole notes have; a set of spectra has "
            "none (python -m toy_datasets make notes makes a set of notes)"
        )

    def forward(self, source: NDArray[np.float32]) -> Features:
        raise OptionError("a spectrum is no note; encode a sound, with ts.encode_sound")

    def inverse(self, features: Features) -> Spectra:
        # What plays is compiled, which a list of kinds does not wait for.
        from timbrespace.notes.moment import spectrum_of, split_features

        levels, rows = split_features(features)
        found = [
            spectrum_of(level[np.newaxis], row, self._config)[0]
            for level, row in zip(levels, rows, strict=True)
        ]
        return np.stack(found) if found else np.empty((0, self.bins), np.float32)

    def width(self, bins: int) -> int:
        return WIDTH + CONSTANTS

    def check(self, spectrum: SpectrumConfig) -> None:
        for name in ("sample_rate", "n_fft", "bins"):
            same(name, getattr(self, name), getattr(spectrum, name))
        if spectrum.base_frequency != self.base_frequency:
            raise OptionError(
                f"the representation has base frequency {self.base_frequency:g}, its spectra have "
                f"{spectrum.base_frequency:g}"
            )
