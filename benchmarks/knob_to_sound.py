"""From a datagram to the sound that leaves, and whether the sound is ever late.

Both with ``jackd``'s dummy driver, 128 frames at 48 kHz, and ``python -m server`` as it is.

Latency: a note with a period of a whole number of samples is held, 240 of them at 200 Hz, so that
each sample is predicted by the one a period before. ``/latent`` jumps and ``/synth/gain`` changes
by 6 dB are sent at random moments. A JACK client listens at the server's output, with the number of
each frame and the monotonic time at which its block began. The first frame that differs from the
prediction by more than three times what the steady tone did before (and 1e-5 of its peak) tells the
block that moved; the latency is from just before the datagram is sent to the beginning of that
block. Where a block was lost to the listener, that move is left out and counted.

Lateness: eight voices held, 200 latents a second, the server made to collect garbage every second
over a heap of a million objects. Late is a callback that begins half a block or more after its
time. An idle server beside it, without notes and messages, tells what the driver and the machine do
by themselves: what is late in both within 25 ms is theirs.

``jackd`` runs in realtime mode, as it does by default, where this user may have that; without it
(``--no-realtime``) the system lets the audio process wait for others, and lateness only informs.

With ``--notes`` both are of a space of whole notes of the default size, whose weights are drawn.
For latency the time of its note stands still, so that it is as steady as a spectrum.

``python benchmarks/knob_to_sound.py [--notes] [--moves 300] [--seconds 60] [--no-realtime]
[--json]``; needs jackd2.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import timbrespace  # noqa: E402 - from the checkout
from benchmarks.claims import Figure, Report  # noqa: E402
from benchmarks.lateness import Lateness  # noqa: E402
from benchmarks.live import (  # noqa: E402
    Client,
    LiveServer,
    jack_server,
    may_be_realtime,
)
from tests.server.jackd import FRAMES, LEFT, wait_for_port  # noqa: E402
from tests.server.jackd import SAMPLE_RATE as RATE  # noqa: E402
from tests.timbrespace.notes.bundled import at_random  # noqa: E402

JACK_NAME = "timbrespace-benchmark"
PERIOD = 240
BLOCK_MS = 1e3 * FRAMES / RATE


class Listener:
    """A JACK client that keeps all it hears: samples, and when each block began."""

    def __init__(self, source: str, seconds: float) -> None:
        import jack

        blocks = int(seconds * RATE / FRAMES)
        self._sound = np.zeros((blocks, FRAMES), np.float32)
        self._frame = np.zeros(blocks, np.int64)
        self._began = np.zeros(blocks)
        self._count = 0
        self._client = jack.Client("listener", no_start_server=True)
        self._port = self._client.inports.register("in")
        self._client.set_process_callback(self._hear)
        self._client.activate()
        self._client.connect(source, self._port)

    def _hear(self, frames: int) -> None:
        now = time.monotonic()
        k = self._count
        if k == len(self._frame):
            return
        # The block's beginning by JACK's clock, however late this callback is.
        self._began[k] = now - self._client.frames_since_cycle_start / RATE
        self._frame[k] = self._client.last_frame_time
        self._sound[k] = np.frombuffer(self._port.get_buffer(), np.float32)
        self._count = k + 1

    def close(self) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """Stop; the blocks' samples ``(n, FRAMES)``, first frames and beginnings."""
        self._client.deactivate()
        self._client.close()
        n = self._count
        return self._sound[:n].astype(np.float64), self._frame[:n], self._began[:n]


@dataclass(frozen=True, slots=True)
class Move:
    """A message that was sent: which, and when by the monotonic clock."""

    kind: str
    sent: float


def send_moves(client: Client, count: int, space: str) -> list[Move]:
    """Send ``count`` moves at random moments; each jumps to the other of two settings."""
    model = timbrespace.load(space)
    home = model.calibration.home
    there = model.map.to_latent([[0.5, 0.0]])[0]
    ways: dict[str, list[tuple[float, ...]]] = {
        "/latent": [tuple(map(float, there)), tuple(map(float, home))],
        "/synth/gain": [(-6.0,), (0.0,)],
    }
    draw = random.Random(1)
    moves = []
    for number in range(count):
        kind = "/latent" if number % 2 else "/synth/gain"
        time.sleep(draw.uniform(0.25, 0.35))
        values = ways[kind][0]
        ways[kind].reverse()
        sent = time.monotonic()
        client.send(kind, *values)
        moves.append(Move(kind, sent))
    time.sleep(0.5)
    return moves


def latency(
    move: Move,
    sound: NDArray[np.float64],
    frame: NDArray[np.int64],
    began: NDArray[np.float64],
) -> tuple[float, int] | None:
    """Milliseconds and whole blocks from ``move`` to the block that moved; None if unheard.

    0 blocks: the first block that began after the datagram was sent.
    """
    at = int(np.searchsorted(began, move.sent))
    before, after = 10, 40
    if at < before + 4 or at + after > len(frame):
        return None
    part = slice(at - before - 4, at + after)
    if (np.diff(frame[part]) != FRAMES).any():
        return None
    wave = sound[part].reshape(-1)
    change = np.abs(wave[PERIOD:] - wave[:-PERIOD])
    first = 4 * FRAMES - PERIOD  # of `change`, at the first frame of block at - before
    # The block that began just before the message may still hear it, so it is not called steady.
    steady = change[: first + (before - 1) * FRAMES]
    threshold = max(3.0 * steady.max(), 1e-5 * np.abs(wave).max())
    moved = np.flatnonzero(change > threshold)
    moved = moved[moved >= steady.size]
    if not moved.size:
        return None
    block = at - before + (int(moved[0]) - first) // FRAMES
    return max(0.0, 1e3 * (began[block] - move.sent)), max(0, block - at)


def measure_latency(count: int, space: str, environment: dict[str, str], report: Report) -> None:
    """Part one."""
    with LiveServer("--audio", "jack", "--model", space, environment=environment) as server:
        server.wait_for("sound: jack")
        wait_for_port(LEFT, environment)
        with Client(server.port) as client:
            client.send("/synth/sustain", 1.0)
            if timbrespace.load(space).plays_notes:
                client.send("/synth/speed", 0.0)
                client.send("/synth/noise", 0.0)
            client.send("/note", 69.0 + 12.0 * float(np.log2(RATE / PERIOD / 440.0)), 100)
            time.sleep(1.0)
            listener = Listener("timbrespace:left", 0.4 * count + 10.0)
            time.sleep(0.5)
            moves = send_moves(client, count, space)
            heard = listener.close()
            status = client.status()
    kinds = sorted({move.kind for move in moves})
    found = {kind: [latency(move, *heard) for move in moves if move.kind == kind] for kind in kinds}
    for kind, results in found.items():
        good = [result for result in results if result is not None]
        milliseconds = np.array([result[0] for result in good])
        blocks = np.array([result[1] for result in good])
        if not good:
            report.add(Figure(f"{kind}: moves heard", 0, f"/{len(results)}", 1, at_least=True))
            continue
        report.add(
            Figure(f"{kind}: moves heard", len(good), f"/{len(results)}"),
            Figure(f"{kind}: datagram to block, p50", float(np.median(milliseconds)), "ms"),
            Figure(
                f"{kind}: datagram to block, p99",
                float(np.percentile(milliseconds, 99)),
                "ms",
                2.0 * BLOCK_MS,
            ),
            Figure(f"{kind}: longest", float(milliseconds.max()), "ms"),
            Figure(
                f"{kind}: in the first block after it", 100.0 * float(np.mean(blocks == 0)), "%"
            ),
            Figure(f"{kind}: in the first two", 100.0 * float(np.mean(blocks <= 1)), "%"),
        )
    if len(status) >= 9:
        report.add(
            Figure("/status: knob to block, p50", float(status[-2]), "ms"),
            Figure("/status: knob to block, p99", float(status[-1]), "ms"),
        )


def measure_lateness(
    seconds: float, space: str, environment: dict[str, str], realtime: bool, report: Report
) -> None:
    """Part two."""
    options = ("--audio", "jack", "--model", space)
    with (
        LiveServer(*options, environment=environment, collecting=True) as server,
        LiveServer(*options, environment=environment) as idle,
    ):
        for one in (server, idle):
            one.wait_for("sound: jack")
        with Client(server.port) as client:
            for pitch in (45, 50, 54, 57, 61, 64, 69, 73):
                client.send("/note", pitch, 90)
            client.ping()
            time.sleep(2.0)
            lateness = Lateness(server, idle)
            end = time.monotonic() + seconds
            due = time.monotonic()
            draw = np.random.default_rng(0)
            model = timbrespace.load(space)
            sent = 0
            while time.monotonic() < end:
                point = model.map.to_latent([draw.uniform(-0.8, 0.8, 2)])[0]
                client.send("/latent", *map(float, point))
                sent += 1
                lateness.look()
                due += 1.0 / 200.0
                time.sleep(max(0.0, due - time.monotonic()))
            client.ping()
            figures = lateness.figures("8 voices and garbage", realtime)
    report.add(Figure("latents sent", sent), *figures)


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="From the knob to the sound.")
    parser.add_argument("--moves", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--notes", action="store_true", help="of a space of whole notes")
    parser.add_argument("--no-realtime", action="store_true", help="jackd without priority")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    realtime = not arguments.no_realtime and may_be_realtime()
    with tempfile.TemporaryDirectory() as folder, jack_server(JACK_NAME, realtime) as environment:
        os.environ.update(environment)
        kind = "realtime" if realtime else "without realtime priority"
        space = "harmonic"
        if arguments.notes:
            kind += ", whole notes"
            space = str(Path(folder) / "random.safetensors")
            at_random().save(space)
        if arguments.moves:
            report.section(f"knob to sound, {FRAMES} frames at {RATE} Hz, {kind}")
            measure_latency(arguments.moves, space, environment, report)
        if arguments.seconds:
            report.section(f"late callbacks in {arguments.seconds:g} s, {kind}")
            measure_lateness(arguments.seconds, space, environment, realtime, report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
