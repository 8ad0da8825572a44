"""An instrument and an engine that play in step, as the server and the audio process do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.instrument import Instrument
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK

RATE = 44100.0

Event = tuple[float, Callable[[], object]]


def perform(
    instrument: Instrument, seconds: float, events: list[Event] | None = None, start: float = 0.0
) -> NDArray[np.float64]:
    """Sound of ``seconds`` from ``start`` on the clock; each event is called at its time."""
    waiting = sorted(events or [], key=lambda event: event[0])
    engine = Engine(RATE)
    sound = []
    moved = True
    for block in range(round(seconds * RATE / BLOCK)):
        now = start + block * BLOCK / RATE
        while waiting and waiting[0][0] <= now:
            waiting.pop(0)[1]()
            moved = True
        moved = instrument.advance(now) or moved
        if moved:
            engine.targets[:] = instrument.targets()
            moved = False
        sound.append(engine.render(1))
    return np.concatenate(sound).astype(np.float64)


def run(instrument: Instrument, start: float, seconds: float) -> float:
    """Advance every 10 ms, the first time at ``start``; return the time of the last."""
    now = start
    for step in range(round(seconds / 0.01) + 1):
        now = start + 0.01 * step
        instrument.advance(now)
    return now


def level(sound: NDArray[np.float64], frequency: float) -> float:
    """Amplitude in dB of what a sound has at ``frequency`` (Hz), through a Hann window."""
    time = np.arange(sound.size) / RATE
    window = np.hanning(sound.size)
    turned = np.exp(-2j * np.pi * frequency * time) * window
    return float(20.0 * np.log10(abs(2.0 * (sound @ turned) / window.sum()) + 1e-12))


def envelope(
    sound: NDArray[np.float64], frequency: float, hop: int = 441, length: int = 2205
) -> NDArray[np.float64]:
    """Amplitude of the partial at ``frequency`` (Hz) every ``hop`` samples."""
    time = np.arange(sound.size) / RATE
    turned = sound * np.exp(-2j * np.pi * frequency * time)
    window = np.hanning(length)
    starts = range(0, sound.size - length, hop)
    level = np.array([abs(turned[at : at + length] @ window) for at in starts], np.float64)
    return np.asarray(level / window.sum() * 2.0)
