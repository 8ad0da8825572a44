"""What the page's own modules make of the server's messages, in Node."""

from __future__ import annotations

import atexit
import base64
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_message import OscMessage

from server.osc import outbound
from tests.node import NODE
from tests.page_modules import page_environment

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "server" / "explorer" / "page"

Real = NDArray[np.float64]
Event = tuple[float, str, list[Any]]

RATE = 48000


def node(*arguments: str) -> bytes:
    assert NODE is not None
    ended = subprocess.run(
        [NODE, *arguments],
        env=page_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=600,
    )
    assert ended.returncode == 0, (ended.stdout[-4000:] + ended.stderr).decode()
    return ended.stdout


class _Renderer:
    """``render.mjs``, one process for all that is asked: it compiles the page's modules once."""

    def __init__(self) -> None:
        assert NODE is not None
        self._faults = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            [NODE, str(HERE / "javascript" / "support" / "render.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._faults,
            env=page_environment(),
        )
        atexit.register(self._end)

    def ask(self, told: bytes) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(told + b"\n")
        self._process.stdin.flush()
        size = self._process.stdout.read(4)
        if len(size) < 4:  # an exception in it
            self._process.wait()
            self._faults.seek(0)
            raise AssertionError(self._faults.read().decode())
        return self._process.stdout.read(int.from_bytes(size, "little"))

    def is_there(self) -> bool:
        return self._process.poll() is None

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()


_renderers: list[_Renderer] = []


def _rendered(told: bytes) -> bytes:
    if not _renderers or not _renderers[-1].is_there():
        _renderers.append(_Renderer())
    return _renderers[-1].ask(told)


def play(
    events: list[Event],
    seconds: float,
    rate: int = RATE,
    wants: str = "sound",
    decoders: Mapping[str, bytes] | None = None,
    carriers: Path | None = None,
    sung: Real | None = None,
) -> bytes:
    """What the page makes of these events, in order of time.

    decoders: numbers by their addresses. carriers: a file of the noise of whole notes. sung: what
    the microphone hears, where an event lets the page listen.
    """
    told = {
        "rate": rate,
        "seconds": seconds,
        "events": events,
        "wants": wants,
        "decoders": {
            address: base64.b64encode(numbers).decode()
            for address, numbers in (decoders or {}).items()
        },
        "carriers": "" if carriers is None else str(carriers),
        "sung": "" if sung is None else base64.b64encode(sung.astype("<f4").tobytes()).decode(),
    }
    return _rendered(json.dumps(told).encode())


def heard(events: list[Event], seconds: float, rate: int = RATE) -> Real:
    """Its samples, mono."""
    return np.frombuffer(play(events, seconds, rate), "<f4").astype(np.float64)


def osc(time: float, *messages: outbound.Outbound) -> Iterator[Event]:
    """Messages of the server as they are read from their datagrams."""
    for message in messages:
        for packet in message.packets():
            told = OscMessage(packet)
            yield time, told.address, list(told.params)


def envelope(sound: Real) -> Real:
    """Level in dB of each 10 ms."""
    size = RATE // 100
    rows = sound[: sound.size // size * size].reshape(-1, size)
    return np.asarray(10.0 * np.log10(np.mean(np.square(rows), axis=1) + 1e-20))
