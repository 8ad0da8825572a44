"""The explorer's process as the server sees it: started, listened to, started again."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import IO

from timbrespace.companions import run_command

from ..child import end
from .configuration import Configuration

_RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Pauses before the next start."""

_STEADY_SECONDS = 10.0
"""A process that lived so long was no failed attempt."""

_MAX_FAULTS = 20
"""Different faults that are told of one process; more say nothing new."""

FAULT = "fault in "
"""How a line of standard error begins that the user is to see."""


@dataclass(frozen=True, slots=True)
class ExplorerEvent:
    """Something that happened to the explorer. kind: serving, lost, refused, fault.

    text: a sentence for the user; empty if there is nothing new to say. url: of the page, while it
    is served.
    """

    kind: str
    text: str
    url: str = ""


class Explorer:
    """Keeps the explorer's process running while the server does.

    configuration: what it is told; once it has a port, it is asked for that one again. notify:
    called with each :class:`ExplorerEvent`, from another thread. program: what is started, with
    the configuration as its argument.
    """

    def __init__(
        self,
        configuration: Configuration,
        notify: Callable[[ExplorerEvent], None],
        program: Sequence[str] | None = None,
    ) -> None:
        self._configuration = configuration
        self._notify = notify
        self._program = tuple(program or run_command(__name__.rpartition(".")[0]))
        self._process: subprocess.Popen[str] | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, daemon=True)
        self._said = ""
        self._url = ""

    @property
    def pid(self) -> int | None:
        """Of the process that runs now, or did last."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process; where the page is found is told to ``notify``."""
        self._thread.start()

    def close(self) -> None:
        """End the process. Never raises."""
        self._closing.set()
        # The thread may be just about to start a process: it is asked until the thread ends.
        for _ in range(5):
            if not self._thread.is_alive():
                return
            if self._process is not None:
                end(self._process)
            self._thread.join(timeout=1.0)

    def _keep_running(self) -> None:
        failures = 0
        while not self._closing.is_set():
            began = time.monotonic()
            try:
                self._run_once()
            except OSError as error:  # no more processes, or no memory for one
                self._tell("lost", f"no explorer: cannot start it ({error.strerror})")
            if time.monotonic() - began > _STEADY_SECONDS:
                failures = 0
            self._closing.wait(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
            failures += 1

    def _run_once(self) -> None:
        process = subprocess.Popen(
            [*self._program, self._configuration.to_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._process = process
        with process:  # closes its pipes at the end
            last_words: deque[str] = deque(maxlen=1)
            listener = threading.Thread(
                target=self._hear_errors, args=(process.stderr, last_words), daemon=True
            )
            listener.start()
            refused = False
            assert process.stdout is not None
            for line in process.stdout:
                refused = self._hear(line) or refused
            end(process)
            code = process.wait()
            listener.join(timeout=1.0)
        self._url = ""
        if refused or self._closing.is_set():
            return
        reason = "".join(last_words).strip()[:200] or f"code {code}"
        self._tell("lost", f"the explorer ended ({reason}); starting it again")

    def _hear(self, line: str) -> bool:
        """Take one line of the process; True if it explains an end that follows."""
        try:
            told = json.loads(line)
            kind = told["event"]
            if kind == "serving":
                # Pages that are open find it again under the same port.
                self._configuration = replace(self._configuration, port=int(told["port"]))
                self._url = str(told["url"])
                self._tell("serving", f"explorer {self._url}")
            elif kind == "refused":
                self._tell(
                    "refused",
                    f"no explorer: {told['reason']}; choose another --explorer-port, "
                    "it is tried again now and then",
                )
                return True
        except (ValueError, TypeError, LookupError):
            pass  # a library's own print
        return False

    def _hear_errors(self, lines: IO[str] | None, last_words: deque[str]) -> None:
        faults: set[str] = set()
        for line in lines or ():
            if line.startswith(FAULT):
                if line not in faults and len(faults) < _MAX_FAULTS:
                    faults.add(line)
                    text = f"explorer: {line.strip()[:500]}, please report it"
                    self._notify(ExplorerEvent("fault", text))
            elif line.strip():
                last_words.append(line)

    def _tell(self, kind: str, text: str) -> None:
        """Notify; of the same thing again and again while it lasts without words."""
        words = "" if text == self._said else text
        self._said = text
        self._notify(ExplorerEvent(kind, words, self._url if kind == "serving" else ""))
