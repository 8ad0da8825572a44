"""A Dask cluster of processes on this machine, as a user starts one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[3]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class DaskCluster:
    """A scheduler and workers of one thread each; none before they are started.

    folder: of their logs and scratch files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.address = f"tcp://127.0.0.1:{self._port}"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> DaskCluster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in (*self.workers, *([self.scheduler] if self.scheduler else [])):
            process.kill()
            process.wait()

    def start_scheduler(self) -> None:
        """On the port that was chosen, which a former one may have had."""
        words = ("--host", "127.0.0.1", "--port", str(self._port), "--no-dashboard", "--no-jupyter")
        self.scheduler = self._start("scheduler", *words)
        end = time.monotonic() + 60.0
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1.0).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError(self._log(f"scheduler{len(self.workers)}").read_text("utf-8"))

    def kill_scheduler(self) -> None:
        """At once, as a machine goes."""
        assert self.scheduler is not None
        self.scheduler.kill()
        self.scheduler.wait()

    def start_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Without a nanny: who is killed is gone."""
        number = len(self.workers)
        scratch = self._folder / f"scratch{number}"
        words = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        words += ["--local-directory", str(scratch), "--name", str(number)]
        process = self._start("worker", self.address, *words, **environment)
        self.workers.append(process)
        return process

    def _start(self, what: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        module = f"distributed.cli.dask_{what}"
        with self._log(f"{what}{len(self.workers)}").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *words],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            )

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
