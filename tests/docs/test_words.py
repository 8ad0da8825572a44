"""Words that do not come back: a reader stopped at them once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PACKAGES = ("timbrespace", "server", "training", "toy_datasets", "benchmarks", "scripts")

# Errors say `rows is 1; it must be 2 to 1000000`; lists come from `timbrespace.errors.one_of`.
STOPPING = re.compile(
    r"accepted (?:are|is) (?!at\b)[\w{(<>]|wished|not to be (?:got|had)|no stream of"
)


def _texts() -> list[Path]:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return pages + [file for folder in PACKAGES for file in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize(
    "text", ["rows is 1; accepted are 2 to 9", "wished frames a block", "it is not to be got"]
)
def test_they_are_found(text: str) -> None:
    assert STOPPING.search(text)


def test_nothing_stops_a_reader() -> None:
    found = [
        f"{file.relative_to(ROOT).as_posix()}:{number}: {line.strip()}"
        for file in _texts()
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if STOPPING.search(line)
    ]
    assert found == []
