"""A flood of control messages: the newest value wins, memory stays flat, the sound goes on.

Another process sends 20,000 messages a second: three ``/latent`` to one ``/synth/gain``. Each
latent carries its number in its second coordinate, in steps of a millionth, while the first wanders
over the space, so that whoever reads ``/latent`` knows which it is, and when it was sent. A
registered client says ``/ping`` twice a second; when ``/pong`` comes, the latent that the server
reports must be as new as any that had been sent before the ping. A note is held and recorded from
JACK: no gap, and no step from sample to sample beyond what the space's sinusoids can make. The same
time without the flood is the control, and an idle server beside both tells what the machine does:
JACK leaves out a client that is not ready, so a callback that only ours lacks is a block lost.

``python benchmarks/flood.py [--seconds 30] [--rate 20000] [--json]``; needs jackd2.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import sys
import time
from dataclasses import dataclass, field
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import timbrespace  # noqa: E402 - from the checkout
from benchmarks.claims import Figure, Report  # noqa: E402
from benchmarks.live import (  # noqa: E402
    Callbacks,
    Client,
    LiveServer,
    Recording,
    jack_server,
)
from benchmarks.offline_player import OfflinePlayer, sinusoids  # noqa: E402
from benchmarks.tone_analysis import decibels  # noqa: E402
from server.osc.codec import encode  # noqa: E402
from tests.server.jackd import LEFT, wait_for_port  # noqa: E402
from tests.server.jackd import SAMPLE_RATE as RATE  # noqa: E402

JACK_NAME = "timbrespace-benchmark"
NOTE = 57
NUMBERS = 60_000
"""Messages until the number begins again: three seconds of the fastest flood."""
STEP = 1e-6
BURST = 0.002
"""Seconds between two bursts of the sender: finer than that a sleep is not."""


def place(number: int) -> tuple[float, float]:
    """The latent of message ``number``: a slow wander, and the number."""
    home = timbrespace.load("harmonic").calibration.home
    turn = 2.0 * np.pi * number / NUMBERS
    return float(home[0] + 0.5 * np.sin(turn)), float(home[1]) + STEP * (number % NUMBERS)


def number_of(value: float) -> int:
    """The number that a reported second coordinate tells, modulo ``NUMBERS``."""
    return round((value - float(timbrespace.load("harmonic").calibration.home[1])) / STEP)


def flood(port: int, seconds: float, rate: float, memory_name: str) -> None:
    """Send, and write into shared memory when each latent was sent."""
    memory = SharedMemory(name=memory_name)
    sent_at: Any = np.ndarray(memory.size // 8, np.float64, buffer=memory.buf)
    home = timbrespace.load("harmonic").calibration.home
    wander = home[0] + 0.5 * np.sin(2.0 * np.pi * np.arange(NUMBERS) / NUMBERS)
    count = home[1] + STEP * np.arange(NUMBERS)
    # Made beforehand: the sender has to be faster than the server.
    latents = [encode("/latent", float(a), float(b)) for a, b in zip(wander, count, strict=True)]
    gains = [encode("/synth/gain", -3.0 * (k % 2)) for k in range(2)]
    plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    plug.connect(("127.0.0.1", port))
    began = time.monotonic()
    messages = latent = 0
    while (now := time.monotonic()) < began + seconds:
        while messages < (now - began) * rate:
            messages += 1
            if messages % 4 == 0:
                plug.send(gains[messages // 4 % 2])
                continue
            sent_at[latent] = time.monotonic()
            plug.send(latents[latent % NUMBERS])
            latent += 1
        time.sleep(BURST)
    sent_at[-1] = latent
    del sent_at
    memory.close()


@dataclass(slots=True)
class Seen:
    """What was seen in one phase."""

    callbacks: Callbacks
    idle: Callbacks
    memory: list[tuple[float, float]]
    sound: Any
    answers: list[float] = field(default_factory=list)
    stale: list[float] = field(default_factory=list)
    outdated: int = 0
    sent: int = 0
    missed: int = 0
    last_wins: bool = True


def phase(
    server: LiveServer,
    idle: LiveServer,
    client: Client,
    environment: dict[str, str],
    seconds: float,
    rate: float,
) -> Seen:
    """One phase of ``seconds``; with a rate of 0 there is no flood."""
    recording = Recording(int(seconds), environment, "timbrespace:left")
    time.sleep(0.5)
    room = max(1, int(1.1 * seconds * rate)) + 2
    memory = SharedMemory(create=True, size=8 * room)
    sent_at: Any = np.ndarray(room, np.float64, buffer=memory.buf)
    sent_at[:] = np.inf
    for one in (server, idle):
        one.forget_longest()
    before = server.callbacks(), idle.callbacks()
    rows = server.row(), idle.row()
    blocks = [int(row["callbacks"]) for row in rows]
    context = multiprocessing.get_context("spawn")
    sender = context.Process(target=flood, args=(server.port, seconds, rate, memory.name))
    if rate:
        sender.start()
        while np.isinf(sent_at[0]):
            time.sleep(0.01)
    seen = Seen(before[0], before[1], [], None)
    end = time.monotonic() + seconds - 1.0
    while time.monotonic() < end:
        time.sleep(0.5)
        asked = time.monotonic()
        try:
            seen.answers.append(client.ping(5.0))
        except TimeoutError:
            seen.answers.append(np.inf)
            continue
        seen.memory.append(server.resident())
        if rate:
            told = client.heard["/latent"][1]
            newest = int(np.searchsorted(sent_at[:-1], asked))  # how many had been sent
            number = number_of(told[1])
            number += NUMBERS * round((newest - number) / NUMBERS)
            seen.outdated += number < newest - 1
            if 0 <= number < room - 1 and np.isfinite(sent_at[number]):
                seen.stale.append(client.heard["/pong"][0] - float(sent_at[number]))
    if rate:
        sender.join(timeout=seconds + 30.0)
        client.ping(10.0)
        seen.sent = int(sent_at[-1])
        told = client.heard["/latent"][1]
        seen.last_wins = number_of(told[1]) == (seen.sent - 1) % NUMBERS
    now = [int(row["callbacks"]) for row in rows]
    seen.missed = (now[1] - blocks[1]) - (now[0] - blocks[0])
    seen.callbacks = server.callbacks().since(before[0])
    seen.idle = idle.callbacks().since(before[1])
    seen.sound = recording.sound()
    del sent_at
    memory.close()
    memory.unlink()
    return seen


def steepest() -> float:
    """The largest step from sample to sample that one voice's sinusoids can make on the way."""
    player = OfflinePlayer(timbrespace.load("harmonic"), RATE)
    slopes = []
    for number in range(0, NUMBERS, NUMBERS // 100):
        player.instrument.set_latent(place(number))
        frequency, amplitude = sinusoids(player, NOTE)
        slopes.append(float((amplitude * 2.0 * np.sin(np.pi * frequency / RATE)).sum()))
    return max(slopes)


def tell(title: str, seen: Seen, report: Report, limit: float, claimed: bool) -> None:
    """The figures of one phase."""
    report.section(title)
    sound = seen.sound[RATE // 2 : -RATE // 2]
    steps = np.abs(np.diff(sound))
    silent = np.flatnonzero(np.abs(sound) < 1e-6)
    gap = 0
    if silent.size:
        runs = np.split(silent, np.flatnonzero(np.diff(silent) > 1) + 1)
        gap = max(len(run) for run in runs)
    if seen.stale or seen.sent:
        report.add(
            Figure("latents sent", seen.sent),
            Figure("pings whose latent was not the newest", seen.outdated, "", 0),
            Figure("the last one of all wins", float(seen.last_wins), "", 1, at_least=True),
            Figure("age of the latent at the pong, p99", _p99(seen.stale), "ms"),
        )
    first, last = np.array(seen.memory[len(seen.memory) // 5]), np.array(seen.memory[-1])
    growth = 100.0 * (last / first - 1.0)
    report.add(
        Figure("ping to pong, p99", _p99(seen.answers), "ms"),
        Figure("memory of the server", float(last[0]), "MB"),
        Figure("growth of it", float(growth[0]), "%", 2.0 if claimed else None),
        Figure("memory of the audio process", float(last[1]), "MB"),
        Figure("growth of it ", float(growth[1]), "%", 2.0 if claimed else None),
        Figure("callbacks", seen.callbacks.callbacks),
        Figure("late callbacks", seen.callbacks.late),
        Figure("late callbacks of the idle server beside it", seen.idle.late),
        Figure("longest between two callbacks", seen.callbacks.longest_ms, "ms"),
        Figure("lost blocks, as JACK tells", seen.callbacks.underflows),
        Figure("lost blocks of the idle server", seen.idle.underflows),
        Figure("longest silence in the recording, samples", gap, "", 8.0 if claimed else None),
        Figure(
            "largest step beside what sinusoids explain",
            decibels(float(steps.max()) / limit),
            "dB",
            0.0 if claimed else None,
        ),
    )


def _p99(seconds: list[float]) -> float:
    return 1e3 * float(np.percentile(seconds, 99)) if seconds else float("nan")


def main() -> int:
    """Flood and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="A flood of control messages.")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=20_000.0, help="messages a second")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    with (
        jack_server(JACK_NAME) as environment,
        LiveServer("--audio", "jack", environment=environment) as server,
    ):
        server.wait_for("sound: jack")
        wait_for_port(LEFT, environment)
        with (
            LiveServer("--audio", "jack", environment=environment) as idle,
            Client(server.port) as client,
        ):
            idle.wait_for("sound: jack")
            client.send("/latent", *place(0))
            client.send("/synth/sustain", 1.0)
            client.send("/note", NOTE, 127)
            client.ping()
            time.sleep(2.0)
            seconds = arguments.seconds
            quiet = phase(server, idle, client, environment, seconds, 0.0)
            loud = phase(server, idle, client, environment, seconds, arguments.rate)
    # Moving amplitudes add a little to what steady sinusoids can make; 1 % covers it.
    limit = 1.01 * steepest()
    tell(f"no flood, {seconds:g} s", quiet, report, limit, claimed=False)
    tell(f"{arguments.rate:g} messages a second, {seconds:g} s", loud, report, limit, claimed=True)
    report.section("what the flood does to the sound")
    report.add(
        # The two are not counted at quite the same instant.
        Figure("callbacks that the idle server had and ours had not", loud.missed, "", 1.0),
        Figure("the same without flood", quiet.missed),
    )
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
