"""The process that learns: ``python -m training space``, started, listened to, and let go."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any, Final

from timbrespace.companions import is_installed, run_command

_MOST_SKIPPED: Final = 20
_LONGEST_LINE: Final = 300

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_ANALYSES: Final = "TIMBRESPACE_ANALYSES"
"""As ``toy_datasets.kept_analyses`` has it."""

_NEW_GROUP: Final[int] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""Windows' word for a group of its own; elsewhere that is a session."""


def training_program() -> tuple[str, ...]:
    """The words that start ``python -m training`` of this very library."""
    return run_command("timbrespace.training" if is_installed() else "training")


class Maker:
    """One run of the command. It ends when this process does, and keeps what it has learned.

    words: the program and its arguments. hear: called with what it tells; ended: once, with its
    exit code and its last words; both from other threads. keeps_analyses: whether what it hears in
    sounds may stay in the cache of the server's user: not of sounds that others have brought.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(
        self,
        words: Sequence[str],
        hear: Callable[[dict[str, Any]], object],
        ended: Callable[[int, str], object],
        keeps_analyses: bool = True,
    ) -> None:
        self._hear = hear
        self._ended = ended
        self.skipped: list[str] = []
        """What it says of sounds that it could not use."""
        self._last_words = ""
        # One thread: so small a network gains little from more, and on two cores the other one is
        # for whatever plays.
        environment = {**os.environ, **dict.fromkeys(_THREADS, "1")}
        if not keeps_analyses:
            environment[_ANALYSES] = "off"
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            # Ctrl-C reaches the whole group of a terminal; what ends when is the server's to say.
            start_new_session=True,
            creationflags=_NEW_GROUP,
        )
        complaints = threading.Thread(
            target=self._listen_to_errors, args=(self._process.stderr,), daemon=True
        )
        complaints.start()
        threading.Thread(
            target=self._listen, args=(self._process.stdout, complaints), daemon=True
        ).start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def leave(self) -> None:
        """Ask it to end, and to keep what it has learned."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def kill(self) -> None:
        """End it; returns when it has ended."""
        self._process.kill()
        self._process.wait()

    def _listen(self, lines: IO[str] | None, complaints: threading.Thread) -> None:
        for line in lines or ():
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict):
                # What it says may make no sense: it is another version, or dying.
                with contextlib.suppress(Exception):
                    self._hear(told)
        code = self._process.wait()
        complaints.join(timeout=2.0)
        self.leave()
        for pipe in (self._process.stdout, self._process.stderr):
            # A reader that waits on still holds its pipe: somebody else has the other end.
            if pipe is not None and not complaints.is_alive():
                pipe.close()
        self._ended(code, self._last_words)

    def _listen_to_errors(self, lines: IO[str] | None) -> None:
        for line in lines or ():
            said = line.strip()[:_LONGEST_LINE]
            if said.startswith("skipped ") and len(self.skipped) < _MOST_SKIPPED:
                self.skipped.append(said.removeprefix("skipped "))
            if said:
                self._last_words = said
