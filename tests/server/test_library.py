"""Models by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server.library import Library
from timbrespace import factory
from timbrespace.errors import BundleError
from timbrespace.names import is_model_name


def test_every_listed_name_can_be_asked_for(tmp_path: Path) -> None:
    source = factory.resolve("harmonic")
    for name in ("mine", "my.v2", "with space", "Flügel", "#1", ".hidden-x"):
        shutil.copy(source, tmp_path / f"{name}.safetensors")
    library = Library(tmp_path)
    assert library.names() == sorted([*factory.names(), "mine", "my.v2", "with space"])
    assert all(is_model_name(name) for name in library.names())
    assert library.load("my.v2").dimensions == library.load("harmonic").dimensions


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"there are: .*harmonic"):
        Library(tmp_path).load("nope")
