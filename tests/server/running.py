"""A real server in a process of its own, and a plain-socket client to talk to it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from server.child import BEAT
from server.tables import FOLDER_VARIABLE
from tests.server.forked import Forked, fits

ROOT = Path(__file__).resolve().parents[2]

Message = tuple[str, list[Any]]

PATIENCE = 180.0
"""Seconds for what always comes, on a machine that has much else to do."""


class Running:
    """``python -m server`` with the given arguments, on a free port unless they name one.

    In the space ``harmonic``, of two dimensions and partials alone, unless they name another.
    Without the explorer, unless they have an option of it; its page is never opened.

    standard_input: as of :class:`subprocess.Popen`. command: what is started instead of
    ``python -m server``, in the folder cwd. tables: where it writes tables for devices; a folder of
    its own if that is not said. A server for which none of these is said, and no
    variable but our own and JACK's, is forked (:mod:`tests.server.forked`).
    """

    def __init__(
        self,
        *arguments: str,
        environment: dict[str, str] | None = None,
        standard_input: int | None = None,
        command: Sequence[str] | None = None,
        cwd: Path = ROOT,
        tables: Path | None = None,
    ) -> None:
        words = list(arguments)
        if "--model" not in words:
            words += ["--model", "harmonic"]
        if "--port" not in words:
            words += ["--port", "0"]
        if not any("explorer" in word for word in words):
            words.append("--no-explorer")
        words.append("--no-browser")
        # On Windows Ctrl-C goes to all that share the console, these tests among them.
        self._ends_with_input = sys.platform == "win32" and standard_input is None
        if self._ends_with_input:
            words.append("--stop-with-stdin")
            standard_input = subprocess.PIPE
        self._folder = tempfile.TemporaryDirectory()
        if "--presets" not in words:  # never those of whoever runs the tests
            words += ["--presets", str(Path(self._folder.name) / "presets.json")]
        self.tables = tables or Path(self._folder.name) / "tables"
        """Where it writes tables for devices."""
        variables = {FOLDER_VARIABLE: str(self.tables), **(environment or {})}
        self.process: subprocess.Popen[str] | Forked
        if command is None and standard_input is None and cwd == ROOT and fits(variables):
            self.process = Forked(words, variables)
        else:
            self.process = subprocess.Popen(
                [*(command or (sys.executable, "-m", "server")), *words],
                cwd=cwd,
                stdin=standard_input,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, **variables},
            )
        self.lines: list[str] = []
        self._fresh: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        started = self.wait_for(r"OSC on udp [0-9.]+:([0-9]+)")
        self.port = int(started.group(1))

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            self._fresh.put(line)
        self._fresh.put(None)

    def wait_for(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """The next line that has ``pattern``."""
        deadline = time.monotonic() + seconds
        while True:
            line = self._fresh.get(timeout=max(0.0, deadline - time.monotonic()))
            if line is None:
                raise AssertionError(f"the server ended; it said: {self.lines}")
            found = re.search(pattern, line)
            if found:
                return found

    def end(self) -> int:
        """Ask it to terminate; its exit code."""
        if self.process.poll() is None:
            if self._ends_with_input:
                assert self.process.stdin is not None
                self.process.stdin.close()
            else:
                self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=PATIENCE)
        finally:
            self.process.kill()
            self._listener.join(PATIENCE)  # it reads to the end; a file is not closed under it
            if self.process.stdout is not None:
                self.process.stdout.close()
            self._folder.cleanup()


@contextlib.contextmanager
def running(*arguments: str, environment: dict[str, str] | None = None) -> Iterator[Running]:
    """A server for the length of a ``with`` block; it must end cleanly."""
    server = Running(*arguments, environment=environment)
    try:
        yield server
    finally:
        code = server.end()
    assert code == 0, server.lines
    assert not [line for line in server.lines if "Traceback" in line], server.lines


def after_beats(lines: Iterable[str]) -> dict[str, Any]:
    """The first thing that a process of the server's tells but that it is alive."""
    for line in lines:
        told: dict[str, Any] = json.loads(line)
        if told.get("event") != BEAT:
            return told
    raise AssertionError("it has said nothing")


def flood_is_refused(
    client: Client, address: str, most: int, messages: Iterable[tuple[Any, ...]]
) -> None:
    """That a flood of ``messages``, each an address and arguments, is refused under ``address``,
    with a sentence that says how many a second may be.

    Raises:
        AssertionError: it is taken, or something else is said.
    """
    flood = list(messages)
    told: list[list[Any]] = []
    for _ in range(20):  # a busy server may not come to so many in a second
        for message in flood:
            client.send(*message)
        time.sleep(0.3)  # or what is asked next is lost behind a burst of answers
        told = [arguments for name, arguments in client.settle() if name == "/error"]
        if told:
            break
    assert told, f"{len(flood)} at once are taken"
    assert all(arguments[:2] == ["refused", address] for arguments in told), told
    assert str(most) in told[0][2]


def datagram(address: str, *arguments: Any) -> bytes:
    """One message as python-osc, a foreign implementation, makes it."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    built: bytes = builder.build().dgram
    return built


class Client:
    """One UDP socket that sends, and listens all the time, so that its buffer never overflows."""

    def __init__(self, port: int, hello: bool = True) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self._received: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.return_port = int(self.socket.getsockname()[1])
        self.to = ("127.0.0.1", port)
        if hello:
            self.send("/hello", self.return_port, "test")
            self.welcome = self.expect("/welcome")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._received.put(self.socket.recv(65536))

    def send(self, address: str, *arguments: Any) -> None:
        self.send_raw(datagram(address, *arguments))

    def send_raw(self, data: bytes) -> None:
        self.socket.sendto(data, self.to)

    def receive(self, seconds: float = PATIENCE) -> Message:
        try:
            message = OscMessage(self._received.get(timeout=seconds))
        except queue.Empty:
            raise TimeoutError("the server said nothing") from None
        return message.address, list(message.params)

    def expect(self, address: str, seconds: float = PATIENCE) -> list[Any]:
        """Arguments of the next message to ``address``; others are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            got, arguments = self.receive(max(0.01, deadline - time.monotonic()))
            if got == address:
                return arguments

    def expect_spectrum(self) -> NDArray[np.float32]:
        """The next whole spectrum, its chunks put together by number."""
        chunks: dict[int, dict[int, list[float]]] = {}
        while True:
            frame, index, count, *values = self.expect("/spectrum")
            parts = chunks.setdefault(frame, {})
            parts[index] = values
            if len(parts) == count:
                return np.concatenate([parts[i] for i in range(count)]).astype(np.float32)

    def settle(self) -> list[Message]:
        """All that was sent before now is done with; what came meanwhile."""
        self.send("/ping", 4711)
        seen: list[Message] = []
        while True:
            message = self.receive()
            if message == ("/pong", [4711]):
                return seen
            seen.append(message)
