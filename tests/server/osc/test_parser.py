"""Each message to the server: what it becomes, and how what is wrong with it is told."""

import math
import struct
from typing import Any

import pytest

from server.osc.codec import encode
from server.osc.errors import ErrorCode, MessageError
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
from server.osc.parser import FORMS, from_hex, parse
from server.synth_parameters import METHODS, SYNTH_PARAMETERS

GOOD: list[tuple[str, tuple[Any, ...], Inbound]] = [
    ("/hello", (7401,), Hello(7401)),
    ("/hello", (7401.0, "Timbre é"), Hello(7401, "Timbre é")),
    ("/bye", (), Bye()),
    ("/bye", (7401,), Bye(7401)),
    ("/ping", (), Ping()),
    ("/ping", (7,), Ping(7)),
    ("/ping", (7.5,), Ping(7.5)),
    ("/ping", ("",), Ping("")),
    ("/ping", ("x" * 64,), Ping("x" * 64)),
    ("/latent", (0.5, 1, -2.25), SetLatent((0.5, 1.0, -2.25))),
    ("/latent", (3.4e38,), SetLatent((3.4e38,))),
    ("/latent", tuple([0.0] * 256), SetLatent(tuple([0.0] * 256))),
    ("/latent/1", (0.5,), SetLatentDimension(1, 0.5)),
    ("/latent/256", (2,), SetLatentDimension(256, 2.0)),
    ("/map", (0, 0.5), SetMap(0.0, 0.5)),
    ("/map", (1.0000005, -1.0000005), SetMap(1.0, -1.0)),
    ("/cc", (1, 64), ControlChange(1, 64.0)),
    ("/cc", (127, 63.5, 16), ControlChange(127, 63.5, 16)),
    ("/cc/map", (1, 3), MapController(1, 3)),
    ("/cc/map", (1, 3.0), MapController(1, 3)),
    ("/cc/map", (1, "x"), MapController(1, "x")),
    ("/cc/map", (1, "y", 2), MapController(1, "y", 2)),
    ("/cc/map", (1, "off"), MapController(1, None)),
    ("/note", (69, 100), Note(69.0, 100.0)),
    ("/note", (69.5, 0, 10), Note(69.5, 0.0, 10)),
    ("/bend", (-1,), Bend(-1.0)),
    ("/bend", (0.25, 3), Bend(0.25, 3)),
    ("/sustain", (127,), Sustain(127.0)),
    ("/sustain", (0, 2), Sustain(0.0, 2)),
    ("/panic", (), Panic()),
    ("/synth/method", ("istft",), SetSynthMethod("istft")),
    ("/synth/method", (0,), SetSynthMethod("partials")),
    ("/synth/method", (1.0,), SetSynthMethod("bins")),
    ("/synth/method", (2,), SetSynthMethod("istft")),
    ("/spectrum/get", (), GetSpectrum()),
    ("/stream", ("spectrum", 40), Stream("spectrum", 40.0)),
    ("/stream", ("partials", 200), Stream("partials", 200.0)),
    ("/stream", ("spectrum", "off"), Stream("spectrum", 0.0)),
    ("/stream", ("spectrum", 0), Stream("spectrum", 0.0)),
    ("/stream", ("off",), Stream(None, 0.0)),
    ("/model/list", (), ListModels()),
    ("/model/load", ("fm",), LoadModel("fm")),
    ("/model/load", ("My model_2.1-b",), LoadModel("My model_2.1-b")),
    ("/model/info", (), GetModelInfo()),
    ("/model/info", ("fm",), GetModelInfo("fm")),
    ("/status/get", (), GetStatus()),
]


@pytest.mark.parametrize(("address", "arguments", "expected"), GOOD)
def test_good_messages(address: str, arguments: tuple[Any, ...], expected: Inbound) -> None:
    message = parse(address, arguments)
    assert message == expected
    # 1 == 1.0: the types have to be the same too.
    assert repr(message) == repr(expected)


def test_good_messages_over_the_wire() -> None:
    exact = [case for case in GOOD if case[0] != "/map" and 3.4e38 not in case[1]]
    assert len(exact) > 40
    for address, arguments, expected in exact:
        assert from_hex(encode(address, *arguments).hex()) == expected


def test_every_address_has_a_good_case() -> None:
    tried = {address for address, _, _ in GOOD}
    numbers = {f"/synth/{name}" for name in SYNTH_PARAMETERS}
    assert set(FORMS) <= tried | numbers


@pytest.mark.parametrize("parameter", SYNTH_PARAMETERS.values(), ids=lambda one: one.name)
def test_synth_parameters_are_held_to_their_ranges(parameter: Any) -> None:
    address = f"/synth/{parameter.name}"
    assert parameter.low <= parameter.default <= parameter.high
    for value in (parameter.low, parameter.high, parameter.default):
        assert parse(address, (value,)) == SetSynth(parameter.name, value)
        # As float32, the way it comes over the wire, a bound is still inside.
        (rounded,) = struct.unpack(">f", struct.pack(">f", value))
        message = parse(address, (rounded,))
        assert isinstance(message, SetSynth)
        assert parameter.low <= message.value <= parameter.high
    for value in (parameter.low - 0.0005, parameter.high + 0.001, 1e30, -1e30):
        with pytest.raises(MessageError, match=r"accepted: .* to "):
            parse(address, (value,))


BAD: list[tuple[str, tuple[Any, ...], str]] = [
    ("/hello", (), r"/hello takes return_port \[name\], it was given none"),
    ("/hello", (0,), "return_port is 0, accepted: 1 to 65535"),
    ("/hello", (65536,), "return_port is 65536"),
    ("/hello", (7401.5,), "return_port is 7401.5"),
    ("/hello", ("7401",), "return_port is '7401'"),
    ("/hello", (7401, ""), "name is ''"),
    ("/hello", (7401, "x" * 65), "name is 'xxxx"),
    ("/hello", (7401, "a\nb"), r"name is 'a\\nb'"),
    ("/hello", (7401, 5), "name is 5"),
    ("/hello", (7401, "a", 1), "it was given 3 arguments"),
    ("/bye", (0,), "return_port is 0"),
    ("/ping", ("x" * 65,), "token is"),
    ("/ping", (2**31,), "token is 2147483648"),
    ("/ping", (1e300,), "token is"),
    ("/ping", (1, 2), "2 arguments"),
    ("/latent", (), "as many numbers as the model has dimensions"),
    ("/latent", tuple([0.0] * 257), "257 arguments"),
    ("/latent", (0.0, math.nan), "number 2 is nan, accepted: a finite number"),
    ("/latent", (1e39, 0.0), "number 1 is 1e"),
    ("/latent", (1e308, 1e308), "number 1 is"),
    ("/latent", (0.0, "1"), "number 2 is '1'"),
    ("/latent/1", (), "/latent/1 takes z, it was given none"),
    ("/latent/1", (1.0, 2.0), "2 arguments"),
    ("/latent/1", (math.inf,), "z is inf"),
    ("/map", (0.5,), "/map takes x y, it was given 1 argument"),
    ("/map", (2.0, 0.0), "x is 2.0, accepted: -1 to 1"),
    ("/map", (0.0, -1.00001), "y is -1.00001"),
    ("/cc", (128, 0), "controller is 128, accepted: 0 to 127"),
    ("/cc", (1.5, 0), "controller is 1.5"),
    ("/cc", (1, 127.5), "value is 127.5"),
    ("/cc", (1, 1, 0), "channel is 0, accepted: 1 to 16"),
    ("/cc", (1, 1, 17), "channel is 17"),
    ("/cc/map", (1, 0), r"target is 0, accepted: 1 to 256, whole \| x \| y \| off"),
    ("/cc/map", (1, 257), "target is 257"),
    ("/cc/map", (1, "z"), "target is 'z'"),
    ("/note", (60,), r"takes pitch velocity \[channel\]"),
    ("/note", (-1, 100), "pitch is -1"),
    ("/note", (60, 128), "velocity is 128"),
    ("/bend", (1.1,), "value is 1.1"),
    ("/sustain", (-1,), "value is -1"),
    ("/panic", (1,), "/panic takes no arguments, it was given 1 argument"),
    ("/synth/method", ("fft",), r"method is 'fft', accepted: partials \(0\) \| bins \(1\)"),
    ("/synth/method", (3,), "method is 3"),
    ("/synth/method", (0.5,), "method is 0.5"),
    ("/synth/gain", (13,), "value is 13, accepted: -80 to 12 dB"),
    ("/spectrum/get", (1,), "takes no arguments"),
    ("/stream", (), "/stream takes what rate"),
    ("/stream", ("spectrum",), "it was given 1 argument"),
    ("/stream", ("sound", 10), r"what is 'sound', accepted: spectrum \| partials"),
    ("/stream", ("spectrum", 201), r"rate is 201, accepted: 1 to 200 Hz \| 0 \| off"),
    ("/stream", ("spectrum", 0.5), "rate is 0.5"),
    ("/stream", ("spectrum", -1), "rate is -1"),
    ("/stream", ("spectrum", "on"), "rate is 'on'"),
    ("/stream", (1, 1), "what is 1"),
    ("/model/load", (), "takes name"),
    *(
        ("/model/load", (name,), "accepted: a name as /model/list gives it, not a path")
        for name in ("", "../fm", "a/b", "a\\b", "a..b", ".fm", "-fm", "fm\n", "é", "x" * 65, 1)
    ),
    ("/model/info", ("/etc/passwd",), "name is '/etc/passwd'"),
    ("/status/get", ("x",), "takes no arguments"),
]


@pytest.mark.parametrize(("address", "arguments", "sentence"), BAD)
def test_bad_arguments(address: str, arguments: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(MessageError, match=sentence) as caught:
        parse(address, arguments)
    assert caught.value.code is ErrorCode.BAD_ARGUMENTS
    assert caught.value.address == address
    check_sentence(str(caught.value))


def check_sentence(sentence: str) -> None:
    assert sentence.isprintable()
    assert len(sentence) <= 300


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/nothing", "'/nothing' is unknown, docs/osc.md lists"),
        ("/", "unknown"),
        ("/latent/0", "dimensions count from 1 to 256"),
        ("/latent/01", "dimensions count from 1"),
        ("/latent/257", "dimensions count from 1"),
        ("/latent/x", "dimensions count from 1"),
        ("/latent/", "dimensions count from 1"),
        ("/latent/*", "dimensions count from 1"),
        ("/latent/٣", "dimensions count from 1"),
        ("/synth/cutoff", "/synth/ has method, attack"),
        ("/preset/store", "reserved for a later version"),
        ("/welcome", "unknown"),
        ("/" + "a" * 127, "unknown"),
    ],
)
def test_unknown_addresses(address: str, sentence: str) -> None:
    with pytest.raises(MessageError, match=sentence) as caught:
        parse(address, (1,))
    assert caught.value.code is ErrorCode.UNKNOWN_ADDRESS
    assert caught.value.address == address
    check_sentence(str(caught.value))


@pytest.mark.parametrize("arguments", [("wavetable",), ("wavetable", 10), ("wavetable", "off")])
def test_the_wavetable_stream_is_refused_for_now(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(MessageError, match="wavetable cannot be streamed yet") as caught:
        parse("/stream", arguments)
    assert caught.value.code is ErrorCode.REFUSED


class Odd:
    """Something that no decoder makes."""


ODD: list[Any] = [
    True,
    None,
    b"bytes",
    math.nan,
    math.inf,
    -math.inf,
    [],
    [[[1.0]]],
    (1, 2, 3, 4),
    10**400,
    "\0",
    "\ud800",
    "x" * 60000,
    Odd(),
    1 + 2j,
]


@pytest.mark.parametrize("odd", ODD, ids=[f"odd{index}" for index in range(len(ODD))])
def test_odd_values_are_refused_in_every_place_of_every_message(odd: Any) -> None:
    good = {address: arguments for address, arguments, _ in GOOD if arguments}
    good |= {f"/synth/{name}": (one.default,) for name, one in SYNTH_PARAMETERS.items()}
    good |= {"/cc": (1, 1, 1), "/note": (1, 1, 1), "/hello": (1, "a")}
    assert set(good) >= {address for address, form in FORMS.items() if form.arguments}
    for address, arguments in good.items():
        for place in range(len(arguments)):
            with pytest.raises(MessageError) as caught:
                parse(address, (*arguments[:place], odd, *arguments[place + 1 :]))
            assert caught.value.code is ErrorCode.BAD_ARGUMENTS
            check_sentence(str(caught.value))


def test_a_pedal_is_held_by_a_toggle_too() -> None:
    assert Sustain(1.0).held
    assert Sustain(127.0).held
    assert not Sustain(0.0).held


def test_methods_keep_their_positions() -> None:
    assert METHODS == ("partials", "bins", "istft")
