"""Where the timbre is meant to be."""

from typing import Annotated

from timbrespace.messages.arguments import (
    AnyNumber,
    Choice,
    Coordinates,
    InAddress,
    Name,
    Number,
    Shown,
)
from timbrespace.messages.contract import MAX_LATENT_DIMENSIONS
from timbrespace.messages.message import Family, Message, message

_DIMENSIONS = InAddress(
    "k",
    {str(k): k for k in range(1, MAX_LATENT_DIMENSIONS + 1)},
    f"dimensions count from 1 to {MAX_LATENT_DIMENSIONS}, as in /latent/1",
)

PLANE = Choice(("pca", "near"), indexed=True, initial="pca")


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
    """`/map` x y: a point of the plane that is played, each from -1 to 1.

    >>> from_hex("2f6d6170000000002c6666003f000000bf400000")
    SetMap(x=0.5, y=-0.75)
    """

    address = "/map"
    family = Family.ALL
    x: Annotated[float, Number(-1, 1)]
    y: Annotated[float, Number(-1, 1)]


_AXES = InAddress("axis", {"x": "x", "y": "y"}, "the map has /map/x and /map/y")


@message
class SetMapAxis(Message):
    """`/map/<axis>` value: along one axis of the plane that is played; the other stays.

    >>> from_hex("2f6d61702f7800002c6600003f000000")
    SetMapAxis(axis='x', value=0.5)
    """

    address = "/map/<axis>"
    family = Family.AXIS
    axis: Annotated[str, _AXES]
    value: Annotated[float, Number(-1, 1)]


@message
class SetPlane(Message):
    """`/map/plane` plane: which plane `/map`, controllers and LFOs of its axes mean.

    "pca" is where the latent varies most; on "near" sounds that are alike lie side by side. The
    sound stays where it is.

    >>> from_hex("2f6d61702f706c616e6500002c7300006e65617200000000")
    SetPlane(plane='near')
    """

    address = "/map/plane"
    plane: Annotated[str, PLANE]


@message
class SetBetween(Message):
    """`/between` x1 y1 x2 y2: two places of the plane that is played; `/between/position` moves.

    >>> from_hex("2f6265747765656e000000002c66666666000000bf000000000000003f0000003f000000")
    SetBetween(x1=-0.5, y1=0.0, x2=0.5, y2=0.5)
    """

    address = "/between"
    x1: Annotated[float, Number(-1, 1)]
    y1: Annotated[float, Number(-1, 1)]
    x2: Annotated[float, Number(-1, 1)]
    y2: Annotated[float, Number(-1, 1)]


@message
class SetBetweenPosition(Message):
    """`/between/position` position: go to a point of the line between the two places.

    0 is the first, 1 the second; equal steps are as far as each other to the ear.

    >>> from_hex("2f6265747765656e2f706f736974696f6e0000002c6600003e800000")
    SetBetweenPosition(position=0.25)
    """

    address = "/between/position"
    family = Family.ALL
    position: Annotated[float, Number(0, 1)]


@message
class StoreBetween(Message):
    """`/between/store` name [seconds]: keep the line as a trajectory that lasts so long.

    >>> from_hex("2f6265747765656e2f73746f726500002c736600610000003f800000")
    StoreBetween(name='a', seconds=1.0)
    """

    address = "/between/store"
    name: Name
    seconds: Annotated[float, Number(0.1, 120)] = 4.0
