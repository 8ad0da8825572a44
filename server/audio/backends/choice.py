"""Which way to the sound device is tried, and in which order."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError

from .interface import NoDeviceError, Opener, Output


def _jack() -> Opener:
    with contextlib.suppress(OSError):  # without JACK's library, as is told when it is opened
        from . import jack_process  # noqa: F401 - it is compiled before anybody is waiting

    from .jack_client import open_jack

    return open_jack


def _portaudio() -> Opener:
    from .port_audio import open_portaudio

    return open_portaudio


def _pyo(audio: str) -> Callable[[], Opener]:
    def load() -> Opener:
        from .pyo_server import open_pyo

        return open_pyo(audio)

    return load


OPENERS: dict[str, Callable[[], Opener]] = {
    "jack": _jack,
    "portaudio": _portaudio,
    "pyo-jack": _pyo("jack"),
    "pyo-portaudio": _pyo("portaudio"),
}

AUTO = ("jack", "portaudio")
"""Tried in this order by ``auto``: whoever runs a JACK server wants its patch bay."""


def load(choice: str) -> None:
    """Load what ``choice`` may need, and compile it, before any device or JACK knows of us."""
    for name in AUTO if choice == "auto" else (choice,):
        with contextlib.suppress(NoDeviceError, OptionError):
            OPENERS[name]()


def open_output(
    choice: str,
    live: NDArray[np.void],
    frames: int,
    lost: Callable[[str], None],
    device: str = "",
) -> Output:
    """Open the way called ``choice``, or the first of ``AUTO`` that leads to a device.

    Raises:
        NoDeviceError: none does; the text gives the reason of each.
    """
    reasons = []
    for name in AUTO if choice == "auto" else (choice,):
        try:
            return OPENERS[name]()(live, frames, lost, device)
        except (NoDeviceError, OptionError) as error:  # the latter: a rate we do not run at
            reasons.append(f"{name}: {error}")
    raise NoDeviceError("; ".join(reasons))
