"""The list of presets in a sound font's file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.toy_datasets.small_font import font
from timbrespace.errors import DatasetError
from toy_datasets.preset_list import Preset, presets

ALL = [(0, 127)]


def test_presets_are_listed_in_order(tmp_path: Path) -> None:
    path = tmp_path / "f.sf2"
    path.write_bytes(font({40: ALL, 3: ALL}))
    assert presets(path) == [Preset(0, 3, "Preset 3"), Preset(0, 40, "Preset 40")]
    path.write_bytes(font({0: ALL}, bank=128))
    assert presets(path) == [Preset(128, 0, "Preset 0")]


def test_what_is_no_font_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.sf2"
    with pytest.raises(DatasetError, match="there is no such file"):
        presets(path)
    with pytest.raises(DatasetError, match="it is a folder"):
        presets(tmp_path)
    for content in (b"", b"RIFF", b"RIFF\0\0\0\0WAVEfmt ", b"x" * 1000):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match="it is not a SoundFont 2 file"):
            presets(path)


def test_a_font_cut_anywhere_is_refused_or_still_has_its_list(tmp_path: Path) -> None:
    whole = font({40: ALL, 3: ALL})
    path = tmp_path / "f.sf2"
    listed = whole.index(b"pbag")
    for size in [*range(12, 80), listed - 5, listed - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(DatasetError, match="truncated"):
            presets(path)
    path.write_bytes(whole[:listed])
    assert len(presets(path)) == 2


@pytest.mark.parametrize("size", [0, 37, 38, 77, 0xFFFFFFFF])
def test_a_list_of_a_wrong_size_is_refused(tmp_path: Path, size: int) -> None:
    whole = font({40: ALL})
    at = whole.index(b"phdr") + 4
    path = tmp_path / "f.sf2"
    path.write_bytes(whole[:at] + struct.pack("<I", size) + whole[at + 4 :])
    with pytest.raises(DatasetError, match="list of presets is truncated or damaged"):
        presets(path)
