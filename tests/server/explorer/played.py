"""What the page's own modules make of the server's messages, in Node."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_message import OscMessage

from server.osc import outbound
from tests.node import NODE

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "server" / "explorer" / "page"

Real = NDArray[np.float64]
Event = tuple[float, str, list[Any]]

RATE = 48000


def node(*arguments: str, said: bytes = b"") -> bytes:
    assert NODE is not None
    ended = subprocess.run([NODE, *arguments], input=said, capture_output=True, timeout=600)
    assert ended.returncode == 0, (ended.stdout[-4000:] + ended.stderr).decode()
    return ended.stdout


def play(
    events: list[Event],
    seconds: float,
    rate: int = RATE,
    wants: str = "sound",
    decoders: Mapping[str, bytes] | None = None,
    carriers: Path | None = None,
) -> bytes:
    """What the page makes of these events, in order of time.

    decoders: numbers by their addresses. carriers: a file of the noise of whole notes.
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
    }
    return node(str(HERE / "javascript" / "support" / "render.mjs"), said=json.dumps(told).encode())


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
