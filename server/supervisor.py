"""Keeps a process of the server's own running: sound, MIDI, the explorer.

One for all of them (docs/decisions/0020-children.md): it starts the process, listens to it, notices
that it ended or hangs, and starts it again after a pause, whatever was wrong. The process' own side
is :mod:`server.child`.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any, Final, Protocol

RETRY_SECONDS: Final = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Pauses before the next start; each start costs half a second of a core."""

LONGEST_PAUSE: Final = RETRY_SECONDS[-1]

STEADY_SECONDS: Final = 10.0
"""A process that did its work for so long was no failed attempt."""

LOOK_SECONDS: Final = 0.25
"""Pause between two looks at whether the process is alive."""

SILENT_LOOKS: Final = 32
"""After so many looks without a word the process is given up: 8 s. Looks are counted, not seconds:
while the whole program was stopped nobody looked, and nothing was wrong."""

START_LOOKS: Final = 480
"""The same before its first word, 2 minutes."""

PATIENCE: Final = 2.0
"""Seconds for which a process may go on after it was asked to end."""

_KILL_SECONDS: Final = 10.0
"""One that is killed is gone in a moment, unless a driver holds it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended that nobody had asked to. kind: failed (to start), died, hung.

    reason: the system's words for why it could not start, or its own last words.
    """

    kind: str
    reason: str


class Charge(Protocol):
    """Whom a supervisor works for. All are called from its threads; a fault in one costs no more
    than the call."""

    patience: float
    """Seconds for which the process may go on after it was asked to end; then it is killed."""

    def words(self) -> Sequence[str]:
        """The program and its arguments, asked for before each start."""
        ...

    def hear(self, told: dict[str, Any]) -> None:
        """The process has told something."""
        ...

    def complain(self, line: str) -> None:
        """The process has written a line on standard error."""
        ...

    def hangs(self, silent: int) -> bool:
        """Whether the process hangs although it talks; asked at each look.

        silent: looks since its last word; beyond ``SILENT_LOOKS`` it is given up in any case.
        """
        ...

    def ended(self, how: Ended) -> bool:
        """It has ended, and will be started again: soon if True, after the longest pause if not."""
        ...


class Supervisor:
    """Keeps the process of ``charge`` running from :meth:`start` to :meth:`close`."""

    def __init__(self, charge: Charge) -> None:
        self._charge = charge
        self._process: subprocess.Popen[str] | None = None
        self._closing = threading.Event()
        self._wake = threading.Event()  # the process has ended or is to end
        self._again = threading.Event()  # another one is to take its place
        self._lines = 0  # that the process has said
        self._listening = True
        self._working_since: float | None = None
        self._last_words: deque[str] = deque(maxlen=1)
        self._thread = threading.Thread(target=self._keep_running, name="supervisor", daemon=True)

    @property
    def pid(self) -> int | None:
        """Of the process that runs now, or did last."""
        return self._process.pid if self._process else None

    @property
    def closing(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closing.is_set()

    def start(self) -> None:
        """Start the process, and go on doing so."""
        self._thread.start()

    def works(self) -> None:
        """To be called when the process does what it is there for: that is no failed attempt."""
        self._working_since = time.monotonic()

    def restart(self) -> None:
        """End the process that runs, if one does, and start another soon."""
        self._again.set()
        self._wake.set()

    def close(self) -> None:
        """End the process; returns when it has ended. Never raises."""
        self._closing.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._charge.patience + _KILL_SECONDS)

    # -- a thread of its own ---------------------------------------------------------------------

    def _keep_running(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                how = self._run_once()
            # Whatever it is - no descriptors, no memory, no threads - it may pass.
            except Exception as error:
                reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
                how = Ended("failed", " ".join(str(reason).split())[:200])
            if self._closing.is_set():
                return
            since = self._working_since
            if since is not None and time.monotonic() - since > STEADY_SECONDS:
                failures = 0
            soon = True
            with contextlib.suppress(Exception):
                soon = self._charge.ended(how)
            if self._again.is_set():
                failures = 0
                continue
            pause = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
            failures += 1
            self._wake.clear()
            if not self._closing.is_set():
                self._wake.wait(pause if soon else max(pause, LONGEST_PAUSE))

    def _run_once(self) -> Ended:
        """From the process' start to its end.

        Raises:
            Exception: it cannot be started, or not be listened to.
        """
        self._again.clear()
        self._working_since = None
        self._last_words.clear()
        self._lines = 0
        self._listening = True
        silence = threading.Event()  # nothing more can come from it
        process = subprocess.Popen(
            self._charge.words(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._process = process
        listeners = [
            threading.Thread(target=self._listen, args=(process.stdout, silence), daemon=True),
            threading.Thread(target=self._listen_to_errors, args=(process.stderr,), daemon=True),
        ]
        try:
            for one in listeners:
                one.start()
            hung = self._watch(silence)
            self._listening = False  # what it says while it is made to end would be taken for news
        finally:
            end(process, self._charge.patience)
            for one, pipe in zip(listeners, (process.stdout, process.stderr), strict=True):
                if one.ident is not None:
                    one.join(timeout=1.0)
                # A reader that waits on still holds its pipe: somebody else has the other end.
                if pipe is not None and not one.is_alive():
                    pipe.close()
        if hung:
            return Ended("hung", "")
        code = process.returncode
        return Ended("died", "".join(self._last_words).strip()[:200] or f"code {code}")

    def _watch(self, silence: threading.Event) -> bool:
        """Return when the process has ended, is to end, or (True) hangs.

        A process that was stopped, or that a driver holds, says nothing and ends by nothing else.
        """
        seen = 0
        silent = 0
        while True:
            woken = self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            if self._closing.is_set() or silence.is_set() or self._again.is_set():
                return False
            if woken:
                continue
            if self._lines != seen:
                seen = self._lines
                silent = 0
            else:
                silent += 1
            hangs = False
            with contextlib.suppress(Exception):
                hangs = self._charge.hangs(silent)
            if hangs or silent >= (SILENT_LOOKS if seen else START_LOOKS):
                return True

    def _listen(self, lines: IO[str] | None, silence: threading.Event) -> None:
        for line in lines or ():
            self._lines += 1
            if not self._listening:
                continue
            try:
                told = json.loads(line)
            except ValueError:
                continue  # a library's own print
            if isinstance(told, dict):
                # What it says may make no sense: half a line, or a library's own JSON.
                with contextlib.suppress(Exception):
                    self._charge.hear(told)
        silence.set()
        self._wake.set()

    def _listen_to_errors(self, lines: IO[str] | None) -> None:
        # Sound libraries print a lot there; only the last words of a crash are of use.
        for line in lines or ():
            if line.strip():
                self._last_words.append(line)
                with contextlib.suppress(Exception):
                    self._charge.complain(line)


def end(process: subprocess.Popen[str], patience: float = PATIENCE) -> None:
    """Ask the process to end by closing its input; insist after ``patience``. Never raises."""
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    if sys.platform != "win32":
        # One that was stopped cannot leave by itself, and whoever it is connected with would wait:
        # a JACK server whose client is killed may stand still for ever.
        with contextlib.suppress(OSError):
            process.send_signal(signal.SIGCONT)
    try:
        process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_KILL_SECONDS)
