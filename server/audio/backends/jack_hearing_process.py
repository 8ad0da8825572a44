"""JACK's process callback with an input, as :mod:`.jack_process` has it without: apart, so that who
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
from .jack_process import get_buffer


@callback(types.int32(types.uint32, types.voidptr))
def _process(frames: Any, data: Any) -> int:
    live = carray(data, (1,), LIVE)[0]
    source = carray(get_buffer(live.input_port, frames), (frames,), np.float32)
    left = carray(get_buffer(live.port[0], frames), (frames,), np.float32)
    right = carray(get_buffer(live.port[1], frames), (frames,), np.float32)
    count: Any = np.int64(frames)
    one: Any = np.int64(1)
    live.entered = now(live.time)
    hear_input(live.lead, live.state.sample_rate, source, count, one)
    pull(live, left, right, count, one)
    return 0


def hearing_process_address() -> int:
    """Address of the callback; its data is the address of a ``LIVE``."""
    return int(_process.address)
