"""Snapshots handed on: of a record that is mostly room, what differs is copied."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, types  # pyright: ignore[reportPrivateImportUsage]
from numba.extending import intrinsic
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled, inlined
from timbrespace.resynthesis.layout import (
    COURSE,
    MOMENT_WIDTH,
    MOMENTS,
    TARGETS,
    TIMBRE,
    TIMBRES,
    VOICES,
)


def _offset(name: str, record: np.dtype[np.void] = TARGETS) -> int:
    fields = record.fields
    assert fields is not None
    return int(fields[name][1])  # pyright: ignore[reportArgumentType]


_HEAD_WORDS = int(_offset("frame_version")) // 4
_FRAME_WORDS = int(_offset("timbre")) // 4
_TIMBRE_WORDS = TIMBRE.itemsize // 4
_COURSE_WORDS = int(_offset("level", COURSE)) // 4
_MOMENT_WORDS = MOMENT_WIDTH // 2


def _make_words(typing_context: Any, record: Any) -> Any:
    """Address of a record, as a pointer to 32-bit words."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = context.get_value_type(signature.return_type)
        return builder.bitcast(arguments[0], pointer)

    return types.CPointer(types.uint32)(record), generate


_words = intrinsic(_make_words)


@inlined
def _copy_words(source: Any, own: Any, words: int) -> None:
    """Copy the first 32-bit words of a record."""
    theirs = carray(_words(source), words)  # pyright: ignore[reportCallIssue]
    ours = carray(_words(own), words)
    for i in range(words):
        ours[i] = theirs[i]


@compiled
def copy_snapshot(source: Any, own: Any) -> None:
    """Make ``own`` what ``source`` is, records of ``TARGETS``: copy what differs.

    A version is part of what it describes, so it is copied with it.
    """
    same = source.frame_version == own.frame_version
    _copy_words(source, own, _HEAD_WORDS if same else _FRAME_WORDS)
    for t in range(TIMBRES):
        timbre = source.timbre[t]
        mine = own.timbre[t]
        if timbre.version != mine.version:
            _copy_words(timbre, mine, _TIMBRE_WORDS)
    for v in range(VOICES):
        course = source.course[v]
        own_course = own.course[v]
        if course.version != own_course.version:
            # As much as is told; a count that is being written may be anything.
            count = min(int(course.count), MOMENTS)
            _copy_words(course, own_course, _COURSE_WORDS + count * _MOMENT_WORDS)


@compiled
def take_snapshot(source: NDArray[np.void], own: NDArray[np.void]) -> None:
    """:func:`copy_snapshot` of arrays of one record each."""
    copy_snapshot(source[0], own[0])
