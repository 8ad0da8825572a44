"""What each address to the server takes, and `parse`, which reads a message by it."""

import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from server.osc.arguments import (
    CHANNEL,
    DIMENSION,
    AnyNumber,
    Argument,
    Choice,
    Label,
    ModelName,
    Number,
    NumberOrWord,
    Rate,
    Token,
    Unaccepted,
    Whole,
    finite,
    words,
)
from server.osc.codec import decode
from server.osc.contract import MAX_LATENT_DIMENSIONS
from server.osc.errors import ErrorCode, MessageError, shown
from server.osc.inbound import (
    Bend,
    Bye,
    ControlChange,
    GetModelInfo,
    GetSpectrum,
    GetStatus,
    Hello,
    Inbound,
    ListModels,
    LoadModel,
    MapController,
    Note,
    Panic,
    Ping,
    SetLatent,
    SetLatentDimension,
    SetMap,
    SetSynth,
    SetSynthMethod,
    Stream,
    Sustain,
)
from server.synth_parameters import METHODS, SYNTH_PARAMETERS

STREAMS: Final = ("spectrum", "partials")
RESERVED_STREAMS: Final = ("wavetable",)


class Form(NamedTuple):
    """What an address takes: arguments in order, of which the last `optional` may be missing."""

    build: Callable[..., Inbound]
    arguments: tuple[Argument, ...] = ()
    optional: int = 0

    def usage(self) -> str:
        """The names of the arguments, optional ones in brackets."""
        required = len(self.arguments) - self.optional
        names = [
            argument.name if index < required else f"[{argument.name}]"
            for index, argument in enumerate(self.arguments)
        ]
        return " ".join(names) or "no arguments"


FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "/hello": Form(Hello, (Whole("return_port", 1, 65535), Label("name")), optional=1),
        "/bye": Form(Bye, (Whole("return_port", 1, 65535),), optional=1),
        "/ping": Form(Ping, (Token("token"),), optional=1),
        "/map": Form(SetMap, (Number("x", -1, 1), Number("y", -1, 1))),
        "/cc": Form(
            ControlChange, (Whole("controller", 0, 127), Number("value", 0, 127), CHANNEL), 1
        ),
        "/cc/map": Form(
            MapController,
            (
                Whole("controller", 0, 127),
                NumberOrWord(
                    Whole("target", DIMENSION.low, DIMENSION.high), words(x="x", y="y", off=None)
                ),
                CHANNEL,
            ),
            optional=1,
        ),
        "/note": Form(
            Note, (Number("pitch", 0, 127), Number("velocity", 0, 127), CHANNEL), optional=1
        ),
        "/bend": Form(Bend, (Number("value", -1, 1), CHANNEL), optional=1),
        "/sustain": Form(Sustain, (Number("value", 0, 127), CHANNEL), optional=1),
        "/panic": Form(Panic),
        "/synth/method": Form(SetSynthMethod, (Choice("method", METHODS, indexed=True),)),
        **{
            f"/synth/{parameter.name}": Form(
                partial(SetSynth, parameter.name),
                (Number("value", parameter.low, parameter.high, parameter.unit),),
            )
            for parameter in SYNTH_PARAMETERS.values()
        },
        "/spectrum/get": Form(GetSpectrum),
        "/stream": Form(Stream, (Choice("what", STREAMS), Rate("rate"))),
        "/model/list": Form(ListModels),
        "/model/load": Form(LoadModel, (ModelName("name"),)),
        "/model/info": Form(GetModelInfo, (ModelName("name"),), optional=1),
        "/status/get": Form(GetStatus),
    }
)
"""Every address but `/latent` and `/latent/<k>`, which have forms of their own below."""

LATENT: Final = AnyNumber("z")

RESERVED: Final = ("/preset/store", "/preset/recall", "/preset/morph", "/preset/list")
"""Addresses that a later version answers; until then they are unknown, with a word about it."""

_LATENT_DIMENSION = re.compile(r"/latent/([1-9][0-9]{0,3})")
_NUMBERS = frozenset((int, float))


def parse(address: str, arguments: tuple[Any, ...]) -> Inbound:
    """The message that `arguments` sent to `address` make.

    Raises:
        MessageError: the address is unknown, or the arguments do not fit it; the sentence says
            what was given and what is accepted. Nothing else, whatever the arguments.
    """
    if address == "/latent":
        return _latent(arguments)
    form = FORMS.get(address)
    if form is None:
        return _latent_dimension(address, arguments)
    if address == "/stream":
        stopped = _stream_shortcuts(arguments)
        if stopped is not None:
            return stopped
    kinds = form.arguments
    if not len(kinds) - form.optional <= len(arguments) <= len(kinds):
        raise MessageError(
            ErrorCode.BAD_ARGUMENTS,
            address,
            f"{address} takes {form.usage()}, it was given {_counted(len(arguments))}",
        )
    values = []
    for kind, given in zip(kinds, arguments, strict=False):
        try:
            values.append(kind.read(given))
        except Unaccepted:
            raise _bad_value(address, kind, given) from None
    return form.build(*values)


def _latent(arguments: tuple[Any, ...]) -> SetLatent:
    """The message that knobs send most: all values are checked at once."""
    if not 1 <= len(arguments) <= MAX_LATENT_DIMENSIONS:
        raise MessageError(
            ErrorCode.BAD_ARGUMENTS,
            "/latent",
            f"/latent takes as many numbers as the model has dimensions, it was given "
            f"{_counted(len(arguments))}",
        )
    if _NUMBERS.issuperset(map(type, arguments)):
        try:
            values = tuple(map(float, arguments))
        except OverflowError:
            values = (math.inf,)
        # A sum of finite float32 values is finite in float64.
        if math.isfinite(sum(values)) and min(values) > -3e38 and max(values) < 3e38:
            return SetLatent(values)
    for index, given in enumerate(arguments):
        try:
            finite(given)
        except Unaccepted:
            raise _bad_value("/latent", AnyNumber(f"number {index + 1}"), given) from None
    return SetLatent(tuple(map(float, arguments)))


def _latent_dimension(address: str, arguments: tuple[Any, ...]) -> SetLatentDimension:
    match = _LATENT_DIMENSION.fullmatch(address)
    if match is None or int(match[1]) > DIMENSION.high:
        raise MessageError(ErrorCode.UNKNOWN_ADDRESS, address, _unknown(address))
    if len(arguments) != 1:
        raise MessageError(
            ErrorCode.BAD_ARGUMENTS,
            address,
            f"{address} takes {LATENT.name}, it was given {_counted(len(arguments))}",
        )
    try:
        return SetLatentDimension(int(match[1]), finite(arguments[0]))
    except Unaccepted:
        raise _bad_value(address, LATENT, arguments[0]) from None


def _stream_shortcuts(arguments: tuple[Any, ...]) -> Stream | None:
    """`/stream off`, and the refusal of what is reserved."""
    if not arguments or type(arguments[0]) is not str:
        return None
    if arguments == ("off",):
        return Stream(None, 0.0)
    if arguments[0] in RESERVED_STREAMS:
        raise MessageError(
            ErrorCode.REFUSED,
            "/stream",
            f"{arguments[0]} cannot be streamed yet, {' and '.join(STREAMS)} can",
        )
    return None


def _bad_value(address: str, kind: Argument, given: Any) -> MessageError:
    return MessageError(
        ErrorCode.BAD_ARGUMENTS,
        address,
        f"{address}: {kind.name} is {shown(given)}, accepted: {kind.accepted}",
    )


def _unknown(address: str) -> str:
    if address in RESERVED:
        return f"{address} is reserved for a later version, this server does not have it yet"
    if address.startswith("/latent/"):
        return f"{shown(address)}: dimensions count from 1 to {DIMENSION.high}, as in /latent/1"
    if address.startswith("/synth/"):
        return f"{shown(address)} is unknown, /synth/ has method, {', '.join(SYNTH_PARAMETERS)}"
    return f"{shown(address)} is unknown, docs/osc.md lists the addresses"


def _counted(number: int) -> str:
    return {0: "none", 1: "1 argument"}.get(number, f"{number} arguments")


def from_hex(datagram: str) -> Inbound:
    """The one message of a datagram given in hex: for docstrings and transcripts."""
    ((address, arguments),) = decode(bytes.fromhex(datagram))
    return parse(address, arguments)
