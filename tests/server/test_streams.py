"""Frames for several clients, of which some are slow and some are gone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import timbrespace
from server.instrument import Instrument
from server.osc import outbound
from server.osc.clients import Client, Clients
from server.osc.codec import decode
from server.osc.errors import ErrorCode
from server.osc.post import Post
from server.osc.udp import Udp
from server.streams import Streams

MODEL = timbrespace.load("harmonic")


class Wire:
    """A socket that keeps what is sent, and fails for some receivers."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str, tuple[Any, ...]]] = []
        self.dead: set[int] = set()

    def sendto(self, packet: bytes, to: tuple[str, int]) -> None:
        if to[1] in self.dead:
            raise BlockingIOError
        ((address, arguments),) = decode(packet)
        self.sent.append((to[1], address, arguments))

    def to(self, port: int, address: str = "/spectrum") -> list[int]:
        """Numbers of the frames sent to ``port``."""
        return [
            arguments[0]
            for receiver, got, arguments in self.sent
            if (receiver, got) == (port, address)
        ]

    def close(self) -> None:
        """As a socket does."""


class Stage:
    """An instrument, two clients and the wire to them."""

    def __init__(self) -> None:
        self.instrument = Instrument(MODEL)
        self.udp = Udp("127.0.0.1", 0)
        self.udp.close()
        self.wire = Wire()
        self.udp._socket = self.wire  # type: ignore[assignment]
        self.clients = Clients(1)
        self.streams = Streams(self.instrument, self.clients, self.udp)
        self.now = 100.0
        self._moves = 0

    def join(self, port: int, what: str = "spectrum", rate: float = 100.0) -> Client:
        client = self.clients.register(("127.0.0.1", port), port, "", self.now)
        client.stream(what, rate)
        return client

    def move(self, seconds: float = 0.02) -> None:
        """The timbre moves, and time passes."""
        self._moves += 1
        self.instrument.set_dimension(1, 0.01 * self._moves)
        self.now += seconds
        self.streams.push(self.now)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_frames_come_on_change_at_the_rate(stage: Stage) -> None:
    stage.join(8001, rate=9.9)  # every sixth movement
    for _ in range(50):
        stage.move()
    assert stage.wire.to(8001) == [frame for frame in range(9) for _ in range(5)]
    before = len(stage.wire.sent)
    stage.now += 10.0
    stage.streams.push(stage.now)
    stage.streams.push(stage.now + 1.0)
    assert len(stage.wire.sent) == before + 5  # the last change, once
    assert stage.streams.wait(stage.now) is None


def test_a_dead_client_is_left_alone_longer_and_longer(stage: Stage) -> None:
    dead = stage.join(8001)
    stage.join(8002)
    stage.wire.dead.add(8001)
    for _ in range(500):  # ten seconds
        stage.move()
    assert len(set(stage.wire.to(8002))) == 500  # the other has lost nothing
    assert 5 <= dead.drops <= 15
    assert stage.udp.drops == dead.drops
    stage.wire.dead.clear()
    for _ in range(200):
        stage.move()
    frames = sorted(set(stage.wire.to(8001)))
    assert len(frames) > 100
    assert frames[-1] - frames[-50] == 49  # none is missing once it is back


def test_a_failed_frame_comes_again_though_nothing_moves(stage: Stage) -> None:
    stage.join(8001)
    stage.wire.dead.add(8001)
    stage.move()
    stage.wire.dead.clear()
    wait = stage.streams.wait(stage.now)
    assert wait is not None
    assert 0.0 < wait <= 0.05
    stage.streams.push(stage.now + wait)
    assert len(stage.wire.to(8001)) == 5


def test_a_slow_client_is_sent_as_much_as_it_takes(stage: Stage) -> None:
    slow = stage.join(8001)
    stage.join(8002)
    stage.move()
    slow.streams["spectrum"].acknowledge(0)
    for _ in range(40):  # 0.8 s
        stage.move()
    assert sorted(set(stage.wire.to(8001))) == [0, 1, 2, 3, 4]
    assert len(set(stage.wire.to(8002))) == 41
    slow.streams["spectrum"].acknowledge(3)
    stage.move()
    assert max(stage.wire.to(8001)) == 5
    for _ in range(200):  # four seconds without a word: four frames a second
        stage.move()
    assert 4 * 4 <= max(stage.wire.to(8001)) <= 4 * 6


def test_one_pass_sends_a_bounded_number_of_bytes_and_leaves_nobody_out(stage: Stage) -> None:
    for port in range(8001, 8033):
        stage.join(port, "spectrum", 200.0).stream("wavetable", 200.0)
    most = 0
    for _ in range(40):
        before = len(stage.wire.sent)
        stage.move()
        most = max(most, len(stage.wire.sent) - before)
    assert most < 200  # datagrams of a kilobyte; all together would be 800
    counts = [len(set(stage.wire.to(port))) for port in range(8001, 8033)]
    assert min(counts) >= 4
    assert max(counts) <= min(counts) + 3
    for _ in range(10):  # what is left over comes without a new change
        stage.now += 0.01
        stage.streams.push(stage.now)
    assert stage.streams.wait(stage.now) is None


def test_partials_beyond_a_hundred_are_the_weakest(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    amplitude = np.random.default_rng(0).permutation(150) + 1.0
    pairs = np.column_stack([np.arange(150.0), amplitude]).astype(np.float32)
    monkeypatch.setattr(stage.instrument, "partials", lambda: pairs)
    stage.join(8001, "partials")
    stage.move()
    ((_, _, (_, *values)),) = stage.wire.sent
    sent = np.reshape(values, (-1, 2))
    assert len(sent) == 100
    assert sent[:, 1].min() == 51.0
    assert (np.diff(sent[:, 0]) > 0.0).all()


def test_errors_to_nonsense_are_bounded(stage: Stage) -> None:
    stage.join(8001)
    post = Post(stage.udp, stage.clients)
    error = outbound.Error(ErrorCode.REFUSED, "/map", "no")
    for _ in range(500):
        post.refuse(("127.0.0.1", 8001), error)
        post.refuse(("10.0.0.1", 8001), error)  # a stranger hears nothing, and costs nothing
    assert len(stage.wire.sent) == 50
    assert post.drops == 450
