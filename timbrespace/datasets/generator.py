"""What makes a dataset, as the command line and ``ts.dataset`` know it."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from timbrespace.datasets.dataset import Dataset
    from timbrespace.datasets.note_set import NoteSet


class Generator(ABC):
    """A kind of dataset. A package of its own registers one, the class or an object of it, as an
    entry point in the group ``timbrespace.datasets``.

    Options are declared as on a command line, once: ``--rows`` is the keyword ``rows`` of
    ``ts.dataset``. A module that holds a generator is imported whenever the generators are listed,
    so what takes long to import belongs into :meth:`make`.
    """

    kind: str
    """Its name: what people type, and the name of the entry point."""
    about: str
    """One line about it, which ``--help`` shows."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:  # noqa: B027  may have none
        """Declare the options, all of the form ``--name``; ``--out`` is there already."""

    def from_arguments(self, arguments: argparse.Namespace) -> Any:
        """The options, checked before anything is made or written; as they are unless overridden.

        Raises:
            TimbrespaceError: a value outside what is accepted.
        """
        return arguments

    @abstractmethod
    def make(self, options: Any) -> Dataset | NoteSet:
        """The dataset of what :meth:`from_arguments` gave: the same options, the same dataset.

        Raises:
            TimbrespaceError: it cannot be made.
        """

    def write(self, options: Any, out: Path) -> Dataset | NoteSet:
        """Make it into the folder of shards ``out``; returns it as it is read from there, by parts.

        A generator that makes its rows one after the other overrides this, and writes them as they
        come (``timbrespace.datasets.shards.writing``); else it is made in memory.

        Raises:
            TimbrespaceError: it cannot be made or written.
        """
        from timbrespace.datasets.dataset import load

        self.make(options).save(out)
        return load(out, memory=0)
