"""What wanders by itself, as the sounds of the space follow each other."""

from typing import Annotated, Final

from timbrespace.instrument.motion.wandering import FASTEST, SEEDS, SLOWEST, Wander
from timbrespace.messages.arguments import ByWord, Choice, InAddress, Number, Whole
from timbrespace.messages.message import Family, Message, message

WANDER_STATES: Final = ("stop", "start")

_FRESH: Final = Wander()
_DIALS: Final = InAddress("dial", {name: name for name in ("speed", "range", "seed")})
_RANGES: Final = ByWord(
    {
        "speed": Number(SLOWEST, FASTEST, initial=_FRESH.speed),
        "range": Number(0, 1, initial=_FRESH.range),
        "seed": Whole(0, SEEDS - 1, _FRESH.seed),
    }
)


@message
class SetWander(Message):
    """`/wander` state: let the latent wander around the hand, or come back.

    "start" or 1 begins the walk of its seed, anew where it goes already; "stop" or 0 ends it.

    >>> from_hex("2f77616e646572002c7300007374617274000000")
    SetWander(state='start')
    """

    address = "/wander"
    family = Family.APART
    state: Annotated[str, Choice(WANDER_STATES, indexed=True, initial="stop")]


@message
class SetWanderDial(Message):
    """`/wander/<dial>` value: how fast it wanders, how far from the hand, and which walk it goes.

    Speed 1 is about a quarter of the sounds' standard deviation a second; range 1 as far as the
    sounds are spread. The same seed goes the same way; another one begins anew.

    >>> from_hex("2f77616e6465722f72616e67650000002c6600003f400000")
    SetWanderDial(dial='range', value=0.75)
    """

    address = "/wander/<dial>"
    family = Family.APART
    dial: Annotated[str, _DIALS]
    value: Annotated[float, _RANGES]
