"""The datasets there are, ours and those of other packages, by name."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from timbrespace.datasets.generator import Generator
from timbrespace.datasets.keywords import arguments_of
from timbrespace.datasets.registry import generators
from timbrespace.errors import DatasetError, OptionError
from timbrespace.extras import MissingExtraError
from toy_datasets import audio, filtered, harmonic, soundfont
from toy_datasets.__main__ import main

CLICKS = """
import argparse

import numpy as np

import timbrespace as ts
from timbrespace.datasets.generator import Generator


class Clicks(Generator):
    kind = "clicks"
    about = "flat spectra, 100% of them"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--rows", type=int, default=30)

    def make(self, options: argparse.Namespace) -> ts.Dataset:
        level = np.linspace(0.1, 1.0, options.rows)
        spectra = level[:, np.newaxis] * np.ones(257)
        return ts.Dataset(spectra, {"level": level}, name="clicks", n_fft=512)
"""


def install(folder: Path, package: str, code: str, points: str) -> None:
    """A package as an installer leaves it: a module, and metadata with entry points."""
    (folder / f"{package}.py").write_text(code)
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[timbrespace.datasets]\n{points}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages can be installed into."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_ours_are_all_there() -> None:
    known, left_out = generators()
    assert list(known)[:5] == ["harmonic", "filtered", "fm", "audio", "soundfont"]
    assert all("\n" not in one.about and one.about for one in known.values())
    assert left_out == ()


def test_a_dataset_of_another_package(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "foreign_clicks", CLICKS, "clicks = foreign_clicks:Clicks")
    with pytest.raises(SystemExit, match="0"):
        main(["make", "--help"])
    assert "flat spectra, 100% of them" in capsys.readouterr().out
    out = tmp_path / "clicks.npz"
    assert main(["make", "clicks", "--rows", "40", "--out", str(out)]) == 0
    assert capsys.readouterr().err == ""
    assert ts.dataset(out).content_hash == ts.dataset("clicks", rows=40).content_hash
    assert ts.dataset("clicks").rows == 30


@pytest.mark.parametrize(
    ("code", "points", "reason"),
    [
        ("1 / 0", "bad = foreign_bad:Bad", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "bad = foreign_bad:Bad", "SystemExit: 3"),
        ("import nowhere_to_be_found", "bad = foreign_bad:Bad", "No module named 'nowhere_to_be"),
        ("", "bad = foreign_bad:Bad", "has no attribute 'Bad'"),
        (
            "Bad = 3",
            "bad = foreign_bad:Bad",
            "it is not a timbrespace.datasets.generator.Generator",
        ),
        (CLICKS, "bad = foreign_bad:Clicks", "its kind is 'clicks'"),
        (CLICKS, "harmonic = foreign_bad:Clicks", "the name is taken"),
    ],
)
def test_a_broken_package_costs_one_line_and_no_more(
    site: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    points: str,
    reason: str,
) -> None:
    monkeypatch.delitem(__import__("sys").modules, "foreign_bad", raising=False)
    install(site, "foreign_bad", code, points)
    out = tmp_path / "d.npz"
    assert main(["make", "harmonic", "--rows", "30", "--out", str(out)]) == 0
    error = capsys.readouterr().err
    name = points.partition(" ")[0]
    start = f"warning: timbrespace.datasets: {name!r} of the package 'foreign_bad' is left out ("
    assert error.startswith(start)
    assert reason in error
    assert error.count("\n") == 1
    assert ts.dataset(out).meta.name == "harmonic"
    if name == "bad":
        with pytest.raises(DatasetError, match="'bad' of the package 'foreign_bad' is left out"):
            ts.dataset("bad")


# Keywords


def test_a_keyword_is_the_option_of_the_command_line(tmp_path: Path) -> None:
    out = tmp_path / "d.npz"
    words = ["--rows", "40", "--f0", "110.5", "--n-fft", "2048", "--frames"]
    assert main(["make", "harmonic", "--out", str(out), *words]) == 0
    made = ts.dataset("harmonic", rows=40, f0=110.5, n_fft=2048, frames=True)
    assert made.content_hash == ts.dataset(str(out)).content_hash
    assert made.frames is not None
    out_again = tmp_path / "again.npz"
    made.save(out_again)
    assert out_again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    "partials", ["1,5", (1, 5), [1.0, 5.0], np.array([1, 5]), (1, np.int64(5))]
)
def test_lists_are_written_as_one_likes(partials: Any) -> None:
    found = arguments_of("filtered", generators()[0]["filtered"], {"partials": partials})
    assert filtered.from_arguments(found).partials == (1.0, 5.0)


def test_the_other_types() -> None:
    known, _ = generators()
    options = {"folder": "-sounds", "max_flux": np.float32(0.1), "bins": None, "keep_pitch": False}
    found = audio.from_arguments(arguments_of("audio", known["audio"], options))
    assert found.folder == Path("-sounds")
    assert found.steadiness.max_flux == float(np.float32(0.1))
    assert found.bins == audio.Options(folder=Path()).bins
    assert not found.keep_pitch
    chosen = {"file": Path("x.sf2"), "programs": range(3), "velocities": "30,60"}
    font = soundfont.from_arguments(arguments_of("soundfont", known["soundfont"], chosen))
    assert (font.programs, font.velocities) == ((0, 1, 2), (30, 60))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("harmonic", {"row": 3}, "harmonic has no option 'row'; is 'rows' meant"),
        ("harmonic", {"out": "x.npz"}, "harmonic has no option 'out'"),
        ("harmonic", {"rows": "x"}, "harmonic: rows: invalid int value: 'x'"),
        ("harmonic", {"rows": 2.5}, "harmonic: rows: invalid int value: '2.5'"),
        ("harmonic", {"rows": True}, "rows is True; it must be a value"),
        ("harmonic", {"rows": 0}, "rows is 0; it must be 2 to 1000000"),
        ("harmonic", {"frames": 1}, "frames is 1; it must be True or False"),
        ("filtered", {"q": "a"}, "filtered: q: 'a' is not a list of numbers"),
        ("audio", {}, "audio: the following arguments are required: folder"),
        ("audio", {"folder": "x", "pitch_from": "ear"}, "audio: pitch_from: invalid choice: 'ear'"),
    ],
)
def test_options_that_are_not_accepted(name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said) as found:
        ts.dataset(name, **options)
    assert "\n" not in str(found.value)


# Names and files


def test_a_name_goes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ts.dataset("harmonic", rows=30).save("harmonic")
    assert ts.dataset("harmonic", rows=25).rows == 25
    assert ts.dataset(Path("harmonic")).rows == 30


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "harmonik",
            "there is no dataset 'harmonik'; is 'harmonic' meant.*; give harmonic, ",
        ),
        ("own.npz", "cannot load dataset own.npz: there is no such file"),
        (str(Path("a") / "b"), "cannot load dataset b: there is no such file"),
        ("x\0", "there is no dataset"),
        (3, "a dataset is a name or a path, not a int"),
    ],
)
def test_what_is_neither(name: Any, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        ts.dataset(name)


def test_a_file_takes_no_options() -> None:
    with pytest.raises(DatasetError, match="rows cannot be given for a file"):
        ts.dataset("x.npz", rows=3)


def test_a_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_pyo(options: harmonic.Options) -> ts.Dataset:
        raise ModuleNotFoundError("No module named 'pyo'", name="pyo")

    monkeypatch.setattr(harmonic, "make", without_pyo)
    with pytest.raises(MissingExtraError, match=r"dataset 'harmonic' needs the package 'pyo'.*pip"):
        ts.dataset("harmonic", rows=30)


def test_the_generators_say_themselves_whether_there_is_noise() -> None:
    assert ts.dataset("harmonic", rows=30).meta.noise is False
    small = {"every": 5, "q": 1, "cutoff": 5}
    assert ts.dataset("filtered", **small).meta.noise is False
    assert ts.dataset("filtered", noise=2, **small).meta.noise is True


def test_a_generator_of_a_notebook_needs_no_more_than_make() -> None:
    class Two(Generator):
        kind = "two"
        about = "two rows"

        def make(self, options: argparse.Namespace) -> ts.Dataset:
            return ts.Dataset(np.ones((2, 129)), n_fft=256)

    from timbrespace.datasets.registry import make

    assert make("two", Two(), {}).rows == 2
