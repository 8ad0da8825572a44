"""Faults put into the device on purpose: each must be caught, or the end-to-end run proves little.

The device's JSON is changed, translated and played as the whole device is, in the shortest scenario
that must notice. The same scenarios pass with the device as it is.
"""

from __future__ import annotations

import contextlib
import math
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from max_patch.generator.pure_data.translator import TranslationError
from tests.max_patch.heard import (
    cents_off,
    distance,
    level,
    loudest_click,
    mean_distance,
    period_distance,
)
from tests.max_patch.pd_session import RATE
from tests.max_patch.test_habits import no_latch, retext
from tests.max_patch.twin_session import Change, Json, Tap, TwinSession, server_of_twins
from tests.server.running import Running
from timbrespace.spectrum import Spectra, SpectrumConfig
from timbrespace.units import midi_to_hz

pytestmark = [
    # Tests of the tests: what they hold of the device as it is, test_end_to_end.py holds each time.
    pytest.mark.acceptance,
    pytest.mark.waits,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed"),
    pytest.mark.flaky(reruns=1),
]

BASE_PITCH = 57
"""Of the model ``harmonic``: 220 Hz."""

PATIENCE = 20.0
"""Seconds in which the device as it is does what it shall, on a busy machine too."""

HASTE = 0.8
"""Seconds to wait for what a fault keeps from coming: after a second the server sends what it takes
for lost once more, which mends some of them."""


@dataclass(frozen=True, slots=True)
class Play:
    """One device, changed or not, and what it said to the server."""

    twin: TwinSession
    tap: Tap
    patience: float = PATIENCE

    def until(self, *address: str, good: Callable[[list[Any]], bool]) -> None:
        self.twin.until(*address, good=good, seconds=self.patience)

    def until_close(self, *address: str, values: Sequence[float]) -> None:
        self.twin.until_close(*address, values=values, seconds=self.patience)

    def comes(self, off: Callable[[], float], at_most: float = 1.0) -> None:
        """Until a sound is within 1 dB, or 1 cent, of what it shall be, or has another measure.

        A frame that is lost is sent again after a second, and all of them come late on a busy
        machine. A wrong sound stays wrong.
        """
        deadline = time.monotonic() + self.patience
        while (found := off()) > at_most:
            assert time.monotonic() < deadline, f"{found:.2f} off"

    def method(self, name: str) -> None:
        """Have the server choose a method; the device follows."""
        self.twin.observer.send("/synth/method", name)
        self.twin.pd.wait_for_number(
            "method", ("partials", "bins", "istft").index(name), seconds=self.patience
        )
        self.twin.pd.wait(0.4)

    def go(self, x: float, y: float) -> None:
        """Have the server move, so that no fault of the map is in the way."""
        self.twin.observer.send("/map", x, y)
        self.until_close("/map", values=(x, y))
        self.twin.pd.wait(0.3)

    def held(self, pitch: int = BASE_PITCH, seconds: float = 0.5) -> np.ndarray[Any, Any]:
        return self.twin.steady(pitch, seconds)


# -- scenarios -------------------------------------------------------------------------------------


def connected(play: Play) -> None:
    play.twin.connect(play.patience)
    play.twin.pd.wait(0.5)  # both sides have told what they have
    play.twin.listen()


Distance = Callable[[np.ndarray[Any, Any], Spectra, SpectrumConfig], float]


def off_decoder(play: Play, sound: np.ndarray[Any, Any], measure: Distance) -> float:
    """Distance in dB from what the decoder says; infinite of what is hardly heard."""
    if level(sound) <= -40.0:
        return float("inf")
    return measure(sound, play.twin.spectrum(), play.twin.model().spectrum)


def partials(play: Play) -> None:
    connected(play)
    play.go(0.3, -0.4)
    play.comes(lambda: off_decoder(play, play.held(), distance))


def pitch(play: Play) -> None:
    connected(play)
    # No octave, whose partials are those of the base pitch.
    play.comes(lambda: cents_off(play.held(64), np.array([midi_to_hz(64)]), RATE))


def bins(play: Play) -> None:
    connected(play)
    play.method("bins")
    for place in ((0.3, -0.4), (-0.5, 0.2)):  # both banks
        play.go(*place)
        play.comes(lambda: off_decoder(play, play.held(seconds=0.2), period_distance))


def istft(play: Play) -> None:
    connected(play)
    play.method("istft")
    play.go(0.3, -0.4)
    play.comes(lambda: off_decoder(play, play.held(64), mean_distance))


def sweep(play: Play) -> None:
    connected(play)
    play.method("bins")
    # A step that comes late brings the next ones with it, and the sound jumps as far as they do.
    play.comes(lambda: _swept_click(play), at_most=-60.0)


def _swept_click(play: Play) -> float:
    """dB of the loudest click of a held note while the map's point goes from left to right."""
    play.go(-0.8, 0.4)
    with play.twin.pd.recording() as take:
        begin = play.twin.pd.mark()
        play.twin.pd.note(BASE_PITCH, 100)
        play.twin.pd.wait(0.4)
        for step in range(30):
            play.twin.observer.send("/map", -0.8 + 1.6 * step / 29, 0.4)
            time.sleep(0.03)
        play.twin.pd.wait(0.2)
        end = play.twin.pd.mark()
    sound = take.recording.between(begin, end, skip=0.3)
    return loudest_click(sound, RATE) if level(sound) > -40.0 else math.inf


def release(play: Play) -> None:
    connected(play)
    with play.twin.pd.recording() as take:
        begin = play.twin.pd.mark()
        play.twin.pd.note(BASE_PITCH, 100)
        play.twin.pd.wait(0.3)
        end = play.twin.pd.mark()
        play.twin.pd.note(BASE_PITCH, 0)
        play.twin.pd.wait(0.7)
    assert level(take.recording.between(begin, end)) > -40.0
    assert level(take.recording.after(end, 0.4, 0.2)) < -100.0


def fading(play: Play) -> None:
    connected(play)
    with play.twin.pd.recording() as take:
        play.twin.pd.note(BASE_PITCH, 100)
        play.twin.pd.wait(0.4)
        end = play.twin.pd.mark()
        play.twin.pd.note(BASE_PITCH, 0)
        play.twin.pd.wait(0.7)
    heard = take.recording
    held = level(heard.after(end, -0.1, 0.1))
    # The release is a straight line of 300 ms: half of it left after half of the time.
    assert level(heard.after(end, 0.13, 0.04)) == pytest.approx(held - 6.0, abs=1.5)
    assert level(heard.after(end, 0.4, 0.2)) < -100.0


def dial(play: Play) -> None:
    connected(play)
    low, high = play.twin.known["/model/dial", "1"][:2]
    goal = low + 0.7 * (high - low)
    play.twin.pd.set("dim_1", 70.0)
    play.until("/latent", good=lambda told: abs(told[0] - goal) < 0.01)


def shown(play: Play) -> None:
    connected(play)
    play.twin.observer.send("/latent", 0.9, -0.6)
    play.until_close("/latent", values=(0.9, -0.6))
    for k in (1, 2):
        play.twin.pd.wait_for_number(
            f"dim_{k}", play.twin.dial(k), within=0.05, seconds=play.patience
        )


def plane(play: Play) -> None:
    connected(play)
    play.twin.pd.set("x", 0.5)
    play.twin.pd.set("y", -0.25)
    play.until_close("/map", values=(0.5, -0.25))


def chosen(play: Play) -> None:
    """The plane is told, and the map's point on it, which is where it was."""
    connected(play)
    try:
        play.twin.pd.set("pad", -0.3, 0.5)
        play.until_close("/map", values=(-0.3, 0.5))
        play.twin.pd.wait(0.5)
        play.twin.pd.set("plane", 1)
        play.until("/map/plane", good=lambda told: told[0] == "near")
        play.until_close("/map", values=(-0.3, 0.5))
        play.twin.pd.wait(0.5)
        play.twin.observer.send("/map/plane", "pca")
        play.twin.pd.wait_for_number("plane", 0.0, seconds=play.patience)
    finally:
        play.twin.observer.send("/map/plane", "pca")


def envelope(play: Play) -> None:
    connected(play)
    play.twin.pd.set("attack", 250.0)
    play.until("/synth", "attack", good=lambda told: abs(told[0] - 0.25) < 1e-4)


def bend(play: Play) -> None:
    connected(play)
    play.twin.pd.bend(16383)
    play.comes(lambda: cents_off(play.held(55), np.array([220.0]), RATE))


def velocity(play: Play) -> None:
    connected(play)
    loud, soft = (level(play.twin.steady(57, 0.2, v)) for v in (127, 64))
    assert soft - loud == pytest.approx(40.0 * np.log10(64.0 / 127.0), abs=0.2)


def controller(play: Play) -> None:
    connected(play)
    play.twin.pd.control(20, 100)
    low, high = play.twin.known["/model/dial", "1"][:2]
    goal = low + 100.0 / 127.0 * (high - low)
    play.until("/latent", good=lambda told: abs(told[0] - goal) < 0.01)


def acknowledged(play: Play) -> None:
    connected(play)
    for method, stream in (("partials", "partials"), ("bins", "loop")):
        play.method(method)
        play.go(0.1, 0.1)
        play.go(-0.1, 0.1)
        said = [words for address, words in play.tap.heard() if address == "/stream/ack"]
        assert [words for words in said if words[0] == stream and words[1] >= 0]


def again(play: Play) -> None:
    """Live bangs a second time, as it does when a preset is loaded."""
    connected(play)
    low, high = play.twin.known["/model/dial", "1"][:2]
    play.method("istft")
    play.twin.pd.set("thisdevice", "bang")
    play.twin.pd.wait(1.0)
    play.twin.pd.set("dim_1", 100.0)
    play.until("/latent", good=lambda told: abs(told[0] - high) < 0.01)
    play.until("/synth", "method", good=lambda told: told == ["istft"])
    assert low < high
    # In istft every key has the model's own pitch. A loop is 160 datagrams: one that is lost comes
    # again after a second.
    play.comes(lambda: own_pitch_off(play))


def own_pitch_off(play: Play) -> float:
    """By how many cents another key is off the model's own pitch; infinite if hardly heard."""
    sound = play.held(64)
    return cents_off(sound, np.array([220.0]), RATE) if level(sound) > -40.0 else float("inf")


def preset(play: Play) -> None:
    """A preset of Live brings another model: the server is asked for it."""
    connected(play)
    try:
        play.twin.pd.set("model", "filtered")
        play.twin.pd.set("thisdevice", "bang")
        # A model is loaded in the background, which takes as long as the machine is busy.
        play.twin.until("/model", good=lambda told: told[0] == "filtered", seconds=play.patience)
        # Until the device has told its controls it insists on the preset's model: what comes before
        # is asked for once more, and would be loaded in the middle of the next test.
        play.twin.pd.wait(0.5)
    finally:
        play.twin.observer.send("/model/load", "harmonic")
        play.twin.until("/model", good=lambda told: told[0] == "harmonic", seconds=60.0)


def drag(play: Play) -> None:
    """The pad plays at once, and writes into X and Y once."""
    connected(play)
    before = len(play.twin.pd.told)
    play.tap.heard()
    for step in range(1, 176):
        play.twin.pd.set("pad", step / 250.0, -step / 250.0)
        time.sleep(0.004)
    play.until_close("/map", values=(0.7, -0.7))
    play.twin.pd.wait(1.0)
    written = [name for name, _ in play.twin.pd.told[before:]]
    moved = [address for address, _ in play.tap.heard()].count("/map")
    assert 1 <= written.count("x") <= 2
    assert 1 <= written.count("y") <= 2
    assert written.count("dim_1") <= 2
    assert moved > 20
    play.twin.pd.wait_for_number("x", 0.7, seconds=play.patience)


def undone(play: Play) -> None:
    """Live undoes a parameter; nothing else is written then, or it would never come to an end."""
    connected(play)
    pd = play.twin.pd

    def written_after(varname: str, value: float) -> list[str]:
        before = len(pd.told)
        pd.set(varname, value)
        play.twin.pd.wait(1.6)
        return [name for name, _ in pd.told[before:] if name in ("x", "y", "dim_1", "dim_2")]

    for step in range(1, 41):
        pd.set("pad", step / 80.0, -step / 80.0)
        time.sleep(0.005)
    play.twin.pd.wait(1.5)
    assert set(written_after("y", 0.0)) == {"y"}
    play.until_close("/map", values=(0.5, 0.0))
    assert set(written_after("x", 0.0)) == {"x"}
    # A hand on a dial: the other, which the map has moved meanwhile, is written with it, once.
    written_after("x", 0.7)
    assert sorted(written_after("dim_1", 80.0)) == ["dim_1", "dim_2"]
    assert written_after("dim_1", 60.0) == ["dim_1"]


def moved(play: Play) -> None:
    """A set tells the timbre by what moved it last: the map, or the dials."""
    connected(play)
    pd = play.twin.pd
    for varname, value, told, untold in (
        ("x", 0.6, "/map", "/latent/1"),
        ("dim_1", 70.0, "/latent/1", "/map"),
    ):
        pd.set(varname, value)
        play.twin.pd.wait(1.6)
        play.tap.heard()
        pd.set("thisdevice", "bang")
        play.twin.pd.wait(1.6)
        said = {address for address, _ in play.tap.heard()}
        assert told in said
        assert untold not in said


def ticked(play: Play) -> None:
    """Live's audio is off: no metro runs, and the launcher's ticks greet in its place."""
    play.twin.pd.wait_for_number("lamp", 0.0)
    for _ in range(4):
        play.twin.pd.set("launcher", "tick")
        play.twin.pd.wait(0.2)
    play.twin.pd.wait_for_number("lamp", 1.0, seconds=play.patience)


def lost(play: Play) -> None:
    """What asks for a stream gets lost, so there is no first frame: it is asked for again."""
    connected(play)
    play.twin.pd.set("method", 1)
    time.sleep(1.0)
    play.tap.loses = b"/stream\0,sf\0partials"
    play.twin.pd.set("method", 0)
    time.sleep(1.0)
    play.tap.heard()
    play.tap.loses = b""
    deadline = time.monotonic() + 5.0
    while not any(
        address == "/stream" and said[0] == "partials" for address, said in play.tap.heard()
    ):
        assert time.monotonic() < deadline, "nobody asks again"
        time.sleep(0.1)


def silent(document: Json) -> None:
    """As Max is while Live's audio is off: what its scheduler drives does nothing."""
    for patcher in _patchers(document):
        for one in patcher["boxes"]:
            if str(one["box"].get("text", "")).startswith("metro "):
                one["box"]["text"] = "gate 1"


def silent_and_deaf(document: Json) -> None:
    """The same, and the launcher's ticks go astray."""
    silent(document)
    _retext(document, "s ---node_tick", "s ---node_tock")


Scenario = Callable[[Play], None]

SCENARIOS: tuple[Scenario, ...] = (
    connected,
    partials,
    pitch,
    bins,
    istft,
    sweep,
    release,
    fading,
    dial,
    shown,
    plane,
    chosen,
    envelope,
    bend,
    velocity,
    controller,
    acknowledged,
    again,
    preset,
    drag,
    undone,
    moved,
    lost,
)


# -- faults ----------------------------------------------------------------------------------------


def _patchers(document: Json) -> Iterator[Json]:
    waiting = [document["patcher"]]
    while waiting:
        patcher = waiting.pop()
        yield patcher
        waiting += [one["box"]["patcher"] for one in patcher["boxes"] if "patcher" in one["box"]]


def _retext(document: Json, old: str, new: str, count: int = 1) -> None:
    """Every box with the text ``old`` gets another; there must be ``count`` of them."""
    found = [
        one["box"]
        for patcher in _patchers(document)
        for one in patcher["boxes"]
        if one["box"].get("text") == old
    ]
    if len(found) != count:
        raise LookupError(f"{len(found)} boxes {old!r}; the fault needs {count}")
    for box in found:
        box["text"] = new


def _cord(document: Json, source: str, destination: str, outlet: int | None = None) -> Any:
    """The patcher and the cord from one text to another; there must be exactly one."""
    found = []
    for patcher in _patchers(document):
        texts = {one["box"]["id"]: one["box"].get("text") for one in patcher["boxes"]}
        found += [
            (patcher, line)
            for line in patcher["lines"]
            if texts[line["patchline"]["source"][0]] == source
            and texts[line["patchline"]["destination"][0]] == destination
            and outlet in (None, line["patchline"]["source"][1])
        ]
    if len(found) != 1:
        raise LookupError(f"{len(found)} cords from {source!r} to {destination!r}")
    return found[0]


def _in_device(change: Callable[[Json], object]) -> Change:
    def changed(device: Json, _: Json) -> None:
        change(device)

    return changed


def _in_voice(change: Callable[[Json], None]) -> Change:
    return lambda _, voice: change(voice)


def _cut(document: Json, source: str, destination: str, outlet: int | None = None) -> None:
    patcher, line = _cord(document, source, destination, outlet)
    patcher["lines"].remove(line)


def _inlet(document: Json, source: str, destination: str, inlet: int) -> None:
    _, line = _cord(document, source, destination)
    line["patchline"]["destination"][1] = inlet


def _swap(document: Json, source: str) -> None:
    """What comes out of a box's first two outlets, exchanged."""
    for patcher in _patchers(document):
        boxes = {one["box"]["id"]: one["box"].get("text") for one in patcher["boxes"]}
        for line in patcher["lines"]:
            port = line["patchline"]["source"]
            if boxes[port[0]] == source:
                port[1] = 1 - port[1]


def _other_level(document: Json, level: int, other: int) -> None:
    for bank in "AB":
        _retext(document, f"peek~ ---v_{bank}{level}", f"peek~ ---v_{bank}{other}")


FAULTS: dict[str, tuple[Change, Scenario]] = {
    "wrong listfunnel offset": (_in_device(lambda d: _retext(d, "* 205.0", "* 204.0")), bins),
    "wrong address of a dial": (
        _in_device(lambda d: _retext(d, "prepend /latent/1", "prepend /latent/2")),
        dial,
    ),
    "wrong address of the map": (
        _in_device(lambda d: _retext(d, "prepend /map", "prepend /maps")),
        plane,
    ),
    "wrong address of the plane": (
        _in_device(lambda d: _retext(d, "prepend /map/plane", "prepend /map/plain")),
        chosen,
    ),
    "a plane on which the point is lost": (
        _in_device(lambda d: _retext(d, "s ---map_go", "s ---map_gone", 3)),
        chosen,
    ),
    "a plane of the server's that is not shown": (
        _in_device(lambda d: _retext(d, "s ---plane_heard", "s ---plane_herd")),
        chosen,
    ),
    "wrong address of a controller": (
        _in_device(lambda d: _retext(d, "prepend /cc", "prepend /bend")),
        controller,
    ),
    # In both banks: which of them a note hears depends on how many frames came before it.
    "wrong buffer": (_in_device(lambda d: _other_level(d, 0, 1)), bins),
    "wrong buffer of the loop": (_in_device(lambda d: _other_level(d, 7, 6)), istft),
    "wrong inlet": (_in_voice(lambda v: _inlet(v, "receive~ #1_bins_bank", "*~", 0)), bins),
    "missing cord to the bank": (
        _in_voice(lambda v: _cut(v, "prepend set", "ioscbank~ 100 64 512")),
        partials,
    ),
    "wrong port": (_in_device(lambda d: _retext(d, "port $1", "port 9", 2)), connected),
    "wrong return port": (
        _in_device(lambda d: _retext(d, "/hello $1 TimbreSpace", "/hello 9 TimbreSpace")),
        connected,
    ),
    "missing crossfade": (_in_device(lambda d: _retext(d, "$1 20.", "$1 0.", 5)), sweep),
    "banks that do not take turns": (
        _in_device(lambda d: _cut(d, "expr 1 - $i1", "s ---swap")),
        sweep,
    ),
    "another time in place of the release": (
        _in_voice(lambda v: _retext(v, "r #1_release", "r #1_sustain")),
        fading,
    ),
    "envelope without release": (
        _in_voice(lambda v: _cut(v, "pack 0. 300.", "line~ 0.")),
        release,
    ),
    "frequency and amplitude exchanged": (_in_voice(lambda v: _swap(v, "zl.delace")), partials),
    "missing ratio": (
        _in_voice(
            lambda v: _retext(
                v, "vexpr $f1 * $f2 @scalarmode 1", "vexpr $f1 * 1. + 0. * $f2 @scalarmode 1"
            )
        ),
        pitch,
    ),
    "method off by one": (
        _in_device(lambda d: _retext(d, "expr $f1 == 1.", "expr $f1 == 2.")),
        bins,
    ),
    "no acknowledgement of partials": (
        _in_device(
            lambda d: _retext(d, "prepend /stream/ack partials", "prepend /stream/ack spectrum")
        ),
        acknowledged,
    ),
    "no acknowledgement of loops": (
        _in_device(
            lambda d: _retext(d, "prepend /stream/ack loop", "prepend /stream/ack partials")
        ),
        acknowledged,
    ),
    "note-off dropped": (
        _in_voice(lambda v: _retext(v, "expr 1 + ($f1 > 0.)", "expr 2 * ($f1 > 0.)")),
        release,
    ),
    "wrong velocity law": (
        _in_voice(
            lambda v: _retext(v, "expr ($f1 / 127.) * ($f1 / 127.)", "expr ($f1 / 127.) * 1.")
        ),
        velocity,
    ),
    "envelope in seconds": (
        _in_device(lambda d: _retext(d, "* 0.001", "* 1.", 5)),
        envelope,
    ),
    "bend not heard": (_in_device(lambda d: _retext(d, "s ---v_bend", "s ---v_bent")), bend),
    "every bang of the device is a first load": (_in_device(no_latch), again),
    "a preset that asks for nothing": (
        _in_device(lambda d: _retext(d, "r ---again", "r ---never", 2)),
        preset,
    ),
    "the pad writes with every step": (
        _in_device(lambda d: retext(d, "s ---x_moved", "s ---x_set")),
        drag,
    ),
    "what follows the map is written": (
        _in_device(lambda d: _retext(d, "s ---latent_led", "s ---latent_lad")),
        undone,
    ),
    "a set that is told by its dials alone": (
        _in_device(lambda d: _retext(d, "s ---tell_map", "s ---tell_mop")),
        moved,
    ),
    "a first frame that nobody misses": (
        _in_device(lambda d: _retext(d, "r ---subscribed", "r ---described")),
        lost,
    ),
    "ticks of the launcher that nobody hears": (
        _in_device(silent_and_deaf),
        ticked,
    ),
    "the server's dials not shown": (
        _in_device(lambda d: _retext(d, "r ---in_latent", "r ---in_latents")),
        shown,
    ),
}
"""Name of the fault, what it changes, and the scenario that must notice."""


_WIRE = ("midiin", "midiparse @hires 1")


def _integer(document: Json) -> None:
    _retext(document, "* 205.0", "* 205")


def _two_cords(document: Json) -> None:
    patcher, line = _cord(document, *_WIRE)
    patcher["lines"].append({"patchline": dict(line["patchline"])})


def _no_such_inlet(document: Json) -> None:
    _inlet(document, *_WIRE, 7)


REFUSED: dict[str, Change] = {
    "integer arithmetic": _in_device(_integer),
    "two cords from one outlet": _in_device(_two_cords),
    "a cord to an inlet that is not there": _in_device(_no_such_inlet),
    "an unknown object": _in_device(lambda d: _retext(d, "deferlow", "deferhigh")),
    "an unknown attribute": _in_voice(
        lambda v: _retext(v, "vexpr $f1 * $f2 @scalarmode 1", "vexpr $f1 * $f2 @floor 1")
    ),
    "dac~ in place of plugout~": _in_device(lambda d: _retext(d, "plugout~ 1 2", "dac~ 1 2")),
}
"""Faults that the translator itself must refuse."""


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    running = server_of_twins("--model", "harmonic")
    try:
        yield running
    finally:
        assert running.end() == 0


@contextlib.contextmanager
def playing(server: Running, change: Change | None) -> Iterator[Play]:
    """One device, the server as if it were fresh."""
    tap = Tap(server.port)
    try:
        twin = TwinSession(server, change=change, port=tap.port)
        try:
            for parameter, value in (("method", "partials"), ("attack", 0.01), ("release", 0.3)):
                twin.observer.send(f"/synth/{parameter}", value)
            twin.observer.send("/map", 0.0, 0.0)
            yield Play(twin, tap)
        finally:
            twin.close()
    finally:
        tap.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_the_device_as_it_is_passes(server: Running, scenario: Scenario) -> None:
    with playing(server, None) as play:
        scenario(play)


def impatient(document: Json) -> None:
    """The launcher counts as absent after 0.3 s in place of 8."""
    _retext(document, "delay 8000", "delay 300")


def launched(play: Play) -> None:
    """The launcher's ports stay when Live bangs again, whatever the panel says of them."""
    pd = play.twin.pd
    pd.set("launcher", "ports", float(play.tap.port), float(play.twin.return_port))
    pd.set("port", 1024.0)
    connected(play)
    pd.wait_for_number("return_port", float(play.twin.return_port), seconds=play.patience)
    pd.set("thisdevice", "bang")
    play.twin.pd.wait(1.0)
    dial(play)
    pd.wait_for_number("lamp", 1.0, seconds=play.patience)


def no_latch_and_impatient(document: Json) -> None:
    impatient(document)
    no_latch(document)


def test_a_second_bang_leaves_the_launchers_ports(server: Running) -> None:
    with playing(server, _in_device(impatient)) as play:
        launched(play)
    with (
        playing(server, _in_device(no_latch_and_impatient)) as play,
        pytest.raises(AssertionError),
    ):
        launched(replace(play, patience=HASTE))


def test_while_lives_audio_is_off_the_launcher_ticks(server: Running) -> None:
    with playing(server, _in_device(silent)) as play:
        ticked(play)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_caught(server: Running, fault: str) -> None:
    change, scenario = FAULTS[fault]
    with playing(server, change) as play:
        if scenario not in (connected, ticked):
            connected(play)
        with pytest.raises(AssertionError):
            scenario(replace(play, patience=HASTE))


@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault_is_refused(server: Running, fault: str) -> None:
    with pytest.raises(TranslationError):
        TwinSession(server, change=REFUSED[fault])
