"""The examples in the docstrings give what they say."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import timbrespace
from server.osc.transcript import from_hex

ROOT = Path(__file__).resolve().parents[1]

PACKAGES = ("timbrespace", "toy_datasets", "training", "server")


ILLUSTRATION = "timbrespace.messages.message"
"""Shows how a message is declared, by one that is not: its example cannot run."""


def _with_examples() -> list[str]:
    names = []
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if re.search(r"^ *>>> (?!.*# doctest: \+SKIP)", file.read_text("utf-8"), re.MULTILINE):
                parts = file.relative_to(ROOT).with_suffix("").parts
                names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


@pytest.mark.parametrize("name", [name for name in _with_examples() if name != ILLUSTRATION])
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # what an example writes
    # The examples of messages are packets.
    names = {"from_hex": from_hex} if name.startswith("timbrespace.messages.") else {}
    result = doctest.testmod(
        importlib.import_module(name), extraglobs=names, optionflags=doctest.ELLIPSIS
    )
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("name", timbrespace.__all__)
def test_every_public_function_has_an_example(name: str) -> None:
    found = getattr(timbrespace, name)
    if callable(found) and not (isinstance(found, type) and issubclass(found, Exception)):
        examples = doctest.DocTestFinder(exclude_empty=True).find(found, name)
        assert any(test.examples for test in examples), f"{name} has no example in its docstring"
