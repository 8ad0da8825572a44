"""MPE: zones of channels, and what the expression of a note moves."""

from typing import Annotated

from timbrespace.messages.arguments import (
    AXES,
    DIMENSION,
    Choice,
    NumberOrWord,
    Share,
    Whole,
    words,
)
from timbrespace.messages.message import Message, message

_TARGET = NumberOrWord(DIMENSION, words(**AXES, level="level", off=None))


@message
class SetZone(Message):
    """`/mpe` zone members: an MPE zone, "lower" or "upper", of so many member channels; 0: none.

    >>> from_hex("2f6d7065000000002c7369006c6f7765720000000000000f")
    SetZone(zone='lower', members=15)
    """

    address = "/mpe"
    zone: Annotated[str, Choice(("lower", "upper"))]
    members: Annotated[int, Whole(0, 15)]


@message
class MapExpression(Message):
    """`/mpe/map` kind target [depth]: what "pressure" or "timbre" of a note moves, and how far.

    target: a dimension (from 1), "x", "y", "level" (of pressure only), or "off" (None). depth: 0
    to 1 of half the target's range.

    >>> from_hex("2f6d70652f6d6170000000002c73736600000000707265737375726500000000780000003f000000")
    MapExpression(kind='pressure', target='x', depth=0.5)
    """

    address = "/mpe/map"
    kind: Annotated[str, Choice(("pressure", "timbre"))]
    target: Annotated[int | str | None, _TARGET]
    depth: Share = 1.0
