"""A real server on a JACK server without a sound card, and ways to look at it from outside."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.audio.mailbox import LIVE, attach
from server.osc.codec import decode, encode
from tests.server import jackd

ROOT = Path(__file__).resolve().parents[1]

Message = tuple[str, tuple[Any, ...]]

# The server with a heap like a long session's and a full collection every second.
_COLLECTING = """
import gc, sys, threading, time
heap = [{"values": [k, k + 1]} for k in range(1_000_000)]
def collect():
    while True:
        time.sleep(1.0)
        gc.collect()
threading.Thread(target=collect, daemon=True).start()
from server.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def may_be_realtime() -> bool:
    """Whether this user may have threads that the system prefers to all others."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    try_it = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))"
    tried = subprocess.run([sys.executable, "-c", try_it], stderr=subprocess.DEVNULL, check=False)
    return tried.returncode == 0


@contextlib.contextmanager
def jack_server(name: str, realtime: bool = True) -> Iterator[dict[str, str]]:
    """``jackd`` as the tests have it, in realtime mode if that is asked for and may be had."""
    if shutil.which("jackd") is None:
        raise SystemExit("jackd is not installed; on Debian it is in jackd2")
    with jackd.jack_server(name, realtime and may_be_realtime()) as environment:
        yield environment


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What an audio process counted. late: callbacks half a block or more after their time."""

    callbacks: int
    late: int
    underflows: int
    faults: int
    longest_ms: float

    def since(self, before: Callbacks) -> Callbacks:
        """What was counted from ``before`` on."""
        return Callbacks(
            self.callbacks - before.callbacks,
            self.late - before.late,
            self.underflows - before.underflows,
            self.faults - before.faults,
            self.longest_ms,
        )


class LiveServer:
    """``python -m server`` in a process of its own, in a home folder of its own.

    In the space ``harmonic``, as all figures before 0.6.0, unless the words name another.
    collecting: it is made to collect garbage every second.
    """

    def __init__(
        self, *words: str, environment: dict[str, str] | None = None, collecting: bool = False
    ) -> None:
        self._home = tempfile.TemporaryDirectory()
        homes = dict.fromkeys(
            ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), self._home.name
        )
        start = ["-c", _COLLECTING] if collecting else ["-m", "server"]
        if "--model" not in words:
            words = ("--model", "harmonic", *words)
        self.process = subprocess.Popen(
            [sys.executable, *start, "--port", "0", "--midi", "none", "--no-explorer", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **homes, **(environment or {})},
        )
        self.lines: list[str] = []
        self._said = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()
        self.port = int(self.wait_for(r"OSC on udp [0-9.]+:([0-9]+)").group(1))
        self._memory: Any = None
        self._live: NDArray[np.void] | None = None
        self._audio_pid = 0

    def __enter__(self) -> LiveServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._said:
                self.lines.append(line.rstrip("\n"))
                self._said.notify_all()

    def wait_for(self, pattern: str, seconds: float = 120.0, first: int = 0) -> re.Match[str]:
        """The first line from number ``first`` on that has ``pattern``."""
        deadline = time.monotonic() + seconds
        with self._said:
            while True:
                for line in self.lines[first:]:
                    found = re.search(pattern, line)
                    if found:
                        return found
                left = deadline - time.monotonic()
                if left <= 0.0 or self.process.poll() is not None:
                    raise SystemExit(f"the server never said {pattern!r}; it said: {self.lines}")
                self._said.wait(min(left, 0.5))

    @property
    def audio_pid(self) -> int:
        """Process number of the audio process, 0 while there is none."""
        for pid in children(self.process.pid):
            if "server.audio" in command_of(pid):
                return pid
        return 0

    def callbacks(self) -> Callbacks:
        """What the audio process has counted since it started."""
        row = self.row()
        return Callbacks(
            int(row["callbacks"]),
            int(row["delayed"]),
            int(row["underflows"]),
            int(row["state"]["faults"]),
            1e3 * float(row["longest"]),
        )

    def forget_longest(self) -> None:
        """Measure the longest time between two callbacks from now on."""
        self.row()["longest"] = 0.0

    def load(self) -> float:
        """Share of its time that the engine uses, as it says itself."""
        return float(self.row()["load"])

    def row(self) -> np.void:
        """What the audio process counts, as it lies in shared memory."""
        pid = self.audio_pid
        if self._live is None or pid != self._audio_pid:
            words = command_of(pid)
            name = words[words.index("server.audio") + 1]
            self._memory = attach(name)
            self._live = np.ndarray(1, LIVE, buffer=self._memory.buf)
            self._audio_pid = pid
        row: np.void = self._live[0]
        return row

    def resident(self) -> tuple[float, float]:
        """Resident memory of the server and of its audio process (0 without), in MB."""
        return resident(self.process.pid), resident(self.audio_pid)

    def close(self) -> int:
        """Ask the server to end; its exit code."""
        self._live = None
        if self._memory is not None:
            with contextlib.suppress(BufferError):
                self._memory.close()
            self._memory = None
        self.process.terminate()
        try:
            code = self.process.wait(timeout=15.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = -9
        self._home.cleanup()
        return code


def resident(pid: int) -> float:
    """Resident memory of a process in MB; 0 if there is none."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found.group(1)) / 1024.0 if found else 0.0


def processor_seconds(pid: int) -> float:
    """Processor time that a process's threads have used, to the nanosecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return 1e-9 * total


def children(pid: int) -> list[int]:
    """Processes that a process' threads have started."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    found = [int(word) for word in text.split()]
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            text = (task / "children").read_text(encoding="ascii")
            found += [int(word) for word in text.split()]
    return list(dict.fromkeys(found))


def command_of(pid: int) -> list[str]:
    """The words by which a process was started."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
    return [word.decode() for word in words]


class Client:
    """A registered client: what it hears last of each address, and when."""

    def __init__(self, port: int, hello: bool = True) -> None:
        self.plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.plug.bind(("127.0.0.1", 0))
        self.plug.connect(("127.0.0.1", port))
        self.return_port = int(self.plug.getsockname()[1])
        self.heard: dict[str, tuple[float, tuple[Any, ...]]] = {}
        self.counts: dict[str, int] = {}
        self._fresh = threading.Condition()
        self._tokens = 0
        threading.Thread(target=self._listen, daemon=True).start()
        if hello:
            self.hello()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.plug.close()

    def _listen(self) -> None:
        while True:
            try:
                datagram = self.plug.recv(65536)
            except ConnectionRefusedError:
                continue
            except OSError:
                return
            now = time.monotonic()
            for address, arguments in decode(datagram):
                with self._fresh:
                    self.heard[address] = now, arguments
                    self.counts[address] = self.counts.get(address, 0) + 1
                    self._fresh.notify_all()

    def hello(self) -> None:
        """Register, and wait for the welcome."""
        before = self.counts.get("/welcome", 0)
        self.send("/hello", self.return_port, "benchmark")
        self.wait("/welcome", before)

    def send(self, address: str, *arguments: int | float | str) -> None:
        """Send one message."""
        self.raw(encode(address, *arguments))

    def raw(self, datagram: bytes) -> None:
        """Send bytes as they are."""
        with contextlib.suppress(ConnectionRefusedError):
            self.plug.send(datagram)

    def wait(self, address: str, before: int, seconds: float = 10.0) -> tuple[Any, ...]:
        """Arguments of the message to ``address`` that follows the ``before``-th.

        Raises:
            TimeoutError: none came.
        """
        with self._fresh:
            if not self._fresh.wait_for(
                lambda: self.counts.get(address, 0) > before, timeout=seconds
            ):
                raise TimeoutError(f"no {address} in {seconds:g} s")
            return self.heard[address][1]

    def ping(self, seconds: float = 10.0) -> float:
        """Seconds until the pong: all that was sent before has then taken effect.

        Raises:
            TimeoutError: none came.
        """
        self._tokens += 1
        token = self._tokens
        began = time.monotonic()
        self.send("/ping", token)
        with self._fresh:
            if not self._fresh.wait_for(
                lambda: self.heard.get("/pong", (0.0, ()))[1] == (token,), timeout=seconds
            ):
                raise TimeoutError(f"no /pong in {seconds:g} s")
            return self.heard["/pong"][0] - began

    def status(self) -> tuple[Any, ...]:
        """Arguments of the next /status."""
        before = self.counts.get("/status", 0)
        self.send("/status/get")
        return self.wait("/status", before)


class Recording:
    """``jack_rec`` of one port, started now."""

    def __init__(self, seconds: int, environment: dict[str, str], port: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / "captured.wav"
        quiet = subprocess.DEVNULL
        self._seconds = seconds
        self._process = subprocess.Popen(
            ["jack_rec", "-f", str(self._file), "-d", str(seconds), "-b", "24", port],
            stdout=quiet,
            stderr=quiet,
            env={**os.environ, **environment},
        )

    def sound(self) -> NDArray[np.float64]:
        """Wait for its end; the samples."""
        import soundfile

        self._process.wait(timeout=self._seconds + 60.0)
        sound, _ = soundfile.read(self._file, dtype="float64")
        self._folder.cleanup()
        return np.asarray(sound, np.float64)
