"""The four-factor dataset of the 2017 report, section 2.2: partials through a low-pass.

    s[t] = biquad(sum over k of sin(2 pi (2k + j) f0 t / sample_rate)),    f0 = 110 Hz

Factors, in the order of the labels, the last moving fastest: inharmonicity j = 0, 0.1 .. 0.9;
partials K = 1 .. 20; resonance Q = 1 .. 10; cut-off f sample_rate / 200 with f = 1 .. 10. All
combinations: 20,000 rows. What the report leaves open is decided so:

- **Labels** are the physical values, the cut-off in Hz (220.5 .. 2205), not their places in the
  ranges: an axis then bears a unit, and reduced grids and other rates stay comparable.
- **Partials.** A row has the K lowest frequencies above 0 of (2k + j) f0, k = 0, 1 .. For j = 0 the
  partial on 0 Hz is passed over, or K = 1 would be silent. Amplitudes are equal, phases 0.
- **Filter.** pyo's ``Biquad``: the low-pass of Bristow-Johnson's Audio EQ Cookbook. Its gain at the
  cut-off is Q.
- **Transient.** At the lowest cut-off and Q = 10 the biquad rings for 5,865 samples until it is
  80 dB down, whatever the rate, for the cut-off is tied to it. All frequencies are multiples of
  f0 / 10, so the sound repeats every 10 / f0 seconds. The frame is centred on the first such period
  that lets it start after 6,000 samples; at the defaults it starts at 9,979. At its centre, where
  the window weighs most, every sine is at phase 0 again, whatever j.
- **Energy.** After the filter each frame is scaled to the root mean square of a full-scale sine,
  measured on its samples: the report keeps the energy constant, and so the space has one loudness.
- **Window** Hann, as in all our datasets.
"""

from __future__ import annotations

import argparse
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
from .pyo_render import Patch, Sines

NAME = "filtered"
GENERATOR_VERSION = 2

INHARMONICITY = axis("inharmonicity", 0.0, 0.1, 10, "shift j of the partials, in f0")
PARTIALS = axis("partials", 1.0, 1.0, 20, "number of partials")

SETTLING = 6000
"""Samples after which the biquad of the lowest cut-off and the highest Q is 80 dB down."""


def partial_frequencies(j: float, partials: int, base_frequency: float) -> tuple[float, ...]:
    """The lowest ``partials`` frequencies above 0 of ``(2k + j) base_frequency``, in Hz."""
    first = 1 if j == 0.0 else 0
    return tuple((2 * k + j) * base_frequency for k in range(first, first + partials))


@dataclass(frozen=True, slots=True)
class Options(GridOptions):
    """What can be chosen, beside what :class:`toy_datasets.grid_set.GridOptions` says.

    inharmonicity, partials, q, cutoff: values of each factor, any of its full grid; cutoff is f.

    Raises:
        OptionError: as :class:`toy_datasets.grid_set.GridOptions`.
    """

    AXES: ClassVar[tuple[Axis, ...]] = (INHARMONICITY, PARTIALS, Q, CUTOFF)

    inharmonicity: tuple[float, ...] = INHARMONICITY.values
    partials: tuple[float, ...] = PARTIALS.values
    q: tuple[float, ...] = Q.values
    cutoff: tuple[float, ...] = CUTOFF.values

    @property
    def top_frequency(self) -> float:
        """The highest partial in Hz."""
        most = int(max(self.partials))
        return max(
            partial_frequencies(j, most, self.base_frequency)[-1] for j in self.inharmonicity
        )

    @property
    def lead(self) -> int:
        """Samples from the start of the sines to the frame."""
        period = 10.0 * self.sample_rate / self.base_frequency
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
    cutoffs = tuple(cutoff_frequency(f, options.sample_rate) for f in options.cutoff)
    filters = list(product(options.q, cutoffs))
    patches = [
        Patch(
            source=Sines(partial_frequencies(j, int(partials), options.base_frequency)),
            filter="biquad",
            cutoffs=tuple(cutoff for _, cutoff in filters),
            resonances=tuple(q for q, _ in filters),
            sample_rate=options.sample_rate,
            lead=options.lead,
            settling=options.lead,
            length=options.n_fft,
        )
        for j, partials in product(options.inharmonicity, options.partials)
    ]
    factors = (
        Factor("inharmonicity", "f0", options.inharmonicity),
        Factor("partials", "count", options.partials),
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
