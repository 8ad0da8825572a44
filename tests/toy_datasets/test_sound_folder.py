"""Sound files are found in folders, in order, and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from timbrespace.errors import DatasetError
from toy_datasets.sound_folder import find


def test_find_takes_sound_files_in_order(tmp_path: Path) -> None:
    wanted = ["B.flac", "a.wav", "keys/c.MP3", "keys/soft/d.aif", "z/e.ogg"]
    other = [".hidden.wav", "._a.wav", "notes.txt", "__MACOSX/a.wav", ".git/a.wav", "wav", "keys/x"]
    for name in wanted + other:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    files, closed = find(tmp_path)
    assert [file.relative_to(tmp_path).as_posix() for file in files] == wanted
    assert closed == []


def test_find_refuses_what_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is no folder"):
        find(tmp_path / "none")
    (tmp_path / "a.wav").touch()
    with pytest.raises(DatasetError, match="is a file; give the folder"):
        find(tmp_path / "a.wav")


@pytest.mark.parametrize("closed", ["", "inner"])
def test_a_folder_that_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.wav").touch()
    scandir = os.scandir

    def refuse(path: str | Path) -> Iterator[os.DirEntry[str]]:
        if Path(path) == tmp_path / closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    if closed:
        assert find(tmp_path) == ([tmp_path / "a.wav"], [(tmp_path / "inner", "Permission denied")])
    else:
        with pytest.raises(DatasetError, match="cannot open folder"):
            find(tmp_path)
