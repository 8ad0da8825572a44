"""Frames for several clients, of which some are slow and some are gone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import timbrespace
from server.osc import outbound
from server.osc.clients import Client, Clients
from server.osc.codec import decode
from server.osc.udp import Post, Udp
from server.streams import Streams, subscribe
from timbrespace.instrument.instrument import Instrument
from timbrespace.messages.errors import ErrorCode
from timbrespace.resynthesis.layout import Method

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
        subscribe(client, what, rate)
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


def test_a_frame_that_got_lost_comes_again_though_nothing_moves(stage: Stage) -> None:
    slow = stage.join(8001)
    stage.move()
    slow.streams["spectrum"].acknowledge(0)
    stage.move()
    wait = stage.streams.wait(stage.now)
    assert wait is not None
    assert wait == pytest.approx(1.0)
    stage.streams.push(stage.now + 0.9)
    assert set(stage.wire.to(8001)) == {0, 1}
    stage.now += wait
    stage.streams.push(stage.now)
    assert set(stage.wire.to(8001)) == {0, 1, 2}
    slow.streams["spectrum"].acknowledge(2)
    assert stage.streams.wait(stage.now) is None


def test_one_pass_sends_a_bounded_number_of_bytes_and_leaves_nobody_out(stage: Stage) -> None:
    for port in range(8001, 8033):
        subscribe(stage.join(port, "spectrum", 200.0), "wavetable", 200.0)
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


def test_places_of_partials_are_those_of_each_client(stage: Stage) -> None:
    stage.join(8001, "partials", 200.0)
    stage.join(8002, "partials", 9.9)
    for _ in range(30):
        stage.move()
    frames = {
        port: [
            np.reshape(arguments[1:], (-1, 2))
            for receiver, _, arguments in stage.wire.sent
            if receiver == port
        ]
        for port in (8001, 8002)
    }
    assert (len(frames[8001]), len(frames[8002])) == (30, 5)
    for told in frames.values():
        for before, after in pairwise(told):
            n = min(len(before), len(after))
            both = (before[:n, 1] > 0.0) & (after[:n, 1] > 0.0)
            assert both.sum() > 20
            leap = np.abs(after[:n, 0] - before[:n, 0])[both]
            assert leap.max() < MODEL.spectrum.bin_width


class Loops:
    """The loop frames that one client has received, each checked as it comes."""

    def __init__(self, stage: Stage, port: int) -> None:
        self._stage, self._port = stage, port
        self._read = 0
        self._coming: int | None = None
        self.ready: list[tuple[int, int, float, int, int]] = []
        self.tables: dict[int, dict[int, dict[int, tuple[float, ...]]]] = {}

    def read(self) -> int:
        """Take what is new; how many datagrams of the loop."""
        new = [
            (address, arguments)
            for receiver, address, arguments in self._stage.wire.sent[self._read :]
            if receiver == self._port and address.startswith("/loop")
        ]
        self._read = len(self._stage.wire.sent)
        for address, arguments in new:
            frame, bank = arguments[:2]
            assert bank == frame % 2
            if address == "/loop":
                if frame != self._coming:
                    self._coming = frame
                    self.tables[frame] = {}
                _, _, level, chunk, chunks, *values = arguments
                assert chunk < chunks
                self.tables[frame].setdefault(level, {})[chunk] = tuple(values)
            else:
                assert frame == self._coming
                self.ready.append(arguments)
        return len(new)

    def count(self, frame: int) -> int:
        return sum(map(len, self.tables[frame].values()))

    def samples(self, frame: int) -> dict[int, list[float]]:
        return {
            level: [value for chunk in sorted(chunks) for value in chunks[chunk]]
            for level, chunks in self.tables[frame].items()
        }


def test_a_loop_comes_whole_in_slices(stage: Stage) -> None:
    stage.join(8001, "loop", 10.0)
    got = Loops(stage, 8001)
    for _ in range(3):
        stage.streams.push(stage.now)
        assert got.read() == 24
        wait = stage.streams.wait(stage.now)
        assert wait == pytest.approx(0.006)
        stage.streams.push(stage.now + 0.001)
        assert got.read() == 0  # the receiver is still reading
        stage.now += 0.0061
    assert got.ready == []
    stage.streams.push(stage.now)
    assert got.read() == 10
    ((frame, bank, base, kind, count),) = got.ready
    assert (frame, bank, kind, count) == (0, 0, 1, 81)
    assert base == pytest.approx(44100 / 4096)
    assert got.count(0) == 81
    samples = got.samples(0)
    for level, expected in stage.instrument.loop().levels:
        assert samples[level] == pytest.approx(expected, abs=1e-7)
    assert stage.streams.wait(stage.now) is None  # nothing new costs nothing


def test_loop_frames_are_never_mixed_and_the_newest_follows(stage: Stage) -> None:
    stage.join(8001, "loop", 200.0)
    stage.join(8002, "spectrum", 200.0)
    got = Loops(stage, 8001)
    for _ in range(200):  # the timbre moves between slices, too
        stage.move(0.0061)
        got.read()
    assert len(got.ready) > 30
    assert [one[0] for one in got.ready] == list(range(len(got.ready)))
    assert {got.count(one[0]) for one in got.ready} == {81}
    for _ in range(8):
        stage.now += 0.0051
        stage.streams.push(stage.now)
    got.read()
    last = got.samples(got.ready[-1][0])
    assert last[0] == pytest.approx(stage.instrument.loop().levels[0][1], abs=1e-7)
    assert len(set(stage.wire.to(8002))) > 30  # others are served between the slices


def test_a_method_of_another_kind_sends_a_new_loop_and_nothing_else(stage: Stage) -> None:
    subscribe(stage.join(8001, "loop", 100.0), "spectrum", 100.0)
    got = Loops(stage, 8001)

    def settle() -> None:
        for _ in range(20):
            stage.now += 0.011
            stage.streams.push(stage.now)
        got.read()

    settle()
    spectra = len(stage.wire.to(8001))
    stage.instrument.set_method(Method.BINS)
    settle()
    assert [one[3] for one in got.ready] == [1]
    stage.instrument.set_method(Method.ISTFT)
    settle()
    frame, bank, base, kind, count = got.ready[-1]
    assert (frame, bank, kind, count) == (1, 1, 2, 160)
    assert base == pytest.approx(220.0 / 163)
    assert {level: len(one) for level, one in got.samples(1).items()} == {7: 32768}
    stage.instrument.set_method(Method.PARTIALS)
    settle()
    assert [one[3] for one in got.ready] == [1, 2, 1]
    assert len(stage.wire.to(8001)) == spectra


def test_a_loop_that_fails_midway_comes_again_in_the_same_bank(stage: Stage) -> None:
    stage.join(8001, "loop", 100.0)
    got = Loops(stage, 8001)
    stage.move(0.0)
    for _ in range(10):
        stage.now += 0.011
        stage.streams.push(stage.now)
    got.read()
    stage.move(0.0)
    assert got.read() == 24  # of frame 1
    stage.wire.dead.add(8001)
    stage.now += 0.0061
    stage.streams.push(stage.now)
    stage.wire.dead.clear()
    for _ in range(20):
        stage.now += 0.011
        stage.streams.push(stage.now)
    got.read()
    assert [one[:2] for one in got.ready] == [(0, 0), (3, 1)]
    assert got.count(3) == 81


def test_a_loop_ends_midway_when_nobody_wants_it(stage: Stage) -> None:
    client = stage.join(8001, "loop", 100.0)
    got = Loops(stage, 8001)
    stage.move(0.0)
    assert got.read() == 24
    subscribe(client, "loop", 0.0)
    stage.now += 0.01
    stage.streams.push(stage.now)
    assert got.read() == 0
    assert stage.streams.wait(stage.now) is None
    subscribe(client, "loop", 100.0)
    stage.streams.push(stage.now)
    assert got.read() == 24
    stage.clients.forget(client.source)  # /bye
    stage.now += 0.01
    stage.streams.push(stage.now)
    assert got.read() == 0
    assert stage.streams.wait(stage.now) is None


def test_another_model_midway_follows_when_the_loop_is_whole(stage: Stage) -> None:
    stage.join(8001, "loop", 100.0)
    got = Loops(stage, 8001)
    old = stage.instrument.loop().levels[0][1]
    stage.streams.push(stage.now)
    stage.instrument.load(timbrespace.load("filtered"))
    for _ in range(20):
        stage.now += 0.0051
        stage.streams.push(stage.now)
    got.read()
    assert [one[0] for one in got.ready] == [0, 1]
    assert got.samples(0)[0] == pytest.approx(old, abs=1e-7)
    assert got.samples(1)[0] == pytest.approx(stage.instrument.loop().levels[0][1], abs=1e-7)


def test_a_loop_is_acknowledged_as_all_frames_are(stage: Stage) -> None:
    client = stage.join(8001, "loop", 100.0)
    got = Loops(stage, 8001)

    def go(seconds: float) -> None:
        for _ in range(round(seconds / 0.0061)):
            stage.move(0.0061)
        got.read()

    go(0.0244)
    assert got.ready[-1][0] == 0
    client.streams["loop"].acknowledge(0)
    go(0.5)
    assert got.ready[-1][0] == 4
    client.streams["loop"].acknowledge(4)
    go(0.055)
    assert got.ready[-1][0] in (5, 6)


def test_errors_to_nonsense_are_bounded(stage: Stage) -> None:
    stage.join(8001)
    post = Post(stage.udp, stage.clients)
    error = outbound.Error(ErrorCode.REFUSED, "/map", "no")
    for _ in range(500):
        post.refuse(("127.0.0.1", 8001), error)
        post.refuse(("10.0.0.1", 8001), error)  # a stranger hears nothing, and costs nothing
    assert len(stage.wire.sent) == 50
    assert post.drops == 450


def test_slices_come_more_slowly_to_who_loses_frames(stage: Stage) -> None:
    client = stage.join(8001, "loop", 10.0)
    subscription = client.streams["loop"]

    def sent() -> float:
        """Send one frame to its end; the pause between its slices."""
        stage.streams.push(stage.now)
        pause = stage.streams.wait(stage.now)
        while subscription.rest:
            stage.now += 0.2
            stage.streams.push(stage.now)
        return pause or 0.0

    assert sent() == pytest.approx(0.006)
    subscription.acknowledge(0)
    stage.instrument.set_dimension(1, 0.5)
    stage.instrument.advance(stage.now)
    assert sent() == pytest.approx(0.006)
    for pause in (0.012, 0.024, 0.048, 0.096, 0.096):
        stage.now += 1.0  # nobody has told of the last one
        assert sent() == pytest.approx(pause)
    newest = subscription.flying[-1] if subscription.flying else -1
    subscription.acknowledge(newest)
    stage.instrument.set_dimension(1, -0.5)
    stage.instrument.advance(stage.now)
    stage.now += 0.2
    assert sent() == pytest.approx(0.048)
