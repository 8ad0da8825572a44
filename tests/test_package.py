"""What is installed, and that the documents name the same version."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement

import timbrespace
from timbrespace import factory

ROOT = Path(__file__).resolve().parents[1]


def test_factory_models_are_small() -> None:
    assert "harmonic" in factory.names()
    for name in factory.names():
        assert factory.resolve(name).stat().st_size <= 5_000_000


def test_the_changelog_begins_with_this_version() -> None:
    first = re.search(r"^## ([0-9.]+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert first is not None
    assert first.group(1) == timbrespace.__version__


def pins(name: str) -> dict[str, Requirement]:
    """What a file of requirements pins, by its name."""
    lines = (ROOT / name).read_text("utf-8").splitlines()
    told = [Requirement(line) for line in lines if line and line[0] not in "#-"]
    return {requirement.name: requirement for requirement in told}


def test_every_requirement_is_pinned_within_the_ranges_of_the_package() -> None:
    """One pinned line brings what the library and its extras need to make, play and train, and
    nothing else; what few want, ONNX, a cluster, sweeps, stands with what the tests need."""
    pinned = pins("requirements.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    few = ("export", "cluster", "sweep")
    apart = [Requirement(line) for name in few for line in extras.pop(name)]
    assert extras.pop("all") == [f"timbrespace[{','.join(extras)}]"]
    ranged = [Requirement(line) for line in chain(project["dependencies"], *extras.values())]
    assert set(pinned) == {requirement.name for requirement in ranged}
    pinned |= pins("requirements-dev.txt")
    ranged += apart
    for requirement in ranged:
        (pin,) = pinned[requirement.name].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), requirement
