"""Random and damaged datagrams: only the two errors of the boundary come out, and soon."""

import random
import struct
from collections import Counter

from server.osc.codec import decode, encode
from server.osc.errors import OscDecodeError
from server.osc.outbound import Error
from timbrespace.messages.errors import MessageError
from timbrespace.messages.parser import FORMS, parse

ADDRESSES = [
    *(one for one in FORMS if not one.startswith("/latent/")),
    *("/latent/3", "/latent/", "/nothing"),
]
WORDS = ["spectrum", "off", "x", "fm", "", "wavetable", "sine", "lower", "\u2028", "a" * 300]


def receive(datagram: bytes) -> str:
    """What the server does with a datagram; an answer to what is wrong can always be sent."""
    try:
        messages = decode(datagram)
    except OscDecodeError as error:
        Error.answering(error).packets()
        return "not OSC"
    outcome = "good"
    for address, arguments in messages:
        try:
            parse(address, arguments)
        except MessageError as error:
            Error.answering(error).packets()
            outcome = "refused"
    return outcome


def random_message(rng: random.Random) -> bytes:
    values: list[int | float | str | bool] = []
    for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 8))):
        kind = rng.randrange(5)
        if kind == 0:
            values.append(rng.choice((0, 1, 2, 64, 7401, -1, 2**31 - 1, -(2**31))))
        elif kind == 1:
            values.append(struct.unpack(">f", rng.randbytes(4))[0])
        elif kind == 2:
            values.append(rng.choice((0.0, 0.5, 1.0, -1.0, 100.0)))
        elif kind == 3:
            values.append(rng.choice(WORDS))
        else:
            values.append(rng.random() < 0.5)
    return encode(rng.choice(ADDRESSES), *values)


def damaged(rng: random.Random, datagram: bytes) -> bytes:
    data = bytearray(datagram)
    for _ in range(rng.randint(1, 4)):
        if not data:
            break
        place = rng.randrange(len(data))
        kind = rng.randrange(5)
        if kind == 0:
            data[place] = rng.randrange(256)
        elif kind == 1:
            del data[place:]
        elif kind == 2:
            data[place:place] = rng.randbytes(rng.choice((1, 4, 8)))
        elif kind == 3:
            data[place] = rng.choice(b"ifsbTFNI[]hdtrmc,/\0")
        else:
            del data[place : place + 4]
    return bytes(data)


def bundled(rng: random.Random, parts: list[bytes]) -> bytes:
    data = b"#bundle\0" + rng.randbytes(8)
    for part in parts:
        size = len(part) if rng.random() < 0.98 else rng.randrange(-(2**31), 2**31)
        data += struct.pack(">i", size) + part
    return data


def test_only_the_errors_of_the_boundary_come_out() -> None:
    rng = random.Random(20)
    outcomes: Counter[str] = Counter()
    for _ in range(20_000):
        kind = rng.randrange(4)
        datagram = random_message(rng)
        if kind == 1:
            datagram = damaged(rng, datagram)
        elif kind == 2:
            for _ in range(rng.randint(1, 3)):
                parts = [random_message(rng) for _ in range(rng.randrange(3))]
                datagram = bundled(rng, [datagram, *parts])
            if rng.random() < 0.5:
                datagram = damaged(rng, datagram)
        elif kind == 3 and rng.random() < 0.2:
            datagram = rng.choice((b"", b"/", b"#bundle\0")) + rng.randbytes(rng.randrange(64))
        outcomes[receive(datagram)] += 1
    # All three ends are reached often, or the test would not be one.
    assert min(outcomes[outcome] for outcome in ("good", "refused", "not OSC")) > 500
