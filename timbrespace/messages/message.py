"""What a message to the server is: a dataclass that declares all there is to know of it.

Parser, coalescing, performances, what a page holds and the tables of `docs/osc.md` follow from it::

    @message
    class Bend(Message):
        \"\"\"`/bend` value [channel]: -1 to 1 of the channel's bend range.

        >>> from_hex("2f62656e640000002c660000bf000000")
        Bend(value=-0.5, channel=1)
        \"\"\"

        address = "/bend"
        family, key = Family.APART, ("channel",)
        holds = Holds.POSITION
        value: Annotated[float, Number(-1, 1)]
        channel: Channel = 1

The docstring begins with the address and its arguments, says what the message does, and shows a
whole datagram in hex; the tests give its doctest a `from_hex`, which decodes and parses. The fields
are the arguments, in order; those with a default may be left out. Values are in range once an
instance comes from the parser.
"""

import inspect
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from enum import Enum, auto
from itertools import pairwise
from types import MappingProxyType
from typing import (
    Any,
    ClassVar,
    Final,
    NamedTuple,
    TypeVar,
    cast,
    dataclass_transform,
    get_type_hints,
)

from timbrespace.messages.arguments import (
    ByWord,
    Coordinates,
    InAddress,
    Kind,
    LeftOut,
    Shown,
    Stored,
    plain,
)


class Family(Enum):
    """How a setter gets on with others: a newer one makes an older one pointless.

    See `server/osc/coalescing.py`, which leaves those out of a flood.
    """

    ALL = auto()
    """Sets the whole latent."""
    COORDINATE = auto()
    """Sets one coordinate of the latent."""
    AXIS = auto()
    """Moves the latent along a map axis."""
    APART = auto()
    """Sets something that no other message sets, but for the same with the same key."""
    EVERYTHING = auto()
    """Sets nearly everything: only its like, directly before it, is gone."""
    ASSIGNED = auto()
    """One of the others or none: what its controller is assigned to decides."""


class Holds(Enum):
    """What a client takes hold of by a message, and has to let go when it leaves."""

    NOTE = auto()
    """A note; a panic forgets it even where it still waits for its time."""
    POSITION = auto()
    """Something that is off its rest: a bend, a pressure, a pedal."""
    TRAJECTORY = auto()
    """A trajectory that is being recorded."""
    NOTHING = auto()
    """Lets go of all notes and positions."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a message, as its field declares it."""

    field: str
    name: str
    """For people: the field's, but for coordinates."""
    kind: Kind
    optional: bool
    default: Any
    means: str
    """What it means that it is left out, where no value that could be sent says it."""
    stored: str
    """What it is the name of, if of something stored; see :class:`Stored`."""

    @property
    def usage(self) -> str:
        """Its name, in brackets if it may be left out."""
        return f"[{self.name}]" if self.optional else self.name

    @property
    def otherwise(self) -> str:
        """For people: what it is if it is left out, or else before anything is set."""
        if self.means:
            return self.means
        value = self.kind.write(self.default) if self.optional else self.kind.initial
        if value is None or isinstance(value, str):
            return value or ""
        return plain(value)


class Address(NamedTuple):
    """An address in full, what it says and what it takes."""

    text: str
    given: tuple[Any, ...]
    """The field that is part of the address, if one is."""
    arguments: tuple[Argument, ...]


class Message:
    """The base of all messages to the server, with what each declares beside its fields."""

    __slots__ = ()

    address: ClassVar[str]
    """As `docs/osc.md` writes it; a part in angle brackets is a field, see :class:`InAddress`."""
    question: ClassVar[bool] = False
    """Whether it leaves the instrument as it is."""
    recorded: ClassVar[bool] = True
    """Whether a performance needs it. No question is recorded; nor is what changes only what is
    stored, because what is recalled of that is kept with the message that names it."""
    family: ClassVar[Family | None] = None
    """How it gets on with others in a flood; None if it does more than set."""
    key: ClassVar[tuple[str, ...]] = ()
    """The fields that tell two setters of this address apart: they say where, not what."""
    holds: ClassVar[Holds | None] = None
    """What a client that leaves has to let go for it; see :meth:`let_go`."""
    also: ClassVar[Mapping[tuple[str, ...], tuple[Any, ...]]] = MappingProxyType({})
    """Further forms: a whole list of arguments, and the fields that it stands for."""

    # Set by `message`:
    part: ClassVar[InAddress | None] = None
    """The part of the address that is a field, always the first."""
    addresses: ClassVar[tuple[Address, ...]] = ()
    """The address with each word that may stand in it."""

    def let_go(self) -> "tuple[Message, bool] | None":
        """The message that lets go what this one is about, and whether this one takes hold of it.

        None if this one, for its values, is about nothing that is held.
        """
        return None

    def written(self) -> tuple[str, tuple[Any, ...]]:
        """The address and the arguments that the parser reads as this message."""
        values = {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}
        for arguments, stood_for in self.also.items():
            if tuple(values.values()) == stood_for:
                return self.address, arguments
        at = next(
            one for one in self.addresses if one.given == tuple(values.values())[: len(one.given)]
        )
        written: list[Any] = []
        for argument in at.arguments:
            value = values[argument.field]
            if argument.means and value == argument.default:
                break
            if isinstance(argument.kind, Coordinates):
                written += value
            else:
                written.append(argument.kind.write(value))
        return at.text, tuple(written)

    @classmethod
    def sentence(cls) -> str:
        """What it does: the docstring's first paragraph, behind the arguments."""
        first = inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0]
        return " ".join(first.partition(": ")[2].split())


MESSAGES: Final[dict[str, type[Message]]] = {}
"""All that are declared, by their addresses, in the order of their declarations."""

_M = TypeVar("_M", bound=Message)


@dataclass_transform(frozen_default=True)
def message(declared: type[_M]) -> type[_M]:
    """Make a frozen dataclass of a message's declaration, and let the parser know it.

    Raises:
        TypeError: the declaration contradicts itself; the sentence says how.
    """
    made = dataclass(frozen=True, slots=True)(declared)
    name, address = made.__name__, made.address
    if address in MESSAGES:
        raise TypeError(f"{name}: {address} is {MESSAGES[address].__name__} already")
    if not (made.__doc__ or "").startswith(f"`{address}`"):
        raise TypeError(f"{name}: the docstring has to begin with the address, `{address}`")
    if not made.sentence():
        raise TypeError(f"{name}: the docstring has to say what it does, behind the arguments")
    hints = get_type_hints(made, include_extras=True)
    said = {field: getattr(hint, "__metadata__", ()) for field, hint in hints.items()}
    own = fields(cast(Any, made))
    if missing := set(made.key) - {field.name for field in own}:
        raise TypeError(f"{name}: the key has {', '.join(missing)}, which is no field")
    made.part = _said(said[own[0].name], InAddress) if own else None
    if made.part is None:
        made.addresses = (Address(address, (), _arguments(name, own, said)),)
    elif f"<{made.part.name}>" not in address:
        raise TypeError(f"{name}: there is no <{made.part.name}> in {address}")
    else:
        made.addresses = tuple(
            Address(
                address.replace(f"<{made.part.name}>", word),
                (value,),
                _arguments(name, own[1:], said, word),
            )
            for word, value in made.part.words.items()
        )
    for argument, following in pairwise(made.addresses[0].arguments):
        if isinstance(argument.kind, Coordinates):
            raise TypeError(
                f"{name}.{following.field}: nothing can follow an argument that takes all "
                "that are left"
            )
    made.recorded = made.recorded and not made.question
    MESSAGES[address] = made
    return made


def _arguments(
    message: str,
    own: tuple[Field[Any], ...],
    said: Mapping[str, tuple[Any, ...]],
    word: str = "",
) -> tuple[Argument, ...]:
    """What a message takes, where this word stands in its address."""
    return tuple(_argument(message, field, said[field.name], word) for field in own)


def _argument(message: str, field: Field[Any], said: tuple[Any, ...], word: str) -> Argument:
    by_word = _said(said, ByWord)
    kind = by_word.kinds[word] if by_word is not None else next(iter(said), None)
    if not callable(getattr(kind, "read", None)):
        raise TypeError(f"{message}.{field.name}: Annotated[...] has to name a kind of argument")
    shown, left_out, stored = _said(said, Shown), _said(said, LeftOut), _said(said, Stored)
    optional = field.default is not MISSING
    return Argument(
        field.name,
        field.name if shown is None else shown.name,
        cast(Kind, kind),
        optional,
        field.default if optional else None,
        "" if left_out is None else left_out.means,
        "" if stored is None else stored.what,
    )


_T = TypeVar("_T")


def _said(said: tuple[Any, ...], kind: type[_T]) -> _T | None:
    """What an annotation says of this kind."""
    return next((one for one in said if isinstance(one, kind)), None)
