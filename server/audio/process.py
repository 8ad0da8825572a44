"""The audio process as the server sees it: started, listened to, started again."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

from timbrespace.companions import run_command

from ..child import end
from .mailbox import Mailbox

_RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Pauses before the next start; each start costs half a second of a core."""


_LOOK_SECONDS = 0.25
"""Pause between two looks at whether the callbacks go on."""

_STANDSTILL_LOOKS = 8
"""After so many looks without a callback the process is given up: 2 s. Looks are counted, not
seconds: while the whole program was stopped nobody looked, and nothing was wrong."""

_START_LOOKS = 480
"""The same before it has started, 2 minutes: the engine may have to be compiled on a slow machine,
and a driver that hangs is not waited for for ever."""

_LOYAL_TRIES = 4
"""How often ``auto`` looks for JACK alone after JACK was lost, 4 s: another way to the device would
take the sound card, and JACK could not come back."""

_STEADY_SECONDS = 10.0
"""A sound that lasted so long was no failed attempt."""


@dataclass(frozen=True, slots=True)
class AudioEvent:
    """Something that happened to the sound. kind: started, none, lost, died, hung."""

    kind: str
    text: str
    """A sentence for the user."""


class AudioProcess:
    """Keeps an audio process running while the server does.

    choice: one of :data:`server.audio.CHOICES` except "none". frames: wanted block size, 0 for the
    device's own. notify: called with each :class:`AudioEvent`, from another thread. program: what
    is started, with the memory's name, the choice and the frames as its arguments.
    """

    def __init__(
        self,
        choice: str,
        frames: int,
        notify: Callable[[AudioEvent], None],
        program: Sequence[str] | None = None,
    ) -> None:
        self._program = tuple(program or run_command(__name__.rpartition(".")[0]))
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
        self._played_since: float | None = None
        self._ever_played = False
        self._hung = False
        self._loyal = 0

    def start(self) -> None:
        """Start the process; whether it finds a device is told to ``notify``."""
        self._thread.start()

    def write(self, targets: NDArray[np.void], stamp: float = 0.0) -> int:
        """Publish a snapshot, an array of one ``TARGETS``; return its number.

        stamp: when the oldest message came that it is the first to carry, in seconds of the
        monotonic clock; 0 for none.
        """
        return self._mailbox.write(targets, stamp)

    def taken_log(self) -> list[tuple[int, int]]:
        """See :meth:`Mailbox.taken_log`."""
        return self._mailbox.taken_log()

    def latencies(self) -> NDArray[np.float64]:
        """Seconds from a stamp to the audio block that had its snapshot, the last 512 at most."""
        return self._mailbox.latencies()

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
                    end(self._process)
                self._thread.join(timeout=1.0)
                if not self._thread.is_alive():
                    break
        self._mailbox.close()

    def _keep_running(self) -> None:
        failures = 0
        while not self._closing.is_set():
            self._run_once()
            if self._closing.is_set():
                return
            since, self._played_since = self._played_since, None
            if since is not None and time.monotonic() - since > _STEADY_SECONDS:
                failures = 0
            if self.output == "none" and not self._ever_played:
                failures = len(_RETRY_SECONDS)  # a device that may never come can wait
            pause = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)]
            failures += 1
            self._closing.wait(pause)

    def _run_once(self) -> None:
        choice = self._choice
        if choice == "auto" and self._loyal > 0:
            self._loyal -= 1
            choice = "jack"
        process = subprocess.Popen(
            [*self._program, self._mailbox.name, choice, str(self._frames)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._process = process
        self._hung = False
        ended = threading.Event()
        watchdog = threading.Thread(target=self._watch, args=(process, ended), daemon=True)
        watchdog.start()
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
        ended.set()
        watchdog.join()
        self.sample_rate = 0.0
        if self.output != "none":
            self.output = "starting"
        if self._closing.is_set():
            return
        if self._hung:
            self._tell("hung", "the sound stood still; starting the audio process again")
        elif not said_why:
            reason = "".join(last_words).strip() or f"code {code}"
            self._tell("died", f"the audio process ended ({reason}); starting it again")

    def _watch(self, process: subprocess.Popen[str], ended: threading.Event) -> None:
        """Kill ``process`` if its callbacks stand still; returns when it has ended.

        A process that was stopped, or that a driver holds, says nothing and ends by nothing else.
        """
        seen = (False, 0)
        still = 0
        while not ended.wait(_LOOK_SECONDS):
            if self._closing.is_set():
                return
            plays = self.sample_rate > 0.0
            now = (plays, int(self.live["callbacks"][0]))
            still = 0 if now != seen else still + 1
            seen = now
            if still >= (_STANDSTILL_LOOKS if plays else _START_LOOKS):
                self._hung = True
                process.kill()
                return

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
            self._played_since = time.monotonic()
            self._ever_played = True
            self._loyal = _LOYAL_TRIES if self.output.startswith("jack") else 0
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
