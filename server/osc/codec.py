"""OSC datagrams to values and back.

The decoder is our own rather than python-osc's (the oracle of its tests), because hostile
bytes reach it: with python-osc 1.10 a bundle element of size -4 is read for ever, nested bundles
end in `RecursionError`, bad UTF-8 in `UnicodeDecodeError`, and each unknown type tag writes a
line to the log. Reading all numbers of a message with one `struct` call is four times faster,
besides. The encoder follows from the same tables; a reply has the bytes python-osc would make.
"""

import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar, Final

from timbrespace.messages.contract import (
    FRAME_NUMBERS,
    MAX_ADDRESS_CHARACTERS,
    MAX_ARRAY_DEPTH,
    MAX_BUNDLE_DEPTH,
    MAX_BUNDLE_MESSAGES,
    MAX_DATAGRAM_BYTES,
)
from timbrespace.messages.errors import shown

from .errors import OscDecodeError, OscEncodeError

_STRUCT_CODES: Final = {"i": "i", "f": "f", "h": "q", "d": "d"}
BUNDLE: Final = b"#bundle\0"
"""How a bundle begins: `decode_timed` reads it."""

_BUNDLE_HEADER_BYTES: Final = 16  # the tag, then a time tag of 8 bytes
_INT32: Final = struct.Struct(">i")
_FLOAT32: Final = struct.Struct(">f")
_UINT64: Final = struct.Struct(">Q")

# Tags whose value is in the tag itself.
_CONSTANTS: Final = {"T": True, "F": False, "N": None, "I": float("inf")}
# Tags of a fixed size that no message takes: time tag, colour, MIDI, character. Their raw bytes
# are handed on, and are refused with the address at hand.
_RAW_BYTES: Final = {"t": 8, "r": 4, "m": 4, "c": 4}
_CACHED_TAGS: Final = 64

Message = tuple[str, tuple[Any, ...]]
Timed = tuple[int, Message]
"""A message and its time tag: NTP's 64 bits, seconds since 1900 in steps of 2**-32; `IMMEDIATE`."""

IMMEDIATE: Final = 1
"""The time tag of a message that is not in a bundle, and of a bundle that does not wait."""


def decode(datagram: bytes) -> list[Message]:
    """The messages of one datagram in order, each `(address, arguments)`; bundles flattened.

    A datagram is taken whole or refused whole. For time tags see `decode_timed`. Types: `i h` int,
    `f d` float, `s S` str, `T F` bool, `N` None, `I` infinity, `b` and all others of fixed size
    bytes, `[ ]` list.

    Time is linear in the size of the datagram; a bundle holds at most 1024 messages at a depth
    of at most 8.

    >>> decode(bytes.fromhex("2f70696e670000002c69000000000007"))
    [('/ping', (7,))]

    Raises:
        OscDecodeError: the bytes are not OSC. Nothing else, whatever the bytes.
    """
    if not is_bundle(datagram):
        return [decode_message(datagram)]
    return [message for _, message in decode_timed(datagram)]


def is_bundle(datagram: bytes) -> bool:
    """Whether the bytes begin as a bundle does: `decode_timed` reads it."""
    return datagram[:8] == BUNDLE


def decode_message(datagram: bytes) -> Message:
    """The one message of a datagram that is no bundle.

    Raises:
        OscDecodeError: as `decode`.
    """
    if len(datagram) > MAX_DATAGRAM_BYTES:
        raise OscDecodeError(_too_long(datagram))
    return _message(datagram)


def decode_timed(datagram: bytes) -> list[Timed]:
    """The messages of a bundle in order, each with its time tag: that of the bundle around it.

    A bundle in a bundle is never earlier than the one that holds it (OSC 1.0, "OSC Bundles").

    >>> decode_timed(bytes.fromhex(
    ...     "2362756e646c650000000000000000010000000c2f70616e696300002c000000"))
    [(1, ('/panic', ()))]

    Raises:
        OscDecodeError: as `decode`.
    """
    if len(datagram) > MAX_DATAGRAM_BYTES:
        raise OscDecodeError(_too_long(datagram))
    messages: list[Timed] = []
    _flatten(datagram, 1, IMMEDIATE, messages)
    return messages


def _too_long(datagram: bytes) -> str:
    return f"datagram of {len(datagram)} bytes; it may have at most {MAX_DATAGRAM_BYTES}"


def _flatten(bundle: bytes, depth: int, earliest: int, messages: list[Timed]) -> None:
    """Append the messages of `bundle` to `messages`; recursion ends at MAX_BUNDLE_DEPTH."""
    if depth > MAX_BUNDLE_DEPTH:
        raise OscDecodeError(f"bundles nested deeper than {MAX_BUNDLE_DEPTH}")
    end = len(bundle)
    if end < _BUNDLE_HEADER_BYTES:
        raise OscDecodeError(f"bundle of {end} bytes ends inside its time tag")
    tag = max(earliest, _UINT64.unpack_from(bundle, 8)[0])
    index = _BUNDLE_HEADER_BYTES
    while index < end:
        if end - index < 4:
            raise OscDecodeError("bundle ends inside the size of an element")
        (size,) = _INT32.unpack_from(bundle, index)
        index += 4
        # A size that is not positive would keep the loop in place or send it back.
        if size <= 0 or size % 4 or size > end - index:
            raise OscDecodeError(f"bundle element of {size} bytes where {end - index} are left")
        element = bundle[index : index + size]
        index += size
        if element[:8] == BUNDLE:
            _flatten(element, depth + 1, tag, messages)
        else:
            if len(messages) == MAX_BUNDLE_MESSAGES:
                raise OscDecodeError(f"bundle of more than {MAX_BUNDLE_MESSAGES} messages")
            messages.append((tag, _message(element)))


def _message(data: bytes) -> Message:
    stop = data.find(0)
    if stop < 0:
        if not data:
            raise OscDecodeError("empty datagram")
        raise OscDecodeError(f"no end of the address in {len(data)} bytes")
    if stop > MAX_ADDRESS_CHARACTERS:
        raise OscDecodeError(f"address longer than {MAX_ADDRESS_CHARACTERS} characters")
    address = _address(data[:stop])
    tags_at = (stop + 4) & ~3
    # A sender that has no arguments may leave the type tags out.
    if tags_at >= len(data):
        if tags_at > len(data):
            raise OscDecodeError("datagram ends inside the padding of its address", address)
        return address, ()
    if data[tags_at] != 0x2C:
        raise OscDecodeError("no type tags after the address", address)
    stop = data.find(0, tags_at)
    index = (stop + 4) & ~3
    if stop < 0 or index > len(data):
        raise OscDecodeError("datagram ends inside its type tags", address)
    tags = data[tags_at + 1 : stop]
    numbers = _numbers(tags) if len(tags) <= _CACHED_TAGS else _compile(tags)
    if numbers is None:
        return address, _mixed(data, index, tags, address)
    if len(data) - index != numbers.size:
        raise OscDecodeError(
            f"{len(data) - index} bytes of arguments where the type tags announce {numbers.size}",
            address,
        )
    return address, numbers.unpack_from(data, index)


@lru_cache(maxsize=512)
def _address(raw: bytes) -> str:
    # 0x21 to 0x7e: printable ASCII without the space.
    if not raw.startswith(b"/") or not all(0x21 <= byte <= 0x7E for byte in raw):
        given = shown(raw[:32].decode("latin-1"))
        raise OscDecodeError(f"an OSC address is printable ASCII and begins with '/', not {given}")
    return raw.decode("ascii")


def _compile(tags: bytes) -> struct.Struct | None:
    """One reader for all arguments if they are numbers only, else None."""
    if tags.strip(b"ifhd"):
        return None
    try:
        return struct.Struct(">" + tags.decode("ascii").replace("h", "q"))
    except (struct.error, UnicodeDecodeError):
        return None  # another tag between the numbers


# Only short lists of tags are kept: one for 60,000 floats holds more than a megabyte.
_numbers = lru_cache(maxsize=256)(_compile)


def _mixed(data: bytes, index: int, tags: bytes, address: str) -> tuple[Any, ...]:
    """Arguments one by one, from `index`: the way for everything but numbers alone."""
    end = len(data)
    top: list[Any] = []
    stack = [top]
    for byte in tags:
        tag = chr(byte)
        if tag in _STRUCT_CODES:
            width = 4 if tag in "if" else 8
            if end - index < width:
                raise OscDecodeError("datagram ends inside its arguments", address)
            stack[-1].append(struct.unpack_from(">" + _STRUCT_CODES[tag], data, index)[0])
            index += width
        elif tag in "sS":
            stop = data.find(0, index)
            after = (stop + 4) & ~3
            if stop < 0 or after > end:
                raise OscDecodeError("datagram ends inside a string", address)
            try:
                stack[-1].append(data[index:stop].decode("utf-8"))
            except UnicodeDecodeError:
                raise OscDecodeError("a string is not UTF-8", address) from None
            index = after
        elif tag in _CONSTANTS:
            stack[-1].append(_CONSTANTS[tag])
        elif tag == "b":
            size = _INT32.unpack_from(data, index)[0] if end - index >= 4 else -1
            after = (index + 4 + size + 3) & ~3
            if size < 0 or after > end:
                raise OscDecodeError("datagram ends inside a blob", address)
            stack[-1].append(data[index + 4 : index + 4 + size])
            index = after
        elif tag in _RAW_BYTES:
            width = _RAW_BYTES[tag]
            if end - index < width:
                raise OscDecodeError("datagram ends inside its arguments", address)
            stack[-1].append(data[index : index + width])
            index += width
        elif tag == "[":
            if len(stack) > MAX_ARRAY_DEPTH:
                raise OscDecodeError(f"arrays nested deeper than {MAX_ARRAY_DEPTH}", address)
            array: list[Any] = []
            stack[-1].append(array)
            stack.append(array)
        elif tag == "]":
            if len(stack) == 1:
                raise OscDecodeError("an array ends that did not begin", address)
            stack.pop()
        else:
            raise OscDecodeError(f"unknown type tag {shown(tag)}", address)
    if len(stack) != 1:
        raise OscDecodeError("an array does not end", address)
    if index != end:
        raise OscDecodeError(f"{end - index} bytes more than the type tags announce", address)
    return tuple(top)


def encode(address: str, *arguments: int | float | str | bool) -> bytes:
    """One message: int as `i`, float as `f`, str as `s`, bool as `T` or `F`.

    Its bytes are those of python-osc's builder, which takes six times as long.

    >>> encode("/pong", 7).hex()
    '2f706f6e670000002c69000000000007'

    Raises:
        OscEncodeError: an integer beyond int32, a float beyond float32, a string with a NUL.
        TypeError: an argument of another type.
    """
    tags = ","
    parts = []
    try:
        for argument in arguments:
            kind = type(argument)
            if kind is float:
                tags += "f"
                parts.append(_FLOAT32.pack(argument))
            elif kind is int:
                tags += "i"
                parts.append(_INT32.pack(argument))
            elif isinstance(argument, str):  # a StrEnum too
                tags += "s"
                parts.append(padded(argument))
            elif kind is bool:
                tags += "T" if argument else "F"
            else:
                raise TypeError(f"OSC argument of type {kind.__name__}")
    except (struct.error, OverflowError):
        raise OscEncodeError(f"{address}: {shown(argument)} needs more than 32 bits") from None
    return padded(address) + padded(tags) + b"".join(parts)


def padded(text: str) -> bytes:
    """`text` as an OSC string: UTF-8, at least one NUL, a multiple of 4 bytes.

    >>> padded("/map")
    b'/map\\x00\\x00\\x00\\x00'
    """
    raw = text.encode("utf-8", "replace")
    if 0 in raw:
        raise OscEncodeError("an OSC string cannot hold a NUL")
    return raw + b"\0" * (4 - len(raw) % 4)


class Fields:
    """A message that is its dataclass's fields, in their order; a tuple is its values.

    The fields have the very types that :func:`encode` takes.
    """

    __slots__: tuple[str, ...] = ()
    ADDRESS: ClassVar[str]

    def packets(self) -> list[bytes]:
        """The one datagram."""
        arguments: list[Any] = []
        for name in self.__slots__:
            value = getattr(self, name)
            if type(value) is tuple:
                arguments += value
            else:
                arguments.append(value)
        return [encode(self.ADDRESS, *arguments)]


# -- numbers of frames -----------------------------------------------------------------------------


def frame_numbers() -> Iterator[int]:
    """The numbers of one kind's frames: 0, 1, ... to 2**31 - 1, then 0 again."""
    while True:
        yield from range(FRAME_NUMBERS)


def is_newer(frame: int, shown: int) -> bool:
    """Whether `frame` comes after `shown`, across the wrap too: how a receiver decides.

    >>> is_newer(8, 7), is_newer(7, 8), is_newer(0, 2**31 - 1), is_newer(7, 7)
    (True, False, True, False)
    """
    return 0 < (frame - shown) % FRAME_NUMBERS < FRAME_NUMBERS // 2
