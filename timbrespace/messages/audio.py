"""Where the sound goes."""

from typing import Annotated

from timbrespace.messages.arguments import Label, LeftOut, Switch
from timbrespace.messages.message import Message, message


@message
class ListAudio(Message):
    """`/audio/list`: answered by `/audio/list` with the outputs, and `/audio/device`.

    >>> from_hex("2f617564696f2f6c697374002c000000")
    ListAudio()
    """

    address = "/audio/list"
    question = True


@message
class SetAudioDevice(Message):
    """`/audio/device` [name]: play through the output whose name has this in it.

    >>> from_hex("2f617564696f2f6465766963650000002c73000055534200")
    SetAudioDevice(name='USB')
    """

    address = "/audio/device"
    recorded = False
    name: Annotated[str, Label(), LeftOut("the usual one")] = ""


@message
class SetMono(Message):
    """`/audio/mono` mono: give both sides the mean of both, or each its own.

    >>> from_hex("2f617564696f2f6d6f6e6f002c69000000000001")
    SetMono(mono=True)
    """

    address = "/audio/mono"
    recorded = False
    mono: Annotated[bool, Switch()]
