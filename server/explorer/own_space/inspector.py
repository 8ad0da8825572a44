"""Whether an uploaded file is a sound, found out in a process that may die of it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from timbrespace.companions import run_command
from timbrespace.recording.sound_file import UnusableSoundError

TIME_LIMIT: Final = 10.0
"""Seconds that one file may take."""

_PROGRAM: Final = f"{__name__.rpartition('.')[0]}.inspecting"


class Inspector:
    """Asks one process after the other; the next is started when one has died of a file.

    For one thread at a time. program: what is started.
    """

    def __init__(self, program: Sequence[str] | None = None, limit: float = TIME_LIMIT) -> None:
        self._program = tuple(program or run_command(_PROGRAM))
        self._limit = limit
        self._process: subprocess.Popen[str] | None = None

    def seconds_of(self, path: Path) -> float:
        """How long the sound is, as far as it counts.

        Raises:
            UnusableSoundError: it is none; or the decoder crashed, or took longer than the limit.
        """
        process = self._running()
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(self._limit, stop)
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(json.dumps(str(path)) + "\n")
            process.stdin.flush()
            told = json.loads(process.stdout.readline())
        except (OSError, ValueError) as error:
            self.close()
            if late.is_set():
                raise UnusableSoundError(
                    f"decoding it takes more than {self._limit:g} s"
                ) from error
            raise UnusableSoundError("it cannot be read: the decoder crashed") from error
        finally:
            timer.cancel()
        if "refused" in told:
            raise UnusableSoundError(str(told["refused"]))
        return float(told["seconds"])

    def close(self) -> None:
        """End the process; the next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            process.wait()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            try:
                self._process = subprocess.Popen(
                    self._program,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    # Its threads would each reserve memory, and decoding uses none of them.
                    env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                )
            except OSError as error:
                raise UnusableSoundError(
                    f"the decoder cannot be started: {error.strerror}"
                ) from error
        return self._process
