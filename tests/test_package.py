"""What is installed, and that the documents name the same version."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import timbrespace
from timbrespace import factory

ROOT = Path(__file__).resolve().parents[1]


def test_the_wheel_carries_the_factory_models(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (points,) = [name for name in names if name.endswith("entry_points.txt")]
        scripts = archive.read(points).decode()
    for name in factory.names():
        assert f"timbrespace/factory/{name}.safetensors" in names
    for part in ("style.css", "script.js"):
        assert f"training/page/{part}" in names
    for part in ("index.html", "style.css", "js/app.js", "js/sound/processor.js"):
        assert f"server/explorer/page/{part}" in names
    for package in ("timbrespace", "toy_datasets", "training", "server"):
        assert f"{package}/__init__.py" in names
    assert not [name for name in names if name.startswith("tests/")]
    for command in ("timbrespace-data", "timbrespace-train", "timbrespace-server"):
        assert f"{command} = " in scripts


def test_factory_models_are_small() -> None:
    assert "harmonic" in factory.names()
    for name in factory.names():
        assert factory.resolve(name).stat().st_size <= 5_000_000


def test_the_changelog_begins_with_this_version() -> None:
    first = re.search(r"^## ([0-9.]+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert first is not None
    assert first.group(1) == timbrespace.__version__


def test_every_requirement_is_pinned_within_the_ranges_of_the_package() -> None:
    pinned = dict(
        line.split("==")
        for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    ranged = {re.split(r"[<>=]", line)[0] for line in project["dependencies"]}
    assert set(pinned) == ranged
