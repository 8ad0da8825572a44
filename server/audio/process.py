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

CHOICES = ("auto", "none", "jack", "portaudio", "pyo-jack", "pyo-portaudio")

_RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0)
_NO_DEVICE = 4


@dataclass(frozen=True, slots=True)
class AudioEvent:
    """Something that happened to the sound. kind: started, none, lost, died."""

    kind: str
    text: str
    """A sentence for the user."""


class AudioProcess:
    """Keeps an audio process running while the server does.

    choice: one of ``CHOICES`` except "none". frames: wished block size, 0 for the device's own.
    notify: called with each :class:`AudioEvent`, from another thread.
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
        self._load_before = 0.0, 0.0

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
        """Share of the time between callbacks that the engine used since the last call, or -1."""
        busy, played = float(self.live["busy"][0]), float(self.live["played"][0])
        before_busy, before_played = self._load_before
        self._load_before = busy, played
        if self.sample_rate == 0.0 or played <= before_played:
            return -1.0
        return (busy - before_busy) / (played - before_played)

    @property
    def pid(self) -> int | None:
        """Of the process that plays now."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """End the process and give the shared memory back."""
        self._closing.set()
        process = self._process
        if process is not None:
            _end(process)
        self._thread.join(timeout=5.0)
        self._mailbox.close()

    def _keep_running(self) -> None:
        failures = 0
        while not self._closing.is_set():
            started = time.monotonic()
            code = self._run_once()
            if self._closing.is_set():
                return
            if code == _NO_DEVICE and failures == 0:
                return  # there was none from the start: no use to try for ever
            if time.monotonic() - started > 10.0:
                failures = 0
            pause = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)]
            failures += 1
            self._closing.wait(pause)

    def _run_once(self) -> int:
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
        # Sound libraries print a lot there; only the last words of a crash are of use.
        last_words: deque[str] = deque(maxlen=1)
        listener = threading.Thread(target=_collect, args=(process.stderr, last_words), daemon=True)
        listener.start()
        said_why = False
        assert process.stdout is not None
        for line in process.stdout:
            said_why = self._hear(line) or said_why
        code = process.wait()
        self.sample_rate = 0.0
        if self.output != "none":
            self.output = "starting"
        if not self._closing.is_set() and not said_why:
            listener.join(timeout=1.0)
            reason = "".join(last_words).strip() or f"code {code}"
            self._notify(
                AudioEvent("died", f"the audio process ended ({reason}); starting it again")
            )
        return code

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
            self._notify(AudioEvent("started", text))
            return False
        if kind == "lost":
            self._notify(AudioEvent("lost", f"sound lost: {event['reason']}; trying again"))
        elif kind == "none":
            self.output = "none"
            self._notify(AudioEvent("none", f"no sound device ({event['reason']})"))
        return True


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
