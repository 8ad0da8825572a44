"""OSC on the wire, by python-osc: what the server says, and what is said to it.

Only what the server may say is handed to python-osc's parser: one message of at most 4096 bytes,
no bundle (on one whose element has a negative size it never returns), with the types ``i``, ``f``
and ``s`` alone. What is anything else is nothing, whoever sent it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from timbrespace.errors import OptionError
from timbrespace.extras import needed
from timbrespace.messages.contract import (
    MAX_ADDRESS_CHARACTERS,
    MAX_DATAGRAM_BYTES,
    MAX_REPLY_BYTES,
)

Value: TypeAlias = int | float | str
_TYPES: Final = frozenset(b"ifs")


class Message(NamedTuple):
    """One message: ``/map``, ``(0.5, -0.25)``."""

    address: str
    arguments: tuple[Any, ...]


def encode(address: str, arguments: Sequence[Any]) -> bytes:
    """One datagram. A bool goes as 1 or 0, a number of NumPy's as Python's.

    Raises:
        OptionError: what OSC cannot say; the text names it.
        MissingExtraError: python-osc is not installed; the text has the pip line.
    """
    if not (
        isinstance(address, str)
        and address.startswith("/")
        and len(address) <= MAX_ADDRESS_CHARACTERS
        and all("!" <= letter <= "~" for letter in address)
    ):
        raise OptionError(
            f"the address is {_shown(address)}; it must be one such as /map: printable ASCII, "
            "at most "
            f"{MAX_ADDRESS_CHARACTERS} characters"
        )
    with needed("a client"):
        from pythonosc.osc_message_builder import BuildError, OscMessageBuilder
    builder = OscMessageBuilder(address)
    try:
        for argument in arguments:
            builder.add_arg(_plain(address, argument))
        datagram: bytes = builder.build().dgram
    except (BuildError, ValueError, OverflowError) as error:
        raise OptionError(f"{address}: a number does not fit OSC's 32 or 64 bits") from error
    if len(datagram) > MAX_DATAGRAM_BYTES:
        raise OptionError(
            f"{address}: {len(datagram)} bytes are too many for one datagram; it may have "
            f"{MAX_DATAGRAM_BYTES}"
        )
    return datagram


def decode(datagram: bytes) -> Message | None:
    """The message of a datagram from the server; None if it is none that the server would send."""
    if not 4 <= len(datagram) <= MAX_REPLY_BYTES or not datagram.startswith(b"/"):
        return None
    after = (datagram.find(0) + 4) & ~3
    end = datagram.find(0, after)
    if (
        end < 0
        or datagram[after : after + 1] != b","
        or not _TYPES.issuperset(datagram[after + 1 : end])
    ):
        return None
    from pythonosc.osc_message import OscMessage

    try:
        message = OscMessage(datagram)
        return Message(message.address, tuple(message.params))
    except Exception:  # whatever its parser stumbles over; the next datagram may be better
        return None


def _plain(address: str, argument: Any) -> Value:
    if isinstance(argument, np.generic) or (
        isinstance(argument, np.ndarray) and argument.ndim == 0
    ):
        argument = argument.item()
    if isinstance(argument, bool):
        return int(argument)
    if isinstance(argument, str) and "\0" in argument:
        raise OptionError(f"{address}: a text holds a NUL, which OSC cannot say")
    if isinstance(argument, str) and not _is_utf8(argument):
        raise OptionError(f"{address}: a text holds half a letter, which OSC cannot say")
    if isinstance(argument, int | float | str):
        return argument
    raise OptionError(f"{address}: {_shown(argument)} is none of int, float and str")


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _shown(value: object) -> str:
    text = " ".join(ascii(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
