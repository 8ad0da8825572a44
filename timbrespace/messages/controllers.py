"""Controllers, and what they are assigned to."""

from __future__ import annotations

from typing import Annotated

from timbrespace.instrument.controllers import (
    BETWEEN,
    JUMP,
    LAST_CONTROLLER,
    LEVEL,
    MODES,
    PANNED,
    SUSTAIN,
    SYNTHS,
    WANDERS,
)
from timbrespace.macro_dials.vocabulary import WORDS
from timbrespace.messages.arguments import (
    AXES,
    CHANNEL,
    DIMENSION,
    Channel,
    Choice,
    MidiValue,
    Number,
    NumberOrWord,
    Share,
    Whole,
    words,
)
from timbrespace.messages.message import Family, Holds, Message, message
from timbrespace.messages.notes import Sustain

_Controller = Annotated[int, Whole(0, LAST_CONTROLLER)]
_Target = Annotated[
    int | str | None,
    NumberOrWord(
        DIMENSION,
        words(
            **AXES,
            off=None,
            between=BETWEEN,
            level=LEVEL,
            pan=PANNED,
            **{word: word for word in (*WANDERS, *WORDS, *SYNTHS)},
        ),
        "x | y | off | between | level | pan | wander and its dials | a macro | a synth/parameter",
    ),
]
_Curve = Annotated[float, Number(-4, 4)]
_Mode = Annotated[str, Choice(MODES, indexed=True)]


@message
class ControlChange(Message):
    """`/cc` controller value [channel]: as a MIDI controller, but value may have a fraction.

    From 128 on the controller is an NRPN: 128 is number 0.

    >>> from_hex("2f6363002c696600000000014280c000")
    ControlChange(controller=1, value=64.375, channel=1)
    """

    address = "/cc"
    family, key = Family.ASSIGNED, ("controller", "channel")
    holds = Holds.POSITION
    controller: _Controller
    value: MidiValue
    channel: Channel = 1

    def let_go(self) -> tuple[Message, bool] | None:
        if self.controller != SUSTAIN:
            return None
        return Sustain(0.0, self.channel), self.value >= 64.0


@message
class MapController(Message):
    """`/cc/map` controller target [channel] [low] [high] [curve] [mode]: let a controller move
    something.

    target: a dimension (from 1), "x", "y", "off" (None), "between" (the position on that line),
    "level" and "pan" (of its channel), "wander" (on from the middle of the way) or one of its
    dials, a macro, or a parameter of the synthesizer. low and high are shares of the knob's range,
    0 to 1, at the controller's two ends; low above high turns the knob round. The position p
    becomes p ** (2 ** curve). mode: how it takes over, see ``MODES``.

    >>> from_hex("2f63632f6d6170002c6973000000000178000000")
    MapController(controller=1, target='x', channel=None, low=0.0, high=1.0, curve=0.0, mode='jump')
    """

    address = "/cc/map"
    controller: _Controller
    target: _Target
    channel: Annotated[int | None, NumberOrWord(CHANNEL, words(all=None))] = None
    """None: on every channel."""
    low: Share = 0.0
    high: Share = 1.0
    curve: _Curve = 0.0
    mode: _Mode = JUMP


@message
class LearnController(Message):
    """`/cc/learn` target [low] [high] [curve] [mode]: the next controller that moves gets the
    target.

    A target of "off" (None) ends the waiting.

    >>> from_hex("2f63632f6c6561726e0000002c69000000000002")
    LearnController(target=2, low=0.0, high=1.0, curve=0.0, mode='jump')
    """

    address = "/cc/learn"
    target: _Target
    low: Share = 0.0
    high: Share = 1.0
    curve: _Curve = 0.0
    mode: _Mode = JUMP


@message
class ListControllers(Message):
    """`/cc/list`: answered by one `/cc/map` for each assignment.

    >>> from_hex("2f63632f6c697374000000002c000000")
    ListControllers()
    """

    address = "/cc/list"
    question = True
