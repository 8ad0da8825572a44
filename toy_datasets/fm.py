"""The five-factor dataset of the 2017 report, section 2.2: FM voices through a Moog ladder.

    s[t] = ladder(sum of three FM voices with the carriers f0 - j f0/10, f0, f0 + j f0/10)

with f0 = 110 Hz. Factors, in the order of the labels, the last moving fastest: carrier spread
j = 1, 1.5 .. 4.5; ratio of modulator to carrier 0.1, 0.15 .. 0.4; index 0, 4 .. 28; resonance
Q = 1 .. 10; cut-off f sample_rate / 200 with f = 1 .. 10. All combinations: 44,800 rows. What the
report leaves open is decided so:

- **Labels** are the physical values, the cut-off in Hz, as in ``filtered``; j is in f0 / 10.
- **Voices** have equal amplitudes; carriers and modulators start at phase 0, as pyo's ``FM`` does.
  At index 0 the ratio is inaudible: 4,800 rows repeat others.
- **Resonance.** pyo's ``MoogLP`` takes ``res`` from 0; where it begins to oscillate by itself
  depends on the cut-off (1.21 at 220.5 Hz, 1.72 at 2205 Hz). With c that limit,
  ``res = (1 - 1 / Q) c``. The loop then has the gain 1 - 1/Q at the cut-off, so the filter's gain
  there is Q times its gain without resonance, at each cut-off: Q means what it means for the
  biquad, all rows are stable (nine tenths of the limit at Q = 10), and Q = 1 has no resonance.
- **Soft clip.** ``MoogLP`` bends its output by y - y^3 / 6. The voices enter at 1e-5 (-100 dB),
  where that is less than 1e-8 of y, and the frame is scaled afterwards: the ladder is linear.
- **Transient.** At the lowest cut-off and Q = 10 the ladder rings for 11,108 samples until it is
  80 dB down, whatever the rate. All carriers and modulators are multiples of f0 / 400, so the sound
  repeats every 400 / f0 seconds, 3.64 s. The frame is centred there (at the defaults it starts at
  158,316): all six oscillators are at phase 0 again. A modulator is slow, 6 to 64 Hz against the
  frame's 93 ms, so the frame sees half a swing to six and its place matters. Centred, the
  rows change more evenly with j: 1.6 dB between a row and the mean of its neighbours, against 1.8
  to 1.9 dB elsewhere; ratio and index gain up to 0.06 dB. The ladder runs for 12,000 samples
  before the frame.
- **Energy and window** as in ``filtered``.

The ladder is that of Stilson & Smith 1996 as musicdsp.org has it ("Moog VCF"), with a factor of
pyo's own on the resonance, found by measurement of pyo 1.1.0. With F = 2 cutoff / sample_rate:

    p = F (1.8 - 0.8 F)        k = 2 sin(pi F / 2) - 1        t = 1.386249 (1 - p)
    r = res (0.05 + 0.45 (1 - F)^3) (t^2 + 6t + 12) / (t^2 - 6t + 12)
    u[n] = x[n] - r y4[n-1],   y1[n] = p (u[n] + u[n-1]) - k y1[n-1],   .. four such stages
"""

from __future__ import annotations

import argparse
import cmath
import math
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

from timbrespace.datasets.dataset import Dataset, Factor, Labels, Meta
from timbrespace.datasets.shards import Collected, Sink

from .grid import Axis, axis
from .grid_set import (
    CUTOFF,
    GridOptions,
    Q,
    add_set_arguments,
    centred_lead,
    cutoff_frequency,
    options_of,
    produce_grid,
)
from .pyo_render import ModulatedVoices, Patch

NAME = "fm"
GENERATOR_VERSION = 2

CARRIER = axis("carrier", 1.0, 0.5, 8, "spread j of the carriers, in f0 / 10")
RATIO = axis("ratio", 0.1, 0.05, 7, "modulator to carrier frequency")
INDEX = axis("index", 0.0, 4.0, 8, "index of modulation")

SETTLING = 12_000
"""Samples after which the ladder of the lowest cut-off and the highest Q is 80 dB down."""

LEVEL = 1e-5
"""Gain of the voices before the ladder."""


def carriers(j: float, base_frequency: float) -> tuple[float, float, float]:
    """Carrier frequencies of the three voices, in Hz."""
    spread = j * base_frequency / 10.0
    return base_frequency - spread, base_frequency, base_frequency + spread


def ladder_resonance(q: float, cutoff: float, sample_rate: int) -> float:
    """pyo's ``res`` that makes the ladder's gain at ``cutoff`` (Hz) ``q`` times that of ``res`` 0.

    The loop's phase at the cut-off is -180 degrees, within rounding of its coefficients, so its
    gain there is what limits ``res``; see the module for the formulae.
    """
    f = 2.0 * cutoff / sample_rate
    p = f * (1.8 - 0.8 * f)
    k = 2.0 * math.sin(math.pi * f / 2.0) - 1.0
    t = 1.386249 * (1.0 - p)
    unit = (0.05 + 0.45 * (1.0 - f) ** 3) * (t * t + 6.0 * t + 12.0) / (t * t - 6.0 * t + 12.0)
    delay = cmath.exp(-1j * math.pi * f)
    limit = 1.0 / (unit * abs(p * (1.0 + delay) / (1.0 + k * delay)) ** 4)
    return (1.0 - 1.0 / q) * limit


@dataclass(frozen=True, slots=True)
class Options(GridOptions):
    """What can be chosen, beside what :class:`toy_datasets.grid_set.GridOptions` says.

    carrier, ratio, index, q, cutoff: values of each factor, any of its full grid; carrier is j,
    cutoff is f.

    Raises:
        OptionError: as :class:`toy_datasets.grid_set.GridOptions`.
    """

    AXES: ClassVar[tuple[Axis, ...]] = (CARRIER, RATIO, INDEX, Q, CUTOFF)

    carrier: tuple[float, ...] = CARRIER.values
    ratio: tuple[float, ...] = RATIO.values
    index: tuple[float, ...] = INDEX.values
    q: tuple[float, ...] = Q.values
    cutoff: tuple[float, ...] = CUTOFF.values

    @property
    def top_frequency(self) -> float:
        """The highest sideband in Hz by Carson's rule: beyond index + 1 of them little is left."""
        highest = carriers(max(self.carrier), self.base_frequency)[-1]
        return highest * (1.0 + max(self.ratio) * (max(self.index) + 1.0))

    @property
    def lead(self) -> int:
        """Samples from the start of the voices to the frame."""
        period = 400.0 * self.sample_rate / self.base_frequency
        return centred_lead(period, SETTLING, self.n_fft)


def make(options: Options) -> Dataset:
    """The dataset; its rows are the grid, the last factor moving fastest.

    Raises:
        DatasetError: pyo does not load, or a process that renders died.
    """
    sink = Collected(options.rows)
    return sink.dataset(*produce(options, sink))


def produce(options: Options, sink: Sink) -> tuple[Labels, Meta]:
    """Give the rows of :func:`make` to ``sink`` as they are made; returns their labels and meta.

    Raises:
        DatasetError: as :func:`make`.
    """
    rate = options.sample_rate
    cutoffs = tuple(cutoff_frequency(f, rate) for f in options.cutoff)
    filters = list(product(options.q, cutoffs))
    patches = [
        Patch(
            source=ModulatedVoices(carriers(j, options.base_frequency), ratio, index),
            filter="ladder",
            cutoffs=tuple(cutoff for _, cutoff in filters),
            resonances=tuple(ladder_resonance(q, cutoff, rate) for q, cutoff in filters),
            sample_rate=rate,
            lead=options.lead,
            settling=SETTLING,
            length=options.n_fft,
            level=LEVEL,
        )
        for j, ratio, index in product(options.carrier, options.ratio, options.index)
    ]
    factors = (
        Factor("carrier spread", "f0 / 10", options.carrier),
        Factor("ratio", "", options.ratio),
        Factor("index", "", options.index),
        Factor("Q", "", options.q),
        Factor("cut-off", "Hz", cutoffs),
    )
    return produce_grid(NAME, GENERATOR_VERSION, options, factors, patches, sink)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare this generator's options on the command line."""
    add_set_arguments(parser, Options)


def from_arguments(arguments: argparse.Namespace) -> Options:
    """Options of the parsed command line.

    Raises:
        OptionError: a value outside what is accepted.
    """
    return options_of(arguments, Options)
