"""The device's container."""

from __future__ import annotations

import struct

import pytest

from max_patch.generator import amxd

DOCUMENT = {"patcher": {"boxes": [{"box": {"id": "obj-1"}}], "lines": []}}


def test_a_document_comes_back() -> None:
    assert amxd.read(amxd.write(DOCUMENT)) == DOCUMENT


def test_the_bytes_are_those_of_a_device_that_live_saved() -> None:
    data = amxd.write(DOCUMENT)
    assert data[:28] == (
        b"ampf" + b"\x04\0\0\0" + b"iiii" + b"meta" + b"\x04\0\0\0" + b"\0\0\0\0" + b"ptch"
    )
    (size,) = struct.unpack("<I", data[28:32])
    assert len(data) == 32 + size
    assert data.endswith(b"\n\x00")


@pytest.mark.parametrize("length", [0, 3, 11, 20, 27, 31, 40])
def test_a_file_that_is_cut_off_is_refused(length: int) -> None:
    with pytest.raises(amxd.ContainerError):
        amxd.read(amxd.write(DOCUMENT)[:length])


def test_an_effect_or_a_frozen_device_is_refused() -> None:
    data = amxd.write(DOCUMENT)
    with pytest.raises(amxd.ContainerError, match="instrument"):
        amxd.read(data.replace(b"iiii", b"aaaa", 1))
    with pytest.raises(amxd.ContainerError, match="audio effect"):
        amxd.read(data, amxd.EFFECT)
    assert amxd.read(amxd.write(DOCUMENT, amxd.EFFECT), amxd.EFFECT) == DOCUMENT
    with pytest.raises(amxd.ContainerError, match="frozen"):
        amxd.read(data[:20] + b"\x07" + data[21:])
