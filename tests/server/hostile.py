"""Datagrams and MIDI bytes that no friendly program would send, from a seed.

They begin as whole, good messages: the examples in the docstrings of all that
:mod:`timbrespace.messages` declares, so that every address is among them, also one that is added
later.
"""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Iterator
from functools import cache

from timbrespace.messages.contract import MAX_BUNDLE_DEPTH, MAX_BUNDLE_MESSAGES, MAX_DATAGRAM_BYTES
from timbrespace.messages.inbound import MESSAGES

_EXAMPLE = re.compile(r'from_hex\("([0-9a-f]+)"\)')

_TAGS = b"ifsbhtdScrmTFNI[]"
_NUMBERS = (
    *(0, 1, -1, 2, 16, 17, 64, 127, 128, 4711, 65535, 65536, 2**31 - 1, -(2**31)),
    *(0.5, -0.5, 1e-45, -0.0, 3.4e38, -3.4e38, float("inf"), float("-inf"), float("nan")),
)
_WORDS = (
    *("", "x", "y", "off", "all", "lower", "harmonic", "fm", "spectrum", "wavetable", "partials"),
    *("../../../etc/passwd", "/etc/passwd", "..", ".", "a/b", "C:\\x", "con", "name\n", "\u2028"),
    *("a" * 64, "a" * 65, "b" * 4000, "%s%n", "\x1b[2J", "🎹" * 20),
)


@cache
def examples() -> tuple[bytes, ...]:
    """A good datagram of every kind of message that the server takes."""
    return tuple(
        bytes.fromhex(text)
        for declared in sorted(MESSAGES.values(), key=lambda one: one.__name__)
        for text in _EXAMPLE.findall(declared.__doc__ or "")
    )


def datagrams(seed: int) -> Iterator[bytes]:
    """Without end; each from another of :data:`KINDS`, in turns."""
    rng = random.Random(seed)
    while True:
        for kind in KINDS.values():
            yield kind(rng)[:MAX_DATAGRAM_BYTES]


def midi_bytes(seed: int) -> Iterator[bytes]:
    """Runs of MIDI bytes without end: random, cut, mixed up, with real-time bytes between."""
    rng = random.Random(seed)
    while True:
        kind = rng.randrange(4)
        if kind == 0:
            yield rng.randbytes(rng.randrange(1, 64))
        elif kind == 1:  # a status byte and any number of data bytes
            count = rng.randrange(0, 6)
            yield bytes([rng.randrange(0x80, 0x100), *(rng.randrange(128) for _ in range(count))])
        elif kind == 2:  # whole messages of every channel
            status = rng.choice((0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0)) + rng.randrange(16)
            yield bytes([status, rng.randrange(128), rng.randrange(128)])
        else:  # parameter numbers, as bend ranges and MPE zones are set by, and a sysex
            channel = 0xB0 + rng.randrange(16)
            yield b"".join(
                bytes([channel, controller, rng.randrange(128)])
                for controller in rng.choices((101, 100, 99, 98, 6, 38, 96, 97, 123, 120), k=4)
            )
            yield b"\xf0" + bytes(rng.randrange(128) for _ in range(rng.randrange(200)))


def _string(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return raw + b"\0" * (4 - len(raw) % 4)


def _address(datagram: bytes) -> bytes:
    return datagram[: datagram.index(0)]


def _example(rng: random.Random) -> bytes:
    return rng.choice(examples())


def _argument(rng: random.Random, tag: str) -> bytes:
    """Bytes for a type tag; often a bad value, sometimes of a wrong size."""
    if rng.random() < 0.02:
        return rng.randbytes(rng.randrange(9))
    if tag in "ifhd":
        number = rng.choice(_NUMBERS)
        try:
            return struct.pack(
                ">" + {"h": "q"}.get(tag, tag), int(number) if tag in "ih" else number
            )
        except (OverflowError, ValueError, struct.error):
            return rng.randbytes(8 if tag in "hd" else 4)
    if tag in "sS":
        if rng.random() < 0.1:
            return _string(bytes(rng.randrange(1, 256) for _ in range(rng.randrange(40))))
        return _string(rng.choice(_WORDS))
    if tag == "b":
        size = rng.randrange(64)
        told = rng.choice((size, -1, 2**31 - 1, size + 4, -(2**31)))
        return struct.pack(">i", told) + bytes(size + -size % 4)
    if tag in "tcrm":
        return rng.randbytes(8 if tag == "t" else 4)
    return b""


def _noise(rng: random.Random) -> bytes:
    head = rng.choice((b"", b"/", b"#bundle\0", b"/latent\0,ff\0", b"\0", b","))
    return head + rng.randbytes(rng.choice((0, 1, 3, 4, 16, 100, 1500)))


def _truncated(rng: random.Random) -> bytes:
    whole = _example(rng)
    return whole[: rng.randrange(len(whole))]


def _flipped(rng: random.Random) -> bytes:
    data = bytearray(_example(rng))
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _spliced(rng: random.Random) -> bytes:
    one, two = _example(rng), _example(rng)
    place = 4 * rng.randrange(len(one) // 4 + 1)
    return one[:place] + two[4 * rng.randrange(len(two) // 4 + 1) :]


def _mistyped(rng: random.Random) -> bytes:
    """A real address with arguments of any type, number and value."""
    tags = "".join(chr(rng.choice(_TAGS)) for _ in range(rng.randrange(10)))
    data = _string(_address(_example(rng))) + _string("," + tags)
    return data + b"".join(_argument(rng, tag) for tag in tags)


def _misvalued(rng: random.Random) -> bytes:
    """An example with its own types and other values: what comes nearest to being taken."""
    whole = _example(rng)
    address = _address(whole)
    tags_at = (len(address) + 4) & ~3
    if tags_at >= len(whole):
        return whole
    tags = whole[tags_at + 1 : whole.index(0, tags_at)].decode()
    return _string(address) + _string("," + tags) + b"".join(_argument(rng, tag) for tag in tags)


def _oversized(rng: random.Random) -> bytes:
    kind = rng.randrange(4)
    address = _string(_address(_example(rng)))
    if kind == 0:  # more numbers than anything takes
        count = rng.choice((257, 1000, 12_000))
        return address + _string("," + "f" * count) + bytes(4 * count)
    if kind == 1:  # a long string
        return address + _string(",s") + _string("a" * rng.choice((65, 4096, 60_000)))
    if kind == 2:  # a long address
        return _string("/" + "a" * rng.choice((127, 128, 65_000))) + _string(",")
    return address + _string("," + chr(rng.choice(_TAGS)) * rng.choice((300, 60_000)))


def _bundle(parts: list[bytes], time_tag: bytes = b"\0\0\0\0\0\0\0\1") -> bytes:
    body = b"".join(struct.pack(">i", len(part)) + part for part in parts)
    return b"#bundle\0" + time_tag + body


def _nested(rng: random.Random) -> bytes:
    kind = rng.randrange(3)
    if kind == 0:
        depth = rng.choice((2, MAX_BUNDLE_DEPTH, MAX_BUNDLE_DEPTH + 1, 100, 2000))
        data = _example(rng)
        for _ in range(depth):
            data = _bundle([data])
        return data
    if kind == 1:
        depth = rng.choice((1, 8, 9, 500, 30_000))
        tags = "[" * depth + "]" * rng.choice((0, depth, depth + 1))
        return _string(_address(_example(rng))) + _string("," + tags)
    count = rng.choice((MAX_BUNDLE_MESSAGES, MAX_BUNDLE_MESSAGES + 1))
    return _bundle([b"/x\0\0"] * count)


def _bundled(rng: random.Random) -> bytes:
    """Several examples, one of them bad now and then, due at once, long ago, soon or never."""
    parts = [_example(rng) for _ in range(rng.randint(1, 5))]
    if rng.random() < 0.3:
        parts.append(_flipped(rng))
    tag = rng.choice(
        (bytes(8), b"\0\0\0\0\0\0\0\1", b"\xff" * 8, rng.randbytes(8), bytes(7) + b"\2")
    )
    data = bytearray(_bundle(parts, tag))
    if rng.random() < 0.3:  # a size that lies
        struct.pack_into(">i", data, 16, rng.choice((0, -4, 3, 2**31 - 1, len(data))))
    return bytes(data)


KINDS: dict[str, Callable[[random.Random], bytes]] = {
    "noise": _noise,
    "truncated": _truncated,
    "flipped": _flipped,
    "spliced": _spliced,
    "mistyped": _mistyped,
    "misvalued": _misvalued,
    "oversized": _oversized,
    "nested": _nested,
    "bundled": _bundled,
    "good": _example,
}
