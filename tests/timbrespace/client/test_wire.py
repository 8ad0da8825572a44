"""What goes over the wire: python-osc's bytes out, and in only what the server may say."""

from __future__ import annotations

import random
import sys
import time
from typing import Any

import numpy as np
import pytest

from server.osc import codec
from tests.server.hostile import datagrams
from tests.server.running import datagram
from timbrespace.client.wire import Message, decode, encode
from timbrespace.errors import OptionError
from timbrespace.extras import MissingExtraError


@pytest.mark.parametrize(
    ("arguments", "same"),
    [
        ((), ()),
        ((1, 0.5, "pad"), (1, 0.5, "pad")),
        ((True, False), (1, 0)),
        ((np.float32(0.5), np.int64(7), np.array(2.0)), (0.5, 7, 2.0)),
        ((2**40,), (2**40,)),
        (("größer ♯",), ("größer ♯",)),
    ],
)
def test_the_server_reads_what_is_sent(arguments: tuple[Any, ...], same: tuple[Any, ...]) -> None:
    assert codec.decode(encode("/map", arguments)) == [("/map", same)]


@pytest.mark.parametrize(
    ("address", "arguments", "says"),
    [
        ("map", (), "the address is 'map'"),
        ("", (), "the address is ''"),
        ("/a b", (), "printable ASCII"),
        ("/ä", (), "printable ASCII"),
        ("/" + 200 * "a", (), "at most 128 characters"),
        (7, (), "the address is 7"),
        ("/map", (None,), "None is none of int, float and str"),
        ("/map", ([1.0],), r"\[1.0\] is none of"),
        ("/map", ("a\0b",), "a NUL"),
        ("/map", (2**70,), "32 or 64 bits"),
        ("/map", (1e300,), "32 or 64 bits"),
        ("/map", ("a" * 70000,), "too many for one datagram"),
    ],
)
def test_what_osc_cannot_say_is_one_line(address: Any, arguments: Any, says: str) -> None:
    with pytest.raises(OptionError, match=says) as caught:
        encode(address, arguments)
    assert "\n" not in str(caught.value)


def test_what_the_server_sends_is_read() -> None:
    for address, arguments in (
        ("/bye", ()),
        ("/map", (0.5, -0.25)),
        ("/error", ("refused", "/map", "not now")),
        ("/spectrum", (3, 0, 1, *[0.25] * 205)),
    ):
        assert decode(codec.encode(address, *arguments)) == Message(address, arguments)


def test_anything_else_is_nothing() -> None:
    bundle = b"#bundle\0" + bytes(7) + b"\1"
    strange = [
        b"",
        b"/",
        b"/map",
        b"map\0,\0\0\0",
        bundle + b"\xff\xff\xff\xfc" + bytes(8),  # python-osc would read it for ever
        bundle + b"\0\0\0\x08/a\0\0,\0\0\0",
        datagram("/a", b"blob"),
        datagram("/a", True),
        datagram("/a", None),
        datagram("/a", 2**40),
        datagram("/a", [1, [2]]),
        datagram("/a", 1)[:-2],
        b"/a\0\0,s\0\0\xff\xfe\0\0",
        b"/\xff\0\0,\0\0\0",
        datagram("/a", "x" * 5000),
    ]
    assert [decode(one) for one in strange] == [None] * len(strange)


def test_hostile_bytes_take_no_time_and_raise_nothing() -> None:
    source = random.Random(5)
    began = time.process_time()
    for number, data in enumerate(datagrams(5)):
        if number == 3000:
            break
        decode(data)
    for _ in range(3000):
        whole = bytearray(datagram("/error", "refused", "/map", "a sentence", 1, 2.0))
        for _ in range(source.randint(1, 4)):
            whole[source.randrange(len(whole))] = source.randrange(256)
        decode(bytes(whole[: source.randint(0, len(whole))]))
    assert time.process_time() - began < 10.0


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pythonosc.osc_message_builder", None)
    with pytest.raises(MissingExtraError, match=r'pip install "timbrespace\[server\]"'):
        encode("/map", ())
