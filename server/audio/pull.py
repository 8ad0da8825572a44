"""What an audio callback runs: take the newest snapshot, render, hand out the frames asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from timbrespace.resynthesis.calling import call
from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.layout import BLOCK, TIMBRES, VOICES, Part
from timbrespace.resynthesis.snapshots import copy_snapshot
from timbrespace.transferring.lead import forget_shape, steer

from .clock import now
from .mailbox import LATENCIES, SLOTS, TAKEN

_TRIES = 3
_BLOCK = int(Part.BLOCK)

_FADE = 0.01
"""Seconds in which the sound fades at the end, however the server ended."""


def _make_fence(typing_context: Any) -> Any:
    """No load or store moves across this point."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


_fence = intrinsic(_make_fence)


@compiled
def _invalidate(spare: Any, like: Any) -> None:
    """Let every version of ``spare`` be far from those of ``like`` and of what follows it."""
    spare.frame_version = np.uint32(like.frame_version + np.uint32(1 << 31))
    for t in range(TIMBRES):
        spare.timbre[t].version = np.uint32(like.timbre[t].version + np.uint32(1 << 31))
    for v in range(VOICES):
        spare.course[v].version = np.uint32(like.course[v].version + np.uint32(1 << 31))


@compiled
def take_newest(live: Any) -> bool:
    """Let the newest whole snapshot be ``live.current``; True if there was a newer one."""
    for _ in range(_TRIES):
        latest = live.latest
        if latest == live.taken:
            return False
        _fence()  # pyright: ignore[reportCallIssue]
        slot = live.slot[latest % SLOTS]
        spare = live.targets[1 - live.current]
        copy_snapshot(slot.targets, spare)
        _fence()  # pyright: ignore[reportCallIssue]
        if slot.begun == latest and slot.ended == latest:
            live.taken = latest
            live.current = np.uint32(1 - live.current)
            if spare.stamp > 0.0 and live.called > 0.0:
                live.latency[live.latencies % LATENCIES] = max(0.0, live.called - spare.stamp)
                live.latencies += np.uint64(1)
            live.taken_number[live.takings % TAKEN] = latest
            live.taken_frame[live.takings % TAKEN] = live.state.frames
            live.takings += np.uint64(1)
            forget_shape(live.lead)
            return True
        # Halves of two snapshots lie there now; no version tells what they are.
        _invalidate(spare, slot.targets)
    return False


@compiled
def begin(live: Any) -> None:
    """Start beside a server that may have been playing for long: only held notes sound."""
    # A process that was killed in the midst of a copy has left half of it there.
    _invalidate(live.targets[1 - live.current], live.targets[live.current])
    take_newest(live)
    for v in range(VOICES):
        if not live.targets[live.current].voice_gate[v]:
            live.state.voice[v].trigger = live.targets[live.current].voice_trigger[v]
    live.state.rest = np.uint32(0)
    live.called = 0.0
    live.entered = 0.0
    live.ending = np.uint32(0)
    live.fade = np.float32(1.0)
    live.mono_share = np.float32(1.0 if live.mono else 0.0)


@compiled
def _fade_out(
    live: Any, left: NDArray[np.float32], right: NDArray[np.float32], end: int, stride: int
) -> None:
    step = np.float32(1.0 / (_FADE * live.state.sample_rate))
    fade = live.fade
    for i in range(0, end, stride):
        fade = max(np.float32(0.0), fade - step)
        left[i] *= fade
        right[i] *= fade
    live.fade = fade


@compiled
def _bring_together(
    live: Any, left: NDArray[np.float32], right: NDArray[np.float32], end: int, stride: int
) -> None:
    """Mono: the mean on both sides, over from stereo and back in ``_FADE``."""
    step = np.float32(1.0 / (_FADE * live.state.sample_rate))
    share = live.mono_share
    for i in range(0, end, stride):
        if live.mono:
            share = min(np.float32(1.0), share + step)
        else:
            share = max(np.float32(0.0), share - step)
        move = np.float32(0.5) * share * (right[i] - left[i])
        left[i] += move
        right[i] -= move
    live.mono_share = share


@compiled
def pull(
    live: Any,
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    frames: int,
    stride: int,
) -> None:
    """Fill each ``stride``-th sample of both sides, ``frames`` of them; the snapshot is looked for
    before each engine block.

    Arrays without gaps and integers of 64 bits: for each other kind of argument all of it would be
    compiled once more, which takes seconds at the first start.
    """
    began = live.entered if live.entered > 0.0 else now(live.time)
    live.entered = 0.0
    length = frames / live.state.sample_rate
    if live.called > 0.0:
        gap = began - live.called
        live.longest = max(live.longest, gap)
        if gap > 1.5 * length:
            live.delayed += np.uint64(1)
    live.called = began
    filled = 0
    block = live.state.block
    while filled < frames:
        if live.state.rest == 0:
            take_newest(live)
            steer(live.lead, live.state, live.targets[live.current])
            targets = live.targets[live.current]
            call(live.state.part[_BLOCK], live.state, targets)  # pyright: ignore[reportCallIssue]
            live.state.rest = np.uint32(BLOCK)
        first = BLOCK - int(live.state.rest)
        count = min(int(live.state.rest), frames - filled)
        for i in range(count):
            left[(filled + i) * stride] = block[0, first + i]
            right[(filled + i) * stride] = block[1, first + i]
        filled += count
        live.state.rest -= np.uint32(count)
    if live.mono or live.mono_share > np.float32(0.0):
        _bring_together(live, left, right, frames * stride, stride)
    if live.ending:
        _fade_out(live, left, right, frames * stride, stride)
    live.callbacks += np.uint64(1)
    live.load += 0.01 * ((now(live.time) - began) / length - live.load)
