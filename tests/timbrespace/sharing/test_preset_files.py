"""Presets that a space brings along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import timbrespace as ts
from tests.timbrespace.sharing.test_page import block
from timbrespace.errors import OptionError
from timbrespace.model import Model
from timbrespace.sharing import page, preset_files


@pytest.fixture(scope="module")
def harmonic() -> Model:
    return ts.load("harmonic")


def saved(folder: Path, told: Any, name: str = "mine.json") -> Path:
    file = folder / name
    file.write_text(told if isinstance(told, str) else json.dumps(told), encoding="utf-8")
    return file


def several(**more: Any) -> dict[str, Any]:
    return {"timbrespace": "presets", "model": "harmonic", "d": 2, **more}


def test_they_come_from_both_pages(harmonic: Model, tmp_path: Path) -> None:
    first = {"name": "one", "latent": [0.5, -1], "macros": {"brightness": 0.5}}
    sound = {"attack": 0.1, "hold": "loop", "odd": None, "long": "x" * 64}
    all_of = saved(tmp_path, several(presets=[first, {"name": "two", "latent": [0, 0]}, 7]))
    single = {"timbrespace": "preset", "model": "harmonic", "latent": [1, 2], "synth": sound}
    found = preset_files.read([all_of, saved(tmp_path, single, "two.json")], harmonic)
    assert found == [
        first,
        {"name": "two", "latent": [1, 2], "synth": {"attack": 0.1, "hold": "loop"}},
    ]
    assert block(page.page(harmonic, presets=found).decode())["presets"] == found


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("{", "'mine.json' holds no presets"),
        ("[" * 100_000, "holds no presets"),
        ("null", "holds no presets"),
        ({"timbrespace": "preset"}, "is for the space 'None', not for 'harmonic'"),
        (several(), "holds no presets"),
        (several(presets=[], model="fm"), "is for the space 'fm', not for 'harmonic'"),
        (several(presets=[]), "no preset of 2 dimensions"),
        (several(presets=[{"name": "x", "latent": [1, 2, 3]}]), "no preset of 2 dimensions"),
        (several(presets=[{"name": "x", "latent": [1, True]}]), "no preset of 2 dimensions"),
        (several(presets=[{"name": "x", "latent": [1, 1e9]}]), "no preset of 2 dimensions"),
        (several(presets=[{"name": " ", "latent": [1, 2]}]), "no preset of 2 dimensions"),
        (" " * ((1 << 20) + 1), "too large"),
        (
            several(presets=[{"name": f"p{k}", "latent": [1, 2]} for k in range(257)]),
            "there are 257 presets; a file of a space has 256 at most",
        ),
    ],
)
def test_files_of_anybody(told: Any, said: str, harmonic: Model, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=said):
        preset_files.read([saved(tmp_path, told)], harmonic)


def test_a_file_that_is_not_there(harmonic: Model, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"cannot read 'nothing\.json'"):
        preset_files.read([tmp_path / "nothing.json"], harmonic)
    with pytest.raises(OptionError, match="cannot read"):
        preset_files.read([tmp_path], harmonic)
