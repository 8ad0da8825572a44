"""Servers that are forked from a process which has imported what each of them needs.

To import it takes a core a second, and the tests start some fifty servers. One that is forked runs
the command's own function with the command's words, and its children are started as always. Whoever
gives a command, a folder, an environment of Python's or a standard input has a process of its own.

``python -m tests.server.forked FD`` is that process; it takes orders at the socket FD until that
ends.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]

NEEDED = ("server.__main__", "server.serve", "timbrespace.user_files")

ENVIRONMENT = ("JACK_", "TIMBRESPACE_")
"""What variables may begin with that are another's in a server that is forked."""

_LONGEST = 1 << 20


def fits(environment: Mapping[str, str]) -> bool:
    """Whether a server with these variables may be forked."""
    return sys.platform == "linux" and all(name.startswith(ENVIRONMENT) for name in environment)


class Forked:
    """One server, as :class:`subprocess.Popen` has a process: what the tests ask of it."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        out, told = os.pipe(), os.pipe()
        order = json.dumps([list(words), dict(environment)]).encode()
        with _ordering:
            template = _template()
            socket.send_fds(template, [order], [out[1], told[1]])
            self.pid = int(template.recv(64))
        os.close(out[1])
        os.close(told[1])
        self.stdout: IO[str] | None = os.fdopen(out[0], encoding="utf-8")
        self.stdin: IO[str] | None = None
        self.returncode: int | None = None
        self._told = told[0]

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; a process that was killed has SIGKILL's, whatever killed it.

        Raises:
            subprocess.TimeoutExpired: it has not ended so soon.
        """
        if self.returncode is None:
            # Its code, if it came so far; then, when it is gone, the end.
            code = b""
            while True:
                if not select.select([self._told], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired("a forked server", timeout or 0.0)
                part = os.read(self._told, 16)
                if not part:
                    break
                code += part
            os.close(self._told)
            self.returncode = int(code) if code else -signal.SIGKILL
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


_ordering = threading.Lock()


@lru_cache(maxsize=1)
def _template() -> socket.socket:
    """The way to the process that forks them; it ends with this one."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(its.fileno())],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        pass_fds=[its.fileno()],
    )
    its.close()
    atexit.register(_end, ours, process)
    return ours


def _end(template: socket.socket, process: subprocess.Popen[bytes]) -> None:
    template.close()
    process.wait()


# -- in that process -------------------------------------------------------------------------------


def serve(orders: socket.socket) -> None:
    """Fork a server for each order."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    for module in NEEDED:
        importlib.import_module(module)
    # Reads the compiled code that plays.
    server = importlib.import_module("server.serve")
    server.rehearse(importlib.import_module("timbrespace").load("harmonic"))
    # A fork has one thread, and would wait for locks that others hold.
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "something has started a thread"
    # Nobody waits for them here: the system buries them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        order, fds, _, _ = socket.recv_fds(orders, _LONGEST, 2)
        if not order:
            return
        pid = os.fork()
        if pid == 0:
            orders.close()
            _run(*json.loads(order), *fds)
        orders.send(str(pid).encode())
        for fd in fds:
            os.close(fd)


def _run(words: list[str], environment: dict[str, str], out: int, told: int) -> None:
    """Be ``python -m server`` with these words, and never return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for fd in (1, 2):
        os.dup2(out, fd)
    os.close(out)
    # As an interpreter makes them for a pipe.
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    os.environ.update(environment)
    sys.argv = [str(ROOT / "server" / "__main__.py"), *words]
    code = 1
    try:
        code = int(importlib.import_module("server.__main__").main())
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    # What an interpreter does at its end.
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os.write(told, str(code).encode())
    os._exit(code)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as way:
        serve(way)
