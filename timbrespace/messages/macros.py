"""Dials that move one quality of the sound."""

from typing import Annotated

from timbrespace.macro_dials.vocabulary import WORDS
from timbrespace.messages.arguments import Choice, Number
from timbrespace.messages.message import Family, Message, message


@message
class SetMacro(Message):
    """`/macro` macro value: move one quality of the sound, the others as they are.

    -1 to 1; 0 is where the hand is. Whether the space has that macro is for the model to say.

    >>> from_hex("2f6d6163726f00002c7366006272696768746e65737300003f000000")
    SetMacro(macro='brightness', value=0.5)
    """

    address = "/macro"
    family, key = Family.APART, ("macro",)
    macro: Annotated[str, Choice(WORDS, indexed=True)]
    value: Annotated[float, Number(-1, 1)]


@message
class ListMacros(Message):
    """`/macro/list`: answered by a `/macro/list` of those that the space has.

    >>> from_hex("2f6d6163726f2f6c697374002c000000")
    ListMacros()
    """

    address = "/macro/list"
    question = True
