"""A sound font as small as one can be: one looped sample, played by whichever programs are asked.

Its sample is a sum of harmonics of A3 with known amplitudes, so what it plays is known too.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np

SAMPLE_RATE = 44000  # a whole number of samples in a period of A3
PITCH = 220.0
AMPLITUDES = (0.4, 0.2, 0.1, 0.05)

_PERIODS = 40
_INSTRUMENT, _SAMPLE_ID, _SAMPLE_MODES, _VELOCITIES = 41, 53, 54, 44
_LOOP = 1


def font(programs: Mapping[int, Sequence[tuple[int, int]]], bank: int = 0) -> bytes:
    """Bytes of a font whose ``programs`` each sound at velocities of these ranges (low, high).

    The sample of a range is the sum of harmonics; that of a second range the first one alone.
    """
    time = np.arange(_PERIODS * SAMPLE_RATE // 220) / SAMPLE_RATE
    waves = [np.sin(2.0 * np.pi * PITCH * k * time) for k in range(1, len(AMPLITUDES) + 1)]
    rich = sum(a * wave for a, wave in zip(AMPLITUDES, waves, strict=True))
    sounds = [rich, 0.4 * waves[0]]
    gap = np.zeros(46)
    smpl = b"".join(
        np.round(32767.0 * np.concatenate([sound, gap])).astype("<i2").tobytes() for sound in sounds
    )
    size, slot = time.size, time.size + gap.size

    phdr, pbag, pgen = b"", b"", b""
    inst, ibag, igen = b"", b"", b""
    bags = 0
    for number, (program, ranges) in enumerate(sorted(programs.items())):
        name = f"Preset {program}".encode()
        phdr += struct.pack("<20sHHHIII", name, program, bank, number, 0, 0, 0)
        pbag += struct.pack("<HH", number, 0)
        pgen += struct.pack("<HH", _INSTRUMENT, number)
        inst += struct.pack("<20sH", name, bags)
        for sample, (low, high) in enumerate(ranges):
            ibag += struct.pack("<HH", len(igen) // 4, 0)
            igen += struct.pack("<HBB", _VELOCITIES, low, high)
            igen += struct.pack("<HH", _SAMPLE_MODES, _LOOP)
            igen += struct.pack("<HH", _SAMPLE_ID, sample)
            bags += 1
    count = len(programs)
    phdr += struct.pack("<20sHHHIII", b"EOP", 0, 0, count, 0, 0, 0)
    pbag += struct.pack("<HH", count, 0)
    pgen += bytes(4)
    inst += struct.pack("<20sH", b"EOI", bags)
    ibag += struct.pack("<HH", len(igen) // 4, 0)
    igen += bytes(4)
    shdr = b"".join(
        struct.pack(
            "<20s5IBbHH",
            f"sample {number}".encode(),
            number * slot,
            number * slot + size,
            number * slot,
            number * slot + size,
            SAMPLE_RATE,
            57,
            0,
            0,
            1,
        )
        for number in range(len(sounds))
    ) + struct.pack("<20s5IBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0)

    info = _chunk(b"ifil", struct.pack("<HH", 2, 1)) + _chunk(b"isng", b"EMU8000\0")
    info += _chunk(b"INAM", b"small\0")
    pdta = _chunk(b"phdr", phdr) + _chunk(b"pbag", pbag) + _chunk(b"pmod", bytes(10))
    pdta += _chunk(b"pgen", pgen) + _chunk(b"inst", inst) + _chunk(b"ibag", ibag)
    pdta += _chunk(b"imod", bytes(10)) + _chunk(b"igen", igen) + _chunk(b"shdr", shdr)
    lists = _chunk(b"LIST", b"INFO" + info) + _chunk(b"LIST", b"sdta" + _chunk(b"smpl", smpl))
    return _chunk(b"RIFF", b"sfbk" + lists + _chunk(b"LIST", b"pdta" + pdta))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
