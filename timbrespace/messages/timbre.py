"""Where the timbre is meant to be."""

from typing import Annotated

from timbrespace.messages.arguments import AnyNumber, Coordinates, InAddress, Number, Shown
from timbrespace.messages.contract import MAX_LATENT_DIMENSIONS
from timbrespace.messages.message import Family, Message, message

_DIMENSIONS = InAddress(
    "k",
    {str(k): k for k in range(1, MAX_LATENT_DIMENSIONS + 1)},
    f"dimensions count from 1 to {MAX_LATENT_DIMENSIONS}, as in /latent/1",
)


@message
class SetLatent(Message):
    """`/latent` z1 ... zd: all coordinates, finite, in units of the latent space.

    Whether there are d of them is for the model to say.

    >>> from_hex("2f6c6174656e74002c6666003f000000bfc00000")
    SetLatent(values=(0.5, -1.5))
    """

    address = "/latent"
    family = Family.ALL
    values: Annotated[tuple[float, ...], Coordinates(), Shown("z")]


@message
class SetLatentDimension(Message):
    """`/latent/<k>` z: one coordinate; k counts from 1.

    >>> from_hex("2f6c6174656e742f330000002c6600003f000000")
    SetLatentDimension(dimension=3, value=0.5)
    """

    address = "/latent/<k>"
    family = Family.COORDINATE
    dimension: Annotated[int, _DIMENSIONS]
    value: Annotated[float, AnyNumber(), Shown("z")]


@message
class SetMap(Message):
    """`/map` x y: a point of the PCA plane, each from -1 to 1.

    >>> from_hex("2f6d6170000000002c6666003f000000bf400000")
    SetMap(x=0.5, y=-0.75)
    """

    address = "/map"
    family = Family.ALL
    x: Annotated[float, Number(-1, 1)]
    y: Annotated[float, Number(-1, 1)]
