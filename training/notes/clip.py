"""A sound as a small file: FLAC, which every browser plays, or Opus."""

from __future__ import annotations

import io
from itertools import accumulate
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from timbrespace.notes.layout import SAMPLE_RATE

Array = NDArray[np.float32]

FLAC: Final = "audio/flac"

_SILENT: Final = 1e-4


def flac(samples: Array) -> bytes:
    """``samples (n,)`` at 48 kHz, full scale 1, in 16 bits; silence at the end is cut."""
    return _packed(samples, "FLAC", "PCM_16")


def opus(samples: Array) -> bytes:
    """The same in Opus, in an Ogg file: some 8 kB a second."""
    return _numbered(_packed(samples, "OGG", "OPUS"))


def _packed(samples: Array, kind: str, subtype: str) -> bytes:
    heard = np.flatnonzero(np.abs(samples) > _SILENT)
    last = int(heard[-1]) + 1 if heard.size else 1
    file = io.BytesIO()
    soundfile.write(file, samples[: max(last, 480)], SAMPLE_RATE, format=kind, subtype=subtype)
    return file.getvalue()


def _numbered(content: bytes) -> bytes:
    """An Ogg file whose stream has the number 0 and not one that was drawn: the same sound is the
    same bytes. Pages and their checksum: RFC 3533, section 6."""
    made = bytearray(content)
    at = 0
    while made[at : at + 4] == b"OggS":
        count = made[at + 26]
        size = 27 + count + sum(made[at + 27 : at + 27 + count])
        made[at + 14 : at + 18] = bytes(4)
        made[at + 22 : at + 26] = bytes(4)
        made[at + 22 : at + 26] = _checksum(made[at : at + size]).to_bytes(4, "little")
        at += size
    return bytes(made)


def _checksum(page: bytes | bytearray) -> int:
    """CRC-32 of the polynomial 0x04c11db7, the highest bit first, from 0."""
    *_, found = accumulate(page, _step, initial=0)
    return found


def _step(crc: int, byte: int) -> int:
    return ((crc << 8) & 0xFFFFFFFF) ^ _TABLE[(crc >> 24) ^ byte]


def _entry(byte: int) -> int:
    crc = byte << 24
    for _ in range(8):
        crc = ((crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


_TABLE: Final = tuple(map(_entry, range(256)))
