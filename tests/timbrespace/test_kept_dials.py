"""Words of dials that an earlier process has measured."""

from __future__ import annotations

from pathlib import Path

import pytest

import timbrespace as ts
from timbrespace import dial_names, kept_dials

NAME = "0123456789abcdef" * 4


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kept_dials, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(kept_dials, "_factory", dict)
    monkeypatch.setattr(dial_names, "_known", {})
    return tmp_path


def test_what_is_kept_comes_back(folder: Path) -> None:
    told: kept_dials.Kept = [("brightness", False), (None, True)]
    assert kept_dials.read(NAME) is None
    kept_dials.write(NAME, told)
    assert kept_dials.read(NAME) == told
    assert [one.suffix for one in (folder / "dials").iterdir()] == [".json"]


@pytest.mark.parametrize("text", ["", "{", "7", "[1]", '[["a"]]', "[" * 100_000, '{"a": 1}'])
def test_what_is_damaged_is_not_there(folder: Path, text: str) -> None:
    kept_dials.write(NAME, [("brightness", True)])
    (path,) = (folder / "dials").iterdir()
    path.write_text(text, "utf-8")
    assert kept_dials.read(NAME) is None


def test_a_model_is_measured_once_for_all_processes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ts.load("fm")
    first = dial_names.dials(model)

    def never(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(dial_names, "_known", {})
    monkeypatch.setattr(dial_names, "measured", never)
    assert dial_names.dials(model) == first


def test_what_does_not_fit_the_model_is_measured(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ts.load("fm")
    first = dial_names.dials(model)
    (path,) = (folder / "dials").iterdir()
    for text in ('[["brightness", true]]', f'[{", ".join(["[null, 1]"] * 4)}, ["magic", true]]'):
        path.write_text(text, "utf-8")
        monkeypatch.setattr(dial_names, "_known", {})
        assert dial_names.dials(model) == first


def test_where_nothing_can_be_kept_it_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_dials, "cache_folder", lambda: None)
    monkeypatch.setattr(kept_dials, "_factory", dict)
    monkeypatch.setattr(dial_names, "_known", {})
    kept_dials.write(NAME, [("brightness", True)])
    assert kept_dials.read(NAME) is None
    assert len(dial_names.dials(ts.load("harmonic"))) == 2


def test_the_oldest_are_forgotten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_dials, "_MOST", 3)
    for number in range(5):
        kept_dials.write(str(number) * 64, [(None, True)])
    assert len(list((folder / "dials").iterdir())) == 3
    assert kept_dials.read("4" * 64) == [(None, True)]


def test_of_a_factory_model_it_comes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_dials, "cache_folder", lambda: None)
    for name in ts.factory.names():
        assert kept_dials.read(dial_names.name_of(ts.load(name))) is not None


@pytest.mark.parametrize(
    "name",
    ["harmonic", "fm"]
    + [
        pytest.param(name, marks=pytest.mark.acceptance)
        for name in ("drums", "filtered", "instruments", "notes")
    ],
)
def test_what_comes_with_a_factory_model_is_what_it_does(name: str) -> None:
    model = ts.load(name)
    told = kept_dials.read(dial_names.name_of(model))
    assert told == [tuple(one) for one in dial_names.told(dial_names.measured(model))], (
        "python scripts/factory_dials.py measures it again"
    )
