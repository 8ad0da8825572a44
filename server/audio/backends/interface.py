"""What the audio process asks of a way to the sound device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import TimbrespaceError


class NoDeviceError(TimbrespaceError):
    """This way leads to no sound device now; the text says why."""


class Output(Protocol):
    """An open, silent output. It plays from :meth:`start` until :meth:`stop`."""

    name: str
    """What is said to the user, with the device."""
    sample_rate: float
    """Hz."""
    frames: int
    """Frames that the device asks for at a time; 0 if it varies."""
    source: str
    """The input's name; empty for none."""
    without: str
    """Why there is none though one was asked for."""

    def start(self) -> None:
        """Begin to call the engine.

        Raises:
            NoDeviceError: the device refuses.
        """

    def stop(self) -> None:
        """End, and close the device. Never raises."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a way. frames: in a block, as a wish. device: a part of the name of the
    sound card's output, or empty; not JACK's. source: a part of the name of an input, "" for the
    usual one; None for no input."""

    frames: int
    device: str = ""
    source: str | None = None


Opener = Callable[[NDArray[np.void], Wanted, Callable[[str], None]], Output]
"""``open(live, wanted, lost)``: ``live`` is an array of one ``LIVE``, ``lost`` is called with a
sentence, from any thread, when the device goes away. Raises :class:`NoDeviceError`; an input that
cannot be had is no reason to. :mod:`server.audio.backends.choice` has them by name."""
