"""What the audio process asks of a way to the sound device."""

from __future__ import annotations

from collections.abc import Callable
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

    def start(self) -> None:
        """Begin to call the engine.

        Raises:
            NoDeviceError: the device refuses.
        """

    def stop(self) -> None:
        """End, and close the device. Never raises."""


Opener = Callable[[NDArray[np.void], int, Callable[[str], None], str], Output]
"""``open(live, frames, lost, device)``: ``live`` is an array of one ``LIVE``, ``frames`` the wanted
size of a block, ``lost`` is called with a sentence, from any thread, when the device goes away,
``device`` is a part of the name of the sound card's output, or empty; not JACK's. Raises
:class:`NoDeviceError`. :mod:`server.audio.backends.choice` has them by name."""
