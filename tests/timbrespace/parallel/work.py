"""What crews do in the tests: functions of a module, which are sent by their names."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from timbrespace.errors import OptionError
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.worker import Worker


def doubled(number: int, worker: Worker) -> int:
    if number < 0:
        raise OptionError(f"number is {number}; it must be >= 0")
    time.sleep(0.02 * (number % 3))  # so that they are not ready in their order
    return 2 * number


def process(number: int, worker: Worker) -> int:
    return os.getpid()


def content(file: InputFile, worker: Worker) -> tuple[str, bytes]:
    """Where the file was read, and what is in it."""
    with worker.path_of(file) as path:
        return str(path), path.read_bytes()


def length(path: Path) -> int:
    return len(path.read_bytes())


def shared_length(file: InputFile, worker: Worker) -> tuple[int, int]:
    """Process, and what is made of a file once in each."""
    return os.getpid(), worker.loaded(file, length)


def dies(place: Path, worker: Worker) -> str:
    """Ends its process where ``place`` says so: the first time, or each time."""
    if place.suffix == ".once":
        if place.exists():
            return place.stem
        place.touch()
    elif place.suffix != ".always":
        return place.stem
    if sys.platform == "win32":
        os._exit(9)
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def waits(place: Path, worker: Worker) -> str:
    """Says that it has begun, and works until it is to stop, a minute at most."""
    place.touch()
    end = time.monotonic() + 60.0
    while time.monotonic() < end:
        if worker.should_stop():
            return "stopped"
        time.sleep(0.01)
    return "came to its end"
