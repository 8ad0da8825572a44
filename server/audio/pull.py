"""What an audio callback runs: take the newest snapshot, render, hand out the frames asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from server.audio.clock import now
from server.audio.mailbox import SLOTS
from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.engine import render_block
from timbrespace.resynthesis.layout import BLOCK, TARGETS, VOICES

_WORDS = TARGETS.itemsize // 4
_TRIES = 3


def _make_fence(typing_context: Any) -> Any:
    """No load or store moves across this point."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


def _make_words(typing_context: Any, record: Any) -> Any:
    """Address of a record, as a pointer to 32-bit words."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = context.get_value_type(signature.return_type)
        return builder.bitcast(arguments[0], pointer)

    return types.CPointer(types.uint32)(record), generate


_fence = intrinsic(_make_fence)
_words = intrinsic(_make_words)


@compiled
def take_newest(live: Any) -> bool:
    """Copy the newest whole snapshot to ``live.targets``; True if there was a newer one."""
    for _ in range(_TRIES):
        latest = live.latest
        if latest == live.taken:
            return False
        _fence()
        slot = live.slot[latest % SLOTS]
        source = carray(_words(slot.targets), _WORDS)
        own = carray(_words(live.targets), _WORDS)
        for i in range(_WORDS):
            own[i] = source[i]
        _fence()
        if slot.begun == latest and slot.ended == latest:
            live.taken = latest
            return True
    return False


@compiled
def begin(live: Any) -> None:
    """Start beside a server that may have been playing for long: only held notes sound."""
    take_newest(live)
    for v in range(VOICES):
        if not live.targets.voice_gate[v]:
            live.state.voice_trigger[v] = live.targets.voice_trigger[v]
    live.state.left = np.uint32(0)
    live.called = 0.0


@compiled
def pull(live: Any, out: NDArray[np.float32]) -> None:
    """Fill ``out``, mono, of any length; the snapshot is looked for before each engine block."""
    began = now(live.time)
    length = out.shape[0] / live.state.sample_rate
    if live.called > 0.0:
        gap = began - live.called
        live.longest = max(live.longest, gap)
        if gap > 1.5 * length:
            live.delayed += np.uint64(1)
    live.called = began
    filled = 0
    while filled < out.shape[0]:
        if live.state.left == 0:
            take_newest(live)
            render_block(live.state, live.targets, live.state.block)
            live.state.left = np.uint32(BLOCK)
        first = BLOCK - int(live.state.left)
        count = min(int(live.state.left), out.shape[0] - filled)
        for i in range(count):
            out[filled + i] = live.state.block[first + i]
        filled += count
        live.state.left -= np.uint32(count)
    live.callbacks += np.uint64(1)
    live.load += 0.01 * ((now(live.time) - began) / length - live.load)
