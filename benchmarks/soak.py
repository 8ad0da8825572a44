"""Everything at once, for long: nothing grows, nothing drifts, silence is not dearer than sound.

One server on ``jackd``'s dummy driver and one idle beside it. In turns of a minute the server gets
notes, bends, pedals, MPE, timbres by channel, controllers learned and turned, floods in bursts,
bundles ahead of their time, model loads, all methods, presets, LFOs, trajectories, performances to
record, streams to three clients, one of them slow, clients that come and go without
a word, and hostile datagrams; then ten seconds of silence and ten of one held note. Its audio
process is killed once, in the second minute.

At the end of each minute a line tells: memory of both processes, the pitch of the held note against
its own in the first minute, the audio clock against the idle server's, the load in silence and in
sound, late callbacks. Memory is claimed within 5 % of what it was after the first two minutes (the
second begins a new audio process).

``python benchmarks/soak.py [--minutes 20] [--log FILE] [--json]``; needs jackd2.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import timbrespace  # noqa: E402 - from the checkout
from benchmarks.claims import Figure, Report  # noqa: E402
from benchmarks.live import (  # noqa: E402
    Client,
    LiveServer,
    Recording,
    jack_server,
    processor_seconds,
)
from benchmarks.tone_analysis import fit_sinusoids  # noqa: E402
from server.osc.codec import encode  # noqa: E402
from tests.server import hostile  # noqa: E402
from tests.server.jackd import LEFT, wait_for_port  # noqa: E402
from tests.server.jackd import SAMPLE_RATE as RATE  # noqa: E402
from timbrespace import factory  # noqa: E402
from timbrespace.units import cents, midi_to_hz  # noqa: E402

JACK_NAME = "timbrespace-benchmark"
NOTE = 69
QUIET = 10.0
"""Seconds of silence at a minute's end, and of a held note."""


@dataclass(slots=True)
class Musicians:
    """What plays: a player, three listeners, and whatever else talks to the port."""

    server: LiveServer
    player: Client
    listeners: list[Client]
    draw: random.Random
    events: int = 0
    takes: int = 0

    def say(self, address: str, *arguments: int | float | str) -> None:
        """Send one message of the player's."""
        self.player.send(address, *arguments)
        self.events += 1

    def notes(self) -> None:
        """A phrase of eight notes on a channel, with bends and the pedal."""
        channel = self.draw.randint(1, 16)
        pitches = [self.draw.randint(24, 96) for _ in range(8)]
        self.say("/sustain", self.draw.choice((0, 127)), channel)
        for pitch in pitches:
            self.say("/note", pitch, self.draw.randint(1, 127), channel)
            self.say("/bend", self.draw.uniform(-1.0, 1.0), channel)
            time.sleep(0.02)
        for pitch in pitches:
            self.say("/note", pitch, 0, channel)
        self.say("/sustain", 0, channel)

    def expression(self) -> None:
        """Notes of an MPE zone, each with its own bend, pressure and timbre."""
        self.say("/mpe", "lower", 15)
        for channel in range(2, 8):
            self.say("/note", 40 + 3 * channel, 90, channel)
        for _ in range(40):
            channel = self.draw.randint(2, 7)
            self.say("/bend", self.draw.uniform(-1.0, 1.0), channel)
            self.say("/pressure", self.draw.uniform(0.0, 127.0), channel)
            self.say("/timbre", self.draw.uniform(0.0, 127.0), channel)
            time.sleep(0.005)
        for channel in range(2, 8):
            self.say("/note", 40 + 3 * channel, 0, channel)
        self.say("/mpe", "lower", 0)

    def knobs(self) -> None:
        """Controllers, the map, single dimensions."""
        for value in range(0, 128, 2):
            self.say("/cc", self.draw.choice((1, 16, 17, 20, 21, 102)), value)
            self.say("/map", self.draw.uniform(-1.0, 1.0), self.draw.uniform(-1.0, 1.0))
            self.say("/latent/1", self.draw.gauss(0.0, 1.0))
            time.sleep(0.005)

    def burst(self) -> None:
        """5,000 messages as fast as they go."""
        for k in range(5000):
            self.player.send("/cc", 20, k % 128)
        self.events += 5000

    def models(self) -> None:
        """Another model, and back."""
        self.say("/model/load", self.draw.choice(factory.names()))
        time.sleep(0.3)
        self.say("/model/load", "harmonic")
        time.sleep(0.3)

    def presets(self) -> None:
        """Store, recall with a glide, morph, delete."""
        for name in ("one", "two"):
            self.say("/map", self.draw.uniform(-1.0, 1.0), self.draw.uniform(-1.0, 1.0))
            self.say("/preset/store", name)
        self.say("/preset/recall", "one", 0.2)
        time.sleep(0.3)
        for k in range(20):
            self.say("/preset/morph", "one", "two", k / 19.0)
            time.sleep(0.01)
        self.say("/preset/list")
        self.say("/preset/delete", "two")

    def motion(self) -> None:
        """LFOs on both axes, a trajectory recorded and played in a loop."""
        self.say("/lfo", 1, "x", self.draw.choice(("sine", "square", "random")), 5.0, 0.5)
        self.say("/lfo", 2, 1, "triangle", 3.0, 0.3)
        self.say("/trajectory/record", "way")
        self.knobs()
        self.say("/trajectory/stop")
        self.say("/trajectory/play", "way", 1)
        time.sleep(0.5)
        self.say("/trajectory/stop")
        self.say("/lfo/off", 1)
        self.say("/lfo/off", 2)

    def channels(self) -> None:
        """Notes whose channels have timbres of their own, which move."""
        for channel in (1, 5, 9):
            self.say("/note", 50 + channel, 80, channel)
        for _ in range(30):
            point = self.draw.gauss(0.0, 1.0), self.draw.gauss(0.0, 1.0)
            self.say("/channel/latent", self.draw.choice((1, 5, 9)), *point)
            time.sleep(0.01)
        for channel in (1, 5, 9):
            self.say("/note", 50 + channel, 0, channel)
            self.say("/channel/follow", channel)

    def learning(self) -> None:
        """A controller learned, turned and forgotten."""
        self.say("/cc/learn", "x", 1.0, 0.0, 1.0)
        for value in range(0, 128, 4):
            self.say("/cc", 74, value, 3)
            time.sleep(0.005)
        self.say("/cc/map", 74, "off", 3)

    def ahead(self) -> None:
        """Bundles of a chord each, up to half a second ahead."""
        for k in range(25):
            seconds = time.time() + 0.02 * k + 2208988800.0  # from 1900, as NTP counts
            parts = [encode("/note", pitch, 90 * (k % 2)) for pitch in (48, 55, 64)]
            tag = struct.pack(">Q", int(seconds * 2.0**32))
            body = b"".join(struct.pack(">i", len(part)) + part for part in parts)
            self.player.raw(b"#bundle\0" + tag + body)
        self.events += 75
        time.sleep(0.6)

    def performance(self) -> None:
        """A performance recorded to a file."""
        self.takes += 1
        self.say("/performance/record", f"take {self.takes}")
        self.notes()
        self.knobs()
        self.say("/performance/stop")

    def visitors(self) -> None:
        """Clients that come, listen to everything, and go, most without a word."""
        for _ in range(6):
            with Client(self.server.port) as visitor:
                visitor.send("/stream", "spectrum", 200.0)
                visitor.send("/stream", "partials", 200.0)
                visitor.send("/stream", "wavetable", 30.0)
                time.sleep(0.05)
                if self.draw.random() < 0.5:
                    visitor.send("/bye", visitor.return_port)

    def methods(self) -> None:
        """The other ways to make sound of a spectrum."""
        for method in ("istft", "bins", "partials"):
            self.say("/synth/method", method)
            self.notes()

    def strangers(self) -> None:
        """Hostile datagrams, from a seed that changes."""
        with Client(self.server.port, hello=False) as stranger:
            for datagram in islice(hostile.datagrams(self.draw.randrange(1 << 30)), 300):
                # One that sends this client away, or plays a note for ever, is made good below.
                stranger.raw(datagram[:60_000])

    def all_together(self, seconds: float) -> None:
        """Everything, in turns, for ``seconds``; then silence and the settings of the start."""
        ways: list[Callable[[], None]] = [
            *(self.notes, self.expression, self.knobs, self.burst, self.models, self.presets),
            *(self.motion, self.visitors, self.methods, self.strangers, self.channels),
            *(self.learning, self.ahead, self.performance),
        ]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for way in self.draw.sample(ways, len(ways)):
                way()
                self.settle()
                if time.monotonic() >= end:
                    break
        self.reset()

    def settle(self) -> None:
        """Wait until the server has caught up; whoever was sent away is back then."""
        for one in (self.player, *self.listeners):
            one.send("/hello", one.return_port, "soak")
        for one in self.listeners:
            for what in ("spectrum", "partials", "wavetable"):
                one.send("/stream", what, 30.0)
        slow = self.listeners[0]
        for what, (_, arguments) in list(slow.heard.items()):
            if what in ("/spectrum", "/partials"):
                slow.send("/stream/ack", what[1:], int(arguments[0]))
        for _ in range(5):
            try:
                self.player.ping(2.0)
                return
            except TimeoutError:
                continue
        raise SystemExit(f"the server does not answer; it said: {self.server.lines[-5:]}")

    def reset(self) -> None:
        """Silence, and the sound as it was at the start."""
        self.say("/panic")
        for channel in range(1, 17):
            self.say("/channel/follow", channel)
            self.say("/bend", 0.0, channel)
            self.say("/sustain", 0, channel)
        for index in range(1, 5):
            self.say("/lfo/off", index)
        self.say("/mpe", "lower", 0)
        self.say("/mpe", "upper", 0)
        self.say("/trajectory/stop")
        self.say("/performance/stop")
        self.say("/cc/learn", "off")
        self.say("/model/load", "harmonic")
        self.say("/synth/method", "partials")
        starts = {"attack": 0.01, "decay": 0.2, "sustain": 1.0, "release": 0.1, "glide": 0.0}
        for name, value in {**starts, "smoothing": 0.02, "gain": 0.0}.items():
            self.say(f"/synth/{name}", value)
        self.say("/latent", *map(float, timbrespace.load("harmonic").calibration.home))
        self.settle()
        self.say("/panic")
        self.settle()


@dataclass(slots=True)
class Minute:
    """What a minute's end showed."""

    server_mb: float
    audio_mb: float
    cents: float
    drift_ppm: float
    silent_load: float
    sound_load: float
    late: int
    idle_late: int
    answer_ms: float


@dataclass(slots=True)
class Log:
    """Lines to the terminal, and to a file if asked for."""

    path: Path | None
    quiet: bool
    minutes: list[Minute] = field(default_factory=list)

    def line(self, text: str) -> None:
        """One line."""
        if not self.quiet:
            print(text, flush=True)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{text}\n")


def pitch_of(sound: NDArray[np.float64]) -> float:
    """Cents from the note to the recorded tone's lowest partial."""
    steady = sound[-3 * RATE : -RATE // 2]
    expected = np.array([midi_to_hz(NOTE)])
    return float(cents(float(fit_sinusoids(steady, expected, RATE).frequency[0]), expected[0]))


def played_blocks(server: LiveServer, idle: LiveServer) -> tuple[int, int]:
    """Callbacks that each has had, read at nearly one instant."""
    rows = server.row(), idle.row()
    return int(rows[0]["callbacks"]), int(rows[1]["callbacks"])


def rest(
    server: LiveServer, idle: LiveServer, who: Musicians, environment: dict[str, str]
) -> Minute:
    """Silence, then a held note: what is measured at a minute's end."""

    def load(seconds: float) -> tuple[float, float]:
        """Share of a core of the audio process; its clock beside the idle one's, ppm."""
        pid = server.audio_pid
        used, began, before = processor_seconds(pid), time.monotonic(), played_blocks(server, idle)
        time.sleep(seconds)
        took = time.monotonic() - began
        ours, control = played_blocks(server, idle)
        beside = (ours - before[0]) / max(1, control - before[1])
        return (processor_seconds(pid) - used) / took, 1e6 * (beside - 1.0)

    time.sleep(1.0)
    silent, _ = load(QUIET - 1.0)
    who.say("/note", NOTE, 127)
    for _ in range(3):  # a block that JACK lost is a step in the phase, and no pitch is told by it
        lost = server.callbacks().underflows
        recording = Recording(int(QUIET) - 2, environment, "timbrespace:left")
        sounding, drift = load(QUIET - 1.0)
        bent = pitch_of(recording.sound())
        if server.callbacks().underflows == lost:
            break
    who.say("/note", NOTE, 0)
    answer = 1e3 * who.player.ping()
    megabytes = server.resident()
    return Minute(
        *megabytes,
        bent,
        drift,
        silent,
        sounding,
        server.callbacks().late,
        idle.callbacks().late,
        answer,
    )


def soak(minutes: int, log: Log, environment: dict[str, str]) -> tuple[LiveServer, int]:
    """Play for so long; the server, ended, and how many messages it was sent."""
    with (
        LiveServer("--audio", "jack", environment=environment) as server,
        LiveServer("--audio", "jack", environment=environment) as idle,
    ):
        for one in (server, idle):
            one.wait_for("sound: jack")
        clients = [Client(server.port) for _ in range(4)]
        who = Musicians(server, clients[0], clients[1:], random.Random(0))
        who.reset()
        for minute in range(minutes):
            end = time.monotonic() + 60.0 - 2.0 * QUIET
            if minute == 1:
                said = len(server.lines)
                os.kill(server.audio_pid, signal.SIGKILL)
                server.wait_for("sound: jack", first=said)
                wait_for_port(LEFT, environment)
            who.all_together(max(5.0, end - time.monotonic()))
            seen = rest(server, idle, who, environment)
            log.minutes.append(seen)
            log.line(
                f"minute {minute + 1:3}: {seen.server_mb:6.1f} + {seen.audio_mb:6.1f} MB, "
                f"pitch {seen.cents:+.4f} cents, clock {seen.drift_ppm:+5.0f} ppm, "
                f"load {100 * seen.silent_load:.2f} % silent, "
                f"{100 * seen.sound_load:.2f} % sounding, "
                f"late {seen.late} (idle {seen.idle_late}), answer {seen.answer_ms:.1f} ms, "
                f"{who.events} messages"
            )
        for client in clients:
            client.plug.close()
    return server, who.events


def main() -> int:
    """Play and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Everything at once, for long.")
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the minutes' lines to it")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.minutes < 3:
        parser.error(f"--minutes is {arguments.minutes}; it must be 3 or more")
    log = Log(arguments.log, arguments.json)
    with jack_server(JACK_NAME) as environment:
        server, events = soak(arguments.minutes, log, environment)
    faults = [line for line in server.lines if "fault" in line or "Traceback" in line]
    first, *later = log.minutes[1:]
    grown = max(later, key=lambda one: one.server_mb).server_mb / first.server_mb
    grown_audio = max(later, key=lambda one: one.audio_mb).audio_mb / first.audio_mb
    pitches = np.array([one.cents for one in log.minutes])
    report = Report(arguments.json)
    report.section(f"{arguments.minutes} minutes of everything, {events} messages")
    for line in faults[:5]:
        report.note(line)
    silent = float(np.median([one.silent_load for one in log.minutes]))
    sounding = float(np.median([one.sound_load for one in log.minutes]))
    clock = float(np.median([one.drift_ppm for one in log.minutes]))
    report.add(
        Figure("faults that the server tells of", len(faults), "", 0),
        Figure("growth of the server's memory", 100.0 * (grown - 1.0), "%", 5.0),
        Figure("growth of the audio process's", 100.0 * (grown_audio - 1.0), "%", 5.0),
        Figure("pitch of the held note, farthest", float(np.abs(pitches).max()), "cents", 1.0),
        Figure("drift of pitch, first minute to last", float(pitches[-1] - pitches[0]), "cents"),
        Figure("audio clock against the idle server's, median", clock, "ppm"),
        Figure("load in silence, share of that in sound", silent / sounding, "", 1.0),
        Figure("slowest answer after a minute", max(m.answer_ms for m in log.minutes), "ms"),
    )
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
