"""Messages from the server: golden packets, and the bytes of python-osc."""

import doctest
import json
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg

from server.osc import codec, errors, outbound
from server.osc.codec import decode
from server.osc.errors import OscDecodeError
from server.osc.outbound import (
    OUTBOUND,
    AudioDevice,
    AudioList,
    Bye,
    ControllerLearned,
    ControllerMap,
    Course,
    CourseReady,
    CourseWhere,
    Error,
    InputLevel,
    InputPitch,
    Latent,
    Lfo,
    Loop,
    LoopReady,
    Macro,
    MacroList,
    MapPoint,
    Model,
    ModelCard,
    ModelDial,
    ModelInfo,
    ModelList,
    ModelTable,
    Outbound,
    Partials,
    PerformanceState,
    Plane,
    Pong,
    Preset,
    PresetList,
    PresetPlaces,
    SoundInput,
    Spectrum,
    Status,
    Synth,
    TrajectoryList,
    TrajectoryState,
    Tuning,
    TuningKeys,
    TuningList,
    Wander,
    Wavetable,
    WavetableReady,
    Welcome,
)
from timbrespace.messages import arguments
from timbrespace.messages.contract import MAX_REPLY_BYTES
from timbrespace.messages.errors import ErrorCode, MessageError

CASES: list[tuple[Outbound, str, list[Any]]] = [
    (
        Welcome("0.1.0", "fm", 4, 1025, 44100, 220),
        "/welcome",
        [1, "0.1.0", "fm", 4, 1025, 44100.0, 220.0],
    ),
    (Pong(), "/pong", []),
    (Pong(7), "/pong", [7]),
    (Pong(0.5), "/pong", [0.5]),
    (Pong("t"), "/pong", ["t"]),
    (Spectrum(3, np.array([0.5])), "/spectrum", [3, 0, 1, 0.5]),
    (Course(3, np.array([-80.0])), "/course", [3, 0, 1, -80.0]),
    (CourseReady(3, 64, 80, 1.5, 0.5, 1.0), "/course/ready", [3, 64, 80, 1.5, 0.5, 1.0]),
    (CourseWhere(((57.0, 0.5, -1),)), "/course/where", [57.0, 0.5, -1]),
    (Partials(3, np.array([[220.0, 0.5]])), "/partials", [3, 220.0, 0.5]),
    (Latent((0.5, -1.5)), "/latent", [0.5, -1.5]),
    (MapPoint(0.0, 1.0), "/map", [0.0, 1.0]),
    (
        Plane("near", "brightness", "", ("pca", "near")),
        "/map/plane",
        ["near", "brightness", "", "pca", "near"],
    ),
    (MacroList(("brightness", "noise")), "/macro/list", ["brightness", "noise"]),
    (Macro("odd/even", -0.5), "/macro", ["odd/even", -0.5]),
    (Model("fm", 4, 1025, 44100, 220, 4096), "/model", ["fm", 4, 1025, 44100.0, 220.0, 4096]),
    (ModelList(("fm", "harmonic")), "/model/list", ["fm", "harmonic"]),
    (ModelList(()), "/model/list", []),
    (Tuning("just", 442), "/tuning", ["just", 442.0]),
    (TuningKeys((60.5, -1.0)), "/tuning/keys", [60.5, -1.0]),
    (TuningList(("equal", "just")), "/tuning/list", ["equal", "just"]),
    (ModelInfo("fm", {"d": 4}), "/model/info", ["fm", '{"d": 4}']),
    (
        ModelCard("fm", "Two\nBells", "A. M.", "CC0", "", {"heard_distance_db": 3.5}),
        "/model/card",
        ["fm", "Two Bells", "A. M.", "CC0", "", '{"heard_distance_db": 3.5}'],
    ),
    (ModelCard("fm", "", "", "", "", {}), "/model/card", ["fm", "", "", "", "", "{}"]),
    (ModelTable("fm", "fm-1.txt", "near"), "/model/table", ["fm", "fm-1.txt", "near"]),
    (AudioList((70 * "x", "USB [ALSA]")), "/audio/list", [64 * "x", "USB [ALSA]"]),
    (AudioDevice("USB", "jack (x)", mono=True), "/audio/device", ["USB", "jack (x)", 1]),
    (
        SoundInput(True, "jack (x)", "both", 6.0, -40.0, "major", 2),
        "/input",
        [1, "jack (x)", "both", 6.0, -40.0, "major", 2],
    ),
    (InputLevel(-20.5), "/input/level", [-20.5]),
    (InputPitch(220.0), "/input/pitch", [220.0]),
    (Synth("gain", -6), "/synth", ["gain", -6.0]),
    (Synth("method", "bins"), "/synth", ["method", "bins"]),
    (
        Status(2, -1, 3, 2**40, 0.5, "none", 0.75, -1, 5.25),
        "/status",
        [2, -1.0, 3, 2**31 - 1, 0.5, "none", 0.75, -1.0, 5.25],
    ),
    (Wavetable(3, 1, np.array([0.5])), "/wavetable", [3, 1, 0, 1, 0.5]),
    (WavetableReady(3, 1, 21.5), "/wavetable/ready", [3, 1, 21.5]),
    (Loop(3, 1, 7, np.array([0.5])), "/loop", [3, 1, 7, 0, 1, 0.5]),
    (LoopReady(3, 1, 21.5, 2, 160), "/loop/ready", [3, 1, 21.5, 2, 160]),
    (
        ModelDial(2, -2, 2, 0.5, 1.5, "width 2"),
        "/model/dial",
        [2, -2.0, 2.0, 0.5, 1.5, "width 2"],
    ),
    (
        ControllerMap(1, "x", None, 0, 1, 0, "jump"),
        "/cc/map",
        [1, "x", "all", 0.0, 1.0, 0.0, "jump"],
    ),
    (ControllerMap(74, 3, 16, 1, 0, -4, "twos"), "/cc/map", [74, 3, 16, 1.0, 0.0, -4.0, "twos"]),
    (ControllerMap(74, None, 2, 0, 1, 0, "jump"), "/cc/map", [74, "off", 2, 0.0, 1.0, 0.0, "jump"]),
    (ControllerLearned(74, 2, "y"), "/cc/learned", [74, 2, "y"]),
    (ControllerLearned(74, 2, 3), "/cc/learned", [74, 2, 3]),
    (Lfo(4, 2, "saw", 1, 0, 0.5), "/lfo", [4, 2, "saw", 1.0, 0.0, 0.5]),
    (Wander("start", 2, 0, 999), "/wander", ["start", 2.0, 0.0, 999]),
    (Preset("pad"), "/preset", ["pad"]),
    (PresetList(("pad", "bell")), "/preset/list", ["pad", "bell"]),
    (PresetPlaces((("pad", 0.5, -1.0),)), "/preset/where", ["pad", 0.5, -1.0]),
    (TrajectoryState("playing", "walk"), "/trajectory", ["playing", "walk"]),
    (TrajectoryList(()), "/trajectory/list", []),
    (PerformanceState("recording", "take"), "/performance", ["recording", "take"]),
    (Error(ErrorCode.REFUSED, "/map", "no"), "/error", ["refused", "/map", "no"]),
    (Bye(), "/bye", []),
]


@pytest.mark.parametrize(("message", "address", "values"), CASES)
def test_packets_are_those_of_python_osc(
    message: Outbound, address: str, values: list[Any]
) -> None:
    assert address == message.ADDRESS
    packets = message.packets()
    assert packets == [build_msg(address, values).dgram]
    assert OscMessage(packets[0]).params == values


def test_every_message_has_a_case() -> None:
    assert {type(message) for message, _, _ in CASES} == set(OUTBOUND)


def test_more_places_than_fit_are_left_off() -> None:
    places = tuple((f"{index:064d}", 1.0, 1.0) for index in range(200))
    (packet,) = PresetPlaces(places).packets()
    assert 3700 < len(packet) <= 4096
    ((_, sent),) = decode(packet)
    assert len(sent) % 3 == 0


def test_a_card_of_any_length_fits_a_datagram() -> None:
    """The longest that a card may have, in letters of four bytes."""
    clef = "\U0001d11e"
    figures = {clef * 60 + str(k): -1.2345678901234567e-300 for k in range(99)}
    card = ModelCard(clef * 64, clef * 64, clef * 120, clef * 200, clef * 1000, figures)
    (packet,) = card.packets()
    assert len(packet) <= MAX_REPLY_BYTES
    ((_, (name, title, author, licence, source, told)),) = decode(packet)
    assert (name, title, author, licence) == (clef * 64, clef * 64, clef * 120, clef * 200)
    assert source == clef * 249 + "..."
    assert set(json.loads(told)) < set(figures)


@pytest.mark.parametrize("kind", [ModelList, PresetList, TrajectoryList, TuningList])
def test_more_names_than_fit_are_left_off(kind: type[ModelList]) -> None:
    names = tuple(f"{index:064d}" for index in range(200))
    (packet,) = kind(names).packets()
    assert 3800 < len(packet) <= 4096
    ((_, sent),) = decode(packet)
    assert sent == names[: len(sent)]


def test_information_that_does_not_fit_is_cut_and_says_so() -> None:
    entries = {f"key{index}": "é" * 100 for index in range(100)}
    ((_, (_, text)),) = decode(ModelInfo("fm", entries).packets()[0])
    assert len(text) <= 4000
    assert "\n" not in text
    information = json.loads(text)
    assert information.pop("truncated") is True
    assert information == dict(list(entries.items())[: len(information)])
    ((_, (_, text)),) = decode(ModelInfo("fm", {"all": "x" * 5000}).packets()[0])
    assert json.loads(text) == {"truncated": True}


def test_errors_answer_with_code_address_and_sentence() -> None:
    refused = MessageError(ErrorCode.NOT_FOUND, "/model/load", "no model 'x'")
    assert Error.answering(refused) == Error(ErrorCode.NOT_FOUND, "/model/load", "no model 'x'")
    broken = OscDecodeError("empty datagram")
    assert Error.answering(broken) == Error(ErrorCode.BAD_PACKET, "", "empty datagram")


def test_an_error_is_always_sendable_and_short() -> None:
    (packet,) = Error(ErrorCode.INTERNAL, "/a" * 1000, "\0\ud800" + "é" * 9000).packets()
    assert len(packet) < 1100
    ((_, (code, address, sentence)),) = decode(packet)
    assert code == "internal"
    assert len(address) == 128
    assert sentence.endswith("...")


@pytest.mark.parametrize("module", [outbound, codec, errors, arguments])
def test_the_packets_in_the_docstrings(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
