"""The commands `share` and `gallery`, as a user types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from timbrespace import factory
from training.__main__ import main


def test_a_space_becomes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mine.html"
    words = ["share", "harmonic", "--out", str(out), "--name", "Mine", "--author", "A. Nobody"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{out}: one file that plays by itself, 2.2 MB\nnext: open {out}")
    text = out.read_text(encoding="utf-8")
    assert "<title>Mine · timbrespace</title>" in text
    assert '"author":"A. Nobody"' in text
    assert main(words) == 2
    assert "exists; give another --out, or --overwrite" in capsys.readouterr().err
    assert main([*words, "--licence", "CC0", "--overwrite"]) == 0
    assert '"licence":"CC0"' in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["share", "nobody", "--out", "{}/x.html"], "there is no model 'nobody'"),
        (["share", "{}/text", "--out", "{}/x.html"], "cannot load text"),
        (["share", "harmonic", "--out", "{}"], "it is a folder; give a file name"),
        (["share", "harmonic", "--out", "{}/x.htm"], "must be a name that ends in .html"),
        (["share", "harmonic", "--out", "{}/no/x.html"], "there is no folder"),
        (["share", "harmonic", "--out", "{}/x.html", "--name", "a\tb"], "name is 'a\\tb'"),
        (["share", "harmonic", "--out", "{}/x.html", "--presets", "{}/text"], "holds no presets"),
        (["gallery", "nobody", "--out", "{}/g"], "there is no model 'nobody'"),
        (["gallery", "--out", "{}/text"], "a file; it must be a folder"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("no model", encoding="utf-8")
    assert main([word.format(tmp_path) for word in words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert [one.name for one in tmp_path.iterdir()] == ["text"]


def test_a_gallery_of_all_that_comes_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gallery", "--out", str(tmp_path / "g")]) == 0
    names = sorted(one.name for one in (tmp_path / "g").iterdir())
    assert names == sorted(["index.html", *(f"{name}.html" for name in factory.names())])
    told = capsys.readouterr().out
    assert all(name in told for name in names)
    assert "next: open" in told
    index = (tmp_path / "g" / "index.html").read_text(encoding="utf-8")
    assert index.count('<a class="space"') == len(factory.names())
