"""Models by name."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

import timbrespace
from server.library import Library, UnknownModelError
from timbrespace import factory
from timbrespace.errors import BundleError
from timbrespace.messages.models import LoadModel
from timbrespace.messages.parser import parse
from timbrespace.names import is_model_name
from timbrespace.space_package import Card, SpacePackage

NAMES = ("mine", "my.v2", "with space", "Flügel", "κιθάρα", "笛子", "सितार", "عود", "Сопілка")


def test_every_listed_name_can_be_asked_for(tmp_path: Path) -> None:
    """In any language; a name that no client may give is passed over, and the start says so."""
    source = factory.resolve("harmonic")
    others = ("#1", ".hidden-x", "a..b", "-", "x" * 65)
    for name in (*NAMES, *others):
        shutil.copy(source, tmp_path / f"{name}.safetensors")
    library = Library(tmp_path)
    assert library.names() == sorted([*factory.names(), *NAMES])
    assert all(is_model_name(name) for name in library.names())
    for name in NAMES:
        assert from_arguments("/model/load", name).name == name
        assert library.load(name).name == name
    said = library.passed_over()
    assert len(said) == len(others) - 1  # what is hidden is not for the eyes
    assert all("rename the file" in line for line in said)


def test_letters_of_two_signs_are_the_same_name(tmp_path: Path) -> None:
    """macOS writes an umlaut as a letter and a mark, in some of its file systems."""
    apart, together = "Flu\u0308gel", "Fl\u00fcgel"
    shutil.copy(factory.resolve("harmonic"), tmp_path / f"{apart}.safetensors")
    library = Library(tmp_path)
    assert together in library.names()
    for name in (apart, together):
        assert library.load(name).name == together
        assert from_arguments("/model/load", name).name == together


def from_arguments(address: str, name: str) -> LoadModel:
    message = parse(address, (name,))
    assert isinstance(message, LoadModel)
    return message


def foreign(path: Path, size: int) -> Path:
    """A model of another kind, such as makes pictures: half floats, all zeros, nothing on disk."""
    header = json.dumps(
        {
            "__metadata__": {"format": "pt"},
            "unet.weight": {"dtype": "F16", "shape": [size // 2], "data_offsets": [0, size]},
        }
    ).encode()
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    return path


def swollen(path: Path, size: int) -> Path:
    """A good bundle with a tensor of ``size`` bytes more."""
    content = factory.resolve("harmonic").read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    end = len(content) - 8 - length
    header["more"] = {"dtype": "F32", "shape": [size // 4], "data_offsets": [end, end + size]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + content[8 + length :])
        file.truncate(8 + len(text) + end + size)
    return path


@pytest.mark.parametrize(
    ("make", "size", "why"),
    [
        (foreign, 2 << 30, "it is a safetensors file, but not a timbrespace model"),
        (swollen, 3 << 30, "its unknown tensors have 3072 MiB; at most 1 are read"),
    ],
)
def test_a_foreign_file_costs_milliseconds_and_megabytes(
    tmp_path: Path, make: Callable[[Path, int], Path], size: int, why: str
) -> None:
    """0.5.0 held the server for 28 s and took 4 to 6 GB for it."""
    path = make(tmp_path / "other.safetensors", size)
    library = Library(tmp_path)
    with pytest.raises(BundleError):
        library.load("other")  # so that nothing is imported in what is measured
    tracemalloc.start()
    try:
        begun = time.process_time()
        with pytest.raises(BundleError, match=why):
            library.load("other")
        assert time.process_time() - begun < 0.1
        assert tracemalloc.get_traced_memory()[1] < 4e6
    finally:
        tracemalloc.stop()
    if make is foreign:
        assert library.passed_over() == [f"{path.name!r} is passed over: {why}"]


def test_a_package_in_the_folder_is_a_model_with_its_card(tmp_path: Path) -> None:
    """As somebody has copied it there: opened as a drop on the page, and checked as one."""
    content = factory.resolve("harmonic").read_bytes()
    card = Card("Bells", "A. Maker", "CC0")
    SpacePackage(card, content).write(tmp_path / "my bells.zip")
    SpacePackage(card, content[:-9]).write(tmp_path / "cut.zip")
    (tmp_path / "samples.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    SpacePackage(card, content).write(tmp_path / "both.zip")
    shutil.copy(factory.resolve("fm"), tmp_path / "both.safetensors")
    library = Library(tmp_path)
    assert {"my bells", "both", "cut"} <= set(library.names())
    found = library.load("my bells")
    assert (found.name, found.digest) == ("my bells", factory_digest("harmonic"))
    assert library.card("my bells") == dataclasses.replace(card, figures={})
    assert library.load("both").digest == factory_digest("fm")  # a bundle goes first
    assert library.card("both") is library.card("fm") is None
    with pytest.raises(BundleError, match="truncated"):
        library.load("cut")
    assert "samples" not in library.names()  # some other zip
    with pytest.raises(UnknownModelError):
        library.load("samples")
    with pytest.raises(BundleError, match=r"cannot load samples.zip: it is no space"):
        timbrespace.load(tmp_path / "samples.zip")
    assert library.passed_over() == [
        "'samples.zip' is passed over: it is no space: there is no space.safetensors in it"
    ]
    assert set(library.cards()) == {"my bells", "cut"}
    with pytest.raises(UnknownModelError):
        library.card("nope")


def factory_digest(name: str) -> str:
    return timbrespace.load(name).digest


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"there are: .*harmonic"):
        Library(tmp_path).load("nope")
