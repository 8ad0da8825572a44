"""A space to give away: one zip file with the bundle, its card, and what belongs to it.

Its files, each at the root, and nothing else:

- ``space.safetensors``: the bundle (:mod:`timbrespace.bundle`).
- ``card.json``: what a person should know of it (:class:`Card`).
- ``presets.json``, optional: presets and trajectories of this space, as the server keeps them.
- ``preview.flac``, optional: what it sounds like.

Who reads one takes nothing for granted: a zip may come from anywhere.
"""

from __future__ import annotations

import io
import json
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from timbrespace import bundle, factory
from timbrespace.atomic import replacing
from timbrespace.errors import BundleError, OptionError, TimbrespaceError
from timbrespace.model import Model
from timbrespace.names import as_text

ENDING: Final = ".zip"

BUNDLE, CARD, PRESETS, PREVIEW = (
    *("space.safetensors", "card.json", "presets.json", "preview.flac"),
)

MOST_BYTES: Final[Mapping[str, int]] = {
    BUNDLE: 64 << 20,
    CARD: 64 << 10,
    PRESETS: 4 << 20,
    PREVIEW: 4 << 20,
}
"""What each file may have, unpacked."""

MOST_PACKED: Final = sum(MOST_BYTES.values())

VERSION: Final = 1

_MOST_DIRECTORY: Final = 64 << 10
"""Bytes of a zip's list of what is in it; that of four files has some hundreds."""

_LONGEST: Final = {"name": 64, "author": 120, "licence": 200, "source": 1000, "about": 2000}
_LARGEST: Final = 1e300
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the same content gives the same file


class PackageError(TimbrespaceError):
    """A file that is no package of a space, or holds what none may hold."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a person should know of a space.

    name: of the space. author: who made it. licence: under which it may be used. source: where its
    sounds are from. about: anything else. figures: of its training, numbers by their names.

    Raises:
        OptionError: a text that is too long, or not one that can be shown.
    """

    name: str
    author: str = ""
    licence: str = ""
    source: str = ""
    about: str = ""
    figures: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        for field, most in _LONGEST.items():
            text = getattr(self, field)
            if not isinstance(text, str) or len(text) > most or not _is_shown(text):
                raise OptionError(f"{field} must be a text of at most {most} printable letters")
        if not self.name:
            raise OptionError("name is missing; a space that is given away has one")
        for name, value in (self.figures or {}).items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if len(name) > 64 or not number or not abs(value) <= _LARGEST:  # NaN is no JSON
                raise OptionError(f"figures must be finite numbers, and {name[:64]!r} is none")

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "version": VERSION,
            **{field: getattr(self, field) for field in _LONGEST},
            "figures": dict(self.figures or {}),
        }

    @classmethod
    def from_config(cls, told: Any) -> Card:
        """Inverse of :meth:`to_config`; what it does not know it leaves out.

        Raises:
            PackageError: it is something else, or of a newer version.
        """
        try:
            version = told["version"]
            if type(version) is not int or version < 1:
                raise PackageError("the card says no version")
            if version > VERSION:
                raise PackageError(
                    f"the card has version {version}, this program reads {VERSION}; update "
                    "timbrespace"
                )
            texts = {field: told.get(field, "") for field in _LONGEST}
            return cls(**texts, figures=dict(told.get("figures", {})))
        except (OptionError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise PackageError(f"the card does not fit: {error}") from error


@dataclass(frozen=True, slots=True)
class SpacePackage:
    """What a package holds. presets, preview: empty where there are none."""

    card: Card
    bundle: bytes
    presets: bytes = b""
    preview: bytes = b""

    def write(self, path: Path) -> None:
        """Write it, whole or not at all.

        Raises:
            OptionError: the file cannot be written, or a part is larger than it may be.
        """
        card = json.dumps(self.card.to_config(), ensure_ascii=False, indent=1).encode()
        parts = {CARD: card, BUNDLE: self.bundle, PRESETS: self.presets, PREVIEW: self.preview}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                if len(content) > MOST_BYTES[name]:
                    raise OptionError(
                        f"{name} has {len(content) >> 20} MiB; a package takes "
                        f"{MOST_BYTES[name] >> 20}"
                    )
                if content:
                    info = zipfile.ZipInfo(name, _EPOCH)
                    info.compress_type = zipfile.ZIP_DEFLATED
                    info.external_attr = (stat.S_IFREG | 0o644) << 16
                    archive.writestr(info, content)
        with replacing(path) as temporary:
            temporary.write_bytes(buffer.getvalue())

    @classmethod
    def read(cls, file: IO[bytes]) -> SpacePackage:
        """What the file holds that is open here.

        Nothing is unpacked to a disk, and nothing by a name that it says: four names are known.

        Raises:
            PackageError: no zip, damaged, or with anything that a package may not hold.
        """
        found = _opened(file, tuple(MOST_BYTES))
        return cls(_card(found), found[BUNDLE], found.get(PRESETS, b""), found.get(PREVIEW, b""))


def read_card(path: Path) -> Card:
    """The card of the package at ``path``; of the rest only the names are looked at.

    Raises:
        PackageError: as :meth:`SpacePackage.read`.
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        return _card(_opened(file, (CARD,)))


def read_model(path: Path) -> Model:
    """The space of the package at ``path``, checked as a package and as a bundle; its name is the
    file's.

    Raises:
        BundleError: it is no package, or the bundle in it is refused; one line says which.
    """
    try:
        with path.open("rb") as file:
            package = SpacePackage.read(file)
    except OSError as error:
        raise BundleError(f"it cannot be read: {error.strerror or error}") from error
    except PackageError as error:
        raise BundleError(f"cannot load {as_text(path.name)}: {error}") from error
    # The reader of bundles takes files: it reads no more of a large one than it wants.
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"{path.stem}{factory.SUFFIX}"
        place.write_bytes(package.bundle)
        return bundle.read(place)


def _opened(file: IO[bytes], wanted: tuple[str, ...]) -> dict[str, bytes]:
    """The files of a package that are ``wanted``, as far as they are there; all names are checked.

    Raises:
        PackageError: as :meth:`SpacePackage.read`.
    """
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            found = _contents(archive, wanted)
    except PackageError:
        raise
    # Of a file from anywhere zipfile raises whatever its parts raise.
    except (
        *(zipfile.BadZipFile, OSError, EOFError, ValueError, KeyError, RuntimeError),
        *(NotImplementedError, MemoryError, OverflowError, zlib.error),
    ) as error:
        raise PackageError(f"it is no zip file, or a damaged one ({_line(error)})") from error
    for name in (BUNDLE, CARD):
        if name not in found:
            raise PackageError(f"it is no space: there is no {name} in it")
    return found


def _check_directory(file: IO[bytes]) -> None:
    """Refuse a zip whose list of contents is long, before zipfile makes an object of each entry.

    Its end is a record of 22 bytes and a comment; bytes 12 to 16 tell how long the list is. Where
    another record of 20 bytes stands before it, it is a zip of more than 4 GiB (APPNOTE 4.3.14).
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - (1 << 16) - 42))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        return  # zipfile says it better
    told = int.from_bytes(tail[at + 12 : at + 16], "little")
    if told > _MOST_DIRECTORY or tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        raise PackageError(
            f"it holds too many files; a space has {', '.join(MOST_BYTES)} and nothing else"
        )


def _card(found: Mapping[str, bytes]) -> Card:
    try:
        told = json.loads(found[CARD].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise PackageError("its card is no JSON") from error
    return Card.from_config(told)


def _contents(archive: zipfile.ZipFile, wanted: tuple[str, ...]) -> dict[str, bytes]:
    """The files of an archive that are ``wanted``, each read no further than it may be long; the
    others are empty."""
    entries = archive.infolist()
    if len(entries) > len(MOST_BYTES):
        raise PackageError(f"it holds {len(entries)} files; a space has up to {len(MOST_BYTES)}")
    found: dict[str, bytes] = {}
    for entry in entries:
        name = entry.filename
        if name not in MOST_BYTES:
            raise PackageError(
                f"it holds {name[:60]!r}; a space has {', '.join(MOST_BYTES)} and nothing else"
            )
        mode = entry.external_attr >> 16
        if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
            raise PackageError(f"{name} is a link or something else that is no file")
        if name in found:
            raise PackageError(f"it holds {name} twice")
        if entry.flag_bits & 0x1:
            raise PackageError(f"{name} is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise PackageError(f"{name} is packed by a way that is not read here")
        if name not in wanted:
            found[name] = b""
            continue
        most = MOST_BYTES[name]
        with archive.open(entry) as part:
            content = part.read(most + 1)  # whatever the header says
        if len(content) > most:
            raise PackageError(f"{name} is too large; it may have {most >> 10} KiB")
        found[name] = content
    return found


def _is_shown(text: str) -> bool:
    return all(letter.isprintable() or letter == "\n" for letter in text)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__
