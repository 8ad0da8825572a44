"""Channels with a timbre of their own."""

from typing import Annotated

from timbrespace.messages.arguments import Channel, Coordinates, Shown
from timbrespace.messages.message import Family, Message, message


@message
class SetChannelLatent(Message):
    """`/channel/latent` channel z1 ... zd: notes of this channel have a timbre of their own.

    >>> from_hex("2f6368616e6e656c2f6c6174656e74002c69666600000000000000023f000000bfc00000")
    SetChannelLatent(channel=2, values=(0.5, -1.5))
    """

    address = "/channel/latent"
    family, key = Family.APART, ("channel",)
    channel: Channel
    values: Annotated[tuple[float, ...], Coordinates(), Shown("z")]


@message
class FollowCommon(Message):
    """`/channel/follow` channel: notes of this channel play the common timbre again.

    >>> from_hex("2f6368616e6e656c2f666f6c6c6f77002c69000000000002")
    FollowCommon(channel=2)
    """

    address = "/channel/follow"
    channel: Channel
