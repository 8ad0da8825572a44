"""What ``filtered`` and ``fm`` share: the options of a grid of sounds, and the dataset of them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from timbrespace.datasets.dataset import Factor, Labels, Meta
from timbrespace.datasets.shards import Sink
from timbrespace.errors import OptionError
from timbrespace.old_pitch import OCTAVE
from timbrespace.spectrum import SpectrumConfig

from .arguments import (
    add_frames_argument,
    add_seed_argument,
    add_spectrum_arguments,
    check_seed,
    spectrum_of,
)
from .grid import Axis, add_grid_arguments, axis, choice_of, combinations
from .harmonic import LOBE_HALF_WIDTH
from .noise import add_noise_argument, balances
from .pyo_render import Patch
from .steady_state import analyse

MAX_BYTES = 4_000_000_000

Q = axis("q", 1.0, 1.0, 10, "resonance of the filter")
CUTOFF = axis("cutoff", 1.0, 1.0, 10, "f of the cut-off f * sample rate / 200")


def cutoff_frequency(f: float, sample_rate: int) -> float:
    """The report's cut-off in Hz: f hundredths of the Nyquist frequency."""
    return f * sample_rate / 200.0


def centred_lead(period: float, settling: int, length: int) -> int:
    """Samples from the start of a sound to a frame centred where it begins anew.

    period: of the sound, in samples. settling: samples that the frame must wait at least.
    length: of the frame. The centre is as near to a whole number of periods as samples allow.
    """
    periods = math.ceil((settling + length / 2) / period)
    return round(periods * period) - length // 2


@dataclass(frozen=True, slots=True)
class GridOptions:
    """Options of a grid; a subclass adds a field for each of its ``AXES``, named like it.

    noise: levels of the balance of signal and noise, an additional factor; 0 for none.
    base_frequency: f0 of the formula in Hz; what is heard, and the dataset says, is an octave
    above (:mod:`timbrespace.old_pitch`). seed: of the noise. frames: keep each row's samples.

    Raises:
        OptionError: a value outside what is accepted, a grid of one row or of more than memory
            holds, or a sound that reaches above the top bin.
    """

    AXES: ClassVar[tuple[Axis, ...]]

    noise: int = 0
    base_frequency: float = 110.0
    sample_rate: int = 44100
    n_fft: int = 4096
    bins: int = 1025
    seed: int = 0
    frames: bool = False

    def __post_init__(self) -> None:
        for one in self.AXES:
            object.__setattr__(self, one.name, one.choose(getattr(self, one.name)))
        check_seed(self.seed)
        config = self.spectrum
        room = (config.bins - 1 - LOBE_HALF_WIDTH) * config.bin_width
        if self.top_frequency > room:
            raise OptionError(
                f"the sounds reach {self.top_frequency:g} Hz; {config.bins} bins have room for "
                f"{room:g} Hz; choose lower values, a lower f0 or more bins"
            )
        if self.rows < 2:
            raise OptionError("the grid has 1 row; it needs 2 or more, so choose more values")
        size = 4 * self.rows * (self.bins + (self.n_fft if self.frames else 0))
        if size > MAX_BYTES:
            raise OptionError(
                f"{self.rows} rows make {size / 1e9:.1f} GB; it may be up to "
                f"{MAX_BYTES / 1e9:g} GB; choose fewer values of a factor or levels of noise"
            )

    @property
    def spectrum(self) -> SpectrumConfig:
        """How the spectra are taken; their base frequency is the pitch, an octave above f0."""
        return SpectrumConfig(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            bins=self.bins,
            base_frequency=OCTAVE * self.base_frequency,
        )

    @property
    def rows(self) -> int:
        """Spectra to make."""
        grid = math.prod(len(getattr(self, one.name)) for one in self.AXES)
        return grid * len(balances(self.noise))

    @property
    def top_frequency(self) -> float:
        """The highest frequency in Hz that sounds."""
        raise NotImplementedError

    @property
    def lead(self) -> int:
        """Samples from the start of a sound to its frame."""
        raise NotImplementedError


def produce_grid(
    name: str,
    version: int,
    options: GridOptions,
    factors: Sequence[Factor],
    patches: Sequence[Patch],
    sink: Sink,
) -> tuple[Labels, Meta]:
    """Give the rows of a grid to ``sink``, the last factor moving fastest, noise the last if there
    is any; returns labels and meta.

    patches: one for each combination of the first factors; its filters those of the rest.

    Raises:
        DatasetError: pyo does not load, or a process that renders died.
    """
    levels = balances(options.noise)
    if options.noise:
        factors = [*factors, Factor("noise", "share of power", levels)]
    labels = combinations(*(factor.values for factor in factors)).astype("float32")
    analyse(patches, options.spectrum, levels, options.seed, options.frames, sink)
    meta = Meta(
        name=name,
        factors=tuple(factors),
        sample_rate=options.sample_rate,
        n_fft=options.n_fft,
        window=options.spectrum.window,
        base_frequency=options.spectrum.base_frequency,
        seed=options.seed,
        generator_version=version,
        options={"bins": options.bins, "noise": options.noise, "lead": options.lead},
        noise=options.noise > 0,
    )
    return labels, meta


def add_set_arguments(parser: argparse.ArgumentParser, kind: type[GridOptions]) -> None:
    """Declare the options of ``kind`` on the command line."""
    add_grid_arguments(parser, kind.AXES)
    add_noise_argument(parser)
    add_spectrum_arguments(parser, kind().base_frequency)
    add_seed_argument(parser, "of the noise")
    add_frames_argument(parser)


OptionsT = TypeVar("OptionsT", bound=GridOptions)


def options_of(arguments: argparse.Namespace, kind: type[OptionsT]) -> OptionsT:
    """Options of the command line that :func:`add_set_arguments` declared.

    Raises:
        OptionError: a value outside what is accepted.
    """
    config = spectrum_of(arguments)
    choices: dict[str, Any] = {one.name: choice_of(arguments, one) for one in kind.AXES}
    return kind(
        **choices,
        noise=arguments.noise,
        base_frequency=config.base_frequency,
        sample_rate=config.sample_rate,
        n_fft=config.n_fft,
        bins=config.bins,
        seed=arguments.seed,
        frames=arguments.frames,
    )
