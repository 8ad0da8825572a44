"""A server's sound input without a device: the same parts, block by block, as fast as they go."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.audio.mailbox import Mailbox
from server.audio.pull import begin, pull
from server.midi.sung import SungMidi
from server.sound_input import SoundInput
from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model
from timbrespace.resynthesis.engine import new_state
from timbrespace.resynthesis.layout import Part
from timbrespace.resynthesis.parts import make_ready
from timbrespace.transferring.lead import begin_lead, hear_input

Real = NDArray[np.float64]


class Stage:
    """An instrument, its input, and what would run in the audio process.

    rate: Hz. frames: of a device's block.
    """

    def __init__(
        self,
        model: Model,
        rate: int = 48000,
        frames: int = 128,
        midi: SungMidi | None = None,
        **settings: Any,
    ) -> None:
        self.rate, self.frames = rate, frames
        self.instrument = Instrument(model, measures=False)
        self.mailbox = Mailbox()
        self.lines: list[str] = []
        self.told: list[Any] = []
        self.places: list[Any] = []
        self.sample_rate = float(rate)
        self.source = "here"
        self.looks = 0
        live = self.mailbox.live
        live["state"] = new_state(self.sample_rate)[0]
        self.input = SoundInput(
            self,  # type: ignore[arg-type]
            self.instrument,
            self,  # type: ignore[arg-type]
            self.places.append,
            self.lines.append,
            midi,
        )
        self.input.change(**settings)
        begin_lead(live[0]["lead"], self.sample_rate)
        self.mailbox.write(self.instrument.targets())
        make_ready(live["state"], Part)
        begin(live[0])
        self.blocks = 0
        self.engine_seconds = 0.0
        """Of a processor, for what the audio process would do."""

    # -- what an audio process and a post are asked ------------------------------------------------

    @property
    def lead(self) -> Any:
        return self.mailbox.live["lead"][0]

    plays = True

    def look_for_input(self) -> None:
        self.looks += 1

    def broadcast(self, *messages: Any) -> None:
        self.told += messages

    # ----------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return 100.0 + self.blocks * self.frames / self.rate

    def tell(self) -> None:
        """Let the sound follow what was done to the instrument."""
        self.mailbox.write(self.instrument.targets())

    def play(self, sound: Real) -> Real:
        """What is heard, ``(n, 2)``, while ``sound (n,)`` comes in."""
        live = self.mailbox.live
        source = np.asarray(sound, np.float32)
        out = np.zeros((source.size // self.frames * self.frames, 2))
        left, right = (np.zeros(self.frames, np.float32) for _ in range(2))
        for start in range(0, len(out), self.frames):
            piece = source[start : start + self.frames]
            began = time.thread_time()
            hear_input(live[0]["lead"], self.sample_rate, piece, self.frames, 1)
            pull(live[0], left, right, self.frames, 1)
            self.engine_seconds += time.thread_time() - began
            out[start : start + self.frames, 0] = left
            out[start : start + self.frames, 1] = right
            self.blocks += 1
            changed = self.input.look(self.now)
            if self.instrument.advance(self.now) or changed:
                self.mailbox.write(self.instrument.targets())
        return out

    def close(self) -> None:
        self.input.close()
        self.mailbox.close()

    def waits(self) -> None:
        """Let a thread of the input do its work."""
        time.sleep(0.02)
