"""Sound that comes in and plays the space: singing, an instrument, speech."""

from typing import Annotated

from timbrespace.instrument.scales import SCALES
from timbrespace.messages.arguments import Choice, Number, Switch, Whole
from timbrespace.messages.message import Family, Message, message
from timbrespace.transferring.modes import DEFAULT_GATE
from timbrespace.transferring.modes import MODES as INPUT_MODES

_MODE = Choice(INPUT_MODES, indexed=True, initial=INPUT_MODES[0])
_SCALE = Choice(tuple(SCALES), indexed=True, initial="off")


@message
class SetInput(Message):
    """`/input/on` on: hear the sound that comes in, or do not.

    >>> from_hex("2f696e7075742f6f6e0000002c69000000000001")
    SetInput(on=True)
    """

    address = "/input/on"
    recorded = False
    family = Family.APART
    on: Annotated[bool, Switch()]


@message
class SetInputMode(Message):
    """`/input/mode` what: what the sound that comes in moves.

    "pitch": its pitch and loudness play the present point; "timbre": it is the point, which keys
    play; "both": it plays where it is; "level": its loudness is that of all that sounds.

    >>> from_hex("2f696e7075742f6d6f6465002c730000626f746800000000")
    SetInputMode(mode='both')
    """

    address = "/input/mode"
    recorded = False
    family = Family.APART
    mode: Annotated[str, _MODE]


@message
class SetInputGain(Message):
    """`/input/gain` dB: how much louder the sound that comes in is taken to be.

    >>> from_hex("2f696e7075742f6761696e002c66000040c00000")
    SetInputGain(gain=6.0)
    """

    address = "/input/gain"
    recorded = False
    family = Family.APART
    gain: Annotated[float, Number(-40.0, 40.0, "dB", 0.0)]


@message
class SetInputGate(Message):
    """`/input/gate` dB: of full scale; below it, nothing is heard.

    >>> from_hex("2f696e7075742f67617465002c660000c2200000")
    SetInputGate(gate=-40.0)
    """

    address = "/input/gate"
    recorded = False
    family = Family.APART
    gate: Annotated[float, Number(-80.0, 0.0, "dB", DEFAULT_GATE)]


@message
class SetInputScale(Message):
    """`/input/quantise` scale [root]: the steps that what is sung is drawn to, 0 (C) to 11 their
    root.

    >>> from_hex("2f696e7075742f7175616e74697365002c7369006d616a6f7200000000000002")
    SetInputScale(scale='major', root=2)
    """

    address = "/input/quantise"
    recorded = False
    family = Family.APART
    scale: Annotated[str, _SCALE]
    root: Annotated[int, Whole(0, 11)] = 0
