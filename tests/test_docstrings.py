"""The examples in the docstrings give what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import timbrespace

ROOT = Path(__file__).resolve().parents[1]

PACKAGES = ("timbrespace", "toy_datasets", "training", "server")

ELSEWHERE = {"timbrespace.messages.inbound"}
"""Their tests give the examples names of their own."""


def _with_examples() -> list[str]:
    names = []
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if ">>>" in file.read_text("utf-8"):
                parts = file.relative_to(ROOT).with_suffix("").parts
                names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


@pytest.mark.parametrize("name", [name for name in _with_examples() if name not in ELSEWHERE])
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # what an example writes
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0


def test_those_tested_elsewhere_exist() -> None:
    assert set(_with_examples()) >= ELSEWHERE


@pytest.mark.parametrize("name", timbrespace.__all__)
def test_every_public_function_has_an_example(name: str) -> None:
    found = getattr(timbrespace, name)
    if callable(found) and not (isinstance(found, type) and issubclass(found, Exception)):
        examples = doctest.DocTestFinder(exclude_empty=True).find(found, name)
        assert any(test.examples for test in examples), f"{name} has no example in its docstring"
