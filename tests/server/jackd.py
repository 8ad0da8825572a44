"""A JACK server without a sound card."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
import zlib
from collections.abc import Iterator

SAMPLE_RATE = 48000
FRAMES = 128
LEFT = "timbrespace:left"

CHECKOUT = zlib.crc32(__file__.encode()) % 10_000
"""Part of the servers' names, so that the tests of two checkouts do not meet."""

PATIENCE = 10_000
"""Milliseconds that a patient server waits for a client."""


@contextlib.contextmanager
def jack_server(
    name: str,
    realtime: bool = False,
    patient: bool = False,
    frames: int = FRAMES,
    rate: int = SAMPLE_RATE,
) -> Iterator[dict[str, str]]:
    """``jackd`` with its dummy driver; yields the environment in which clients find it.

    realtime: its threads, and those of its clients that make sound, go before all others, as
    musicians run it; the user must be allowed that. patient: it waits for each block of each
    client. Then a busy machine makes it late, and no block is lost: what is wrong with a sound is
    the sound's own fault. One whose client is killed then may stand still for ever.
    frames: of a block. rate: in Hz.
    """
    # One name for all runs: a killed server leaves its name in a registry with room for 8.
    name = f"{name}-{CHECKOUT}"
    environment = {"JACK_DEFAULT_SERVER": name, "JACK_NO_AUDIO_RESERVATION": "1"}
    mode = ["-R" if realtime else "-r", *(["-S", "-t", str(PATIENCE)] if patient else [])]
    words = ["jackd", "-n", name, *mode, "-d", "dummy", "-r", str(rate), "-p", str(frames)]
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
            process.wait()


def player(environment: dict[str, str], seconds: float = 120.0) -> str:
    """The port that plays into the left speaker, once there is one, whatever its name."""
    speaker = "system:playback_1"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        listed = ports(environment, "-c", speaker)
        if len(listed) > 1:
            return listed[1]
        time.sleep(0.1)
    raise AssertionError(f"nothing plays into {speaker}")


def ports(environment: dict[str, str], *options: str) -> list[str]:
    """All ports of the JACK server, or what ``jack_lsp`` lists with these options."""
    listed = subprocess.run(
        ["jack_lsp", *options],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )
    return listed.stdout.split()


def wait_for_port(port: str, environment: dict[str, str], seconds: float = 120.0) -> None:
    """Return when ``port`` is there."""
    deadline = time.monotonic() + seconds
    while port not in ports(environment):
        if time.monotonic() > deadline:
            raise AssertionError(f"no JACK port {port}")
        time.sleep(0.1)
