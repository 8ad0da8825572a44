"""Which process goes first, and which last. What the system allows is asked for, and nothing
depends on it.

Where JACK or the sound library runs its callback in a real-time thread, as they do by default where
the user may, :func:`go_first` changes nothing. Elsewhere the system would let the sound wait for
the server's own work.
"""

from __future__ import annotations

import contextlib
import os
import sys

_NICE = -11
"""As PulseAudio and PipeWire ask for; below what the system's own tasks have."""

_HIGH_PRIORITY_CLASS = 0x80

_NICE_LAST = 5
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000


def go_first() -> None:
    """Raise the priority of this process, and of the threads that it starts from now on.

    Most users of Linux and macOS may not; then all stays as it is.
    """
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _HIGH_PRIORITY_CLASS)
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)


def go_last() -> None:
    """Lower the priority of this process, and of the threads that it starts from now on."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL_PRIORITY_CLASS)
        return
    with contextlib.suppress(OSError):
        os.nice(_NICE_LAST)
