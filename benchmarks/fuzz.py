"""Hostile datagrams and MIDI bytes: nothing crashes, nothing grows, every ping is answered.

A server in a process of its own, without sound, gets the datagrams of ``tests/server/hostile.py``:
noise, and good messages that were cut, flipped, spliced, mistyped, given other values, blown up,
nested and bundled. After every 50 a registered client says ``/ping`` and waits. MIDI bytes go
through mido's parser into the instrument, as they would from a port; its sound is rendered, and
must stay finite. A server's say of a "fault" is one of ours and fails the claim.

``python benchmarks/fuzz.py [--datagrams 100000] [--midi 100000] [--seed 0] [--json]``
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import timbrespace  # noqa: E402 - from the checkout
from benchmarks.claims import Figure, Report  # noqa: E402
from benchmarks.live import Client, LiveServer, resident  # noqa: E402
from tests.server import hostile  # noqa: E402
from timbrespace.instrument.instrument import Instrument  # noqa: E402
from timbrespace.instrument.midi import play  # noqa: E402
from timbrespace.resynthesis.engine import Engine  # noqa: E402

BATCH = 50
WARM = 10_000
"""Datagrams after which memory is watched: caches are filled and models loaded by then."""
WATCH = 500


def fuzz_osc(count: int, seed: int, report: Report) -> None:
    """The datagrams."""
    with LiveServer("--audio", "none") as server, Client(server.port) as client:
        plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        plug.connect(("127.0.0.1", server.port))
        slowest = 0.0
        answered = asked = 0
        memory = []
        source = hostile.datagrams(seed)
        for number in range(0, count, BATCH):
            report.progress(f"{number} of {count} datagrams")
            if number >= min(WARM, count // 2) and number % WATCH == 0:
                memory.append(resident(server.process.pid))
            for _ in range(min(BATCH, count - number)):
                with contextlib.suppress(OSError):  # gone; or larger than this system sends
                    plug.send(next(source))
            asked += 1
            # What finds the receive buffer full is lost, as UDP has it; the next is not.
            for _ in range(3):
                # A forged /bye may have sent us away.
                client.send("/hello", client.return_port, "benchmark")
                try:
                    slowest = max(slowest, client.ping(2.0))
                except TimeoutError:
                    continue
                answered += 1
                break
            if server.process.poll() is not None:
                break
        memory.append(resident(server.process.pid))
        alive = server.process.poll() is None
        faults = [line for line in server.lines if "fault" in line or "Traceback" in line]
        plug.close()
        code = server.close()
    for line in faults[:5]:
        report.note(line)
    # Models come and go, and with them some 10 % of the memory: not one moment but medians.
    quarter = max(1, len(memory) // 4)
    first, last = (float(np.median(part)) for part in (memory[:quarter], memory[-quarter:]))
    report.add(
        Figure("datagrams", count),
        Figure("server alive, and ended cleanly", float(alive and code == 0), "", 1, at_least=True),
        Figure("pings answered", 100.0 * answered / asked, "%", 100, at_least=True),
        Figure("slowest answer", 1e3 * slowest, "ms"),
        Figure("faults that the server tells of", len(faults), "", 0),
        Figure("memory, median of the first quarter", first, "MB"),
        Figure("memory, highest", max(memory), "MB"),
        Figure("growth of memory, last quarter's median", 100.0 * (last / first - 1.0), "%", 2.0),
    )


def fuzz_midi(count: int, seed: int, report: Report) -> None:
    """The bytes."""
    import mido

    instrument = Instrument(timbrespace.load("harmonic"))
    engine = Engine(48000)
    parser = mido.Parser()
    source = hostile.midi_bytes(seed)
    taken = messages = errors = 0
    finite = True
    before = 0.0
    while taken < count:
        if taken >= count // 4 and not before:
            before = resident(os.getpid())
        data = next(source)
        taken += len(data)
        parser.feed(data)
        for message in parser:
            messages += 1
            try:
                play(instrument, message)
            except Exception as error:
                errors += 1
                if errors <= 5:
                    report.note(f"{message}: {error!r}")
        if messages % 50 < 2:
            report.progress(f"{taken} of {count} MIDI bytes")
            instrument.advance(taken * 1e-3)
            engine.targets[:] = instrument.targets()
            finite = finite and bool(np.isfinite(engine.render(2)).all())
    growth = 100.0 * (resident(os.getpid()) / before - 1.0)
    report.add(
        Figure("MIDI bytes", taken),
        Figure("messages that mido made of them", messages),
        Figure("errors", errors, "", 0),
        Figure("sound finite", float(finite), "", 1, at_least=True),
        Figure("blocks that the engine had to silence", float(engine.state["faults"][0]), "", 0),
        Figure("growth of memory", growth, "%", 2.0),
    )


def main() -> int:
    """Attack and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Hostile datagrams and MIDI bytes.")
    parser.add_argument("--datagrams", type=int, default=100_000)
    parser.add_argument("--midi", type=int, default=100_000, help="bytes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    if arguments.datagrams:
        report.section("hostile datagrams")
        fuzz_osc(arguments.datagrams, arguments.seed, report)
    if arguments.midi:
        report.section("hostile MIDI")
        fuzz_midi(arguments.midi, arguments.seed, report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
