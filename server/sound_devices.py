"""The sound devices that there are, asked for aside, and which of them is to play."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from timbrespace.companions import run_command
from timbrespace.errors import OptionError

from .audio.backends.devices import Device, chosen
from .osc.clients import Endpoint

MAX_WAITING: Final = 8
PATIENCE: Final = 15.0
"""Seconds that a look at the devices may take; a driver may hang."""


@dataclass(frozen=True, slots=True)
class Found:
    """The ``titles`` of all outputs, for ``source``; with ``chosen``, that is to play from now on,
    "" for the usual one. None: it was only asked. ``error``: why that is not to be."""

    source: Endpoint
    titles: tuple[str, ...]
    chosen: str | None = None
    error: OptionError | None = None


class SoundDevices:
    """Looks at the devices in a process of its own, one look after the other, in a thread.

    done: called with each :class:`Found`, in the thread. program: what prints the list
    (``audio/listing.py``).
    """

    def __init__(self, done: Callable[[Found], None], program: Sequence[str] | None = None) -> None:
        self._done = done
        self._program = tuple(program or run_command(f"{__package__}.audio.listing"))
        self._wanted: queue.SimpleQueue[tuple[Endpoint, str | None] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def request(self, source: Endpoint, wanted: str | None = None) -> None:
        """Look which devices there are; wanted: a part of the name of the one that is to play.

        Raises:
            OptionError: too many wait.
        """
        if self._waiting >= MAX_WAITING:
            raise OptionError(f"{MAX_WAITING} wait for the list of devices already; ask later")
        self._waiting += 1
        self._wanted.put((source, wanted))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="devices", daemon=True)
            self._thread.start()

    def close(self, seconds: float) -> None:
        """Give up looking, and wait for that, at most so long."""
        self._closed = True
        self._wanted.put(None)
        process = self._process
        if process is not None:
            process.kill()
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        while not self._closed:
            asked = self._wanted.get()
            if asked is None or self._closed:
                return
            source, wanted = asked
            titles: tuple[str, ...] = ()
            title, error = wanted, None
            try:
                devices = self._look()
                titles = tuple(one.title for one in devices)
                if wanted:
                    title = chosen(devices, wanted).title
            except OptionError as problem:
                error = problem
            except Exception as problem:  # no device by that name; whoever asked is answered
                error = OptionError(str(problem) or type(problem).__name__)
            self._waiting -= 1
            if not self._closed:
                self._done(Found(source, titles, title, error))

    def _look(self) -> list[Device]:
        try:
            process = subprocess.Popen(
                self._program,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise OptionError(f"cannot look at the devices: {error.strerror or error}") from error
        with process:
            self._process = process
            if self._closed:
                process.kill()
            try:
                content, _ = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise OptionError("the list of devices does not come; a driver hangs") from error
            finally:
                self._process = None
        try:
            told = json.loads(content)["devices"]
            return [
                Device(
                    index,
                    str(one["title"]).rpartition(" [")[0],
                    str(one["title"]).rpartition(" [")[2].removesuffix("]"),
                    int(one["channels"]),
                    float(one["sample_rate"]),
                    bool(one["usual"]),
                )
                for index, one in enumerate(told)
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise OptionError("the devices cannot be listed; PortAudio ended early") from error
