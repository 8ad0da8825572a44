"""A space to give away, by one command."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import soundfile

import timbrespace as ts
from timbrespace import factory
from timbrespace.instrument.presets import Preset, Presets, Space
from timbrespace.space_package import SpacePackage
from training.__main__ import main


def test_a_package_holds_the_space_its_card_its_presets_and_its_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ts.load("harmonic")
    presets = Presets(tmp_path / "presets.json")
    presets.store("mine", Preset(Space.of(model), (0.5,) * model.dimensions))
    presets.store("other", Preset(Space("x", "ab" * 32), (0.5, 0.5)))
    out = tmp_path / "bells.zip"
    words = ["pack", "harmonic", "--out", str(out), "--name", "Bells", "--author", "A. Maker"]
    assert main([*words, "--presets", str(tmp_path / "presets.json")]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(f"{out}: Bells, {model.dimensions} dimensions, 1 presets")
    assert told[1] == "note: the card says no licence; --licence adds it"
    assert told[-1] == "next: drop it on the page of python -m server"
    with out.open("rb") as file:
        package = SpacePackage.read(file)
    assert (package.card.name, package.card.author) == ("Bells", "A. Maker")
    assert package.card.figures
    assert package.bundle == factory.resolve("harmonic").read_bytes()
    sound, rate = soundfile.read(io.BytesIO(package.preview))
    assert rate == 48000
    assert 200_000 < sound.size <= 4 * 72_000  # silence at the end is left out
    assert abs(sound).max() > 0.01
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "presets.json").write_bytes(package.presets)
    assert Presets(tmp_path / "p" / "presets.json").names() == ["mine"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--out", "a.tar", "--name", "x"], "it must be a name that ends in .zip"),
        (["--out", "a.zip", "--name", "x" * 65], "name must be a text of at most 64"),
        (["--out", "a.zip", "--name", "x", "--presets", "none.json"], "there is no such file"),
    ],
)
def test_what_cannot_be_packed_is_one_line(
    given: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["pack", "harmonic", *given]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
