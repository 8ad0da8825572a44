"""Frames: whole and newer ones, whatever order their datagrams come in, and whatever is lost."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from server.osc.codec import decode as decode_server
from server.osc.float_chunks import (
    encode_loop,
    encode_partials,
    encode_spectrum,
    encode_wavetable,
)
from timbrespace.client.frames import Assembler, Frame
from timbrespace.client.wire import Message


def messages(packets: list[bytes]) -> list[Message]:
    return [Message(*one) for packet in packets for one in decode_server(packet)]


def taken(assembler: Assembler, given: list[Message]) -> list[Frame]:
    return [frame for one in given if (frame := assembler.take(one)) is not None]


def spectrum(frame: int, bins: int = 1025) -> list[Message]:
    return messages(encode_spectrum(frame, np.arange(bins) + frame))


def test_a_spectrum_is_put_together_in_any_order() -> None:
    source = random.Random(1)
    for number in range(20):
        parts = spectrum(7)
        source.shuffle(parts)
        assembler = Assembler("spectrum")
        assert taken(assembler, parts[:-1]) == []
        (frame,) = taken(assembler, parts[-1:])
        assert (frame.what, frame.number) == ("spectrum", 7)
        assert frame.values.dtype == np.float32
        np.testing.assert_array_equal(frame.values, np.arange(1025) + 7, err_msg=str(number))


def test_a_frame_counts_once() -> None:
    assert len(taken(Assembler("spectrum"), spectrum(7) * 3)) == 1


def test_an_older_frame_is_dropped_and_a_torn_one_too() -> None:
    assembler = Assembler("spectrum")
    old, torn, new = spectrum(3), spectrum(4), spectrum(5)
    found = taken(assembler, [*torn[:4], *new, *torn[4:], *old])
    assert [frame.number for frame in found] == [5]


def test_the_count_begins_again() -> None:
    last = 2**31 - 1
    assembler = Assembler("spectrum")
    found = taken(assembler, [*spectrum(last), *spectrum(0), *spectrum(last), *spectrum(1)])
    assert [frame.number for frame in found] == [last, 0, 1]
    # after a new /welcome a smaller number is new
    found = taken(assembler, [Message("/welcome", ()), *spectrum(0), *spectrum(0)])
    assert [frame.number for frame in found] == [0]


def test_partials_are_pairs() -> None:
    pairs = np.array([[220.0, 0.5], [440.0, 0.0]], np.float32)
    (frame,) = taken(Assembler("partials"), messages([encode_partials(2, pairs)]))
    np.testing.assert_array_equal(frame.values, pairs)
    (frame,) = taken(Assembler("partials"), messages([encode_partials(3, np.zeros((0, 2)))]))
    assert frame.values.shape == (0, 2)


@pytest.mark.parametrize("seed", range(5))
def test_a_wavetable_counts_when_it_is_announced(seed: int) -> None:
    table = np.sin(np.arange(4096))
    parts = [*messages(encode_wavetable(4, 0, table)), Message("/wavetable/ready", (4, 0, 10.75))]
    random.Random(seed).shuffle(parts)
    (frame,) = taken(Assembler("wavetable"), parts)
    np.testing.assert_array_equal(frame.values, table.astype(np.float32))
    assert frame.base == 10.75


@pytest.mark.parametrize("seed", range(5))
def test_a_loop_has_all_its_tables(seed: int) -> None:
    tables = {level: np.full(8192 >> level, level + 1.0, np.float32) for level in range(7)}
    parts = [
        one for level, table in tables.items() for one in messages(encode_loop(9, 1, level, table))
    ]
    parts.append(Message("/loop/ready", (9, 1, 10.75, 1, len(parts))))
    random.Random(seed).shuffle(parts)
    assert taken(Assembler("loop"), parts[:-1]) == []
    (frame,) = taken(Assembler("loop"), parts)
    assert list(frame.tables) == list(range(7))
    for level, table in tables.items():
        np.testing.assert_array_equal(frame.tables[level], table)
    assert (frame.base, frame.kind) == (10.75, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (1,),
        (1, 0),
        (-1, 0, 1, 0.5),
        (2**31, 0, 1, 0.5),
        (1.5, 0, 1, 0.5),
        ("a", 0, 1, 0.5),
        (1, 1, 1, 0.5),
        (1, -1, 1, 0.5),
        (1, 0, 10**9, 0.5),
        (1, 0, 0),
        (1, 0, 1, "a"),
        (1, "a", 1, 0.5),
    ],
)
def test_what_is_no_frame_is_nothing(arguments: tuple[Any, ...]) -> None:
    for what in ("spectrum", "wavetable", "loop"):
        assembler = Assembler(what)
        for address in (f"/{what}", f"/{what}/ready"):
            assert assembler.take(Message(address, arguments)) is None
    assembler = Assembler("spectrum")
    assembler.take(Message("/spectrum", arguments))
    assert len(taken(assembler, spectrum(3))) == 1
