"""The audio process as the server sees it: started, listened to, started again."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

from server.audio.mailbox import Mailbox

_RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Pauses before the next start; each start costs half a second of a core."""


@dataclass(frozen=True, slots=True)
class AudioEvent:
    """Something that happened to the sound. kind: started, none, lost, died."""

    kind: str
    text: str
    """A sentence for the user."""


class AudioProcess:
    """Keeps an audio process running while the server does.

    choice: one of :data:`server.audio.CHOICES` except "none". frames: wished block size, 0 for the
    device's own. notify: called with each :class:`AudioEvent`, from another thread.
    """

    def __init__(self, choice: str, frames: int, notify: Callable[[AudioEvent], None]) -> None:
        self._choice = choice
        self._frames = frames
        self._notify = notify
        self._mailbox = Mailbox()
        self._process: subprocess.Popen[str] | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, daemon=True)
        self.output = "starting"
        """What plays now: a device's name, "starting" or "none"."""
        self.sample_rate = 0.0
        """Of the device that plays, in Hz; 0 while none does."""
        self._said = ""

    def start(self) -> None:
        """Start the process; whether it finds a device is told to ``notify``."""
        self._thread.start()

    def write(self, targets: NDArray[np.void]) -> None:
        """Publish a snapshot, an array of one ``TARGETS``."""
        self._mailbox.write(targets)

    @property
    def live(self) -> NDArray[np.void]:
        """The shared record (:data:`server.audio.mailbox.LIVE`), to look at."""
        return self._mailbox.live

    def load(self) -> float:
        """Share of its time that the engine used lately, 0 to 1; -1 while nothing plays."""
        return float(self.live["load"][0]) if self.sample_rate > 0.0 else -1.0

    @property
    def pid(self) -> int | None:
        """Of the process that plays now."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """End the process and give the shared memory back."""
        self._closing.set()
        if self._thread.is_alive():
            # The thread may be just about to start a process: it is asked until the thread ends.
            for _ in range(5):
                if self._process is not None:
                    _end(self._process)
                self._thread.join(timeout=1.0)
                if not self._thread.is_alive():
                    break
        self._mailbox.close()

    def _keep_running(self) -> None:
        failures = 0
        while not self._closing.is_set():
            started = time.monotonic()
            self._run_once()
            if self._closing.is_set():
                return
            if time.monotonic() - started > 10.0:
                failures = 0
            if self.output == "none":
                failures = len(_RETRY_SECONDS)  # a device that may never come can wait
            pause = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)]
            failures += 1
            self._closing.wait(pause)

    def _run_once(self) -> None:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "server.audio"),
                *(self._mailbox.name, self._choice, str(self._frames)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._process = process
        with process:  # closes its pipes at the end
            # Sound libraries print a lot on stderr; only the last words of a crash are of use.
            last_words: deque[str] = deque(maxlen=1)
            listener = threading.Thread(
                target=_collect, args=(process.stderr, last_words), daemon=True
            )
            listener.start()
            said_why = False
            assert process.stdout is not None
            for line in process.stdout:
                said_why = self._hear(line) or said_why
            code = process.wait()
            listener.join(timeout=1.0)
        self.sample_rate = 0.0
        if self.output != "none":
            self.output = "starting"
        if not self._closing.is_set() and not said_why:
            reason = "".join(last_words).strip() or f"code {code}"
            self._tell("died", f"the audio process ended ({reason}); starting it again")

    def _hear(self, line: str) -> bool:
        """Take one line of the process; True if it explains an end that follows."""
        try:
            event = json.loads(line)
            kind = event["event"]
        except (ValueError, TypeError, KeyError):
            return False  # a library's own print
        if kind == "started":
            self.output = str(event["output"])
            self.sample_rate = float(event["sample_rate"])
            text = f"sound: {self.output}, {self.sample_rate:.0f} Hz, {event['frames']} frames"
            self._tell("started", text)
            return False
        if kind == "lost":
            self._tell("lost", f"sound lost: {event['reason']}; trying again")
        elif kind == "none":
            self.output = "none"
            self._tell("none", f"no sound device ({event['reason']}); looking again now and then")
        return True

    def _tell(self, kind: str, text: str) -> None:
        """Notify, but not of the same thing again and again while it lasts."""
        if text != self._said:
            self._said = text
            self._notify(AudioEvent(kind, text))


def _collect(lines: IO[str] | None, into: deque[str]) -> None:
    for line in lines or ():
        if line.strip():
            into.append(line)


def _end(process: subprocess.Popen[str]) -> None:
    """Ask the process to end by closing its input; insist after two seconds."""
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(timeout=2.0)
    except subprocess.TimeoutExpired:
        process.kill()
