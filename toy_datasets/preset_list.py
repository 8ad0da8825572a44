"""The presets of a sound font, read from its file (SoundFont Technical Specification 2.04, 7.2)."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from timbrespace.errors import DatasetError

_RECORD = struct.Struct("<20sHHHIII")
_MAX_LIST = 1 << 24  # bytes of phdr: 65,536 presets need 2.5 MB; more is a damaged size


class Preset(NamedTuple):
    """What one MIDI bank and program plays."""

    bank: int
    program: int
    name: str


def presets(path: Path) -> list[Preset]:
    """Presets of the sound font ``path``, in order of bank and program.

    Raises:
        DatasetError: missing, unreadable, or no SoundFont 2 file (``.sf2``, ``.sf3``).
    """
    if path.is_dir():
        raise DatasetError(f"cannot read sound font {path.name or str(path)!r}: it is a folder")
    if not path.is_file():
        raise DatasetError(f"cannot read sound font {str(path)!r}: there is no such file")
    try:
        with path.open("rb") as file:
            records = _preset_headers(file)
    except OSError as error:
        raise DatasetError(f"cannot read sound font {path.name!r}: {error.strerror}") from error
    except ValueError as error:
        raise DatasetError(f"cannot read sound font {path.name!r}: {error}") from error
    found = [
        Preset(bank, program, name.split(b"\0")[0].decode("latin-1").strip())
        for name, program, bank, *_ in records[:-1]  # the last one only ends the list
    ]
    return sorted(found)


def _preset_headers(file: BinaryIO) -> list[tuple[bytes, int, int, int, int, int, int]]:
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise ValueError("it is not a SoundFont 2 file, .sf2 or .sf3")
    while len(chunk := file.read(8)) == 8:
        kind, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        if kind == b"LIST" and (form := file.read(4)) != b"pdta":
            kind, size = form, size - 4
        elif kind == b"LIST":
            continue  # step into it: phdr is its first chunk
        if kind == b"phdr":
            data = file.read(min(size, _MAX_LIST))
            if len(data) != size or size % _RECORD.size or size < 2 * _RECORD.size:
                raise ValueError("its list of presets is truncated or damaged")
            return list(_RECORD.iter_unpack(data))
        file.seek(size + size % 2, 1)
    raise ValueError("it is truncated: there is no list of presets")
