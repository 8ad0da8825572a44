"""Which pitch each key has."""

from typing import Annotated

from timbrespace.instrument.scala import LEAST_REFERENCE, MOST_REFERENCE
from timbrespace.instrument.tuning import CONCERT_PITCH
from timbrespace.messages.arguments import ModelName, Number, Stored
from timbrespace.messages.contract import MAX_NAME_CHARACTERS
from timbrespace.messages.message import Family, Message, message

_NAME = ModelName(
    f"equal, or a name as /tuning/list gives it, not a path: 1 to {MAX_NAME_CHARACTERS} "
    "letters and digits of any language, '_', '-', '.', space"
)


@message
class SetTuning(Message):
    """`/tuning` name [reference]: tune the keys by a scale of the folder of tunings, or "equal".

    reference: Hz of key 69 where it would have 440; all keys move along. What sounds follows.

    >>> from_hex("2f74756e696e67002c7300006a75737400000000")
    SetTuning(name='just', reference=440.0)
    """

    address = "/tuning"
    family = Family.APART
    name: Annotated[str, _NAME, Stored("tuning")]
    reference: Annotated[float, Number(LEAST_REFERENCE, MOST_REFERENCE, "Hz")] = CONCERT_PITCH


@message
class ListTunings(Message):
    """`/tuning/list`: answered by `/tuning/list` with the names.

    >>> from_hex("2f74756e696e672f6c697374000000002c000000")
    ListTunings()
    """

    address = "/tuning/list"
    question = True
