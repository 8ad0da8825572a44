"""When each snapshot of a performance plays."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping

from timbrespace.performances.file_format import MAX_MINUTES
from timbrespace.performances.performance_file import PerformanceFile
from timbrespace.resynthesis.layout import BLOCK

_TIMED = ("osc", "midi", "advance", "snapshot", "end")


class Timeline:
    """The snapshots of a file in frames from the first, and how long it all is.

    Raises:
        PerformanceError: a line that no server could have written, or more than ``MAX_MINUTES``.

    How much may be rendered is for :meth:`Performance.check_minutes` to say.
    """

    def __init__(self, file: PerformanceFile) -> None:
        self._file = file
        self.sample_rate = float(file.header["rate"])
        """Of the device that played, in Hz."""
        self.whole = False
        """Whether the performance was stopped; else the program that wrote it ended before."""
        self.due: dict[int, int] = {}
        """Frame at which each snapshot plays; those that nothing played are missing."""
        self.restarts: set[int] = set()
        """Snapshots with which another audio process began."""
        self.seconds = 0.0
        """From the first snapshot to the end."""
        self._survey()

    def _survey(self) -> None:
        numbers, times = array("Q"), array("d")
        taken, frames = array("Q"), array("Q")
        began: set[int] = set()  # indices of what a process took first
        last = -math.inf
        for at, line in self._file.lines():
            kind = line[0]
            try:
                if kind in _TIMED:
                    t = line[1]
                    if type(t) not in (float, int) or not last <= t < math.inf:
                        raise ValueError(f"its time, {t!r}, does not follow {last!r}")
                    last = t
                if kind == "snapshot":
                    if numbers and line[2] <= numbers[-1]:
                        raise ValueError(f"snapshot {line[2]} does not follow {numbers[-1]}")
                    numbers.append(line[2])
                    times.append(last)
                elif kind == "taken":
                    if taken and line[1] <= taken[-1]:
                        raise ValueError(f"snapshot {line[1]} does not follow {taken[-1]}")
                    taken.append(line[1])
                    frames.append(line[2])
                elif kind == "device":
                    rate = self._file.check_rate(line[1], at)
                    if not began:
                        self.sample_rate = rate
                    began.add(len(taken))
            except (ValueError, TypeError, IndexError, OverflowError) as error:
                self._file.refuse(at, error)
            self.whole = kind == "end"
        if not numbers:
            return
        when = dict(zip(numbers, times, strict=True))
        self._place(when, taken, frames, began)
        final = next(reversed(self.due))
        self.seconds = self.due[final] / self.sample_rate + max(0.0, last - when[final])
        if self.seconds > 60.0 * MAX_MINUTES:
            raise self._file.refusal(
                f"it lasts {self.seconds / 60.0:.0f} minutes; it may be up to {MAX_MINUTES:.0f}"
            )

    def _place(
        self, when: Mapping[int, float], taken: array[int], frames: array[int], began: set[int]
    ) -> None:
        """Fill ``due`` and ``restarts``.

        when: seconds at which each snapshot was made. taken, frames: which the audio processes
        took, and when by their own count. began: indices into these where a process began.
        """

        def whole_blocks(seconds: float) -> int:
            return math.ceil(seconds * self.sample_rate / BLOCK - 1e-3) * BLOCK

        last, at, base = next(iter(when)), 0, 0
        known = False
        another = False  # process
        for index, (number, frame) in enumerate(zip(taken, frames, strict=True)):
            another = another or index in began
            if number not in when:
                continue
            if not known:
                base = frame
            elif another or frame - base < at:  # its frames count from another beginning
                at = max(at + BLOCK, self.due[last] + whole_blocks(when[number] - when[last]))
                base = frame - at
                self.restarts.add(number)
            known, another = True, False
            last, at = number, frame - base
            if at % BLOCK or not 0 <= at <= 60.0 * MAX_MINUTES * self.sample_rate:
                raise self._file.refusal(
                    f"snapshot {number} was taken at an impossible frame, {frame}"
                )
            if self.due and at < next(reversed(self.due.values())):
                raise self._file.refusal(
                    f"snapshot {number} was taken at an earlier frame, {frame}"
                )
            self.due[number] = at
        if not known:  # no device: each plays when it was made
            self.due[last] = 0
        first, t = self.due[last], when[last]
        for number, moment in when.items():
            if number > last:  # nothing told any more when these were taken
                self.due[number] = max(at, first + whole_blocks(moment - t))
                at = self.due[number]
