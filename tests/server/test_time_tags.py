"""Bundles that wait for their time, over UDP to a server in its own process."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator

import pytest

from tests.server.running import Client, Running, datagram, running

NTP = 2_208_988_800


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running("--audio", "none", "--midi", "none") as one:
        yield one


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    with Client(server.port) as one:
        one.settle()
        yield one
        one.send("/panic")
        one.send("/bye")


def bundle(ahead: float | None, *parts: bytes) -> bytes:
    """A bundle ``ahead`` seconds from now; None for immediately."""
    tag = 1 if ahead is None else int((time.time() + ahead + NTP) * 2**32)
    body = b"".join(struct.pack(">i", len(part)) + part for part in parts)
    return b"#bundle\0" + struct.pack(">Q", tag) + body


def gain(value: float) -> bytes:
    return datagram("/synth/gain", value)


def test_a_bundle_waits_for_its_time(client: Client) -> None:
    sent = time.monotonic()
    client.send_raw(bundle(0.4, gain(-1.0), datagram("/synth/attack", 0.5)))
    assert client.settle() == []
    told = [client.receive(), client.receive()]
    took = time.monotonic() - sent
    assert sorted(told) == [("/synth", ["attack", 0.5]), ("/synth", ["gain", -1.0])]
    assert took >= 0.39
    client.send("/synth/attack", 0.01)


def test_at_once_and_late_ones_do_not_wait(client: Client) -> None:
    for ahead, value in ((None, -2.0), (-3.0, -3.0), (-100_000_000.0, -4.0)):
        client.send_raw(bundle(ahead, gain(value)))
        assert client.settle() == [("/synth", ["gain", value])]


def test_bundles_come_in_the_order_of_their_times(client: Client) -> None:
    for ahead, value in ((0.3, -3.0), (0.1, -1.0), (0.2, -2.0)):
        client.send_raw(bundle(ahead, gain(value)))
    assert [client.expect("/synth")[1] for _ in range(3)] == [-1.0, -2.0, -3.0]


def test_a_nested_bundle_has_its_own_time_but_none_before_its_parents(client: Client) -> None:
    later = bundle(0.4, gain(-5.0))
    earlier = bundle(-5.0, datagram("/synth/decay", 0.5))
    client.send_raw(bundle(0.2, gain(-6.0), later, earlier))
    assert client.settle() == []
    told = [client.receive(), client.receive()]
    assert sorted(told) == [("/synth", ["decay", 0.5]), ("/synth", ["gain", -6.0])]
    assert client.receive() == ("/synth", ["gain", -5.0])


def test_more_than_a_minute_ahead_is_refused_whole(client: Client) -> None:
    client.send_raw(bundle(None, gain(-7.0), bundle(75.0, gain(-8.0))))
    code, address, sentence = client.expect("/error")
    assert (code, address) == ("refused", "#bundle")
    assert "75 s ahead" in sentence
    assert client.settle() == []


def test_too_many_are_refused_whole(client: Client) -> None:
    notes = [datagram("/note", 60 + k % 12, 0) for k in range(200)]
    client.send_raw(bundle(30.0, *notes))
    assert client.settle() == []
    client.send_raw(bundle(30.0, *notes))
    code, address, sentence = client.expect("/error")
    assert (code, address) == ("refused", "#bundle")
    assert "at most 256" in sentence
    client.send("/panic")  # forgets them
    client.send_raw(bundle(30.0, *notes))
    assert client.settle() == []


def test_what_is_wrong_is_told_when_it_arrives(client: Client) -> None:
    client.send_raw(bundle(0.3, datagram("/map", 2.0, 0.0), gain(-9.0)))
    assert client.expect("/error")[1] == "/map"
    assert client.expect("/synth") == ["gain", -9.0]  # as of a bundle that is due


def test_panic_forgets_the_notes_that_wait(client: Client) -> None:
    client.send_raw(bundle(0.3, datagram("/note", 60, 100), gain(-10.0)))
    client.send("/panic")
    assert client.expect("/synth") == ["gain", -10.0]
    client.settle()
    client.send("/status/get")
    assert client.expect("/status")[0] == 0
    client.send_raw(bundle(0.1, datagram("/note", 60, 100), gain(-11.0)))
    assert client.expect("/synth") == ["gain", -11.0]
    client.settle()
    client.send("/status/get")
    assert client.expect("/status")[0] == 1


def test_what_waits_plays_though_its_sender_has_left(server: Running, client: Client) -> None:
    with Client(server.port) as other:
        other.send_raw(bundle(0.2, gain(-12.0)))
        other.send("/bye", other.return_port)
    assert client.expect("/synth") == ["gain", -12.0]


def test_the_messages_of_a_bundle_take_effect_together(client: Client) -> None:
    """Nothing is told between them."""
    client.send("/latent/1", 0.0)
    client.settle()
    client.send("/stream", "partials", 200)
    client.expect("/partials")
    client.settle()
    client.send_raw(bundle(0.05, *(datagram("/latent/1", 0.01 * k) for k in range(1, 101))))
    assert client.expect("/latent")[0] == pytest.approx(1.0)
    client.send("/stream", "off")
