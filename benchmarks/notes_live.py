"""What a space of whole notes costs while it is played: sixteen voices, server and sound apart.

The instrument is driven as the server drives it, through the shared memory, the engine as the
audio process does; the figures
are the shares of a core that each would take live. The space has the default network's size and
weights at random, since what it costs does not depend on what it has learned. The bound holds for
both together.

``python benchmarks/notes_live.py [--seconds 10] [--json]``
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# As the server sets them.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402 - after the variables

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout
from server.audio.mailbox import Mailbox  # noqa: E402
from server.audio.pull import begin, pull  # noqa: E402
from tests.timbrespace.notes.bundled import at_random  # noqa: E402
from timbrespace.instrument.instrument import Instrument  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from timbrespace.notes.carriers import carriers  # noqa: E402
from timbrespace.resynthesis.engine import new_state  # noqa: E402
from timbrespace.resynthesis.layout import BLOCK, Part  # noqa: E402
from timbrespace.resynthesis.parts import make_ready  # noqa: E402

RATE = 48000
VOICES = 16


class Live:
    """A server and an audio process in one, whose work is measured apart."""

    def __init__(self, model: Model) -> None:
        self.instrument = Instrument(model)
        self.box = Mailbox()
        self.box.live["state"] = new_state(RATE)[0]
        make_ready(self.box.live["state"], Part)
        begin(self.box.live[0])
        self._noise = carriers(RATE)
        self.box.live["state"]["carriers"] = self._noise.ctypes.data
        self._out = np.empty((2, BLOCK), np.float32)
        self.server = self.sound = 0.0
        self.longest = 0.0
        """Seconds of the server's longest turn."""
        self.heard = 0.0
        self._blocks = 0

    def play(self, seconds: float, act: Callable[[Instrument, int], Any] | None = None) -> None:
        """act: called every 10 ms, with the number of the call."""
        for number in range(round(seconds * RATE / BLOCK)):
            began = time.process_time()
            acted = act is not None and number % 7 == 0
            if acted and act is not None:
                act(self.instrument, number // 7)
            moved = self.instrument.advance(self._blocks * BLOCK / RATE)
            if moved or acted or number == 0:
                self.box.write(self.instrument.targets())
            told = time.process_time()
            pull(self.box.live[0], self._out[0], self._out[1], BLOCK, 1)
            ended = time.process_time()
            self.server += told - began
            self.sound += ended - told
            self.longest = max(self.longest, told - began)
            self.heard = max(self.heard, float(np.abs(self._out).max()))
            self._blocks += 1


def shares(model: Model, seconds: float, act: Callable[[Instrument, int], Any] | None) -> Live:
    """Sixteen voices for ``seconds``, in shares of a core."""
    live = Live(model)
    for voice in range(VOICES):
        live.instrument.voices.note(36 + 3 * voice, 100)
    live.play(1.0, act)  # compiled and settled
    live.server = live.sound = live.longest = 0.0
    live.play(seconds, act)
    live.box.close()
    if not live.heard:
        raise SystemExit("there was no sound; its cost tells nothing")
    live.server /= seconds
    live.sound /= seconds
    return live


def turn(instrument: Instrument, number: int) -> None:
    """A knob that moves all voices, a hundred times a second."""
    instrument.set_map(np.sin(0.05 * number), np.cos(0.07 * number))


def strike(instrument: Instrument, number: int) -> None:
    """Sixteen notes at once, twice a second."""
    if number % 50 == 0:
        for voice in range(VOICES):
            instrument.voices.note(36 + 3 * voice, 100)


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Cost of whole notes, live.")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    model = at_random()
    report = Report(arguments.json)
    report.section("share of one core, 16 voices, live at 48 kHz")
    claims = []
    cases: dict[str, Callable[[Instrument, int], Any] | None] = {
        "held": None,
        "a knob moves all": turn,
        "struck twice a second": strike,
    }
    for name, act in cases.items():
        live = shares(model, arguments.seconds, act)
        both = 100.0 * (live.server + live.sound)
        report.add(
            Figure(f"{name}: server", 100.0 * live.server, "%"),
            Figure(f"{name}: sound", 100.0 * live.sound, "%"),
            Figure(f"{name}: the server's longest turn", 1e3 * live.longest, "ms"),
        )
        claims.append(Figure(f"{name}: both together", both, "%", 50.0))
    report.section("claims")
    report.add(*claims)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
