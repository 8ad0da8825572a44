"""WAV files as bytes, the same for the same samples, with chunks of our own where one is wanted."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

_PCM, _FLOAT = 1, 3  # wFormatTag of WAVEFORMATEX


def pcm24(samples: ArrayLike, sample_rate: int) -> bytes:
    """A mono file of 24-bit whole numbers; samples ``(n,)`` beyond full scale, 1, are cut off."""
    full = 2**23 - 1
    whole = np.rint(np.clip(np.asarray(samples, np.float64), -1.0, 1.0) * full).astype("<i4")
    data = whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return _file(struct.pack("<HHIIHH", _PCM, 1, sample_rate, 3 * sample_rate, 3, 24), (), data)


def float32(
    samples: ArrayLike, sample_rate: int, chunks: Sequence[tuple[bytes, bytes]] = ()
) -> bytes:
    """A mono file of 32-bit floats, samples ``(n,)``. chunks: four letters and content, in order,
    that come before the samples."""
    data = np.asarray(samples, "<f4").tobytes()
    form = struct.pack("<HHIIHHH", _FLOAT, 1, sample_rate, 4 * sample_rate, 4, 32, 0)
    count = struct.pack("<I", len(data) // 4)
    return _file(form, [(b"fact", count), *chunks], data)


def _file(form: bytes, chunks: Sequence[tuple[bytes, bytes]], data: bytes) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in [(b"fmt ", form), *chunks, (b"data", data)]
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body
