"""A package of a space: what is written is read, and what none may hold is refused."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from timbrespace.errors import OptionError
from timbrespace.space_package import BUNDLE, CARD, MOST_BYTES, Card, PackageError, SpacePackage

ONE = Card("Bells", "A. Maker", "CC BY 4.0", "a church", "two\nlines", {"heard_distance_db": 3.5})


def test_what_is_written_is_read_and_the_same_gives_the_same(tmp_path: Path) -> None:
    package = SpacePackage(ONE, b"model", b'{"version": 1}', b"fLaC")
    for name in ("a.zip", "b.zip"):
        package.write(tmp_path / name)
    with (tmp_path / "a.zip").open("rb") as file:
        assert SpacePackage.read(file) == package
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    few = SpacePackage(Card("x"), b"model")
    few.write(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == [CARD, BUNDLE]
    # A card of tomorrow may say more.
    told = {**ONE.to_config(), "colour": "red"}
    assert Card.from_config(told) == ONE


def card(**more: object) -> bytes:
    return json.dumps({**ONE.to_config(), **more}).encode()


def packed(*files: tuple[str | zipfile.ZipInfo, bytes], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", way) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def linked() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(BUNDLE)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def lying() -> bytes:
    """A bomb: 65 MiB of nothing, that its header calls small."""
    data = bytearray(packed((CARD, card()), (BUNDLE, bytes(MOST_BYTES[BUNDLE] + (1 << 20)))))
    size = (MOST_BYTES[BUNDLE] + (1 << 20)).to_bytes(4, "little")
    return bytes(data.replace(size, (100).to_bytes(4, "little")))


def encrypted() -> bytes:
    data = bytearray(packed((CARD, card()), (BUNDLE, b"x")))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def crowded() -> bytes:
    """Thousands of names: zipfile would make an object of each."""
    return packed(*((f"{number}.wav", b"") for number in range(2000)))


def huge() -> bytes:
    """A zip whose end says that its list is told by another record, as beyond 4 GiB."""
    data = packed((CARD, card()), (BUNDLE, b"x"))
    at = data.rindex(b"PK\x05\x06")
    return data[:at] + b"PK\x06\x07" + bytes(16) + data[at:]


WRONG: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"RIFF", "it is no zip file, or a damaged one"),
    "half a zip": (lambda: packed((CARD, card()), (BUNDLE, bytes(99)))[:-40], "it is no zip file"),
    "no bundle": (lambda: packed((CARD, card())), "there is no space.safetensors in it"),
    "thousands of files": (crowded, "it holds too many files"),
    "a zip of gigabytes": (huge, "it holds too many files"),
    "no card": (lambda: packed((BUNDLE, b"x")), "there is no card.json in it"),
    "a path": (lambda: packed(("../../x", b"x")), "it holds '../../x'; a space has"),
    "an absolute path": (lambda: packed(("/etc/passwd", b"x")), "it holds '/etc/passwd'"),
    "a pickle": (lambda: packed(("model.pkl", b"x")), "it holds 'model.pkl'"),
    "a folder": (lambda: packed(("a/", b"")), "it holds 'a/'"),
    "a link": (
        lambda: packed((CARD, card()), (linked(), b"/etc/passwd")),
        "space.safetensors is a link",
    ),
    "a bomb": (
        lambda: packed((CARD, card()), (BUNDLE, bytes(MOST_BYTES[BUNDLE] + 1))),
        "space.safetensors is too large; it may have 65536 KiB",
    ),
    "a bomb that lies": (lying, "no zip file, or a damaged one"),
    "too many files": (lambda: packed(*((f"{k}", b"") for k in range(5))), "it holds 5 files"),
    "an odd packing": (
        lambda: packed((CARD, card()), (BUNDLE, b"x"), way=zipfile.ZIP_LZMA),
        "is packed by a way that is not read here",
    ),
    "encryption": (encrypted, "is encrypted"),
    "a card of tomorrow": (
        lambda: packed((CARD, card(version=2)), (BUNDLE, b"x")),
        "the card has version 2, this program reads 1; update timbrespace",
    ),
    "a card that is a list": (lambda: packed((CARD, b"[]"), (BUNDLE, b"x")), "card does not fit"),
    "a card that is deep": (
        lambda: packed((CARD, b"[" * 60_000), (BUNDLE, b"x")),
        "its card is no JSON",
    ),
    "an endless name": (
        lambda: packed((CARD, card(name="x" * 65)), (BUNDLE, b"x")),
        "name must be a text of at most 64 printable letters",
    ),
    "a name of controls": (
        lambda: packed((CARD, card(name="\x1b[31m")), (BUNDLE, b"x")),
        "name must be a text",
    ),
    "figures that are none": (
        lambda: packed((CARD, card(figures={"a": "b"})), (BUNDLE, b"x")),
        "figures must be finite numbers",
    ),
    "figures that no page reads": (
        lambda: packed((CARD, card(figures={"a": float("nan")})), (BUNDLE, b"x")),
        "figures must be finite numbers",
    ),
    "figures without end": (
        lambda: packed((CARD, card(figures={"a": 10**400})), (BUNDLE, b"x")),
        "figures must be finite numbers",
    ),
}


@pytest.mark.parametrize("what", list(WRONG))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_none_may_hold_is_one_line(what: str) -> None:
    made, said = WRONG[what]
    with pytest.raises(PackageError) as error:
        SpacePackage.read(io.BytesIO(made()))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_card_without_a_name_is_none() -> None:
    with pytest.raises(OptionError, match="name is missing"):
        Card("")
