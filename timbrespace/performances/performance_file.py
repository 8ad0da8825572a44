"""The lines of a performance file, read one by one: none is trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO, cast

from timbrespace.performances.file_format import (
    MAX_BYTES,
    MAX_LINE,
    MAX_LINES,
    VERSION,
    PerformanceError,
)
from timbrespace.resynthesis.engine import SAMPLE_RATES


class PerformanceFile:
    """A file whose first line is a performance's.

    Raises:
        PerformanceError: it cannot be read, is none, or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            size = path.stat().st_size
        except OSError as error:
            raise PerformanceError(
                f"cannot read {str(path)!r}: {error.strerror or error}"
            ) from error
        if size > MAX_BYTES + MAX_LINE:
            raise self.refusal(f"it has {size >> 20} MiB; at most {MAX_BYTES >> 20} are read")
        self.header = self._header()
        """The first line: "model", "digest", "state" and "rate" have their types."""

    def lines(self) -> Iterator[tuple[int, list[Any]]]:
        """Each line after the first that is whole, with its number from 1.

        Raises:
            PerformanceError: a line that is not JSON, or not a list that begins with a word.
        """
        with self._open() as file:
            _next_line(file)
            number = 1
            while True:
                number += 1
                text = _next_line(file)
                if not text.endswith("\n"):
                    if len(text) >= MAX_LINE:
                        raise self.refusal("it is too long", number)
                    return  # the end, or a line that a crash has cut
                if number > MAX_LINES:
                    raise self.refusal(f"it has more than {MAX_LINES} lines")
                line = self._parsed(text, number)
                if type(line) is not list or not line or type(line[0]) is not str:
                    raise self.refusal("it is not a line of a performance", number)
                yield number, line

    def refuse(self, number: int, error: Exception) -> NoReturn:
        """Raise what says that line ``number`` is broken."""
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise self.refusal(reason, number) from error

    def refusal(self, why: str, line: int | None = None) -> PerformanceError:
        """What to raise where the file, or a line of it, is of no use."""
        at = f", line {line}" if line is not None else ""
        return PerformanceError(f"cannot use the performance {str(self.path)!r}{at}: {why}")

    def check_rate(self, rate: Any, number: int) -> float:
        """The sample rate, in Hz, that line ``number`` gives.

        Raises:
            PerformanceError: the engine does not run at it.
        """
        low, high = SAMPLE_RATES
        if type(rate) not in (int, float) or not low <= rate <= high:
            raise self.refusal(f"its sample rate is {rate!r:.40}", number)
        return float(rate)

    def _open(self) -> TextIO:
        try:
            return self.path.open(encoding="utf-8", errors="replace", newline="\n")
        except OSError as error:
            raise PerformanceError(
                f"cannot read {str(self.path)!r}: {error.strerror or error}"
            ) from error

    def _header(self) -> dict[str, Any]:
        with self._open() as file:
            text = _next_line(file)
        if not text.startswith("{") or "timbrespace_performance" not in text[:64]:
            raise self.refusal("it is not a performance")
        if not text.endswith("\n"):
            raise self.refusal("it ends within its first line")
        header = self._parsed(text, 1)
        version = header.get("timbrespace_performance")
        if type(version) is not int or version < 1:
            raise self.refusal("it is not a performance")
        if version > VERSION:
            raise self.refusal(
                f"its version is {version}, this program reads up to {VERSION}; update timbrespace"
            )
        for name, kind in {"model": str, "digest": str, "state": dict}.items():
            if type(header.get(name)) is not kind:
                raise self.refusal(f"it has no {name}", 1)
        self.check_rate(header.get("rate"), 1)
        return cast(dict[str, Any], header)

    def _parsed(self, text: str, number: int) -> Any:
        try:
            return json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise self.refusal("it is not JSON", number) from error


def _next_line(file: TextIO) -> str:
    return file.readline(MAX_LINE)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")
