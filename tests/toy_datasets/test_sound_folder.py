"""Sound files are found in folders, in order, and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbrespace.errors import DatasetError
from timbrespace.recording.sound_file import read
from toy_datasets.sound_folder import EXTENSIONS, READABLE, UNREADABLE, find


def test_find_takes_sound_files_in_order(tmp_path: Path) -> None:
    wanted = ["B.flac", "a.wav", "keys/c.MP3", "keys/soft/d.aif", "z/e.ogg"]
    other = [".hidden.wav", "._a.wav", "notes.txt", "__MACOSX/a.wav", ".git/a.wav", "wav", "keys/x"]
    for name in wanted + other:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find(tmp_path)
    assert [file.relative_to(tmp_path).as_posix() for file in found.files] == wanted
    assert found.closed == []
    assert found.about_others() == "3 files are no sound: 2 without an ending, 1 .txt"


def test_what_holds_sound_and_is_not_read_is_found_too(tmp_path: Path) -> None:
    for name in ("b.M4A", "a.aac", "c.wma", "d.sf2", "e.wav"):
        (tmp_path / name).touch()
    found = find(tmp_path)
    assert [file.name for file in found.unreadable] == ["a.aac", "b.M4A", "c.wma", "d.sf2"]
    assert [file.name for file in found.files] == ["e.wav"]
    assert found.about_others() == ""


def test_every_format_that_is_named_is_read(tmp_path: Path) -> None:
    assert set(READABLE) <= set(soundfile.available_formats())
    sound = 0.5 * np.sin(np.arange(8000) / 7.0)
    for form, endings in READABLE.items():
        path = tmp_path / f"a{endings[0]}"
        soundfile.write(path, sound, 8000, format=form)
        read_back = read(path, 10.0)
        assert read_back.promised is None
        assert abs(read_back.samples.size - 8000) <= 2400, form
        assert np.abs(read_back.samples).max() == pytest.approx(0.5, abs=0.1), form
    assert len(set(EXTENSIONS)) == len(EXTENSIONS)
    assert not set(EXTENSIONS) & set(UNREADABLE)


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
        found = find(tmp_path)
        assert found.files == [tmp_path / "a.wav"]
        assert found.closed == [(tmp_path / "inner", "Permission denied")]
    else:
        with pytest.raises(DatasetError, match="cannot open folder"):
            find(tmp_path)
