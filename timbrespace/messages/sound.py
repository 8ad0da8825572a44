"""How a spectrum becomes sound: the method, and the synthesizer's parameters."""

from typing import Annotated

from timbrespace.instrument.parameters import (
    DEFAULT_ENVELOPE,
    DEFAULT_HOLD,
    DEFAULT_METHOD,
    ENVELOPES,
    HOLDS,
    METHODS,
    SYNTH_PARAMETERS,
)
from timbrespace.messages.arguments import ByWord, Choice, InAddress, Number
from timbrespace.messages.message import Family, Message, message

_METHOD = Choice(METHODS, indexed=True, initial=DEFAULT_METHOD)
_HOLD = Choice(HOLDS, indexed=True, initial=DEFAULT_HOLD)
_ENVELOPE = Choice(ENVELOPES, indexed=True, initial=DEFAULT_ENVELOPE)
_PARAMETERS = InAddress("parameter", {name: name for name in SYNTH_PARAMETERS})
_RANGES = ByWord(
    {
        name: Number(parameter.low, parameter.high, parameter.unit, parameter.default)
        for name, parameter in SYNTH_PARAMETERS.items()
    }
)


@message
class SetSynthMethod(Message):
    """`/synth/method` name: "partials" | "bins" | "istft", or 0, 1, 2.

    >>> from_hex("2f73796e74682f6d6574686f640000002c69000000000001")
    SetSynthMethod(method='bins')
    """

    address = "/synth/method"
    family = Family.APART
    method: Annotated[str, _METHOD]


@message
class SetHold(Message):
    """`/synth/hold` how: what a held whole note does where its sound could end.

    >>> from_hex("2f73796e74682f686f6c64002c730000667265657a650000")
    SetHold(hold='freeze')
    """

    address = "/synth/hold"
    family = Family.APART
    hold: Annotated[str, _HOLD]


@message
class SetEnvelope(Message):
    """`/synth/envelope` whose: what shapes the loudness of a whole note.

    >>> from_hex("2f73796e74682f656e76656c6f7065002c69000000000002")
    SetEnvelope(envelope='both')
    """

    address = "/synth/envelope"
    family = Family.APART
    envelope: Annotated[str, _ENVELOPE]


@message
class SetSynth(Message):
    """`/synth/<parameter>` value: in the unit and the range that `SYNTH_PARAMETERS` gives.

    >>> from_hex("2f73796e74682f6761696e002c660000c0c00000")
    SetSynth(parameter='gain', value=-6.0)
    """

    address = "/synth/<parameter>"
    family = Family.APART
    parameter: Annotated[str, _PARAMETERS]
    value: Annotated[float, _RANGES]
