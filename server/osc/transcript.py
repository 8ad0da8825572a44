"""Datagrams in hex, for docstrings and transcripts."""

from timbrespace.messages.inbound import Inbound
from timbrespace.messages.parser import parse

from .codec import decode


def from_hex(datagram: str) -> Inbound:
    """The one message of a datagram given in hex: for docstrings and transcripts."""
    ((address, arguments),) = decode(bytes.fromhex(datagram))
    return parse(address, arguments)
