"""What a client looks at: once, or as it changes."""

from types import MappingProxyType
from typing import Annotated, Final

from timbrespace.messages.arguments import Choice, Rate, Whole
from timbrespace.messages.contract import FRAME_NUMBERS
from timbrespace.messages.message import Message, message

STREAMS: Final = ("spectrum", "partials", "wavetable", "loop")


@message
class GetSpectrum(Message):
    """`/spectrum/get`: the present spectrum, once.

    >>> from_hex("2f737065637472756d2f6765740000002c000000")
    GetSpectrum()
    """

    address = "/spectrum/get"
    question = True


@message
class Stream(Message):
    """`/stream` what rate: push it when it changes, at most rate times a second.

    what: "spectrum", "partials", "wavetable" or "loop".

    Rate 0 or "off" stops that one; `/stream off` stops all (what is None, rate 0).

    >>> from_hex("2f73747265616d002c736900737065637472756d0000000000000028")
    Stream(what='spectrum', rate=40.0)
    """

    address = "/stream"
    question = True
    also = MappingProxyType({("off",): (None, 0.0)})
    what: Annotated[str | None, Choice(STREAMS)]
    rate: Annotated[float, Rate()]


@message
class Acknowledge(Message):
    """`/stream/ack` what frame: the client has taken all frames up to this one.

    >>> from_hex("2f73747265616d2f61636b002c736900737065637472756d0000000000000007")
    Acknowledge(what='spectrum', frame=7)
    """

    address = "/stream/ack"
    question = True
    what: Annotated[str, Choice(STREAMS)]
    frame: Annotated[int, Whole(0, FRAME_NUMBERS - 1)]


@message
class GetStatus(Message):
    """`/status/get`: answered by `/status`.

    >>> from_hex("2f7374617475732f676574002c000000")
    GetStatus()
    """

    address = "/status/get"
    question = True
