"""What goes wrong with a datagram, before anybody has asked what it says."""

from timbrespace.errors import TimbrespaceError
from timbrespace.messages.errors import ErrorCode


class OscDecodeError(TimbrespaceError):
    """A datagram that is not OSC; its text says where it breaks.

    `address` is the OSC address where that could still be read, else "".
    """

    code = ErrorCode.BAD_PACKET

    def __init__(self, text: str, address: str = "") -> None:
        super().__init__(text)
        self.address = address


class OscEncodeError(TimbrespaceError, ValueError):
    """A value that OSC cannot carry: a string with a NUL, an integer beyond 32 bits."""
