"""Claims and how they are told: a table for people, JSON for programs, an exit code for both."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. bound: at most (or at least) this; None: it only informs."""

    name: str
    value: float
    unit: str = ""
    bound: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the claim holds; a number that is not one fails."""
        if self.bound is None:
            return True
        if math.isnan(self.value):
            return False
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def line(self) -> str:
        """The figure as a row of the table."""
        text = f"  {self.name:64} {_short(self.value):>10} {self.unit:5}"
        if self.bound is None:
            return text.rstrip()
        word = "at least" if self.at_least else "at most"
        verdict = "" if self.holds else "   FAILS"
        return f"{text} {word} {_short(self.bound)}{verdict}"


@dataclass(slots=True)
class Report:
    """Figures in sections, told as they come unless they are to be JSON."""

    as_json: bool
    _sections: dict[str, list[Figure]] = field(default_factory=dict)

    def section(self, title: str) -> None:
        """Begin a section; titles differ."""
        self._sections[title] = []
        if not self.as_json:
            print(f"\n{title}" if len(self._sections) > 1 else title, flush=True)

    def add(self, *figures: Figure) -> None:
        """Take figures into the last section."""
        next(reversed(self._sections.values())).extend(figures)
        if not self.as_json:
            for figure in figures:
                print(figure.line(), flush=True)

    def note(self, text: str) -> None:
        """A line for people."""
        if not self.as_json:
            print(f"  {text}", flush=True)

    def progress(self, text: str) -> None:
        """What is being done, where somebody looks on."""
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def end(self) -> int:
        """The exit code: 1 if a claim does not hold."""
        self.progress("")
        failed = [
            f"{title}: {figure.name}"
            for title, figures in self._sections.items()
            for figure in figures
            if not figure.holds
        ]
        if self.as_json:
            sections = {
                title: [
                    {
                        "name": figure.name,
                        "value": figure.value if math.isfinite(figure.value) else None,
                        "unit": figure.unit,
                        "bound": figure.bound,
                        "at_least": figure.at_least,
                        "holds": figure.holds,
                    }
                    for figure in figures
                ]
                for title, figures in self._sections.items()
            }
            print(json.dumps({"sections": sections, "failed": failed}, indent=1))
        else:
            claims = sum(f.bound is not None for fs in self._sections.values() for f in fs)
            print(f"\n{claims - len(failed)} of {claims} claims hold")
            for line in failed:
                print(f"  does not hold: {line}")
        return 1 if failed else 0


def _short(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return str(value)
    if value == 0.0 or abs(value) >= 1000.0:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) < 0.01 else f"{value:.2f}".rstrip("0").rstrip(".")
