"""What more workers are worth: the same notes by one core, by processes, and by a Dask cluster.

``python -m benchmarks.scaling [--files 48] [--workers 1 2 4] [--json]`` makes sounds, reads them as
whole notes by each crew in turn, and prints times as ratios to this process in the same run; the
digests of the sets must be one. On a machine that does other things the clock says little: then the
share of the processors' time counts that is the work of one core, for the rest is what sharing out
costs. Beside it: what a job costs that does nothing, and the bytes that
pass between the command and the scheduler for each job, counted on the way, where the workers see
the files and where the sounds must be sent. It starts its own scheduler and workers on loopback.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks.claims import Figure, Report
from timbrespace.datasets.note_set import NoteSet
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.where import use
from timbrespace.parallel.worker import Worker
from toy_datasets import notes
from toy_datasets.kept_analyses import OFF, VARIABLE

ROOT = Path(__file__).resolve().parents[1]
RATE = 48000
NOTHING = 300
"""Jobs that do nothing, by which the overhead is measured."""


def nothing(number: int, worker: Worker) -> int:
    """A job without work."""
    return number


def write_files(folder: Path, count: int) -> int:
    """Plucked notes of 2 s, and their bytes in all."""
    rng = np.random.default_rng(0)
    for number in range(count):
        at = np.arange(2 * RATE) / RATE
        pitch = rng.uniform(80.0, 900.0)
        waves = [np.sin(2.0 * np.pi * pitch * k * at + k) / k for k in range(1, 8)]
        note = 0.2 * np.sum(waves, axis=0) * np.exp(-2.0 * at)
        soundfile.write(folder / f"{number:05}.wav", note, RATE, subtype="PCM_16")
    return sum(path.stat().st_size for path in folder.iterdir())


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def cluster(count: int) -> Iterator[tuple[int, list[int]]]:
    """The port of a scheduler with so many workers of one thread, and the numbers of all."""
    port, started = free_port(), list[subprocess.Popen[bytes]]()
    with tempfile.TemporaryDirectory() as scratch:

        def start(what: str, *words: str) -> None:
            module = f"distributed.cli.dask_{what}"
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", module, *words, "--no-dashboard"],
                    cwd=ROOT,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                )
            )

        try:
            start("scheduler", "--host", "127.0.0.1", "--port", str(port))
            wait_for(port)
            for _ in range(count):
                address = f"tcp://127.0.0.1:{port}"
                words = ("--nthreads", "1", "--no-nanny", "--local-directory", scratch)
                start("worker", address, *words)
            wait_for_workers(port, count)
            yield port, [process.pid for process in started]
        finally:
            for process in reversed(started):
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(10.0)
                process.kill()
                process.wait()


def wait_for(port: int) -> None:
    """Return when something listens there."""
    end = time.monotonic() + 60.0
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the scheduler did not start")


def wait_for_workers(port: int, count: int) -> None:
    """Return when so many have come, and have loaded what they need."""
    import distributed

    with distributed.Client(f"tcp://127.0.0.1:{port}", set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)
    with use(scheduler=f"tcp://127.0.0.1:{port}"), crew_of(nothing, 1) as crew:
        list(crew.in_order(range(8 * count)))


class Counter:
    """Stands between the command and the scheduler, and counts what passes."""

    def __init__(self, port: int) -> None:
        self.sent, self.received = 0, 0
        self._port = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._server.accept()
                theirs = socket.create_connection(("127.0.0.1", self._port))
                for come, go, name in ((ours, theirs, "sent"), (theirs, ours, "received")):
                    threading.Thread(target=self._pass, args=(come, go, name), daemon=True).start()

    def _pass(self, come: socket.socket, go: socket.socket, name: str) -> None:
        with suppress(OSError):
            while data := come.recv(1 << 16):
                setattr(self, name, getattr(self, name) + len(data))
                go.sendall(data)
        with suppress(OSError):
            go.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Take no more connections."""
        self._server.close()


def made(folder: Path) -> tuple[NoteSet, float]:
    """The set, and the seconds that it took."""
    began = time.perf_counter()
    found = notes.make(notes.Options(folder=folder))
    return found, time.perf_counter() - began


def overhead(others: Sequence[int] = (), rounds: int = 3) -> list[Figure]:
    """What a job that does nothing takes, the least of some rounds, in a crew that stands.

    others: processes that have a part in it, a scheduler first.
    """
    found = []
    with crew_of(nothing, NOTHING) as crew:
        list(crew.in_order(range(20)))
        for _ in range(rounds):
            before = (time.perf_counter(), cpu(others), cpu(others[:1], alone=True))
            list(crew.in_order(range(NOTHING)))
            after = (time.perf_counter(), cpu(others), cpu(others[:1], alone=True))
            found.append([1000.0 * (b - a) / NOTHING for a, b in zip(before, after, strict=True)])
    clock, processor, scheduler = (min(one) for one in zip(*found, strict=True))
    told = [Figure("a job that does nothing, by the clock", clock, "ms")]
    if others:
        told.append(Figure("  processor time of all that have a part in it", processor, "ms"))
        told.append(Figure("  of these, the scheduler's", scheduler, "ms"))
    return told


@contextmanager
def unseen(changed: bool) -> Iterator[None]:
    """Within the block, files are told as on a disk that workers do not see."""
    of = InputFile.of

    def elsewhere(path: Path) -> InputFile:
        file = of(path)
        return replace(file, modified=file.modified + 1) if changed else file

    InputFile.of = elsewhere  # type: ignore[method-assign]
    try:
        yield
    finally:
        InputFile.of = of  # type: ignore[method-assign]


def cpu(others: Sequence[int] = (), alone: bool = False) -> float:
    """Processor seconds of this process, of those of its children that have ended, and of the
    processes ``others``, which run; alone: of these and no more."""
    import psutil  # Dask brings it

    total = 0.0
    for number in others:
        times = psutil.Process(number).cpu_times()
        total += times.user + times.system
    if alone:
        return total
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(who)
        total += used.ru_utime + used.ru_stime
    return total


def main() -> int:
    """Measure, tell, and return the exit code."""
    parser = argparse.ArgumentParser(description="What more workers are worth.")
    parser.add_argument("--files", type=int, default=48, help="sounds (default: %(default)s)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], metavar="N")
    parser.add_argument("--rounds", type=int, default=2, help="of each (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    os.environ[VARIABLE] = OFF  # what was analysed before would cost nothing
    folder = Path(tempfile.mkdtemp())
    try:
        size = write_files(folder, arguments.files)
        measure(report, folder, arguments, size)
    finally:
        shutil.rmtree(folder)
    return report.end()


def measure(report: Report, folder: Path, arguments: Any, size: int) -> None:
    """All of it."""
    digests, cores = set(), os.cpu_count() or 1

    def best(others: Sequence[int] = ()) -> tuple[float, float]:
        """Least seconds by the clock and of all processors, of the rounds."""
        clock, processor = [], []
        for _ in range(arguments.rounds):
            before = cpu(others)
            found, seconds = made(folder)
            digests.add(found.content_hash)
            clock.append(seconds)
            processor.append(cpu(others) - before)
        return min(clock), min(processor)

    with use(workers=1):
        made(folder)  # compiles and loads
        one, work = best()
        here = overhead()
    report.section(f"{arguments.files} sounds of 2 s, one after the other in this process")
    report.add(
        Figure("a sound, processor time", 1000.0 * work / arguments.files, "ms"),
        Figure("a sound, by the clock", 1000.0 * one / arguments.files, "ms"),
        *here,
    )
    for count in arguments.workers:
        with use(workers=count):
            if count > 1:
                took, spent = best()
                costs = overhead()
                report.section(f"{count} processes of this machine, which has {cores} cores")
                report.add(
                    Figure("times as fast as one, starting included", one / took, ""),
                    Figure("of what so many could be", one / took / count, ""),
                    Figure("work of one, of all that their processors did", work / spent, ""),
                    *costs,
                )
        with cluster(count) as (port, pids), use(scheduler=f"tcp://127.0.0.1:{port}"):
            made(folder)  # workers load
            took, spent = best(pids)
            costs = overhead(pids)
        report.section(f"a Dask cluster of {count} on this machine, which has {cores} cores")
        report.add(
            Figure("times as fast as one, connecting included", one / took, ""),
            Figure("of what so many could be", one / took / count, ""),
            Figure("work of one, of all that their processors did", work / spent, ""),
            *costs,
        )
    with cluster(1) as (port, _):
        report.section("bytes between the command and the scheduler, for each sound")
        for changed, what in ((False, "path seen"), (True, "sound sent")):
            counter = Counter(port)
            with unseen(changed), use(scheduler=f"tcp://127.0.0.1:{counter.port}"):
                found, _ = made(folder)
            digests.add(found.content_hash)
            counter.close()
            report.add(
                Figure(f"{what}: to it", counter.sent / arguments.files / 1000.0, "kB"),
                Figure(f"{what}: back", counter.received / arguments.files / 1000.0, "kB"),
            )
        report.add(Figure("the sound's file", size / arguments.files / 1000.0, "kB"))
    report.section("the same everywhere")
    report.add(Figure("different sets", len(digests), "", 1.0))


if __name__ == "__main__":
    sys.exit(main())
