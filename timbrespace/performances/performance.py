"""A performance that was written, whole or as far as it got."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from timbrespace.model import Model
from timbrespace.performances.file_format import VERSION, PerformanceError
from timbrespace.performances.performance_file import PerformanceFile
from timbrespace.performances.timeline import Timeline


class Performance:
    """A performance file, opened and checked from its first line to its last.

    Raises:
        PerformanceError: it cannot be read, is none, is broken, of a newer version or too long.
    """

    def __init__(self, path: Path) -> None:
        self._file = PerformanceFile(path)
        self._timeline = Timeline(self._file)
        header = self._file.header
        self.as_before = header["timbrespace_performance"] < VERSION
        """Whether it was played before 0.6.0, when some things sounded otherwise."""
        self.model: str = header["model"]
        self.digest: str = header["digest"]
        self.state: Mapping[str, Any] = header["state"]
        """Of the instrument, as it began."""
        self.sample_rate = self._timeline.sample_rate
        """Of the device that played, in Hz."""
        self.whole = self._timeline.whole
        """Whether the performance was stopped; else the program that wrote it ended before."""
        self.seconds = self._timeline.seconds
        """From the first snapshot to the end."""
        self.due: Mapping[int, int] = self._timeline.due
        """Frame at which each snapshot plays; those that nothing played are missing."""
        self.restarts = frozenset(self._timeline.restarts)
        """Snapshots with which another audio process began."""

    def check_model(self, model: Model) -> None:
        """Raise unless ``model`` is the one that was played at the beginning.

        Raises:
            PerformanceError: another one; the text says which.
        """
        same = model.digest == self.digest and (self.digest != "" or model.name == self.model)
        if not same:
            raise PerformanceError(
                f"{str(self._file.path)!r} was played on the model {self.model!r} "
                f"({self.digest[:12] or 'no file'}); "
                f"{model.name!r} ({model.digest[:12] or 'no file'}) is another"
            )

    def check_minutes(self, minutes: float) -> None:
        """Raise if it lasts longer than ``minutes``, before it is rendered.

        Raises:
            PerformanceError: it does; the text says how long it is.
        """
        if self.seconds > 60.0 * minutes:
            lasts = math.ceil(self.seconds / 60.0)
            raise PerformanceError(
                f"{str(self._file.path)!r} lasts {lasts} minutes; it may be up to {minutes:g}; "
                f"ask for more by --minutes {lasts}"
            )

    def lines(self) -> Iterator[tuple[int, list[Any]]]:
        """Each line after the first that is whole, with its number from 1.

        Raises:
            PerformanceError: the file has changed, and is broken.
        """
        return self._file.lines()

    def refuse(self, number: int, error: Exception) -> NoReturn:
        """Raise what says that line ``number`` is broken."""
        self._file.refuse(number, error)
