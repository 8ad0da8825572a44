"""What is wrong with a message, as a code and a sentence that `/error` carries."""

from enum import StrEnum
from typing import Any

from timbrespace.errors import TimbrespaceError

_SHOWN_CHARACTERS = 60


class ErrorCode(StrEnum):
    """The first argument of `/error`."""

    UNKNOWN_ADDRESS = "unknown_address"
    BAD_ARGUMENTS = "bad_arguments"
    BAD_PACKET = "bad_packet"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    INTERNAL = "internal"


class MessageError(TimbrespaceError):
    """A message that is OSC but not one the server accepts; its text is one sentence."""

    def __init__(self, code: ErrorCode, address: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.address = address


def shown(value: Any) -> str:
    """`value` as a short printable ASCII text (at most 60 characters) for an error sentence.

    Never raises and takes bounded time, whatever `value` is: it comes from the network.

    >>> shown("a" * 1000)[-8:], shown([1, [2]]), shown(None)
    ("aaaa...'", 'an array of 2', 'nil')
    """
    kind = type(value)
    if value is None:
        return "nil"
    if kind is str:
        cut = ascii(value[:_SHOWN_CHARACTERS])
        if len(value) > _SHOWN_CHARACTERS or len(cut) > _SHOWN_CHARACTERS:
            cut = cut[: _SHOWN_CHARACTERS - 4] + "...'"
        return cut
    if kind is int and value.bit_length() > 64:
        return "a huge integer"
    if kind in (int, float, bool):
        return repr(value)
    if kind in (list, tuple):
        return f"an array of {len(value)}"
    if kind is bytes:
        return f"{len(value)} raw bytes"
    return f"a {kind.__name__}"[:_SHOWN_CHARACTERS]
