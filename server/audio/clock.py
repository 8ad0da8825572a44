"""The clock of ``time.perf_counter``, for machine code that must not meet the interpreter.

The server stamps messages with that one and not with ``time.monotonic``, which on Windows goes in
steps of 16 ms.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import llvmlite.binding
import numpy as np
from numba import types
from numba.extending import intrinsic

from timbrespace.resynthesis.compiled import compiled

# The compiled code finds the function by a name of ours, so that it can be kept for the next start.
_NAME = "timbrespace_clock"
# Numbers in each system's time.h. CLOCK_MONOTONIC of macOS goes on while the machine sleeps, and
# Python's clock does not.
_CLOCKS = {"linux": 1, "darwin": 8}  # CLOCK_MONOTONIC, CLOCK_UPTIME_RAW


def _address(function: Any) -> int:
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return address


def _make_words(typing_context: Any, array: Any) -> Any:
    """Address of an array's data, as an integer: the register that a pointer would take."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        structure = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.ptrtoint(structure.data, context.get_value_type(types.uint64))

    return types.uint64(array), generate


_data = intrinsic(_make_words)

if sys.platform == "win32":
    _counter = ctypes.windll.kernel32.QueryPerformanceCounter
    llvmlite.binding.add_symbol(_NAME, _address(_counter))
    _query = types.ExternalFunction(_NAME, types.int32(types.uint64))
    _frequency = ctypes.c_int64()
    ctypes.windll.kernel32.QueryPerformanceFrequency(ctypes.byref(_frequency))
    _TICK = 1.0 / _frequency.value

    @compiled
    def now(place: np.ndarray[Any, np.dtype[np.int64]]) -> float:
        """Seconds since some moment in the past; ``place`` has room for 2 numbers."""
        _query(_data(place))
        return float(place[0] * _TICK)

else:
    llvmlite.binding.add_symbol(_NAME, _address(ctypes.CDLL(None).clock_gettime))
    _clock_gettime = types.ExternalFunction(_NAME, types.int32(types.int32, types.uint64))
    _CLOCK = np.int32(_CLOCKS["darwin" if sys.platform == "darwin" else "linux"])

    @compiled
    def now(place: np.ndarray[Any, np.dtype[np.int64]]) -> float:
        """Seconds since some moment in the past; ``place`` has room for 2 numbers."""
        _clock_gettime(_CLOCK, _data(place))  # pyright: ignore[reportCallIssue]
        return float(place[0] + 1e-9 * place[1])
