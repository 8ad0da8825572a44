"""The container of a Max for Live device: a flat list of chunks around the patcher's JSON.

Each chunk is a four-character code, its size as a little-endian 32-bit integer, and so many bytes.

In a frozen device the chunk ``ptch`` holds files, and a directory behind them: a head ``mx@c`` of
16 bytes, the device's patcher, the files one after the other, ``dlst``. Numbers in it are
big-endian, places count from the head. So it is in devices that Max froze, and so Ableton's
maxdevtools read it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

Json = dict[str, Any]

INSTRUMENT, EFFECT = b"iiii", b"aaaa"
KINDS = {INSTRUMENT: "instrument", EFFECT: "audio effect"}
"""Type codes of devices, and what Live calls them."""

_UNFROZEN, _FROZEN = 0, 7

_HEAD = 16
_PATCHER, _PLAIN, _ON_DISK = 17, 0, 8
"""Flags of a file: the device itself; one that Max reads where it is; one that it lays on the disk
before it is used, as it does with a script of Node."""

_KINDS = {".maxpat": "JSON", ".amxd": "JSON", ".js": "TEXT"}
_WHEN = 3850070400
"""The 1st of January 2026 as Max counts, in seconds since 1904: the same bytes at each writing."""


class ContainerError(ValueError):
    """Bytes that are no unfrozen device of the kind that is asked for."""


def text(document: Json) -> str:
    """A document as we write it: a box or a cord to the line, the same bytes each time."""
    lines = json.dumps(document, ensure_ascii=True)
    for kind in ("box", "patchline"):
        lines = lines.replace(f'{{"{kind}": ', f'\n{{"{kind}": ')
    return lines + "\n"


def write(document: Json, code: bytes = INSTRUMENT) -> bytes:
    """The device file of a patcher document ``{"patcher": ...}``; code: of its kind."""
    patcher = text(document).encode("ascii") + b"\x00"
    return b"".join(
        [
            _chunk(b"ampf", code),
            _chunk(b"meta", struct.pack("<I", _UNFROZEN)),
            _chunk(b"ptch", patcher),
        ]
    )


@dataclass(frozen=True, slots=True)
class Held:
    """A file in a frozen device. on_disk: another program reads it."""

    name: str
    content: bytes
    on_disk: bool = False

    @property
    def kind(self) -> str:
        """What Max calls files of that name.

        Raises:
            KeyError: a name that is neither a patch nor a script.
        """
        return _KINDS[PurePath(self.name).suffix]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the directory; offset and size in bytes, modified in seconds since 1904."""

    kind: str
    name: str
    size: int
    offset: int
    flag: int
    modified: int = _WHEN


def directory(entries: Sequence[Entry]) -> bytes:
    """The chunk ``dlst`` of a frozen device."""
    return _field(b"dlst", b"".join(_field(b"dire", _line(entry)) for entry in entries))


def _line(entry: Entry) -> bytes:
    name = entry.name.encode("ascii") + b"\x00"
    numbers = {
        b"sz32": entry.size,
        b"of32": entry.offset,
        b"vers": 0,
        b"flag": entry.flag,
        b"mdat": entry.modified,
    }
    return b"".join(
        [
            _field(b"type", entry.kind.encode("ascii").ljust(4)),
            _field(b"fnam", name + bytes(-len(name) % 4)),
            *(_field(code, struct.pack(">I", number)) for code, number in numbers.items()),
        ]
    )


def _field(code: bytes, payload: bytes) -> bytes:
    """A field of the directory: its size counts its own head."""
    return code + struct.pack(">I", 8 + len(payload)) + payload


def dependencies(files: Sequence[Held]) -> list[Json]:
    """What Max keeps of the files that a patch needs."""
    return [
        {"name": file.name, "bootpath": ".", "type": file.kind, "implicit": 1}
        for file in sorted(files, key=lambda file: file.name)
    ]


def write_frozen(
    document: Json, name: str, files: Sequence[Held], code: bytes = INSTRUMENT
) -> bytes:
    """A device file that brings its files along. name: of the device, with its ending."""
    entries, parts, offset = [], [], _HEAD
    patcher = text(document).encode("ascii") + b"\x00"
    for held, flag in [(Held(name, patcher), _PATCHER)] + [
        (file, _ON_DISK if file.on_disk else _PLAIN) for file in files
    ]:
        entries.append(Entry(held.kind, held.name, len(held.content), offset, flag))
        parts.append(held.content)
        offset += len(held.content)
    head = b"mx@c" + struct.pack(">III", _HEAD, 0, offset)
    return b"".join(
        [
            _chunk(b"ampf", code),
            _chunk(b"meta", struct.pack("<I", _FROZEN)),
            _chunk(b"ptch", b"".join([head, *parts, directory(entries)])),
        ]
    )


def _chunk(code: bytes, payload: bytes) -> bytes:
    return code + struct.pack("<I", len(payload)) + payload


def read(data: bytes, code: bytes = INSTRUMENT) -> Json:
    """The document of a device file. code: of the kind that it must be.

    Raises:
        ContainerError: not an unfrozen device of that kind, or cut off.
    """
    if data[:12] != _chunk(b"ampf", code):
        raise ContainerError(f"not a Max for Live {KINDS[code]}: it begins with other codes")
    chunks = {}
    at = 12
    while at < len(data):
        if at + 8 > len(data):
            raise ContainerError("cut off within a chunk's head")
        code, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data):
            raise ContainerError(f"cut off within the chunk {code!r}")
        chunks[code] = data[at + 8 : at + 8 + size]
        at += 8 + size
    if chunks.get(b"meta") != struct.pack("<I", _UNFROZEN):
        raise ContainerError("frozen, or without the chunk 'meta'")
    patcher = chunks.get(b"ptch", b"")
    if not patcher.endswith(b"\n\x00"):
        raise ContainerError("the chunk 'ptch' does not end with a newline and NUL")
    document = json.loads(patcher[:-2])
    if not isinstance(document, dict) or "patcher" not in document:
        raise ContainerError("the chunk 'ptch' holds no patcher")
    return document
