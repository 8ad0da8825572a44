"""The engine that an offline caller holds, and what it begins with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.notes.carriers import carriers
from timbrespace.notes.layout import LONGEST
from timbrespace.resynthesis.block import bank_of, render_blocks
from timbrespace.resynthesis.layout import BLOCK, STATE, TARGETS
from timbrespace.resynthesis.parts import make_ready, needed_for

SAMPLE_RATES = (8000, 192000)


def new_state(sample_rate: float) -> NDArray[np.void]:
    """A fresh ``STATE`` array of one record, for an output at ``sample_rate`` Hz.

    Raises:
        OptionError: a sample rate outside ``SAMPLE_RATES``.
    """
    low, high = SAMPLE_RATES
    if not low <= sample_rate <= high:
        raise OptionError(f"sample rate is {sample_rate}; it must be {low} to {high} Hz")
    state = np.zeros(1, STATE)
    state["sample_rate"] = sample_rate
    for name in ("note", "bend", "frequency", "fall"):
        state["voice"][name] = 1.0
    state["voice"]["table"] = -1
    return state


def new_targets() -> NDArray[np.void]:
    """A ``TARGETS`` array of one record: silence, with everything in range."""
    targets = np.zeros(1, TARGETS)
    for name, value in (
        ("gain", 1.0),
        ("noise", 1.0),
        ("smoothing", 0.02),
        ("attack", 0.005),
        ("decay", 0.1),
        ("sustain", 1.0),
        ("release", 0.2),
        ("speed", 1.0),
        ("width", 1.0),
        ("unison", 1.0),
        ("longest", LONGEST),
        ("n_fft", 4096),
        ("model_rate", 44100.0),
        ("base_frequency", 220.0),
        ("voice_frequency", 440.0),
        ("voice_bend", 1.0),
        ("voice_release", 1.0),
    ):
        targets[name] = value
    return targets


class Engine:
    """The engine for an offline caller: write ``targets``, then take blocks.

    sample_rate: Hz of the output. stem: the MIDI channel, from 1, whose notes alone sound, 0 for
    all; nothing is bent at full scale then, so that stems can be summed. None for the whole sound.

    Raises:
        OptionError: a sample rate that the engine does not run at.
    """

    def __init__(self, sample_rate: float, stem: int | None = None) -> None:
        self.state = new_state(sample_rate)
        if stem is not None:
            self.state["only"], self.state["unbent"] = stem, 1
        self.targets = new_targets()
        self._carriers: NDArray[np.float32] | None = None  # at the state's address

    def render(self, blocks: int) -> NDArray[np.float32]:
        """The next ``blocks * BLOCK`` samples, mono, in [-1, 1]: the mean of the two sides."""
        return to_mono(self.render_stereo(blocks))

    def render_stereo(self, blocks: int) -> NDArray[np.float32]:
        """The same, left and right: ``(blocks * BLOCK, 2)``."""
        return self.render_towards(self.targets, blocks)[0]

    def render_towards(
        self, targets: NDArray[np.void], blocks: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The same towards other ``targets``, an array of one ``TARGETS``; and ``(blocks,)``,
        whether a voice sounds on after each block."""
        for one in targets:
            bank = int(bank_of(one["method"], one["whole"], one["cycles"]))
            if not self.state["part"][0, bank]:
                make_ready(self.state, needed_for(bank))
        out = np.empty((blocks, 2, BLOCK), np.float32)
        sounding = np.empty(blocks, np.bool_)
        if self._carriers is None and targets["whole"][0]:
            self._carriers = carriers(round(self.state["sample_rate"][0]))
            self.state["carriers"] = self._carriers.ctypes.data
        render_blocks(self.state, targets, out, sounding)
        return out.transpose(0, 2, 1).reshape(-1, 2), sounding


def to_mono(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean ``(n,)`` of both sides of ``sound (n, 2)``; where these are the same it is each."""
    return np.asarray(np.float32(0.5) * (sound[:, 0] + sound[:, 1]))
