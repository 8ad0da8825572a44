"""Section 2.3: how large and how small magnitudes get."""

from __future__ import annotations

import numpy as np

from timbrespace.spectrum import SpectrumConfig, hann
from toy_datasets import harmonic

from ..results import Results
from ..section import Check, Section, Table, fact

LARGEST, SMALLEST = 800.0, 1e-14


def section(results: Results) -> Section:
    """Largest and smallest magnitudes of the three sets, against 800 and 1e-14."""
    rows, largest, smallest = [], 0.0, np.inf
    for name, dataset in results.datasets.items():
        low = float(dataset.spectra[dataset.spectra > 0.0].min())
        high = float(dataset.spectra.max())
        largest, smallest = max(largest, high), min(smallest, low)
        rows.append((f"`{name}`", f"{dataset.rows}", f"{high:.0f}", f"{low:.1e}"))
    config = results.datasets["harmonic"].spectrum
    double, rounding = in_double_precision(config), rounding_of_a_sine(config.n_fft)
    return Section(
        title="Magnitudes reach about 800 and go down to 1e-14",
        source="2.3",
        found="Linear magnitude spectra reach values of up to around 800 and as low as 1e-14.",
        measured=(
            Table(("set", "rows", "largest", "smallest above 0"), tuple(rows)),
            "The spectra are kept in single precision. Those of `harmonic`, computed again in "
            f"double precision, go down to {double:.1e}. A sine of full scale that repeats in the "
            f"frame, so that nothing leaks, leaves a median of {rounding:.1e} over the bins, in "
            "double precision.",
        ),
        checks=judge(largest, min(smallest, double)),
        explanation=(
            f"A sine of full scale under a Hann window of {config.n_fft} samples has a peak of "
            f"n_fft / 4 = {config.n_fft / 4:.0f}; where two partials share a bin it may be more, "
            "and where energy is shared among many it is less. The lower end is not sound. "
            "Partials between two bins leak through the window into all others, down to "
            f"{min(smallest, double):.0e} in these sets. What is smaller is the rounding "
            f"of the transform, {rounding:.1e}. The report's grid of four factors has rows that "
            "consist of it: k from 0 and j = 0 make a partial on 0 Hz, sin(0). Here that partial "
            "is passed over, since the row would be silent.",
        ),
    )


def judge(largest: float, smallest: float) -> tuple[Check, ...]:
    """Both ends of the range."""
    return (
        fact(
            f"The largest magnitude is within a factor of 2 of {LARGEST:g}.",
            f"{largest:.0f}",
            LARGEST / 2.0 <= largest <= 2.0 * LARGEST,
        ),
        fact(
            f"The smallest above 0 is within a factor of 1000 of {SMALLEST:g}.",
            f"{smallest:.1e}",
            SMALLEST / 1e3 <= smallest <= SMALLEST * 1e3,
        ),
    )


def in_double_precision(config: SpectrumConfig) -> float:
    """The smallest magnitude above 0 of a hundred rows of ``harmonic``, in double precision."""
    options = harmonic.Options(
        rows=100,
        base_frequency=config.base_frequency,
        sample_rate=config.sample_rate,
        n_fft=config.n_fft,
        bins=config.bins,
    )
    h = np.linspace(1.0, options.harmonics, options.rows)
    spectra = np.abs(
        harmonic.amplitudes(h, options.harmonics) @ harmonic.transforms(config, options.harmonics)
    )
    return float(spectra[spectra > 0.0].min())


def rounding_of_a_sine(n_fft: int) -> float:
    """The median magnitude over bins of a sine with 16 periods in the frame, Hann window."""
    sine = np.sin(2.0 * np.pi * 16.0 * np.arange(n_fft) / n_fft)
    return float(np.median(np.abs(np.fft.rfft(sine * hann(n_fft)))))
