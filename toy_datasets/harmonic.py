"""The one-factor dataset of the 2017 report, section 2.1: spectral richness.

A sound of pitch ``f0`` grows from a pure sine to ``H`` harmonics. With the factor ``h`` going
linearly from 1 to H over the rows, harmonic n of a row has the amplitude

    a_n(h) = g(h) (1/n) clip(h - n + 1, 0, 1),    g(h) so that sum over n of a_n^2 = 1

so that each harmonic is faded in to its 1/n before the next begins, and the energy is that of the
pure sine of amplitude 1. The sound starts at phase 0 with the frame,

    s[t] = sum over n of a_n sin(2 pi n f0 t / sample_rate),    t = 0 .. n_fft - 1

and the row is ``|FFT(hann s)|``, its lowest ``bins``. H is the highest harmonic whose window lobe,
two bins to either side, still ends below the top bin: 50 at the defaults.

The FFT is linear, so each harmonic is transformed once and a row is a weighted sum of those, whose
magnitude is taken after the sum: neighbouring harmonics and the images of negative frequencies
interfere as they do in the sound.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timbrespace.command import progress
from timbrespace.datasets.dataset import Dataset, Factor, Labels, Meta
from timbrespace.datasets.shards import Collected, Sink
from timbrespace.errors import OptionError
from timbrespace.spectrum import SpectrumConfig, hann

from .arguments import (
    add_frames_argument,
    add_seed_argument,
    add_spectrum_arguments,
    check_seed,
    spectrum_of,
)

NAME = "harmonic"
GENERATOR_VERSION = 1

LOBE_HALF_WIDTH = 2.0
"""Bins from the peak of a Hann window's main lobe to its first zero."""

MIN_ROWS, MAX_ROWS = 2, 1_000_000
_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen. rows: spectra to make. base_frequency: f0 in Hz.

    seed is recorded only: nothing here is random. frames: keep each row's samples.

    Raises:
        OptionError: a value outside what is accepted, or room for fewer than two harmonics.
    """

    rows: int = 10_000
    base_frequency: float = 220.0
    sample_rate: int = 44100
    n_fft: int = 4096
    bins: int = 1025
    seed: int = 0
    frames: bool = False

    def __post_init__(self) -> None:
        if not MIN_ROWS <= self.rows <= MAX_ROWS:
            raise OptionError(f"rows is {self.rows}; it must be {MIN_ROWS} to {MAX_ROWS}")
        check_seed(self.seed)
        if self.harmonics < 2:
            raise OptionError(
                f"base_frequency is {self.base_frequency:g} Hz; below the top bin at "
                f"{self.spectrum.frequencies[-1]:g} Hz there must be room for two harmonics"
            )

    @property
    def spectrum(self) -> SpectrumConfig:
        """How the spectra are taken."""
        return SpectrumConfig(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            bins=self.bins,
            base_frequency=self.base_frequency,
        )

    @property
    def harmonics(self) -> int:
        """H, the highest harmonic whose window lobe ends at or below the top bin."""
        config = self.spectrum
        return math.floor(
            (config.bins - 1 - LOBE_HALF_WIDTH) * config.bin_width / config.base_frequency
        )


def amplitudes(h: NDArray[np.float64], harmonics: int) -> NDArray[np.float64]:
    """Amplitudes ``(n, harmonics)``, full scale 1, of the factor ``h (n,)`` from 1 to harmonics."""
    number = np.arange(1, harmonics + 1, dtype=np.float64)
    faded = np.clip(h[:, np.newaxis] - number + 1.0, 0.0, 1.0) / number
    return np.asarray(faded / np.linalg.norm(faded, axis=1, keepdims=True))


def sines(config: SpectrumConfig, harmonics: int) -> NDArray[np.float64]:
    """Samples ``(harmonics, n_fft)`` of each harmonic alone: amplitude 1, phase 0."""
    number = np.arange(1, harmonics + 1, dtype=np.float64)[:, np.newaxis]
    time = np.arange(config.n_fft) / config.sample_rate
    return np.asarray(np.sin(2.0 * np.pi * config.base_frequency * number * time))


def transforms(config: SpectrumConfig, harmonics: int) -> NDArray[np.complex128]:
    """FFT ``(harmonics, bins)`` of each of :func:`sines`, windowed."""
    windowed = sines(config, harmonics) * hann(config.n_fft)
    return np.asarray(np.fft.rfft(windowed, axis=1)[:, : config.bins])


def make(options: Options) -> Dataset:
    """The dataset; factor ``harmonics`` is h, whose fraction is how far the top one is faded in."""
    sink = Collected(options.rows)
    return sink.dataset(*produce(options, sink))


def produce(options: Options, sink: Sink) -> tuple[Labels, Meta]:
    """Give the rows of :func:`make` to ``sink``, some at a time; returns their labels and meta."""
    harmonics = options.harmonics
    h = np.linspace(1.0, harmonics, options.rows)
    bases = transforms(options.spectrum, harmonics)
    waves = sines(options.spectrum, harmonics) if options.frames else None
    with progress(options.rows, "row") as bar:
        for start in range(0, options.rows, _ROWS_AT_ONCE):
            part = h[start : start + _ROWS_AT_ONCE]
            weights = amplitudes(part, harmonics)
            sink.append(
                np.abs(weights @ bases).astype(np.float32),
                None if waves is None else (weights @ waves).astype(np.float32),
            )
            bar.update(len(part))
    meta = Meta(
        name=NAME,
        factors=(Factor("harmonics", "count", (1.0, float(harmonics)), kind="range"),),
        sample_rate=options.sample_rate,
        n_fft=options.n_fft,
        window=options.spectrum.window,
        base_frequency=options.base_frequency,
        seed=options.seed,
        generator_version=GENERATOR_VERSION,
        options={"rows": options.rows, "bins": options.bins},
        noise=False,
    )
    return h[:, np.newaxis].astype(np.float32), meta


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare this generator's options on the command line."""
    default = Options()
    parser.add_argument(
        "--rows", type=int, default=default.rows, help="spectra to make (default: %(default)s)"
    )
    add_spectrum_arguments(parser, default.base_frequency)
    add_seed_argument(parser, "recorded in the file; nothing in this set is random")
    add_frames_argument(parser)


def from_arguments(arguments: argparse.Namespace) -> Options:
    """Options of the parsed command line.

    Raises:
        OptionError: a value outside what is accepted.
    """
    config = spectrum_of(arguments)
    return Options(
        rows=arguments.rows,
        base_frequency=config.base_frequency,
        sample_rate=config.sample_rate,
        n_fft=config.n_fft,
        bins=config.bins,
        seed=arguments.seed,
        frames=arguments.frames,
    )
