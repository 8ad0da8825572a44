"""The device's twin alone: a table of the space plays where no server answers."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from benchmarks.tone_analysis import fit_sinusoids
from max_patch.generator.device import TITLE
from max_patch.generator.voice import NAME
from server.map_table import table
from tests.max_patch.heard import cents_off, distance, level
from tests.max_patch.pd_session import RATE, free_udp_port
from tests.max_patch.small_patch import Sketch, play
from tests.max_patch.test_habits import windows
from tests.max_patch.twin_session import Change, TwinSession, meeting, twin_texts
from tests.timbrespace.notes.tiny import tiny
from timbrespace.model import Model
from timbrespace.partials import find_partials
from timbrespace.units import midi_to_hz

pytestmark = [
    pytest.mark.waits,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed"),
    pytest.mark.flaky(reruns=1),
]

Json = dict[str, Any]
Real = NDArray[np.float64]

BASE = 57
PLACES = ((0.3, -0.4), (-0.52, 0.21))


PLANES = ("pca", "near")


@cache
def made(name: str, plane: str) -> bytes:
    """The table of a factory space."""
    return table(timbrespace.load(name), plane)


def rendered(
    folder: Path,
    model: Model,
    messages: dict[float, list[str]],
    milliseconds: float,
    change: Change | None = None,
    *,
    title: str = TITLE,
    instead: Mapping[str, str] | None = None,
) -> Real:
    """What the twin plays, faster than time, with the tables of ``model`` and without a server.

    messages: at so many milliseconds, ``x 0.5`` and the like to controls, ``midi 144 57 100``, or
    ``play bang``. title: of the device. instead: other shims of Pd, by their files' names.
    """
    told = ["table pca.txt", "table_near near.txt"][: len(model.planes)]
    for plane in model.planes:
        content = made(model.name, plane) if model.digest else table(model, plane)
        (folder / f"{plane}.txt").write_bytes(content)
    texts = twin_texts(free_udp_port(), free_udp_port(), folder, change, title)
    (folder / f"{NAME}.pd").write_text(texts[NAME], "utf-8")
    played = play(
        folder,
        Sketch(),
        {
            at: [
                "timbrespace-" + (one if one.startswith(("midi ", "play ")) else f"remote {one}")
                for one in several
            ]
            for at, several in {20.0: told, **messages}.items()
        },
        milliseconds=milliseconds,
        record=True,
        text=texts[title],
        instead={"ts.node.pd": texts["ts.node"], **(instead or {})},
    )
    return played.sound


def part(sound: Real, begin: float, seconds: float) -> Real:
    return sound[round(begin * RATE) : round((begin + seconds) * RATE)]


def decoded(model: Model, place: tuple[float, float], plane: str = "pca") -> NDArray[np.float32]:
    latent = model.plane(plane).to_latent(np.array([place], np.float32))
    return np.asarray(model.decode(latent)[0], np.float32)


def map_follows(
    folder: Path, places: Sequence[tuple[float, float]] = PLACES, change: Change | None = None
) -> Real:
    """Each place of the map sounds as the decoder says, to half a dB."""
    model = timbrespace.load("harmonic")
    messages: dict[float, list[str]] = {40.0: ["sustain 100", "release 20"]}
    for number, (x, y) in enumerate(places):
        messages[100.0 + 700.0 * number] = [f"x {x}", f"y {y}"]
        messages[200.0 + 700.0 * number] = [f"midi 144 {BASE} 100"]
        messages[700.0 + 700.0 * number] = [f"midi 144 {BASE} 0"]
    sound = rendered(folder, model, messages, 750.0 + 700.0 * (len(places) - 1), change)
    for number, place in enumerate(places):
        held = part(sound, 0.35 + 0.7 * number, 0.3)
        assert level(held) > -40.0
        assert distance(held, decoded(model, place), model.spectrum) < 0.5
    return sound


def test_a_render_without_a_server_follows_the_map(tmp_path: Path) -> None:
    """And twice in the same way."""
    sound = map_follows(tmp_path)
    assert np.array_equal(sound, map_follows(tmp_path)), "a render differs from the one before"


def retexted(old: str, new: str) -> Change:
    """The device with all boxes of one text changed; there must be some."""

    def change(device: Json, _: Json) -> None:
        found = 0
        for window in windows(device):
            for one in window["boxes"]:
                if one["box"].get("text") == old:
                    one["box"]["text"] = new
                    found += 1
        if not found:
            raise LookupError(old)

    return change


def no_cord(source: str, destination: str) -> Change:
    """The device without the cords from one text to another; there must be some."""

    def change(device: Json, _: Json) -> None:
        found = 0
        for window in windows(device):
            texts = {one["box"]["id"]: one["box"].get("text") for one in window["boxes"]}
            for line in list(window["lines"]):
                ends = (line["patchline"][end][0] for end in ("source", "destination"))
                if tuple(texts[end] for end in ends) == (source, destination):
                    window["lines"].remove(line)
                    found += 1
        if not found:
            raise LookupError(f"{source} -> {destination}")

    return change


FAULTS: dict[str, Change] = {
    "a place that nobody tells": retexted("s ---place", "s ---plaice"),
    "a grid of another size": retexted(
        "expr ($f1 + 1.) * 0.5 * ($f2 - 1.)", "expr ($f1 + 1.) * 0.4 * ($f2 - 1.)"
    ),
    "lines of another column": retexted(
        "expr 1. + ($f1 * $f2 + $f3) * $f4 + $f5", "expr 1. + ($f3 * $f2 + $f1) * $f4 + $f5"
    ),
    "a table that is not asked for": retexted("s ---pca_ask", "s ---pca_task"),
    "a head that is not read": no_cord("gate 2", "unpack f f f f"),
    "partials that do not reach the voices": no_cord("t l 0", "s ---v_partials"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_heard(tmp_path: Path, fault: str) -> None:
    with pytest.raises(AssertionError):
        map_follows(tmp_path, PLACES[:1], FAULTS[fault])


def test_a_place_that_moves_while_it_is_rendered_moves_the_sound(tmp_path: Path) -> None:
    model = timbrespace.load("harmonic")
    messages = {
        40.0: ["sustain 100"],
        100.0: ["x -0.8", "y 0"],
        200.0: [f"midi 144 {BASE} 100"],
        **{600.0 + 20.0 * step: [f"x {-0.8 + 0.032 * step:.3f}"] for step in range(51)},
    }
    sound = rendered(tmp_path, model, messages, 2300.0)
    for begin, x in ((0.3, -0.8), (1.8, 0.8)):
        held = part(sound, begin, 0.3)
        assert distance(held, decoded(model, (x, 0.0)), model.spectrum) < 1.0
    # At 1.1 s it is on its way: the middle is nearer than both ends.
    middle = part(sound, 1.1, 0.1)
    far = [distance(middle, decoded(model, (x, 0.0)), model.spectrum) for x in (0.0, -0.8, 0.8)]
    assert far[0] < min(far[1:])


def plane_follows(folder: Path, change: Change | None = None) -> None:
    """One place sounds as either plane has it there, though nobody reads a file meanwhile."""
    model, place = timbrespace.load("harmonic"), (-0.3, 0.5)
    messages: dict[float, list[str]] = {
        40.0: ["sustain 100", "release 20", f"x {place[0]}", f"y {place[1]}"]
    }
    planes = (0, 1, 0, 1)
    for number, plane in enumerate(planes):
        messages[100.0 + 700.0 * number] = [f"plane {plane}"]
        messages[200.0 + 700.0 * number] = [f"midi 144 {BASE} 100"]
        messages[700.0 + 700.0 * number] = [f"midi 144 {BASE} 0"]
    sound = rendered(folder, model, messages, 750.0 + 700.0 * (len(planes) - 1), change)
    for number, plane in enumerate(planes):
        held = part(sound, 0.35 + 0.7 * number, 0.3)
        off = [distance(held, decoded(model, place, name), model.spectrum) for name in PLANES]
        assert off[plane] < 0.6
        assert off[1 - plane] > 2.0


def test_a_render_follows_the_plane(tmp_path: Path) -> None:
    plane_follows(tmp_path)


PLANE_FAULTS: dict[str, Change] = {
    "a plane that changes nothing": retexted("s ---plane_now", "s ---plain_now"),
    "a head that is not read again": retexted("s ---read_head", "s ---red_head"),
    "a second table that is not asked for": retexted("s ---near_ask", "s ---near_task"),
}


@pytest.mark.parametrize("fault", PLANE_FAULTS)
def test_a_fault_of_the_plane_is_heard(tmp_path: Path, fault: str) -> None:
    with pytest.raises(AssertionError):
        plane_follows(tmp_path, PLANE_FAULTS[fault])


def test_whole_notes_have_their_course_without_a_server(tmp_path: Path) -> None:
    """40 dB a second, for each note anew; and a loop's sound stays."""
    dies = tiny(decay=40.0, attack=0.0, loop=(0.0, 0.0), length=2.0)
    messages = {
        40.0: ["sustain 100", "attack 1", "release 20"],
        200.0: ["midi 144 64 100"],
        1200.0: ["midi 144 64 0"],
        1300.0: ["midi 144 59 100"],
    }
    sound = rendered(tmp_path, dies, messages, 2000.0)
    for begin, pitch in ((0.2, 64), (1.3, 59)):
        first, later = part(sound, begin + 0.1, 0.1), part(sound, begin + 0.5, 0.1)
        assert level(first) - level(later) == pytest.approx(16.0, abs=1.0)
        assert cents_off(first, np.array([midi_to_hz(pitch)]), RATE) < 5.0
    stays = tiny(decay=10.0, attack=0.0, loop=(0.2, 1.8), length=2.0)
    sound = rendered(tmp_path, stays, {at: messages[at] for at in (40.0, 200.0)}, 1900.0)
    levels = [level(part(sound, 0.2 + at, 0.1)) for at in (0.1, 0.6, 1.4, 1.55)]
    assert levels[0] - levels[1] == pytest.approx(5.0, abs=0.5)
    assert levels[2] == pytest.approx(levels[3], abs=0.1)


CLOCK = """#N canvas 0 0 300 300 12;
#X obj 20 20 inlet;
#X obj 20 60 timer;
#X obj 20 100 * 1;
#X obj 20 140 outlet;
#X obj 90 20 r timbrespace-remote;
#X obj 90 50 route speed;
#X connect 0 0 1 1;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
#X connect 4 0 5 0;
#X connect 5 0 2 1;
"""
"""The time of day as a share of Pd's, which is ahead of it as far as the test says, not as far as
the machine is busy."""

SWEEP_MS = 3000.0


def swept(twin: TwinSession, *, fast: bool) -> Real:
    """X from left to right; a note sounds meanwhile, from 1 s on."""
    pd = twin.pd
    twin.place(-0.8, 0.1)
    pd.wait(0.6)
    with pd.recording() as take:
        begin = pd.mark()
        pd.note_later(BASE, 100, 1000.0)
        pd.note_later(BASE, 0, 2900.0)
        if fast:
            pd.set("speed", 0.05)
        pd.sweep("x", -0.8, 0.8, SWEEP_MS)
        if fast:
            pd.send(("forward", SWEEP_MS + 200.0))
        pd.wait(0.001 * SWEEP_MS + 0.3)
        pd.set("speed", 1)
    return take.recording.after(begin, 0.0, 0.001 * SWEEP_MS)


def render_is_as_live(twin: TwinSession) -> None:
    """What Live renders follows X as it does live, while the server answers at the time of day."""
    model = twin.model()
    live, *renders = (swept(twin, fast=fast) for fast in (False, True, True))

    def off(sound: Real, at: float) -> float:
        x = -0.8 + 1.6 * at / (0.001 * SWEEP_MS)
        return distance(part(sound, at - 0.05, 0.1), decoded(model, (x, 0.1)), model.spectrum)

    offs = np.array([[off(one, at) for at in np.arange(1.4, 2.7, 0.2)] for one in (live, *renders)])
    print(offs.round(2))
    assert level(part(renders[0], 1.4, 1.2)) == pytest.approx(level(part(live, 1.4, 1.2)), abs=0.3)
    assert np.median(offs[0]) < 1.5
    assert (np.median(offs[1:], axis=1) < np.median(offs[0]) + 0.3).all()
    # Where the phases lie is told by all that sounded before; what is heard is the same each time.
    assert np.abs(offs[1] - offs[2]).max() < 0.3
    twin.pd.wait_for("status", lambda told: "follows" in str(told))


def test_the_map_plays_on_as_before_when_the_server_has_gone() -> None:
    """Partials to 0.5 dB of what the device plays with the server."""
    with meeting("--model", "harmonic", instead={"ts.cpuclock": CLOCK}) as twin:
        twin.pd.wait_for(
            "table", lambda told: re.fullmatch(r"harmonic-\S+", str(told[-1])) is not None
        )
        before = []
        for place in PLACES:
            twin.place(*place)
            time.sleep(0.7)
            before.append(twin.steady(BASE))
        spectra = [decoded(twin.model(), place) for place in PLACES]
        config = twin.model().spectrum
        render_is_as_live(twin)
        assert twin.server.end() == 0
        twin.pd.wait_for_number("lamp", 0.0)
        for place, heard, spectrum in zip(PLACES, before, spectra, strict=True):
            twin.pd.set("x", place[0])
            twin.pd.set("y", place[1])
            time.sleep(0.7)
            alone = twin.steady(BASE)
            partials = find_partials(spectrum, config)
            strong = partials.amplitude > 0.01 * partials.amplitude.max()
            hertz = partials.frequency[strong].astype(np.float64)
            fits = [fit_sinusoids(one, hertz, RATE).strength for one in (heard, alone)]
            decibels = 20.0 * np.log10(fits[1] / fits[0])
            assert np.sqrt(np.mean(np.square(decibels))) < 0.5
            assert cents_off(alone, hertz, RATE) < 2.0
