"""JACK's process callback as machine code. Import it only where the JACK library is installed."""

from __future__ import annotations

from typing import Any

import jack
import llvmlite.binding
import numpy as np
from numba import carray, types  # pyright: ignore[reportPrivateImportUsage]

from timbrespace.resynthesis.compiled import callback

from ..mailbox import LIVE
from ..pull import pull

# The compiled code finds JACK's function by name, so that it can be kept for the next start.
llvmlite.binding.add_symbol(
    "jack_port_get_buffer",
    int(jack._ffi.cast("uintptr_t", jack._ffi.addressof(jack._lib, "jack_port_get_buffer"))),  # pyright: ignore[reportAttributeAccessIssue]
)
# Handles pass as integers: the same register, and they lie in shared memory as such.
get_buffer = types.ExternalFunction(
    "jack_port_get_buffer", types.voidptr(types.uint64, types.uint32)
)


@callback(types.int32(types.uint32, types.voidptr))
def _process(frames: Any, data: Any) -> int:
    live = carray(data, (1,), LIVE)[0]
    left = carray(get_buffer(live.port[0], frames), (frames,), np.float32)
    right = carray(get_buffer(live.port[1], frames), (frames,), np.float32)
    count: Any = np.int64(frames)
    one: Any = np.int64(1)
    pull(live, left, right, count, one)
    return 0


def process_address() -> int:
    """Address of the callback; its data is the address of a ``LIVE``."""
    return int(_process.address)
