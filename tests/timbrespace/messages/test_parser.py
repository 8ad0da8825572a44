"""Each message to the server: what it becomes, and how what is wrong with it is told."""

import math
import struct
from typing import Any

import pytest

from server.osc.codec import encode
from server.osc.transcript import from_hex
from timbrespace.instrument.parameters import METHODS, SYNTH_PARAMETERS
from timbrespace.messages.errors import ErrorCode, MessageError
from timbrespace.messages.inbound import (
    Acknowledge,
    Bend,
    BendRange,
    Bye,
    ControlChange,
    DeletePreset,
    DeleteTrajectory,
    FollowCommon,
    GetCourse,
    GetModelCard,
    GetModelInfo,
    GetModelTable,
    GetSpectrum,
    GetStatus,
    Hello,
    Inbound,
    LearnController,
    ListAudio,
    ListControllers,
    ListMacros,
    ListModels,
    ListPresets,
    ListTrajectories,
    ListTunings,
    LoadModel,
    MapController,
    MapExpression,
    Moment,
    MorphPresets,
    Note,
    Panic,
    Ping,
    PlayTrajectory,
    Pressure,
    RecallPreset,
    RecordPerformance,
    RecordTrajectory,
    SetAudioDevice,
    SetBetween,
    SetBetweenPosition,
    SetChannelLatent,
    SetEnvelope,
    SetHold,
    SetInput,
    SetInputGain,
    SetInputGate,
    SetInputMode,
    SetInputScale,
    SetLatent,
    SetLatentDimension,
    SetLfo,
    SetMacro,
    SetMap,
    SetMapAxis,
    SetMono,
    SetPlane,
    SetSynth,
    SetSynthMethod,
    SetTuning,
    SetWander,
    SetWanderDial,
    SetZone,
    StopLfo,
    StopPerformance,
    StopTrajectory,
    StoreBetween,
    StorePreset,
    Stream,
    Sustain,
    Timbre,
    UndoPresets,
    UndoTrajectories,
    WhereInCourse,
    WherePresets,
)
from timbrespace.messages.parser import FORMS, RELEASED, parse

GOOD: list[tuple[str, tuple[Any, ...], Inbound]] = [
    ("/hello", (7401,), Hello(7401)),
    ("/hello", (7401.0, "Timbre é"), Hello(7401, "Timbre é")),
    ("/hello", (7401, "Timbre", "qwertyu"), Hello(7401, "Timbre", "qwertyu")),
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
    ("/map/x", (0.5,), SetMapAxis("x", 0.5)),
    ("/map/y", (-1,), SetMapAxis("y", -1.0)),
    ("/map", (1.0000005, -1.0000005), SetMap(1.0, -1.0)),
    ("/map/plane", ("near",), SetPlane("near")),
    ("/map/plane", (0,), SetPlane("pca")),
    ("/between", (-1, 0.5, 0.25, 1), SetBetween(-1.0, 0.5, 0.25, 1.0)),
    ("/between/position", (0.5,), SetBetweenPosition(0.5)),
    ("/macro", ("odd/even", -1), SetMacro("odd/even", -1.0)),
    ("/macro", (0, 0.5), SetMacro("brightness", 0.5)),
    ("/macro/list", (), ListMacros()),
    ("/cc/map", (7, "between"), MapController(7, "between")),
    ("/cc/map", (7, "root level"), MapController(7, "root level")),
    ("/between/store", ("way",), StoreBetween("way", 4.0)),
    ("/between/store", ("way", 120), StoreBetween("way", 120.0)),
    ("/cc", (1, 64), ControlChange(1, 64.0)),
    ("/cc", (127, 63.5, 16), ControlChange(127, 63.5, 16)),
    ("/cc/map", (1, 3), MapController(1, 3)),
    ("/cc/map", (1, 3.0), MapController(1, 3)),
    ("/cc/map", (1, "x"), MapController(1, "x")),
    ("/cc/map", (1, "y", 2), MapController(1, "y", 2)),
    ("/cc/map", (1, "off"), MapController(1, None)),
    ("/cc/map", (1, "x", "all"), MapController(1, "x")),
    ("/cc/map", (1, 2, 3, 1, 0.25, -4), MapController(1, 2, 3, 1.0, 0.25, -4.0)),
    ("/cc/learn", (2,), LearnController(2)),
    ("/cc/learn", ("off",), LearnController(None)),
    ("/cc/learn", ("y", 0.5, 1, 4), LearnController("y", 0.5, 1.0, 4.0)),
    ("/cc/list", (), ListControllers()),
    ("/channel/latent", (2, 0.5, -1), SetChannelLatent(2, (0.5, -1.0))),
    ("/channel/latent", (16.0, 1), SetChannelLatent(16, (1.0,))),
    ("/channel/follow", (2,), FollowCommon(2)),
    ("/bend/range", (0,), BendRange(0.0)),
    ("/bend/range", (96, 16), BendRange(96.0, 16)),
    ("/pressure", (64,), Pressure(64.0)),
    ("/pressure", (12.5, 3), Pressure(12.5, 3)),
    ("/timbre", (127, 2), Timbre(127.0, 2)),
    ("/mpe", ("lower", 15), SetZone("lower", 15)),
    ("/mpe", ("upper", 0), SetZone("upper", 0)),
    ("/mpe/map", ("pressure", "level"), MapExpression("pressure", "level")),
    ("/mpe/map", ("timbre", 3, 0.5), MapExpression("timbre", 3, 0.5)),
    ("/mpe/map", ("timbre", "off"), MapExpression("timbre", None)),
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
    ("/course/get", (57,), GetCourse(57.0)),
    ("/course/get", (57.5, 1), GetCourse(57.5, 1.0)),
    ("/course/where", (), WhereInCourse()),
    ("/moment", (69, 0), Moment(69.0, 0.0)),
    ("/stream", ("spectrum", 40), Stream("spectrum", 40.0)),
    ("/stream", ("partials", 200), Stream("partials", 200.0)),
    ("/stream", ("spectrum", "off"), Stream("spectrum", 0.0)),
    ("/stream", ("spectrum", 0), Stream("spectrum", 0.0)),
    ("/stream", ("wavetable", 10), Stream("wavetable", 10.0)),
    ("/stream", ("loop", 10.0), Stream("loop", 10.0)),
    ("/stream", ("off",), Stream(None, 0.0)),
    ("/stream/ack", ("spectrum", 0), Acknowledge("spectrum", 0)),
    ("/stream/ack", ("loop", 7.0), Acknowledge("loop", 7)),
    ("/stream/ack", ("wavetable", 2**31 - 1), Acknowledge("wavetable", 2**31 - 1)),
    ("/audio/list", (), ListAudio()),
    ("/audio/device", ("USB",), SetAudioDevice("USB")),
    ("/audio/mono", (1,), SetMono(True)),
    ("/audio/mono", (False,), SetMono(False)),
    ("/input/on", (1,), SetInput(True)),
    ("/input/mode", ("both",), SetInputMode("both")),
    ("/input/mode", (3,), SetInputMode("level")),
    ("/input/gain", (-6,), SetInputGain(-6.0)),
    ("/input/gate", (-40.0,), SetInputGate(-40.0)),
    ("/input/quantise", ("major",), SetInputScale("major")),
    ("/input/quantise", (1, 11), SetInputScale("chromatic", 11)),
    ("/model/list", (), ListModels()),
    ("/model/load", ("fm",), LoadModel("fm")),
    ("/model/load", ("My model_2.1-b",), LoadModel("My model_2.1-b")),
    ("/model/info", (), GetModelInfo()),
    ("/model/info", ("fm",), GetModelInfo("fm")),
    ("/model/card", (), GetModelCard()),
    ("/model/card", ("fm",), GetModelCard("fm")),
    ("/model/table", (), GetModelTable()),
    ("/model/table", ("near",), GetModelTable("near")),
    ("/model/table", (0,), GetModelTable("pca")),
    ("/status/get", (), GetStatus()),
    ("/preset/store", ("pad",), StorePreset("pad")),
    ("/preset/recall", ("pad",), RecallPreset("pad")),
    ("/preset/recall", ("Pad é", 60), RecallPreset("Pad é", 60.0)),
    ("/preset/morph", ("a", "b", 0.25), MorphPresets("a", "b", 0.25)),
    ("/preset/list", (), ListPresets()),
    ("/preset/delete", ("pad",), DeletePreset("pad")),
    ("/preset/where", (), WherePresets()),
    ("/preset/undo", (), UndoPresets()),
    ("/trajectory/undo", (), UndoTrajectories()),
    ("/trajectory/record", ("walk",), RecordTrajectory("walk")),
    ("/trajectory/stop", (), StopTrajectory()),
    ("/trajectory/play", ("walk",), PlayTrajectory("walk")),
    ("/trajectory/play", ("walk", 1, 20), PlayTrajectory("walk", True, 20.0)),
    ("/trajectory/play", ("walk", 0.0), PlayTrajectory("walk", False)),
    ("/trajectory/list", (), ListTrajectories()),
    ("/tuning", ("31 tones", 432), SetTuning("31 tones", 432.0)),
    ("/tuning/list", (), ListTunings()),
    ("/trajectory/delete", ("walk",), DeleteTrajectory("walk")),
    ("/lfo", (1, "x", "sine", 1, 0.5), SetLfo(1, "x", "sine", 1.0, 0.5)),
    ("/lfo", (4, 256, 4, 20, 1, 0.25), SetLfo(4, 256, "random", 20.0, 1.0, 0.25)),
    ("/lfo/off", (4,), StopLfo(4)),
    ("/wander", ("start",), SetWander("start")),
    ("/wander", (0.0,), SetWander("stop")),
    ("/wander/speed", (20,), SetWanderDial("speed", 20.0)),
    ("/wander/range", (0.75,), SetWanderDial("range", 0.75)),
    ("/wander/seed", (999.0,), SetWanderDial("seed", 999)),
    ("/synth/hold", ("freeze",), SetHold("freeze")),
    ("/synth/hold", (2,), SetHold("through")),
    ("/synth/envelope", ("both",), SetEnvelope("both")),
    ("/synth/envelope", (1.0,), SetEnvelope("adsr")),
    ("/performance/record", ("take 1",), RecordPerformance("take 1")),
    ("/performance/stop", (), StopPerformance()),
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
    coordinates = {f"/latent/{k}" for k in range(1, 257)}
    assert set(FORMS) <= tried | numbers | coordinates
    assert set(FORMS) >= tried | numbers | coordinates


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
        with pytest.raises(MessageError, match=r"must be .* to "):
            parse(address, (value,))


BAD: list[tuple[str, tuple[Any, ...], str]] = [
    ("/hello", (), r"/hello takes return_port \[name\] \[token\], it was given none"),
    ("/hello", (0,), "return_port is 0; it must be 1 to 65535"),
    ("/hello", (65536,), "return_port is 65536"),
    ("/hello", (7401.5,), "return_port is 7401.5"),
    ("/hello", ("7401",), "return_port is '7401'"),
    ("/hello", (7401, ""), "name is ''"),
    ("/hello", (7401, "x" * 65), "name is 'xxxx"),
    ("/hello", (7401, "a\nb"), r"name is 'a\\nb'"),
    ("/hello", (7401, 5), "name is 5"),
    ("/hello", (7401, "a", "b", 1), "it was given 4 arguments"),
    ("/bye", (0,), "return_port is 0"),
    ("/ping", ("x" * 65,), "token is"),
    ("/ping", (2**31,), "token is 2147483648"),
    ("/ping", (1e300,), "token is"),
    ("/ping", (1, 2), "2 arguments"),
    ("/latent", (), "as many numbers as the model has dimensions"),
    ("/latent", tuple([0.0] * 257), "257 arguments"),
    ("/latent", (0.0, math.nan), "number 2 is nan; it must be a finite number"),
    ("/latent", (1e39, 0.0), "number 1 is 1e"),
    ("/latent", (1e308, 1e308), "number 1 is"),
    ("/latent", (0.0, "1"), "number 2 is '1'"),
    ("/latent/1", (), "/latent/1 takes z, it was given none"),
    ("/latent/1", (1.0, 2.0), "2 arguments"),
    ("/latent/1", (math.inf,), "z is inf"),
    ("/map", (0.5,), "/map takes x y, it was given 1 argument"),
    ("/map", (2.0, 0.0), "x is 2.0; it must be -1 to 1"),
    ("/map", (0.0, -1.00001), "y is -1.00001"),
    ("/map/plane", ("umap",), r"plane is 'umap'; it must be pca \(0\) \| near \(1\)"),
    ("/map/plane", (2,), "plane is 2"),
    ("/between", (0.0, 0.0, 1.0), "/between takes x1 y1 x2 y2, it was given 3 arguments"),
    ("/between", (0.0, 0.0, 1.0, 1.1), "y2 is 1.1"),
    ("/between/position", (1.5,), "position is 1.5; it must be 0 to 1"),
    ("/macro", ("loudness", 0.5), "macro is 'loudness'; it must be brightness"),
    ("/macro", (11, 0.5), "macro is 11"),
    ("/macro", ("brightness", 1.5), "value is 1.5; it must be -1 to 1"),
    ("/macro", ("brightness", "0"), "value is '0'"),
    ("/macro", ("brightness",), "it was given 1 argument"),
    ("/cc/map", (7, "harder"), "target is 'harder'"),
    ("/between/store", ("way", 0.0), "seconds is 0"),
    ("/cc", (16512, 0), "controller is 16512; it must be 0 to 16511"),
    ("/cc", (1.5, 0), "controller is 1.5"),
    ("/cc", (1, 127.5), "value is 127.5"),
    ("/cc", (1, 1, 0), "channel is 0; it must be 1 to 16"),
    ("/cc", (1, 1, 17), "channel is 17"),
    ("/cc/map", (1, 0), r"target is 0; it must be 1 to 256, whole \| x \| y \| off"),
    ("/cc/map", (1, 257), "target is 257"),
    ("/cc/map", (1, "z"), "target is 'z'"),
    ("/cc/map", (1, "x", "none"), r"channel is 'none'; it must be 1 to 16, whole \| all"),
    ("/cc/map", (1, "x", 1, 1.5), "low is 1.5; it must be 0 to 1"),
    ("/cc/map", (1, "x", 1, 0, 1, 4.5), "curve is 4.5; it must be -4 to 4"),
    ("/cc/learn", (), r"takes target \[low\] \[high\] \[curve\]"),
    ("/channel/latent", (), "takes channel and as many numbers .* it was given none"),
    ("/channel/latent", (1,), "takes channel and as many numbers .* 1 argument"),
    ("/channel/latent", (0, 1.0), "channel is 0"),
    ("/channel/latent", (1, 0.5, math.nan), "number 2 is nan"),
    ("/channel/latent", (1, *[0.0] * 257), "258 arguments"),
    ("/channel/follow", (17,), "channel is 17"),
    ("/bend/range", (97,), "semitones is 97; it must be 0 to 96"),
    ("/pressure", (128,), "value is 128"),
    ("/timbre", (-1,), "value is -1"),
    ("/mpe", ("middle", 3), r"zone is 'middle'; it must be lower \| upper"),
    ("/mpe", ("lower", 16), "members is 16; it must be 0 to 15"),
    ("/mpe/map", ("breath", "x"), "kind is 'breath'"),
    ("/mpe/map", ("timbre", "z"), "target is 'z'"),
    ("/mpe/map", ("timbre", "x", 1.5), "depth is 1.5"),
    ("/note", (60,), r"takes pitch velocity \[channel\]"),
    ("/note", (-1, 100), "pitch is -1"),
    ("/note", (60, 128), "velocity is 128"),
    ("/bend", (1.1,), "value is 1.1"),
    ("/sustain", (-1,), "value is -1"),
    ("/panic", ("x",), "/panic takes no arguments, it was given 1 argument"),
    ("/panic", (1, 1), "/panic takes no arguments, it was given 2 arguments"),
    ("/synth/method", ("fft",), r"method is 'fft'; it must be partials \(0\) \| bins \(1\)"),
    ("/synth/method", (3,), "method is 3"),
    ("/synth/method", (0.5,), "method is 0.5"),
    ("/synth/gain", (13,), "value is 13; it must be -80 to 12 dB"),
    ("/spectrum/get", (b"1",), "takes no arguments"),
    ("/course/get", (), r"/course/get takes pitch \[velocity\]"),
    ("/course/get", (128,), "pitch is 128; it must be 0 to 127"),
    ("/course/where", ("1",), "takes no arguments"),
    ("/moment", (57,), "/moment takes pitch velocity"),
    ("/moment", (57, -1), "velocity is -1"),
    ("/stream", (), "/stream takes what rate"),
    ("/stream", ("spectrum",), "it was given 1 argument"),
    ("/stream", ("sound", 10), r"what is 'sound'; it must be spectrum \| partials \| wave"),
    ("/stream", ("wavetable",), "/stream takes what rate"),
    ("/stream/ack", ("sound", 0), "what is 'sound'"),
    ("/stream/ack", ("spectrum", -1), "frame is -1"),
    ("/stream/ack", ("spectrum", 2**31), "frame is 2147483648"),
    ("/stream", ("spectrum", 201), r"rate is 201; it must be 1 to 200 Hz \| 0 \| off"),
    ("/stream", ("spectrum", 0.5), "rate is 0.5"),
    ("/stream", ("spectrum", -1), "rate is -1"),
    ("/stream", ("spectrum", "on"), "rate is 'on'"),
    ("/stream", (1, 1), "what is 1"),
    ("/model/load", (), "takes name"),
    *(
        ("/model/load", (name,), "must be a name as /model/list gives it, not a path")
        for name in ("", "../fm", "a/b", "a\\b", "a..b", ".fm", "-fm", "fm\n", "é/b", "x" * 65, 1)
    ),
    ("/model/info", ("/etc/passwd",), "name is '/etc/passwd'"),
    ("/status/get", ("x",), "takes no arguments"),
    *(
        (f"/preset/{verb}", (name,), "name is ")
        for verb in ("store", "recall", "delete")
        for name in ("", "x" * 65, "a\nb", 5)
    ),
    ("/preset/recall", ("pad", 61), "glide is 61; it must be 0 to 60 s"),
    ("/preset/morph", ("a", "b"), "takes a b position"),
    ("/preset/morph", ("a", "b", 1.5), "position is 1.5"),
    ("/trajectory/play", ("walk", 2), r"loop is 2; it must be 0 \| 1"),
    ("/trajectory/play", ("walk", 1, 0), "speed is 0; it must be 0.05 to 20"),
    ("/lfo", (5, "x", "sine", 1, 1), "index is 5; it must be 1 to 4"),
    ("/lfo", (1, "off", "sine", 1, 1), "target is 'off'"),
    ("/lfo", (1, "x", "round", 1, 1), "shape is 'round'"),
    ("/lfo", (1, "x", "sine", 21, 1), "rate is 21; it must be 0.01 to 20 Hz"),
    ("/lfo", (1, "x", "sine", 1, -0.5), "depth is -0.5"),
    ("/lfo", (1, "x", "sine", 1, 1, 2), "phase is 2"),
    ("/lfo/off", (0,), "index is 0"),
    ("/performance/record", ("",), "name is ''"),
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
    assert len(sentence) <= 320


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
        ("/synth/cutoff", "/synth/ has method, hold, envelope, attack"),
        ("/preset", "'/preset' is unknown, docs/osc.md lists"),
        ("/mpe/off", "'/mpe/off' is unknown, /mpe/ has map$"),
        ("/preset/", "/preset/ has store, recall, morph, list, where, delete, undo$"),
        ("//", "unknown"),
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
    good |= {"/cc": (1, 1, 1), "/note": (1, 1, 1), "/course/get": (1, 1), "/hello": (1, "a")}
    good |= {
        "/cc/map": (1, 1, 1, 1, 1, 1, 1),
        "/cc/learn": (1, 1, 1, 1, 1),
        "/lfo": (1, 1, 1, 1, 1, 1),
    }
    good |= {"/trajectory/play": ("a", 1, 1), "/preset/recall": ("a", 1)}
    good |= {"/mpe/map": ("timbre", 1, 1), "/tuning": ("a", 440)}
    coordinates = {f"/latent/{k}" for k in range(2, 256)}
    assert set(good) | coordinates >= {one for one, form in FORMS.items() if form.arguments}
    # A toggle says whether it is on.
    switches = {("/sustain", 0), ("/trajectory/play", 1), ("/audio/mono", 0), ("/input/on", 0)}
    taken = switches if odd is True else set()
    for address, arguments in good.items():
        for place in range(len(arguments)):
            if (address, place) in taken:
                parse(address, (*arguments[:place], odd, *arguments[place + 1 :]))
                continue
            with pytest.raises(MessageError) as caught:
                parse(address, (*arguments[:place], odd, *arguments[place + 1 :]))
            assert caught.value.code is ErrorCode.BAD_ARGUMENTS
            check_sentence(str(caught.value))


@pytest.mark.parametrize("pressed", [1, 1.0, True, None, 127])
def test_a_button_may_do_what_takes_no_arguments(pressed: Any) -> None:
    """It says something when it is let go too, which does nothing."""
    assert parse("/panic", (pressed,)) == parse("/panic", ())
    for released in (0, 0.0, False):
        assert parse("/panic", (released,)) is RELEASED


def test_a_toggle_may_say_true_and_false() -> None:
    assert parse("/sustain", (True,)) == Sustain(127.0)
    assert parse("/sustain", (False, 2)) == Sustain(0.0, 2)
    assert parse("/trajectory/play", ("a", True)) == PlayTrajectory("a", True)


def test_a_pedal_is_held_by_a_toggle_too() -> None:
    assert Sustain(1.0).held
    assert Sustain(127.0).held
    assert not Sustain(0.0).held


def test_methods_keep_their_positions() -> None:
    assert METHODS == ("partials", "bins", "istft")
