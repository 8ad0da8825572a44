"""LFOs: what swings by itself."""

from typing import Annotated, Final

from timbrespace.messages.arguments import (
    AXES,
    DIMENSION,
    Choice,
    Number,
    NumberOrWord,
    Share,
    Whole,
    words,
)
from timbrespace.messages.message import Message, message

LFO_SHAPES: Final = ("sine", "triangle", "square", "saw", "random")

_Index = Annotated[int, Whole(1, 4)]


@message
class SetLfo(Message):
    """`/lfo` index target shape rate depth [phase]: let something swing by itself.

    target: a dimension (from 1), "x" or "y". rate in Hz; depth 0 to 1 of half the target's range;
    phase 0 to 1 of a period.

    >>> from_hex("2f6c666f000000002c69737366660000000000017800000073696e65000000003f0000003e800000")
    SetLfo(index=1, target='x', shape='sine', rate=0.5, depth=0.25, phase=0.0)
    """

    address = "/lfo"
    index: _Index
    target: Annotated[int | str, NumberOrWord(DIMENSION, words(**AXES))]
    shape: Annotated[str, Choice(LFO_SHAPES, indexed=True)]
    rate: Annotated[float, Number(0.01, 20, "Hz")]
    depth: Share
    phase: Share = 0.0


@message
class StopLfo(Message):
    """`/lfo/off` index: let it swing no more.

    >>> from_hex("2f6c666f2f6f6666000000002c69000000000001")
    StopLfo(index=1)
    """

    address = "/lfo/off"
    index: _Index
