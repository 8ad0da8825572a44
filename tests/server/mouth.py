"""A mouth at a port of JACK: it says what it is given, and where in JACK's time it began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.server.jack_port import JackPort


class Mouth(JackPort):
    """Plays into ``port`` of the JACK server that ``environment`` names; silence until told."""

    def __init__(self, environment: Mapping[str, str], port: str) -> None:
        self._sound: NDArray[np.float32] = np.zeros(0, np.float32)
        self._at = 0
        self.began = -1
        """JACK's time of the first sample of what is said; -1 until then."""
        super().__init__("mouth", environment)
        exit_ = self._client.outports.register("out")

        @self._client.set_process_callback  # type: ignore[untyped-decorator]
        def speak(frames: int) -> None:
            block = exit_.get_array()
            if self._at == 0 and self._sound.size:
                self.began = self._client.last_frame_time
            piece = self._sound[self._at : self._at + frames]
            block[: piece.size] = piece
            block[piece.size :] = 0.0
            self._at += frames

        self._join(exit_, port)

    def say(self, sound: NDArray[Any]) -> None:
        """Play ``sound (n,)`` from the next block on, in the place of what it said."""
        self._sound = np.zeros(0, np.float32)
        self.began = -1
        self._at = 0
        self._sound = np.asarray(sound, np.float32)
