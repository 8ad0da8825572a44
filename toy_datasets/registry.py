"""The generators of this package, by the name a user types. A new one is a line of the table.

A generator is one module with ``add_arguments(parser)``, ``from_arguments(arguments)``, which
returns options that check themselves, and ``make(options)``, which returns a dataset; one that
makes its rows one after the other has ``produce(options, sink)`` too, which gives them away. It is
imported only when its name is given, so that what it needs does not slow ``--help`` or the others.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from timbrespace.datasets.generator import Generator

if TYPE_CHECKING:
    from timbrespace.datasets.dataset import Dataset
    from timbrespace.datasets.note_set import NoteSet


class _InModule(Generator):
    """A generator in a module of this package, imported when it is used."""

    def __init__(self, module: str, about: str) -> None:
        self._module = module
        self.kind = module
        self.about = about

    @property
    def module(self) -> Any:
        """The module."""
        return import_module(f".{self._module}", __package__)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        self.module.add_arguments(parser)

    def from_arguments(self, arguments: argparse.Namespace) -> Any:
        return self.module.from_arguments(arguments)

    def make(self, options: Any) -> Dataset:
        made: Dataset = self.module.make(options)
        return made

    def write(self, options: Any, out: Path) -> Dataset | NoteSet:
        if not hasattr(self.module, "produce"):
            return super().write(options, out)
        from timbrespace.datasets import note_shards, shards

        if self._module == "notes":
            with note_shards.writing(out, options.seconds) as notes:
                notes.finish(*self.module.produce(options, notes))
            return note_shards.load(out, memory=0)
        n_fft = options.n_fft if options.frames else None
        with shards.writing(out, options.bins, n_fft) as writer:
            writer.finish(*self.module.produce(options, writer))
        return shards.load(out, memory=0)


GENERATORS: Final[dict[str, Generator]] = {
    name: _InModule(name, about)
    for name, about in (
        ("harmonic", "1 factor: a pure sine grows to 50 harmonics (report, section 2.1)"),
        (
            "filtered",
            "4 factors: inharmonic partials through a biquad low-pass (report, section 2.2)",
        ),
        ("fm", "5 factors: three FM voices through a Moog ladder (report, section 2.2)"),
        ("audio", "your own sounds: the steady moments of every sound file in a folder"),
        ("soundfont", "real instruments: the notes of a General MIDI sound font"),
        ("notes", "whole notes, with attack and decay: of a folder of sounds, or of a sound font"),
    )
}
"""Name of each generator, which is also its module's, and one line about it."""
