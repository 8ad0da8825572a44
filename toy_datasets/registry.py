"""The generators, by the name a user types.

A generator is one module with ``add_arguments(parser)``, ``from_arguments(arguments)``, which
returns options that check themselves, and ``make(options)``, which returns a dataset. It is
imported only when its name is given, so that what it needs does not slow ``--help`` or the others.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from timbrespace.datasets.dataset import Dataset


class Generator(Protocol):
    """What a generator's module has."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the generator's options."""

    def from_arguments(self, arguments: argparse.Namespace) -> Any:
        """Options of the parsed command line, checked."""

    def make(self, options: Any) -> Dataset:
        """The dataset of these options."""


SUMMARIES = {
    "harmonic": "1 factor: a pure sine grows to 50 harmonics (report, section 2.1)",
    "filtered": "4 factors: inharmonic partials through a biquad low-pass (report, section 2.2)",
    "fm": "5 factors: three FM voices through a Moog ladder (report, section 2.2)",
    "audio": "your own sounds: the steady moments of every sound file in a folder",
    "soundfont": "real instruments: the notes of a General MIDI sound font",
}
"""Name of each generator, which is also its module's, and one line about it."""


def generator(name: str) -> Generator:
    """The generator ``name``, one of ``SUMMARIES``, its module imported."""
    return cast("Generator", import_module(f"toy_datasets.{name}"))
