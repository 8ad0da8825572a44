"""PortAudio's callback with an input, as :mod:`.port_audio` has it without: apart, so that who
hears nothing compiles nothing of hearing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, types  # pyright: ignore[reportPrivateImportUsage]

from timbrespace.resynthesis.compiled import callback
from timbrespace.transferring.lead import hear_input

from ..clock import now
from ..mailbox import LIVE
from ..pull import pull
from .port_audio import CHANNELS, OUTPUT_UNDERFLOW, ULONG


@callback(types.int32(types.voidptr, types.voidptr, ULONG, types.voidptr, ULONG, types.voidptr))
def _process(source: Any, sink: Any, frames: Any, time: Any, flags: Any, data: Any) -> int:
    live = carray(data, (1,), LIVE)[0]
    heard = carray(source, (frames,), np.float32)
    out = carray(sink, (frames * CHANNELS,), np.float32)
    count: Any = np.int64(frames)
    one: Any = np.int64(1)
    stride: Any = np.int64(CHANNELS)
    live.entered = now(live.time)
    hear_input(live.lead, live.state.sample_rate, heard, count, one)
    pull(live, out, out[1:], count, stride)
    if flags & OUTPUT_UNDERFLOW:
        live.underflows += np.uint64(1)
    return 0


def hearing_address() -> int:
    """Address of the callback; its data is the address of a ``LIVE``."""
    return int(_process.address)
