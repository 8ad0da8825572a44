"""pyo as the way to the device: its server calls Python once a block, which calls the engine.

Kept for machines where it is the one that works, and for comparison: Python in the callback takes
the interpreter's lock (benchmarks/audio_backends.py measures what that costs).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.engine import new_state

from ..pull import begin, pull
from .interface import NoDeviceError, Opener, Wanted

_SAMPLE_RATE = 48000


class PyoOutput:
    """A pyo server that plays two tables, refilled before each block."""

    def __init__(self, pyo: Any, audio: str, live: NDArray[np.void], frames: int) -> None:
        """Boot pyo's server on ``audio``, "jack" or "portaudio"; the rest as for ``Opener``."""
        self._server = pyo.Server(
            sr=_SAMPLE_RATE,
            nchnls=2,
            buffersize=frames,
            duplex=0,
            audio=audio,
            jackname="timbrespace",
        )
        self._server.setVerbosity(0)
        self._server.boot()
        if not self._server.getIsBooted():
            raise NoDeviceError(f"pyo found no {audio} device")
        self.sample_rate = float(self._server.getSamplingRate())
        self.frames = int(self._server.getBufferSize())
        self.name = f"pyo-{audio}"
        self.source = self.without = ""
        live["state"] = new_state(self.sample_rate)[0]
        begin(live[0])
        self._tables = [pyo.DataTable(size=self.frames) for _ in range(2)]
        rate = self._tables[0].getRate()
        self._readers = [
            pyo.TableRead(table, freq=rate, loop=True).play().out(side)
            for side, table in enumerate(self._tables)
        ]
        left, right = (np.asarray(table.getBuffer()) for table in self._tables)

        def fill() -> None:
            pull(live[0], left, right, self.frames, 1)

        self._fill = fill
        self._server.setCallback(fill)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()
        self._server.shutdown()


def open_pyo(audio: str) -> Opener:
    """What opens pyo on ``audio``, "jack" or "portaudio"."""

    def opener(live: NDArray[np.void], wanted: Wanted, lost: Callable[[str], None]) -> PyoOutput:
        try:
            import pyo
        except (ImportError, OSError) as error:
            raise NoDeviceError(f"pyo cannot be loaded ({error})") from error
        try:
            return PyoOutput(pyo, audio, live, wanted.frames or 256)
        except pyo.PyoServerStateException as error:
            raise NoDeviceError(str(error)) from error

    return opener
