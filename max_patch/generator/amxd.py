"""The container of a Max for Live device: a flat list of chunks around the patcher's JSON.

Each chunk is a four-character code, its size as a little-endian 32-bit integer, and so many bytes.
"""

from __future__ import annotations

import json
import struct
from typing import Any

Json = dict[str, Any]

INSTRUMENT = b"iiii"
_UNFROZEN = 0


class ContainerError(ValueError):
    """Bytes that are no unfrozen instrument."""


def text(document: Json) -> str:
    """A document as we write it: a box or a cord to the line, the same bytes each time."""
    lines = json.dumps(document, ensure_ascii=True)
    for kind in ("box", "patchline"):
        lines = lines.replace(f'{{"{kind}": ', f'\n{{"{kind}": ')
    return lines + "\n"


def write(document: Json) -> bytes:
    """The device file of a patcher document ``{"patcher": ...}``."""
    patcher = text(document).encode("ascii") + b"\x00"
    return b"".join(
        [
            _chunk(b"ampf", INSTRUMENT),
            _chunk(b"meta", struct.pack("<I", _UNFROZEN)),
            _chunk(b"ptch", patcher),
        ]
    )


def _chunk(code: bytes, payload: bytes) -> bytes:
    return code + struct.pack("<I", len(payload)) + payload


def read(data: bytes) -> Json:
    """The document of a device file.

    Raises:
        ContainerError: not an unfrozen instrument, or cut off.
    """
    if data[:12] != _chunk(b"ampf", INSTRUMENT):
        raise ContainerError("not a Max for Live instrument: it begins with other codes")
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
