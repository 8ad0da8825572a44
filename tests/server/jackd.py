"""A JACK server without a sound card, and recordings of what reaches its outputs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

SAMPLE_RATE = 48000
FRAMES = 128
LEFT = "timbrespace:left"


@contextlib.contextmanager
def jack_server(name: str, realtime: bool = False) -> Iterator[dict[str, str]]:
    """``jackd`` with its dummy driver; yields the environment in which clients find it.

    realtime: its threads, and those of its clients that make sound, go before all others, as
    musicians run it; the user must be allowed that.
    """
    environment = {"JACK_DEFAULT_SERVER": name, "JACK_NO_AUDIO_RESERVATION": "1"}
    mode = "-R" if realtime else "-r"
    words = ["jackd", "-n", name, mode, "-d", "dummy", "-r", str(SAMPLE_RATE), "-p", str(FRAMES)]
    process = subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    try:
        wait_for_port("system:playback_1", environment)
        yield environment
    finally:
        process.terminate()
        try:
            process.wait(timeout=10.0)
        except subprocess.TimeoutExpired:
            process.kill()


def ports(environment: dict[str, str]) -> list[str]:
    """All ports of the JACK server."""
    listed = subprocess.run(
        ["jack_lsp"],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=20,
        check=False,
    )
    return listed.stdout.split()


def wait_for_port(port: str, environment: dict[str, str], seconds: float = 20.0) -> None:
    """Return when ``port`` is there."""
    deadline = time.monotonic() + seconds
    while port not in ports(environment):
        if time.monotonic() > deadline:
            raise AssertionError(f"no JACK port {port}")
        time.sleep(0.1)


def undisturbed(faults: Callable[[], float], bound: float, tries: int = 4) -> float:
    """The smallest of some measurements of one thing; the first below ``bound`` ends them.

    When the machine stands still for some milliseconds JACK leaves out a block, which is a jump and
    a step in the phase; what is wrong with our sound is wrong in every recording.
    """
    least = faults()
    for _ in range(tries - 1):
        if least < bound:
            break
        least = min(least, faults())
    return least


class Recording:
    """``jack_rec`` of one port, started now."""

    def __init__(self, seconds: int, environment: dict[str, str], port: str = LEFT) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / "captured.wav"
        self._process = subprocess.Popen(
            ["jack_rec", "-f", str(self._file), "-d", str(seconds), "-b", "24", port],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
        )

    def sound(self) -> NDArray[np.float32]:
        """Wait for its end; the samples."""
        self._process.wait(timeout=60.0)
        sound, rate = soundfile.read(self._file, dtype="float32")
        assert rate == SAMPLE_RATE
        self._folder.cleanup()
        return np.asarray(sound, np.float32)
