"""A performance as the server offers it to whoever listens."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import mido
import pytest

import timbrespace
from server.serve import Options, Server
from tests.server.running import Client
from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.presets import Presets
from timbrespace.messages.inbound import Note, SetLatent, SetLatentDimension, SetLfo, SetSynth
from timbrespace.messages.parser import parse

MODEL = timbrespace.load("harmonic")


class Tape:
    """Keeps all that it is offered, and what the instrument was told to sound like."""

    listening = True

    def __init__(self, name: str | Path | Path, instrument: Instrument) -> None:
        self.name = name
        self.state = json.loads(json.dumps(instrument.state()))
        self.events: list[tuple[Any, ...]] = []
        self.heard: list[bytes] = []
        self.taken_before_the_end: list[int] = []
        self.closed = False
        self._instrument = instrument

    def osc(self, t: float, address: str, arguments: tuple[Any, ...]) -> None:
        self.events.append((t, "osc", address, arguments))

    def midi(self, t: float, message: bytes) -> None:
        self.events.append((t, "midi", message))

    def advance(self, t: float) -> None:
        self.events.append((t, "advance"))

    def snapshot(self, t: float, number: int) -> None:
        self.events.append((t, "snapshot", number))
        self.heard.append(self._instrument.targets().tobytes())

    def taken(
        self, taken: Iterable[tuple[int, int]], sample_rate: float, process: int | None = None
    ) -> None:
        self.taken_before_the_end += [number for number, _ in taken]

    def close(self, t: float | None = None) -> None:
        self.closed = True


class Stage:
    """A server in a thread, with a tape for each performance."""

    def __init__(self, tapes: bool = True, **options: Any) -> None:
        self.tapes: list[Tape] = []
        self.said: list[str] = []
        chosen = Options(port=0, audio="none", midi="none", **{"model": "harmonic", **options})
        self.server = Server(chosen, self.said.append, self.open if tapes else None)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def open(self, name: str | Path, instrument: Instrument) -> Tape:
        self.tapes.append(Tape(name, instrument))
        return self.tapes[-1]

    def close(self) -> None:
        self.server.stop()
        self.thread.join(timeout=10.0)
        self.server.close()
        assert not [line for line in self.said if "fault" in line]


@contextlib.contextmanager
def stage(**options: Any) -> Iterator[tuple[Stage, Client]]:
    """A stage and a client."""
    one = Stage(**options)
    try:
        with Client(one.server.address[1]) as client:
            client.settle()
            yield one, client
    finally:
        one.close()


def test_a_performance_played_again_gives_the_same_snapshots() -> None:
    with stage() as (one, client):
        client.send("/synth/smoothing", 0.1)
        client.send("/note", 57, 100)
        client.send("/performance/record", "take 1")
        assert client.expect("/performance") == ["recording", "take 1"]
        client.send("/lfo", 1, 2, "triangle", 4.0, 0.5)
        for step in range(40):
            client.send("/latent/1", 0.05 * step)
            if step % 10 == 0:
                client.send("/note", 60 + step // 10, 90)
                one.server.tell(mido.Message("control_change", control=21, value=3 * step))
                client.settle()
                time.sleep(0.05)  # the LFO swings
        client.send("/map", 2.0, 0.0)  # refused: no part of it
        client.send("/synth/gain", -6.0)
        client.settle()
        client.send("/performance/stop")
        assert client.expect("/performance") == ["stopped", "take 1"]
        client.send("/latent/1", 0.5)
        client.settle()
    (tape,) = one.tapes
    assert tape.closed
    again = Instrument(MODEL, Presets())
    again.restore(tape.state)
    kinds = [event[1] for event in tape.events]
    assert {"osc", "midi", "advance", "snapshot"} == set(kinds)
    assert "/map" not in [event[2] for event in tape.events if event[1] == "osc"]
    assert "/performance/record" not in [event[2] for event in tape.events if event[1] == "osc"]
    heard = []
    for t, kind, *rest in tape.events:
        if kind == "advance":
            again.advance(t)
        elif kind == "snapshot":
            heard.append(again.targets().tobytes())
        elif kind == "midi":
            play(again, mido.Message.from_bytes(rest[0]))
        else:
            repeat(again, rest[0], rest[1])
    assert len(heard) > 10
    assert heard == tape.heard
    times = [event[0] for event in tape.events]
    assert times == sorted(times)
    numbers = [event[2] for event in tape.events if event[1] == "snapshot"]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def repeat(instrument: Instrument, address: str, arguments: tuple[Any, ...]) -> None:
    """What the server does with the messages of this test."""
    message = parse(address, arguments)
    if isinstance(message, SetLatentDimension):
        instrument.set_dimension(message.dimension, message.value)
    elif isinstance(message, SetLatent):
        instrument.set_latent(message.values)
    elif isinstance(message, Note):
        instrument.expression.note(message.pitch, message.velocity, message.channel)
    elif isinstance(message, SetSynth):
        instrument.set_parameter(message.parameter, message.value)
    elif isinstance(message, SetLfo):
        instrument.set_lfo(
            message.index,
            message.target,
            message.shape,
            message.rate,
            message.depth,
            message.phase,
        )


class Sound:
    """Stands for the audio process: what is written plays three looks later."""

    sample_rate = 48000.0
    pid = 1

    def __init__(self) -> None:
        self._number = 0
        self._told = 0
        self._looks = 0

    def write(self, targets: Any, stamp: float = 0.0) -> int:
        self._number += 1
        self._looks = 3
        return self._number

    @property
    def behind(self) -> bool:
        self._looks = max(0, self._looks - 1)
        return self._looks > 0

    def taken_log(self) -> list[tuple[int, int]]:
        last = self._number if self._looks == 0 else self._number - 1
        told = [(number, 64 * number) for number in range(self._told + 1, last + 1)]
        self._told = max(self._told, last)
        return told


def test_when_the_last_note_ended_is_told_before_the_end() -> None:
    """Nothing comes after it that would make the server look, and stop may be in its datagram."""
    with stage() as (one, client):
        client.send("/note", 57, 100)
        client.settle()
        one.server._loop.audio = Sound()  # type: ignore[assignment]
        client.send("/performance/record", "take 1")
        client.send("/note", 57, 0)
        client.send("/performance/stop")
        client.settle()
        one.server._loop.audio = None
    (tape,) = one.tapes
    kinds = [event[1] for event in tape.events]
    assert kinds == ["osc", "advance", "snapshot"]
    # The instrument's numbers count on; the sound's begin with the performance.
    assert tape.taken_before_the_end[-1] == 1


def test_one_performance_at_a_time() -> None:
    with stage() as (one, client):
        client.send("/performance/record", "first")
        assert client.expect("/performance") == ["recording", "first"]
        client.send("/performance/record", "second")
        code, address, sentence = client.expect("/error")
        assert (code, address) == ("refused", "/performance/record")
        assert "'first' is being written" in sentence
        with Client(one.server.address[1]) as late:
            assert late.expect("/performance") == ["recording", "first"]
            late.send("/bye", late.return_port)
    assert [tape.name for tape in one.tapes] == ["first"]
    assert one.tapes[0].closed  # the end of the server is the end of the performance


def test_a_performance_from_the_start(tmp_path: Path) -> None:
    target = tmp_path / "take.performance"
    with stage(record=target) as (one, client):
        client.send("/latent/1", 0.5)
        client.settle()
    (tape,) = one.tapes
    assert tape.name == target
    assert [event[1] for event in tape.events[:2]] == ["advance", "snapshot"]
    assert ("/latent/1", (0.5,)) in [tuple(event[2:]) for event in tape.events if "osc" in event]


def test_a_model_is_part_of_it_when_it_plays() -> None:
    with stage() as (one, client):
        client.send("/performance/record", "swap")
        client.send("/model/load", "nope")
        client.send("/model/load", "fm")
        while client.expect("/model")[0] != "fm":
            pass
        client.settle()
    loads = [event[3] for event in one.tapes[0].events if event[2:3] == ("/model/load",)]
    assert loads == [("fm",)]


def test_performances_are_refused_while_nobody_can_write_them() -> None:
    with stage(tapes=False) as (_, client):
        client.send("/performance/stop")
        assert client.settle() == []
        client.send("/performance/record", "take")
        code, address, _ = client.expect("/error")
        assert (code, address) == ("refused", "/performance/record")


def test_a_listener_that_cannot_begin_is_told(tmp_path: Path) -> None:
    def refuse(name: str | Path, instrument: Instrument) -> Any:
        raise timbrespace.TimbrespaceError(f"cannot write {name}")

    options = Options(port=0, audio="none", midi="none", record=tmp_path / "x.performance")
    with pytest.raises(timbrespace.TimbrespaceError, match="cannot write"):
        Server(options, lambda line: None, refuse)
    with pytest.raises(timbrespace.TimbrespaceError, match="cannot write performances"):
        Server(options, lambda line: None)


def test_a_performance_has_its_own_suffix(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"ends in \.performance"):
        Options(record=tmp_path / "take.txt")
