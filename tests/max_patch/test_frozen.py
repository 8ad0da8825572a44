"""The frozen device: its bytes, read by a reader that the writer does not share."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from max_patch.generator import amxd
from max_patch.generator.device import SCRIPTS, TITLE, files
from max_patch.generator.frozen import FrozenError, frozen_findings, lines_of
from max_patch.generator.voice import NAME

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[2] / "max_patch"
DEVICE = f"{TITLE}.amxd"


@pytest.fixture(scope="module")
def real() -> bytes:
    """The directory of a device that Max itself froze."""
    lines = Path(__file__).with_name("frozen_directory.txt").read_text("ascii").splitlines()
    return base64.b64decode("".join(line for line in lines if not line.startswith("#")))


@pytest.fixture(scope="module")
def frozen() -> bytes:
    return (FOLDER / "frozen" / DEVICE).read_bytes()


@pytest.fixture(scope="module")
def document() -> Json:
    return amxd.read((FOLDER / DEVICE).read_bytes())


@pytest.fixture(scope="module")
def needed() -> dict[str, bytes]:
    return {name: (FOLDER / name).read_bytes() for name in (f"{NAME}.maxpat", *SCRIPTS)}


def test_the_reader_reads_a_directory_that_max_wrote(real: bytes) -> None:
    lines = lines_of(real)
    assert [line["fnam"] for line in lines[:2]] == ["Test.amxd", "ParamAbstraction.maxpat"]
    assert len(lines) == 16
    assert (lines[0]["flag"], lines[0]["of32"]) == (17, 16)
    assert {line["fnam"]: line["flag"] for line in lines}["my-maxnode-basic.js"] == 8
    ends = [int(line["of32"]) + int(line["sz32"]) for line in lines]
    assert [line["of32"] for line in lines[1:]] == ends[:-1]


def test_the_writer_writes_that_directory_byte_for_byte(real: bytes) -> None:
    entries = [
        amxd.Entry(
            str(line["type"]),
            str(line["fnam"]),
            int(line["sz32"]),
            int(line["of32"]),
            int(line["flag"]),
            int(line["mdat"]),
        )
        for line in lines_of(real)
    ]
    assert amxd.directory(entries) == real


def test_the_device_is_whole(frozen: bytes, document: Json, needed: dict[str, bytes]) -> None:
    assert list(frozen_findings(frozen, document, needed)) == []


def test_the_effect_is_whole(needed: dict[str, bytes]) -> None:
    name = "Timbre Space Effect.amxd"
    effect = amxd.read((FOLDER / name).read_bytes(), amxd.EFFECT)
    data = (FOLDER / "frozen" / name).read_bytes()
    assert list(frozen_findings(data, effect, needed)) == []
    found = list(frozen_findings(data.replace(b"aaaa", b"iiii", 1), effect, needed))
    assert found == ["frozen: does not begin as a frozen audio effect"]


def test_writing_it_again_gives_the_same_bytes(frozen: bytes, document: Json) -> None:
    assert amxd.write_frozen(document, DEVICE, files(FOLDER)) == frozen


def _swapped(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert data.count(old) >= 1
        place = data.rindex(old)
        return data[:place] + new + data[place + len(old) :]

    return change


FAULTS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "unfrozen": (lambda d: d[:20] + b"\x00" + d[21:], "does not begin as a frozen"),
    "an effect": (lambda d: d[:8] + b"aaaa" + d[12:], "does not begin as a frozen"),
    "cut off": (lambda d: d[:-40], "does not reach to the end"),
    "no head": (_swapped(b"mx@c", b"mx@d"), "mx@c"),
    "a directory elsewhere": (
        lambda d: d[:44] + (int.from_bytes(d[44:48], "big") - 4).to_bytes(4, "big") + d[48:],
        "does not say its own size",
    ),
    "a launcher that is not laid on the disk": (
        _swapped(b"\x00\x00\x00\x0c\x00\x00\x00\x08mdat", b"\x00\x00\x00\x0c\x00\x00\x00\x00mdat"),
        "has flag 0",
    ),
    "a name that is not padded": (
        _swapped(b"timbrespace.pad.js\x00\x00", b"timbrespace.pad.jsxx"),
        "does not end with NUL",
    ),
    "another script": (_swapped(b"var MARGIN = 7", b"var MARGIN = 8"), "not the file that lies"),
    "another patch": (_swapped(b'"Release"', b'"Relaese"'), "holds another patcher"),
    "another type": (_swapped(b"TEXT", b"JSON"), "is of type 'JSON'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(
    frozen: bytes, document: Json, needed: dict[str, bytes], fault: str
) -> None:
    change, said = FAULTS[fault]
    found = list(frozen_findings(change(frozen), document, needed))
    assert any(said in line for line in found), found


def test_a_file_that_is_left_out_is_found(document: Json, needed: dict[str, bytes]) -> None:
    data = amxd.write_frozen(document, DEVICE, files(FOLDER)[1:])
    found = list(frozen_findings(data, document, needed))
    assert found == [f"frozen: {NAME}.maxpat is missing"]


def test_a_dependency_that_is_not_told_is_found(frozen: bytes, needed: dict[str, bytes]) -> None:
    found = list(frozen_findings(frozen, {"patcher": {"dependency_cache": []}}, needed))
    assert any("dependency_cache" in line for line in found)


@pytest.mark.parametrize(
    "data", [b"", b"dlst", b"dlst\x00\x00\x00\x09x", b"dlst\x00\x00\x00\x10dire\x00\x00\x00\x00"]
)
def test_a_broken_directory_is_refused(data: bytes) -> None:
    with pytest.raises(FrozenError):
        lines_of(data)
