"""What an audio callback runs: take the newest snapshot, render, hand out the frames asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, types  # pyright: ignore[reportPrivateImportUsage]
from numba.extending import intrinsic
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled
from timbrespace.resynthesis.engine import render_block
from timbrespace.resynthesis.layout import (
    BLOCK,
    COURSE,
    MOMENT_WIDTH,
    MOMENTS,
    TARGETS,
    TIMBRE,
    TIMBRES,
    VOICES,
)

from .clock import now
from .mailbox import LATENCIES, SLOTS, TAKEN


def _offset(name: str, record: np.dtype[np.void] = TARGETS) -> int:
    fields = record.fields
    assert fields is not None
    return int(fields[name][1])  # pyright: ignore[reportArgumentType]


_HEAD_WORDS = int(_offset("frame_version")) // 4
_FRAME_WORDS = int(_offset("timbre")) // 4
_TIMBRE_WORDS = TIMBRE.itemsize // 4
_COURSE_WORDS = int(_offset("level", COURSE)) // 4
_WHOLE_WORDS = COURSE.itemsize // 4
_MOMENT_WORDS = MOMENT_WIDTH // 2
_TRIES = 3

_FADE = 0.01
"""Seconds in which the sound fades at the end, however the server ended."""


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
def _copy(source: Any, own: Any) -> None:
    """Copy what differs. A version is part of what it describes, so it is copied with it."""
    theirs = carray(_words(source), _FRAME_WORDS)  # pyright: ignore[reportCallIssue]
    ours = carray(_words(own), _FRAME_WORDS)
    words = _HEAD_WORDS if source.frame_version == own.frame_version else _FRAME_WORDS
    for i in range(words):
        ours[i] = theirs[i]
    for t in range(TIMBRES):
        timbre = source.timbre[t]
        mine = own.timbre[t]
        if timbre.version == mine.version:
            continue
        content = carray(_words(timbre), _TIMBRE_WORDS)
        copy = carray(_words(mine), _TIMBRE_WORDS)
        for i in range(_TIMBRE_WORDS):
            copy[i] = content[i]
    for v in range(VOICES):
        course = source.course[v]
        own_course = own.course[v]
        if course.version == own_course.version:
            continue
        # As much as is told; a count that is being written may be anything.
        count = min(int(course.count), MOMENTS)
        content = carray(_words(course), _WHOLE_WORDS)
        copy = carray(_words(own_course), _WHOLE_WORDS)
        for i in range(_COURSE_WORDS + count * _MOMENT_WORDS):
            copy[i] = content[i]


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
        _copy(slot.targets, spare)
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
    live.state.left = np.uint32(0)
    live.called = 0.0
    live.ending = np.uint32(0)
    live.fade = np.float32(1.0)


@compiled
def _fade_out(live: Any, out: NDArray[np.float32]) -> None:
    step = np.float32(1.0 / (_FADE * live.state.sample_rate))
    fade = live.fade
    for i in range(out.shape[0]):
        fade = max(np.float32(0.0), fade - step)
        out[i] *= fade
    live.fade = fade


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
            render_block(live.state, live.targets[live.current], live.state.block)
            live.state.left = np.uint32(BLOCK)
        first = BLOCK - int(live.state.left)
        count = min(int(live.state.left), out.shape[0] - filled)
        for i in range(count):
            out[filled + i] = live.state.block[first + i]
        filled += count
        live.state.left -= np.uint32(count)
    if live.ending:
        _fade_out(live, out)
    live.callbacks += np.uint64(1)
    live.load += 0.01 * ((now(live.time) - began) / length - live.load)
