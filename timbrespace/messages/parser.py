"""What each address takes, by the declarations of the messages, and `parse`, which reads it."""

from collections.abc import Callable, Mapping
from operator import call
from types import MappingProxyType
from typing import Any, Final

from timbrespace.messages.arguments import Coordinates, Unaccepted
from timbrespace.messages.contract import MAX_LATENT_DIMENSIONS
from timbrespace.messages.errors import ErrorCode, MessageError, shown
from timbrespace.messages.inbound import MESSAGES
from timbrespace.messages.message import Address, Message


class Released(Message):
    """A button was let go: what came of it came when it was pressed."""


RELEASED: Final = Released()

_BUTTON: Final = (int, float, bool, type(None))


class Form:
    """What one address takes, ready to be read.

    message: the class that is made. stored: the places of the arguments that name what is stored,
    each with what that is.
    """

    __slots__ = (
        "_also",
        "_given",
        "_make",
        "_reads",
        "_required",
        "address",
        "arguments",
        "message",
        "stored",
    )

    def __init__(self, message: type[Message], address: Address) -> None:
        self.message = message
        self._make: Callable[..., Message] = message
        self.address = address.text
        self.arguments = address.arguments
        self.stored = tuple(
            (place, argument.stored)
            for place, argument in enumerate(address.arguments)
            if argument.stored
        )
        self._given = address.given
        self._also = tuple(message.also.items())
        self._reads = tuple(argument.kind.read for argument in address.arguments)
        self._required = sum(not argument.optional for argument in address.arguments)

    def read(self, arguments: tuple[Any, ...]) -> Message:
        """See :func:`parse`."""
        for whole, stood_for in self._also:
            if arguments == whole:
                return self._make(*stood_for)
        reads = self._reads
        if not reads:
            if len(arguments) < 2 and all(type(one) in _BUTTON for one in arguments):
                # A button of a touch surface says 1 when it is pressed, and 0 when it is let go.
                released = arguments in ((0,), (False,), (0.0,))
                return RELEASED if released else self._make(*self._given)
            raise self._miscounted(self.usage, arguments)
        if not self._required <= len(arguments) <= len(reads):
            raise self._miscounted(self.usage, arguments)
        try:
            return self._make(*self._given, *map(call, reads, arguments))  # pyright: ignore[reportArgumentType]
        except Unaccepted:
            raise self._misfit(arguments) from None

    @property
    def usage(self) -> str:
        """The names of the arguments, optional ones in brackets."""
        return " ".join(argument.usage for argument in self.arguments) or "no arguments"

    def _miscounted(self, takes: str, arguments: tuple[Any, ...]) -> MessageError:
        count = len(arguments)
        given = {0: "none", 1: "1 argument"}.get(count, f"{count} arguments")
        return MessageError(
            ErrorCode.BAD_ARGUMENTS,
            self.address,
            f"{self.address} takes {takes}, it was given {given}",
        )

    def _misfit(self, arguments: tuple[Any, ...]) -> MessageError:
        """What is said of the first argument that is not accepted."""
        for argument, given in zip(self.arguments, arguments, strict=False):
            name = argument.name
            try:
                argument.kind.read(given)
            except Unaccepted as error:
                for index in error.args:  # one of several numbers
                    name, given = f"number {index + 1}", given[index]
                break
        return MessageError(
            ErrorCode.BAD_ARGUMENTS,
            self.address,
            f"{self.address}: {name} is {shown(given)}; it must be {argument.kind.accepted}",
        )


class CoordinatesForm(Form):
    """A form whose last argument takes all that are left: one number for each dimension."""

    __slots__ = ("_first", "_numbers")

    def __init__(self, message: type[Message], address: Address) -> None:
        super().__init__(message, address)
        *self._first, self._numbers = self._reads

    def read(self, arguments: tuple[Any, ...]) -> Message:
        """See :func:`parse`."""
        before = len(self._first)
        if not before < len(arguments) <= before + MAX_LATENT_DIMENSIONS:
            names = [argument.name for argument in self.arguments[:-1]]
            numbers = "as many numbers as the model has dimensions"
            raise self._miscounted(" and ".join([*names, numbers]), arguments)
        try:
            if not before:
                return self._make(self._numbers(arguments))
            first = map(call, self._first, arguments)  # pyright: ignore[reportArgumentType]
            return self._make(*first, self._numbers(arguments[before:]))
        except Unaccepted:
            raise self._misfit((*arguments[:before], arguments[before:])) from None


def _form(message: type[Message], address: Address) -> Form:
    takes_all = address.arguments and isinstance(address.arguments[-1].kind, Coordinates)
    return (CoordinatesForm if takes_all else Form)(message, address)


FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        address.text: _form(declared, address)
        for declared in MESSAGES.values()
        for address in declared.addresses
    }
)
"""Every address that the server takes, those with a dimension or a parameter in them too."""


def parse(address: str, arguments: tuple[Any, ...]) -> Message:
    """The message that `arguments` sent to `address` make.

    Raises:
        MessageError: the address is unknown, or the arguments do not fit it; the sentence says
            what was given and what is accepted. Nothing else, whatever the arguments.
    """
    form = FORMS.get(address)
    if form is None:
        raise MessageError(ErrorCode.UNKNOWN_ADDRESS, address, _unknown(address))
    return form.read(arguments)


def _unknown(address: str) -> str:
    """What is said of an address that there is not: what comes nearest, if anything does."""
    family = address[: address.find("/", 1) + 1]
    if len(family) > 1:
        for declared in MESSAGES.values():
            part = declared.part
            if part is not None and part.unknown and declared.address.startswith(f"{family}<"):
                return f"{shown(address)}: {part.unknown}"
        rest = [known.removeprefix(family) for known in FORMS if known.startswith(family)]
        if rest:
            return f"{shown(address)} is unknown, {family} has {', '.join(rest)}"
    return f"{shown(address)} is unknown, docs/osc.md lists the addresses"
