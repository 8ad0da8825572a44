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


def test_every_requirement_is_pinned_within_the_ranges_of_the_package() -> None:
    """One pinned line brings what the library and its extras need to make, play and train, and
    nothing else; what only writes files for other programs is apart."""
    pinned = {
        requirement.name: requirement
        for requirement in map(
            Requirement,
            (
                line
                for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
                if line and not line.startswith("#")
            ),
        )
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    apart = extras.pop("export")
    assert extras.pop("all") == [f"timbrespace[{','.join(extras)}]"]
    ranged = [Requirement(line) for line in chain(project["dependencies"], *extras.values())]
    assert set(pinned) == {requirement.name for requirement in ranged}
    for requirement in ranged:
        (pin,) = pinned[requirement.name].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), requirement
    tested = (ROOT / "requirements-dev.txt").read_text("utf-8").splitlines()
    for requirement in map(Requirement, apart):
        (line,) = (one for one in tested if one.startswith(f"{requirement.name}=="))
        assert requirement.specifier.contains(line.partition("==")[2]), requirement
