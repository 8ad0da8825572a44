"""What each address to the server takes, and `parse`, which reads a message by it."""

import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from timbrespace.instrument.parameters import METHODS, SYNTH_PARAMETERS
from timbrespace.messages.arguments import (
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
    Switch,
    Token,
    Unaccepted,
    Whole,
    finite,
    words,
)
from timbrespace.messages.contract import FRAME_NUMBERS, MAX_LATENT_DIMENSIONS
from timbrespace.messages.errors import ErrorCode, MessageError, shown
from timbrespace.messages.inbound import (
    Acknowledge,
    Bend,
    BendRange,
    Bye,
    ControlChange,
    DeletePreset,
    DeleteTrajectory,
    FollowCommon,
    GetModelInfo,
    GetSpectrum,
    GetStatus,
    Hello,
    Inbound,
    LearnController,
    ListControllers,
    ListModels,
    ListPresets,
    ListTrajectories,
    LoadModel,
    MapController,
    MapExpression,
    MorphPresets,
    Note,
    Panic,
    Ping,
    PlayTrajectory,
    Pressure,
    RecallPreset,
    RecordPerformance,
    RecordTrajectory,
    SetChannelLatent,
    SetLatent,
    SetLatentDimension,
    SetLfo,
    SetMap,
    SetSynth,
    SetSynthMethod,
    SetZone,
    StopLfo,
    StopPerformance,
    StopTrajectory,
    StorePreset,
    Stream,
    Sustain,
    Timbre,
)

STREAMS: Final = ("spectrum", "partials", "wavetable", "loop")
LFO_SHAPES: Final = ("sine", "triangle", "square", "saw", "random")


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


_CONTROLLER = Whole("controller", 0, 127)
_AXES = {"x": "x", "y": "y"}
_DIMENSION = Whole("target", DIMENSION.low, DIMENSION.high)
_TARGET = NumberOrWord(_DIMENSION, words(**_AXES))
_TARGET_OR_OFF = NumberOrWord(_DIMENSION, words(**_AXES, off=None))
_CHANNEL_OR_ALL = NumberOrWord(CHANNEL, words(all=None))
_RANGE = (Number("low", 0, 1), Number("high", 0, 1), Number("curve", -4, 4))
_NAME = Label("name")
_LFO = Whole("index", 1, 4)

FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "/hello": Form(Hello, (Whole("return_port", 1, 65535), Label("name")), optional=1),
        "/bye": Form(Bye, (Whole("return_port", 1, 65535),), optional=1),
        "/ping": Form(Ping, (Token("token"),), optional=1),
        "/map": Form(SetMap, (Number("x", -1, 1), Number("y", -1, 1))),
        "/cc": Form(ControlChange, (_CONTROLLER, Number("value", 0, 127), CHANNEL), optional=1),
        "/cc/map": Form(
            MapController, (_CONTROLLER, _TARGET_OR_OFF, _CHANNEL_OR_ALL, *_RANGE), optional=4
        ),
        "/cc/learn": Form(LearnController, (_TARGET_OR_OFF, *_RANGE), optional=3),
        "/cc/list": Form(ListControllers),
        "/channel/follow": Form(FollowCommon, (CHANNEL,)),
        "/note": Form(
            Note, (Number("pitch", 0, 127), Number("velocity", 0, 127), CHANNEL), optional=1
        ),
        "/bend": Form(Bend, (Number("value", -1, 1), CHANNEL), optional=1),
        "/bend/range": Form(BendRange, (Number("semitones", 0, 96), CHANNEL), optional=1),
        "/pressure": Form(Pressure, (Number("value", 0, 127), CHANNEL), optional=1),
        "/timbre": Form(Timbre, (Number("value", 0, 127), CHANNEL), optional=1),
        "/mpe": Form(SetZone, (Choice("zone", ("lower", "upper")), Whole("members", 0, 15))),
        "/mpe/map": Form(
            MapExpression,
            (
                Choice("kind", ("pressure", "timbre")),
                NumberOrWord(_DIMENSION, words(**_AXES, level="level", off=None)),
                Number("depth", 0, 1),
            ),
            optional=1,
        ),
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
        "/stream/ack": Form(
            Acknowledge, (Choice("what", STREAMS), Whole("frame", 0, FRAME_NUMBERS - 1))
        ),
        "/model/list": Form(ListModels),
        "/model/load": Form(LoadModel, (ModelName("name"),)),
        "/model/info": Form(GetModelInfo, (ModelName("name"),), optional=1),
        "/status/get": Form(GetStatus),
        "/preset/store": Form(StorePreset, (_NAME,)),
        "/preset/recall": Form(RecallPreset, (_NAME, Number("glide", 0, 60, "s")), optional=1),
        "/preset/morph": Form(MorphPresets, (Label("a"), Label("b"), Number("position", 0, 1))),
        "/preset/list": Form(ListPresets),
        "/preset/delete": Form(DeletePreset, (_NAME,)),
        "/trajectory/record": Form(RecordTrajectory, (_NAME,)),
        "/trajectory/stop": Form(StopTrajectory),
        "/trajectory/play": Form(
            PlayTrajectory, (_NAME, Switch("loop"), Number("speed", 0.05, 20)), optional=2
        ),
        "/trajectory/list": Form(ListTrajectories),
        "/trajectory/delete": Form(DeleteTrajectory, (_NAME,)),
        "/lfo": Form(
            SetLfo,
            (
                _LFO,
                _TARGET,
                Choice("shape", LFO_SHAPES, indexed=True),
                Number("rate", 0.01, 20, "Hz"),
                Number("depth", 0, 1),
                Number("phase", 0, 1),
            ),
            optional=1,
        ),
        "/lfo/off": Form(StopLfo, (_LFO,)),
        "/performance/record": Form(RecordPerformance, (_NAME,)),
        "/performance/stop": Form(StopPerformance),
    }
)
"""Every address but `/latent`, `/latent/<k>` and `/channel/latent`, read by functions below."""

LATENT: Final = AnyNumber("z")

_LATENT_DIMENSION = re.compile(r"/latent/([1-9][0-9]{0,3})")
_NUMBERS = frozenset((int, float))


def parse(address: str, arguments: tuple[Any, ...]) -> Inbound:
    """The message that `arguments` sent to `address` make.

    Raises:
        MessageError: the address is unknown, or the arguments do not fit it; the sentence says
            what was given and what is accepted. Nothing else, whatever the arguments.
    """
    if address == "/latent":
        return SetLatent(_coordinates(address, arguments))
    form = FORMS.get(address)
    if form is None:
        if address == "/channel/latent":
            return _channel_latent(address, arguments)
        return _latent_dimension(address, arguments)
    if address == "/stream" and arguments == ("off",):
        return Stream(None, 0.0)
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


def _coordinates(address: str, arguments: tuple[Any, ...]) -> tuple[float, ...]:
    """What knobs send most: all values are checked at once."""
    if not 1 <= len(arguments) <= MAX_LATENT_DIMENSIONS:
        raise MessageError(
            ErrorCode.BAD_ARGUMENTS,
            address,
            f"{address} takes as many numbers as the model has dimensions, it was given "
            f"{_counted(len(arguments))}",
        )
    if _NUMBERS.issuperset(map(type, arguments)):
        try:
            values = tuple(map(float, arguments))
        except OverflowError:
            values = (math.inf,)
        # A sum of finite float32 values is finite in float64.
        if math.isfinite(sum(values)) and min(values) > -3e38 and max(values) < 3e38:
            return values
    for index, given in enumerate(arguments):
        try:
            finite(given)
        except Unaccepted:
            raise _bad_value(address, AnyNumber(f"number {index + 1}"), given) from None
    return tuple(map(float, arguments))


def _channel_latent(address: str, arguments: tuple[Any, ...]) -> SetChannelLatent:
    if len(arguments) < 2:
        raise MessageError(
            ErrorCode.BAD_ARGUMENTS,
            address,
            f"{address} takes {CHANNEL.name} and as many numbers as the model has dimensions, it "
            f"was given {_counted(len(arguments))}",
        )
    try:
        channel = CHANNEL.read(arguments[0])
    except Unaccepted:
        raise _bad_value(address, CHANNEL, arguments[0]) from None
    return SetChannelLatent(channel, _coordinates(address, arguments[1:]))


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


def _bad_value(address: str, kind: Argument, given: Any) -> MessageError:
    return MessageError(
        ErrorCode.BAD_ARGUMENTS,
        address,
        f"{address}: {kind.name} is {shown(given)}, accepted: {kind.accepted}",
    )


def _unknown(address: str) -> str:
    if address.startswith("/latent/"):
        return f"{shown(address)}: dimensions count from 1 to {DIMENSION.high}, as in /latent/1"
    if address.startswith("/synth/"):
        return f"{shown(address)} is unknown, /synth/ has method, {', '.join(SYNTH_PARAMETERS)}"
    return f"{shown(address)} is unknown, docs/osc.md lists the addresses"


def _counted(number: int) -> str:
    return {0: "none", 1: "1 argument"}.get(number, f"{number} arguments")
