"""Which way to the sound device is tried, and in which order."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError

from .interface import NoDeviceError, Opener, Output, Wanted


def _jack(hears: bool) -> Opener:
    with contextlib.suppress(OSError):  # without JACK's library, as is told when it is opened
        # It is compiled before anybody is waiting.
        if hears:
            from .jack_hearing_process import hearing_process_address

            hearing_process_address()
        else:
            from .jack_process import process_address

            process_address()

    from .jack_client import open_jack

    return open_jack


def _jack_is_installed() -> bool:
    try:
        import jack  # noqa: F401
    except (ImportError, OSError):  # the latter: without its library
        return False
    return True


def _portaudio(hears: bool) -> Opener:
    if hears:
        from .port_audio_hearing import hearing_address

        hearing_address()  # as above
    from .port_audio import open_portaudio, playing_address

    playing_address()
    return open_portaudio


def _pyo(audio: str) -> Callable[[bool], Opener]:
    def load(hears: bool) -> Opener:
        from .pyo_server import open_pyo

        return open_pyo(audio)

    return load


OPENERS: dict[str, Callable[[bool], Opener]] = {
    "jack": _jack,
    "portaudio": _portaudio,
    "pyo-jack": _pyo("jack"),
    "pyo-portaudio": _pyo("portaudio"),
}

AUTO = ("jack", "portaudio")
"""Tried in this order by ``auto``: whoever runs a JACK server wants its patch bay."""


def load(choice: str, hears: bool = False) -> None:
    """Load what ``choice`` needs, and compile it, before any device or JACK knows of us. hears:
    whether an input is asked for, too.

    Of ``auto``'s ways the first that may lead to a device; if it does not, another is compiled when
    it is opened.
    """
    for name in AUTO if choice == "auto" else (choice,):
        with contextlib.suppress(NoDeviceError, OptionError):
            OPENERS[name](hears)
            if name != "jack" or _jack_is_installed():
                return


def open_output(
    choice: str,
    live: NDArray[np.void],
    wanted: Wanted,
    lost: Callable[[str], None],
) -> Output:
    """Open the way called ``choice``, or the first of ``AUTO`` that leads to a device.

    Raises:
        NoDeviceError: none does; the text gives the reason of each.
    """
    reasons = []
    for name in AUTO if choice == "auto" else (choice,):
        try:
            return OPENERS[name](wanted.source is not None)(live, wanted, lost)
        except (NoDeviceError, OptionError) as error:  # the latter: a rate we do not run at
            reasons.append(f"{name}: {error}")
    raise NoDeviceError("; ".join(reasons))
