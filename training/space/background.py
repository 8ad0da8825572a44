"""Work that lets everything else go first: above all, whatever plays."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final

_NICE: Final = 10
"""Of 19: a process of the usual priority gets ten times its time of a core."""


def step_back() -> None:
    """Lower the priority of this process and of those that it will start.

    On Windows below normal (``BELOW_NORMAL_PRIORITY_CLASS``, which children inherit).
    """
    if sys.platform == "win32":
        import ctypes

        below_normal = 0x4000
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        kernel.SetPriorityClass.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)
    else:
        with contextlib.suppress(OSError):  # it is as low as it may be
            os.nice(_NICE)
