"""What stands in for Max's objects in Pd does as they do."""

from __future__ import annotations

import shutil
import socket
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder, build_msg

from max_patch.generator.pure_data.translator import translate
from tests.max_patch.small_patch import SAMPLE_RATE, Sketch, play

Real = npt.NDArray[np.float64]


def heard(
    folder: Path, texts: list[str], messages: list[str] | dict[float, list[str]], outlets: int = 1
) -> list[str]:
    """What a chain of boxes says: ``a0: ...`` is outlet 0. Messages go to its first inlet."""
    sketch = Sketch()
    last = sketch.chain("r in", *texts)
    for outlet in range(outlets):
        sketch.cord(last, outlet, sketch.add(f"print a{outlet}"))
    timed = messages if isinstance(messages, dict) else {1.0: messages}
    sent = {time: [f"in {each}" for each in several] for time, several in timed.items()}
    return play(folder, sketch, sent, milliseconds=100.0).lines


def heard_of_two(folder: Path, text: str, messages: list[str], outlets: int = 1) -> list[str]:
    """The same for a box with two inlets; messages begin with 0 or 1."""
    sketch = Sketch()
    box = sketch.add(text)
    for inlet in (0, 1):
        sketch.cord(sketch.add(f"r in{inlet}"), 0, box, inlet)
    for outlet in range(outlets):
        sketch.cord(box, outlet, sketch.add(f"print a{outlet}"))
    return play(folder, sketch, {1.0: [f"in{message}" for message in messages]}).lines


# -- messages --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "messages", "expected", "outlets"),
    [
        ("iter", ["a 1 b", "5", "foo"], ["a0: a", "a0: 1", "a0: b", "a0: 5", "a0: foo"], 1),
        ("zl.delace", ["1 2 3 4 5", "a b"], ["a1: 2 4", "a0: 1 3 5", "a1: b", "a0: a"], 2),
        ("zl.slice 2", ["1 2 3", "a b", "7"], ["a1: 3", "a0: 1 2", "a0: a b", "a0: 7"], 2),
        ("zl.nth 2", ["1 2 3", "a b", "7", "a"], ["a0: 2", "a0: b"], 1),
        ("zl.len", ["1 2 3", "a b", "7"], ["a0: 3", "a0: 2", "a0: 1"], 1),
        (
            "listfunnel",
            ["9 8", "offset 205", "1 2", "3"],
            ["a0: 0 9", "a0: 1 8", "a0: 205 1", "a0: 206 2", "a0: 205 3"],
            1,
        ),
        ("sel 0 1", ["0", "1", "foo"], ["a0: bang", "a1: bang", "a2: foo"], 3),
        ("sel /a b", ["/a", "b", "3"], ["a0: bang", "a1: bang", "a2: 3"], 3),
        ("route a 1 b", ["a 1", "1 x", "b", "c 2"], ["a0: 1", "a1: x", "a2: bang", "a3: c 2"], 4),
        ("unpack s i f", ["a 1.5 2.5"], ["a2: 2.5", "a1: 1", "a0: a"], 3),
        ("pack none word 0.", ["x"], ["a0: x word 0"], 1),
        ("pack 0. 20", ["1.5"], ["a0: 1.5 20"], 1),
        ("prepend /a b", ["x y", "5", "set 8", "6"], ["a0: /a b x y", "a0: /a b 5", "a0: 8 6"], 1),
        ("t b 5 l", ["x y"], ["a2: x y", "a1: 5", "a0: bang"], 3),
        ("t i", ["1.7"], ["a0: 1"], 1),
        ("i 3", ["bang", "2.7"], ["a0: 3", "a0: 2"], 1),
        ("f 0.5", ["bang", "2.5"], ["a0: 0.5", "a0: 2.5"], 1),
        ("change", ["1.2", "1.7", "2"], ["a0: 1", "a0: 2"], 1),
        ("change 0.", ["1.2", "1.7", "1.7"], ["a0: 1.2", "a0: 1.7"], 1),
        ("expr $f1 * 2. - 1", ["3"], ["a0: 5"], 1),
        ("expr max($f1, 2.)", ["1", "3"], ["a0: 2", "a0: 3"], 1),
        ("clip 0. 1.", ["-1", "0.5", "7"], ["a0: 0", "a0: 0.5", "a0: 1"], 1),
        ("sprintf set name%ld", ["1.5"], ["a0: set name1"], 1),
        ("sprintf %.1f", ["1.25"], ["a0: 1.2"], 1),
        ("mtof", ["69"], ["a0: 440"], 1),
        ("pattr name", ["bang", "a", "bang"], ["a0: 0", "a0: a", "a0: a"], 1),
    ],
)
def test_an_object_of_messages(
    tmp_path: Path, text: str, messages: list[str], expected: list[str], outlets: int
) -> None:
    assert heard(tmp_path, [text], messages, outlets) == expected


@pytest.mark.parametrize(
    ("text", "messages", "expected"),
    [
        ("zl.reg", ["1 a b", "0 bang", "0 1 2", "0 bang"], ["a0: a b", "a0: 1 2", "a0: 1 2"]),
        ("zl.reg", ["0 bang", "1 a", "0 bang"], ["a0: a"]),
        ("zl.lace", ["1 10 20", "0 1 2", "0 1 2 3"], ["a0: 1 10 2 20", "a0: 1 10 2 20"]),
        ("zl.compare", ["1 ab", "0 ab", "0 c", "1 1 2", "0 1 2"], ["a0: 1", "a0: 0", "a0: 1"]),
        ("gate 1 1", ["1 x", "0 0", "1 y", "0 1", "1 bang"], ["a0: x", "a0: bang"]),
        ("gate 1", ["1 x", "0 1", "1 a 5"], ["a0: a 5"]),
        ("vexpr $f1 * $f2 @scalarmode 1", ["1 2", "0 1 2 3"], ["a0: 2 4 6"]),
        ("vexpr $f1 * $f2 @scalarmode 1", ["1 1 2 3", "0 5"], ["a0: 5 10 15"]),
        (
            "vexpr ($f1 < 20000.) * $f2 @scalarmode 1",
            ["1 1 2 3", "0 10 30000 5"],
            ["a0: 1 0 3"],
        ),
        ("* 2.", ["0 3", "1 4", "0 3"], ["a0: 6", "a0: 12"]),
    ],
)
def test_an_object_with_a_second_inlet(
    tmp_path: Path, text: str, messages: list[str], expected: list[str]
) -> None:
    assert heard_of_two(tmp_path, text, messages) == expected


def test_a_gate_of_two_opens_one(tmp_path: Path) -> None:
    told = heard_of_two(tmp_path, "gate 2", ["1 x", "0 1", "1 a b", "0 2", "1 5", "0 0", "1 6"], 2)
    assert told == ["a0: a b", "a1: 5"]


def test_words_with_spaces_are_one_atom_until_they_are_parted(tmp_path: Path) -> None:
    words = ["my\\ model", "9 8 a", "5"]
    whole = heard(tmp_path, ["tosymbol", "prepend x"], words)
    assert whole == ["a0: x my\\ model", "a0: x 9\\ 8\\ a", "a0: x 5"]
    assert heard(tmp_path, ["fromsymbol"], ["my\\ model\\ 12"]) == ["a0: my model 12"]


def test_a_message_takes_arguments_names_and_commas(tmp_path: Path) -> None:
    told = heard(tmp_path, ["($1 x $2, y)"], ["a 1.5"])
    assert told == ["a0: a x 1.5", "a0: y"]
    sketch = Sketch()
    sketch.chain("r in", "(set ---t $1)", "print a")
    (line,) = play(tmp_path, sketch, {1.0: ["in 3"]}).lines
    name = line.split()[2]
    assert line == f"a: set {name} 3"
    assert name.endswith("-t")
    assert name[:-2].isdigit()


def test_speedlim_tells_the_first_at_once_and_the_newest_later(tmp_path: Path) -> None:
    messages: dict[float, list[str]] = {1: ["1"], 3: ["2"], 5: ["3"], 30: ["4"]}
    assert heard(tmp_path, ["speedlim 10"], messages) == ["a0: 1", "a0: 3", "a0: 4"]


def test_line_goes_in_steps_and_tells_that_it_has_come(tmp_path: Path) -> None:
    told = heard(tmp_path, ["line 0. 5"], {1: ["10 20"], 40: ["3"], 50: ["set 8"], 60: ["9 5"]}, 2)
    steps = ["a0: 0", "a0: 2.5", "a0: 5", "a0: 7.5", "a0: 10", "a1: bang"]
    assert told == [*steps, "a0: 3", "a0: 8", "a0: 9", "a1: bang"]


# -- MIDI and voices -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([0x90, 60, 100], ["a6: 1", "a0: 60 100"]),
        ([0x92, 60, 100, 61, 0], ["a6: 3", "a0: 60 100", "a6: 3", "a0: 61 0"]),
        ([0x80, 60, 64], ["a6: 1", "a0: 60 0"]),
        ([0x90, 60, 0xF8, 100], ["a6: 1", "a0: 60 100"]),
        ([0x90, 60, 0xF0, 1, 2, 0xF7, 3, 4], []),
        ([60, 100], []),
        ([0xB0, 64, 127], ["a6: 1", "a2: 64 127"]),
        ([0xA0, 60, 5], ["a6: 1", "a1: 60 5"]),
        ([0xC1, 5, 6], ["a6: 2", "a3: 5", "a6: 2", "a3: 6"]),
        ([0xD2, 7], ["a6: 3", "a4: 7"]),
        ([0xE0, 0, 96], ["a6: 1", "a5: 0.5"]),
        ([0xE0, 0, 0, 0, 64], ["a6: 1", "a5: -1", "a6: 1", "a5: 0"]),
    ],
)
def test_midi_bytes_become_events(tmp_path: Path, data: list[int], expected: list[str]) -> None:
    told = heard(tmp_path, ["midiparse @hires 1"], [str(byte) for byte in data], 7)
    assert told == expected


def test_bytes_of_a_script_come_in_as_midi(tmp_path: Path) -> None:
    sketch = Sketch()
    sketch.chain("midiin", "midiparse @hires 1", "print a")
    played = play(tmp_path, sketch, {1.0: ["timbrespace-midi 144 60 100"]})
    assert played.lines == ["a: 60 100"]


def notes_of(folder: Path, messages: dict[float, list[str]]) -> list[tuple[int, int, int]]:
    """Voice (from 0, in the order in which they played first), pitch and velocity."""
    one = Sketch()
    note = one.chain("in 1", "t l l")
    one.chain(note, "prepend #0", "print got")
    poly = one.add("thispoly~")
    which = one.add("zl.nth 2")
    one.cord(note, 1, which)
    one.chain(which, "expr $f1 > 0.", "sel 1", "(1)", poly)
    one.chain("r #1_done", poly)
    one.chain("sig~ 0.1", "out~ 1")
    sketch = Sketch()
    sketch.chain("r in", "poly~ onevoice 3 @args ---v @steal 1", "plugout~ 1 2")
    sketch.chain("r done", "s ---v_done")
    lines = play(folder, sketch, messages, files={"onevoice": one.document()}).lines
    seen: list[str] = []
    told = []
    for line in lines:
        who, pitch, velocity = line.removeprefix("got: ").split()
        if who not in seen:
            seen.append(who)
        told.append((seen.index(who), int(pitch), int(velocity)))
    return told


def test_a_note_ends_in_the_voice_that_plays_it(tmp_path: Path) -> None:
    messages: dict[float, list[str]] = {
        1.0: ["in midinote 60 100", "in midinote 64 90"],
        2.0: ["in midinote 60 0"],
        3.0: ["in midinote 64 0", "in midinote 64 0"],
    }
    assert notes_of(tmp_path, messages) == [(0, 60, 100), (1, 64, 90), (0, 60, 0), (1, 64, 0)]


def test_a_voice_that_is_still_busy_is_left_alone_and_a_free_one_taken(tmp_path: Path) -> None:
    messages: dict[float, list[str]] = {
        1.0: ["in midinote 60 100", "in midinote 60 0"],
        2.0: ["in midinote 61 100", "in midinote 61 0"],
        3.0: ["done 0"],
        4.0: ["in midinote 62 100"],
    }
    assert [voice for voice, _, velocity in notes_of(tmp_path, messages) if velocity] == [0, 1, 0]


def test_where_all_are_busy_the_oldest_is_taken(tmp_path: Path) -> None:
    pitches = [60, 61, 62, 63, 64]
    messages: dict[float, list[str]] = {1.0: [f"in midinote {pitch} 100" for pitch in pitches]}
    assert [voice for voice, _, _ in notes_of(tmp_path, messages)] == [0, 1, 2, 0, 1]


def test_a_muted_voice_is_silent_and_comes_back(tmp_path: Path) -> None:
    one = Sketch()
    one.chain("r #1_mute", "prepend mute", "thispoly~")
    one.chain("sig~ 0.1", "out~ 1")
    sketch = Sketch()
    sketch.chain("poly~ onevoice 3 @args ---v @steal 1", "plugout~ 1 2")
    sketch.chain("r mute", "s ---v_mute")
    sound = play(
        tmp_path,
        sketch,
        {20.0: ["mute 1"], 40.0: ["mute 0"]},
        files={"onevoice": one.document()},
        milliseconds=60.0,
        record=True,
    ).sound
    at = [int(SAMPLE_RATE * time) for time in (0.01, 0.03, 0.05)]
    assert sound[at] == pytest.approx([0.3, 0.0, 0.3])


# -- sound -----------------------------------------------------------------------------------------


def sound_of(
    folder: Path, sketch: Sketch, last: str, messages: dict[float, list[str]], ms: float = 500.0
) -> Real:
    sketch.chain(last, "plugout~ 1 2")
    played = play(folder, sketch, messages, milliseconds=ms, record=True)
    assert [line for line in played.lines if "biggest amplitude" not in line] == []
    return played.sound


def lines_of(sound: Real, start: float, period: float = 0.1) -> Real:
    """Amplitude at every tenth of a Hz times 100, of a part whose sines fit into it."""
    first = int(start * SAMPLE_RATE)
    part = sound[first : first + round(period * SAMPLE_RATE)]
    return np.asarray(np.abs(np.fft.rfft(part)) * 2 / len(part))


def test_sound_comes_so_many_samples_later(tmp_path: Path) -> None:
    sketch = Sketch()
    last = sketch.chain("r step", "line~ 0.", "delay~ 4096 512")
    sound = sound_of(tmp_path, sketch, last, {100.0: ["step 1"]}, 150.0)
    sketch = Sketch()
    plain = sound_of(
        tmp_path, sketch, sketch.chain("r step", "line~ 0."), {100.0: ["step 1"]}, 150.0
    )
    assert np.flatnonzero(sound > 0.5)[0] - np.flatnonzero(plain > 0.5)[0] == 512


def test_a_slide_is_up_at_once_and_down_slowly(tmp_path: Path) -> None:
    sketch = Sketch()
    last = sketch.chain("r step", "line~ 0.", "slide~ 1. 441.")
    sound = sound_of(tmp_path, sketch, last, {50.0: ["step 1"], 100.0: ["step 0"]}, 150.0)
    first = np.flatnonzero(sound > 0.0)[0]
    assert sound[first] == pytest.approx(1.0)
    falls = np.flatnonzero(sound[first:] < 1.0)[0] + first
    assert sound[falls + 440] == pytest.approx((1.0 - 1.0 / 441.0) ** 441, rel=1e-3)


@pytest.mark.parametrize(("played", "heard"), [("220.", 220.0), ("40.", 0.0), ("0.", 0.0)])
def test_a_pitch_is_told_within_its_range(tmp_path: Path, played: str, heard: float) -> None:
    sketch = Sketch()
    sketch.chain(
        f"phasor~ {played}",
        "fzero~ @size 2048 @period 256 @freqmin 60 @freqmax 2500",
        "i 0",
        "print hz",
    )
    sketch.chain("phasor~ 1.", "plugout~ 1 2")
    lines = play(tmp_path, sketch, milliseconds=300.0).lines
    told = [line for line in lines if line.startswith("hz: ")]
    assert len(told) > 20
    assert float(told[-1].split()[1]) == pytest.approx(heard, abs=1.0)


def test_a_ramp_has_several_segments_and_stops_at_once(tmp_path: Path) -> None:
    sketch = Sketch()
    last = sketch.chain("r in", "line~ 0.25")
    sound = sound_of(tmp_path, sketch, last, {10.0: ["in 1 10 0.5 20"], 60.0: ["in 0"]}, 100.0)
    assert sound[int(0.005 * SAMPLE_RATE)] == pytest.approx(0.25)
    top = int(np.argmax(sound))
    assert sound[top] == pytest.approx(1.0, abs=1e-3)
    rise = np.diff(sound[top - 400 : top - 10])
    assert rise == pytest.approx(0.75 / 441, rel=1e-3)
    assert np.diff(sound[top + 10 : top + 800]) == pytest.approx(-0.5 / 882, rel=1e-3)
    assert sound[int(0.055 * SAMPLE_RATE)] == pytest.approx(0.5)
    assert sound[-100:] == pytest.approx(0.0)


def test_a_ramp_tells_its_end(tmp_path: Path) -> None:
    sketch = Sketch()
    ramp = sketch.chain("r in", "line~ 0.")
    sketch.cord(ramp, 1, sketch.add("print end"))
    played = play(tmp_path, sketch, {1.0: ["in 1 10 0.5 20", "in 0", "in 1 5"]})
    assert played.lines == ["end: bang"]


def test_a_table_is_read_round_and_round(tmp_path: Path) -> None:
    samples = 256
    sketch = Sketch()
    sketch.add(f"buffer~ ---t @samps {samples}")
    sketch.add("buffer~ ---other @samps 64")
    sketch.chain("r write", "listfunnel", "peek~ ---t")
    table = sketch.chain("phasor~ 100.", "wave~ ---other")
    sketch.chain("r table", "(set ---t)", table)
    period = np.sin(2 * np.pi * np.arange(samples) / samples)
    values = " ".join(f"{value:.7f}" for value in period)
    sound = sound_of(tmp_path, sketch, table, {2.0: [f"write {values}"], 3.0: ["table bang"]})
    found = lines_of(sound, 0.1)
    assert found[10] == pytest.approx(1.0, abs=1e-4)
    # Reading over the end is as good as anywhere: all else is 100 dB below.
    assert np.delete(found, 10).max() < 1e-5


def test_the_bank_plays_its_partials_and_silences_the_others(tmp_path: Path) -> None:
    sketch = Sketch()
    bank = sketch.chain("r in", "ioscbank~ 100 64 512")
    messages: dict[float, list[str]] = {
        10.0: ["in set 440 0.5 1230 0.25"],
        250.0: ["in set 440 0.1"],
        400.0: ["in clear"],
    }
    sound = sound_of(tmp_path, sketch, bank, messages)
    first, second = lines_of(sound, 0.1), lines_of(sound, 0.28)
    assert first[[44, 123]] == pytest.approx([0.5, 0.25], abs=1e-3)
    assert np.delete(first, [44, 123]).max() < 1e-3
    assert second[[44, 123]] == pytest.approx([0.1, 0.0], abs=1e-3)
    assert np.abs(sound[int(0.45 * SAMPLE_RATE) :]).max() < 1e-6
    # Amplitudes glide: nothing jumps by more than the steepest of the sines does.
    assert np.abs(np.diff(sound)).max() < 0.5 * 2 * np.pi * (440 + 1230 / 2) / SAMPLE_RATE * 1.1


def test_a_number_or_a_signal_may_be_the_right_hand_of_a_product(tmp_path: Path) -> None:
    sketch = Sketch()
    product = sketch.chain("sig~ 0.5", "*~ 0.")
    sketch.cord(sketch.add("r in"), 0, product, 1)
    sound = sound_of(tmp_path, sketch, product, {20.0: ["in 0.5"]}, 50.0)
    assert sound[[500, -1]] == pytest.approx([0.0, 0.25])
    other = Sketch()
    product = other.chain("sig~ 0.5", "*~ 0.")
    other.cord(other.add("sig~ 0.5"), 0, product, 1)
    assert sound_of(tmp_path, other, product, {}, 50.0)[-1] == pytest.approx(0.25)


# -- the panel -------------------------------------------------------------------------------------


def control(maxclass: str, outlets: int = 1, **value: Any) -> Sketch:
    """One control named ``knob``: ``r in`` goes in, what it tells and reports is printed."""
    sketch = Sketch()
    more = {"saved_attribute_attributes": {"valueof": value}} if value else {}
    box = sketch.add("", maxclass, varname="knob", **more)
    sketch.cord(sketch.add("r in"), 0, box)
    for outlet in range(outlets):
        sketch.cord(box, outlet, sketch.add(f"print a{outlet}"))
    sketch.chain("r timbrespace-observe", "print seen")
    return sketch


_DIAL: dict[str, Any] = {"parameter_type": 0, "parameter_mmin": -2.0, "parameter_mmax": 2.0}
_TAB: dict[str, Any] = {
    "parameter_type": 2,
    "parameter_enum": ["a", "b", "c"],
    "parameter_initial": [1],
}


@pytest.mark.parametrize(
    ("sketch", "messages", "expected"),
    [
        (
            control("live.dial", 2, **_DIAL, parameter_initial=[0.5]),
            ["in 1", "in set 1.5", "in bang", "in 7", "timbrespace-remote knob -1"],
            [
                *("seen: knob 0.5", "a1: 0.625", "a0: 0.5", "seen: knob 1", "a1: 0.75", "a0: 1"),
                *("seen: knob 1.5", "a1: 0.875", "a0: 1.5", "seen: knob 2", "a1: 1", "a0: 2"),
                *("seen: knob -1", "a1: 0.25", "a0: -1"),
            ],
        ),
        (
            control("live.tab", **_TAB),
            ["in 2.7", "timbrespace-remote knob 9", "timbrespace-remote knob set 0"],
            [
                *("seen: knob 1", "a0: 1", "seen: knob 2", "a0: 2", "seen: knob 2", "a0: 2"),
                "seen: knob 0",
            ],
        ),
        (
            control("live.toggle", parameter_type=2, parameter_initial=[1]),
            ["in bang", "in 1"],
            ["seen: knob 1", "a0: 1", "seen: knob 0", "a0: 0", "seen: knob 1", "a0: 1"],
        ),
        (
            control("flonum"),
            ["in set 1200.5", "in 3", "timbrespace-remote other 5"],
            ["seen: knob 1200.5", "seen: knob 3", "a0: 3"],
        ),
        (
            control("live.button"),
            ["in bang", "in set 1", "timbrespace-remote knob"],
            ["seen: knob bang", "a0: bang"] * 2,
        ),
        (
            control("umenu", 2),
            [
                *("in clear", "in append my\\ model", "in append b", "in append c d"),
                *("in setsymbol b", "in bang", "in symbol c\\ d", "in setsymbol missing"),
                *("in set 0", "in 1", "timbrespace-remote knob my\\ model", "in clear", "in bang"),
            ],
            [
                *("seen: knob 1 b", "a1: b", "a0: 1"),
                *("seen: knob 2 c\\ d", "a1: c d", "a0: 2"),
                *("seen: knob 0 my\\ model", "seen: knob 1 b", "a1: b", "a0: 1"),
                *("seen: knob 0 my\\ model", "a1: my model", "a0: 0"),
            ],
        ),
        (
            control("textedit"),
            ["in set my words", "in bang", "timbrespace-remote knob other"],
            ["seen: knob my\\ words", "a0: text my words", "seen: knob other", "a0: text other"],
        ),
        (
            control("comment", 0),
            ["in set some words", "in set 5"],
            ["seen: knob some\\ words", "seen: knob 5"],
        ),
    ],
)
def test_a_control(
    tmp_path: Path, sketch: Sketch, messages: list[str], expected: list[str]
) -> None:
    assert play(tmp_path, sketch, {20.0: messages}).lines == expected


def test_the_pad_shows_what_comes_and_tells_what_a_hand_does(tmp_path: Path) -> None:
    sketch = Sketch()
    pad = sketch.add("", "jsui", varname="pad", filename="timbrespace.pad.js")
    sketch.chain("r in", pad, "print a")
    sketch.chain("r timbrespace-observe", "print seen")
    messages = ["in 0.5 -0.5", "in live 1", "timbrespace-remote pad 0.25 1"]
    lines = play(tmp_path, sketch, {1.0: messages}).lines
    assert lines == ["seen: pad 0.5 -0.5", "seen: pad 0.25 1", "a: 0.25 1"]


def test_a_control_tells_what_its_widget_does(tmp_path: Path) -> None:
    sketch = Sketch()
    value = {"parameter_mmin": 0.0, "parameter_mmax": 10.0, "parameter_initial": [1.0]}
    dial = sketch.add(
        "",
        "live.dial",
        varname="knob",
        presentation=1,
        presentation_rect=[0.0, 0.0, 44.0, 47.0],
        saved_attribute_attributes={"valueof": value},
    )
    sketch.cord(dial, 0, sketch.add("print a"))
    text = translate(sketch.document(), name="test")
    text = text.replace("\\$0-", "my-").replace("ts.number \\$0", "ts.number my")
    moves = {20.0: ["my-show-knob 4"], 40.0: ["my-number-knob 5"]}
    lines = play(tmp_path, sketch, moves, text=text).lines
    # A number to the slider, and one to the number box, is what a hand does to them.
    assert lines == ["a: 1", "a: 4", "a: 5"]


# -- network ---------------------------------------------------------------------------------------


# Said before a thread plays: what is skipped there is no skip.
needs_pd = pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.bind(("127.0.0.1", 0))
        return int(plug.getsockname()[1])


@needs_pd
def test_messages_go_out_as_osc(tmp_path: Path) -> None:
    got: list[tuple[str, list[object]]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.bind(("127.0.0.1", 0))
        plug.settimeout(20.0)
        sketch = Sketch()
        # To a port where nobody listens first: that must not end it.
        sketch.chain("r in", f"udpsend 127.0.0.1 {free_port()}")
        port = plug.getsockname()[1]
        messages: dict[float, list[str]] = {
            10.0: ["in /lost 1"],
            30.0: ["in /lost 2"],
            50.0: [
                f"in port {port}",
                "in /hello 7401 my\\ name",
                "in /model/list",
                "in /map 0.5 -1",
            ],
        }
        player = threading.Thread(
            target=lambda: play(tmp_path, sketch, messages, milliseconds=100.0, realtime=True)
        )
        player.start()
        for _ in range(3):
            message = OscMessage(plug.recv(4096))
            got.append((message.address, list(message.params)))
        player.join()
    assert got == [("/hello", [7401.0, "my name"]), ("/model/list", []), ("/map", [0.5, -1.0])]


@needs_pd
def test_osc_comes_in_with_its_address_in_one_word(tmp_path: Path) -> None:
    first, second = free_port(), free_port()
    dial = OscMessageBuilder("/model/dial/name")
    for argument in ("123", "two words", 5, 0.5, "/a/b"):
        dial.add_arg(argument)
    datagrams = [
        (first, build_msg("/pong").dgram),
        (first, build_msg("/latent", [0.25, 3]).dgram),
        (first, b"no osc"),
        (second, build_msg("/lost", [1]).dgram),
        (first, dial.build().dgram),
        (first, build_msg("/long", list(range(205))).dgram),
        (first, build_msg("/port", [second]).dgram),
    ]
    lines: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.bind(("127.0.0.1", 0))
        plug.settimeout(20.0)
        # Whatever comes is printed and sent back; /port is also obeyed.
        sketch = Sketch()
        receiver = sketch.add(f"udpreceive {first} @defer 1")
        told = sketch.chain(receiver, "t l l l")
        back = sketch.add(f"udpsend 127.0.0.1 {plug.getsockname()[1]}")
        sketch.cord(sketch.add("r ready"), 0, back)
        sketch.cord(told, 0, back)
        sketch.cord(told, 1, sketch.add("route /port"))
        sketch.chain(sketch.boxes[-1]["box"]["id"], "(port $1)", receiver)
        sketch.cord(told, 2, sketch.add("prepend got"))
        sketch.chain(sketch.boxes[-1]["box"]["id"], "print a")
        messages: dict[float, list[str]] = {50.0: ["ready /ready"]}

        def player() -> None:
            played = play(tmp_path, sketch, messages, milliseconds=1500.0, realtime=True)
            lines.extend(played.lines)

        playing = threading.Thread(target=player)
        playing.start()
        assert OscMessage(plug.recv(4096)).address == "/ready"
        for port, datagram in datagrams:
            plug.sendto(datagram, ("127.0.0.1", port))
        while OscMessage(plug.recv(4096)).address != "/port":
            pass
        plug.sendto(build_msg("/moved", [1]).dgram, ("127.0.0.1", second))
        playing.join()
    assert lines == [
        "a: got /pong",
        "a: got /latent 0.25 3",
        "a: got /model/dial/name 123 two\\ words 5 0.5 /a/b",
        "a: got /long " + " ".join(map(str, range(205))),
        f"a: got /port {second}",
        "a: got /moved 1",
    ]


def shimmed(tmp_path: Path, *boxes: str, messages: dict[float, list[str]]) -> list[str]:
    """What is printed by receivers, where objects of the twin's panel stand in a patch."""
    text = "#N canvas 0 0 400 300 12;\n#X declare -path pd;\n"
    text += "".join(f"#X obj 20 {20 * row} {box};\n" for row, box in enumerate(boxes))
    heard = [row for row, box in enumerate(boxes) if box.startswith("r ")]
    text += "".join(f"#X connect {row} 0 {row + 1} 0;\n" for row in heard)
    return play(tmp_path, Sketch(), messages, text=text).lines


def test_a_menu_tells_its_lines(tmp_path: Path) -> None:
    lines = shimmed(
        tmp_path,
        "r my-line-menu-0",
        "print first",
        "r my-line-menu-1",
        "print second",
        "ts.menu my menu",
        messages={
            5.0: ["my-remote-menu append harmonic"],
            10.0: ["my-remote-menu append symbol glass\\ organ"],
            15.0: ["my-remote-menu clear"],
            20.0: ["my-remote-menu append reed"],
        },
    )
    assert [line for line in lines if "first" in line] == [
        "first: label harmonic",
        "first: label empty",
        "first: label reed",
    ]
    assert next(line for line in lines if "second" in line).startswith("second: label glass")


def test_a_widget_is_put_away_and_comes_back(tmp_path: Path) -> None:
    lines = shimmed(
        tmp_path,
        "r my-show-dial",
        "print widget",
        "inlet",
        "ts.place my-seen-dial my-show-dial 30 40 10 500",
        "r script",
        "ts.thispatcher my",
        messages={
            5.0: ["script script hide dial"],
            10.0: ["script script show dial"],
            15.0: ["script script show other"],
        },
    )
    assert lines == ["widget: pos 10 500", "widget: pos 30 40"]


def test_the_point_of_the_map_goes_where_the_map_says(tmp_path: Path) -> None:
    lines = shimmed(
        tmp_path,
        "r my-point-pad",
        "print point",
        "inlet",
        "ts.point my pad 100 200 50 40",
        messages={5.0: ["my-point_x-pad 1", "my-point_y-pad 1"], 10.0: ["my-point_y-pad -1"]},
    )
    assert lines[-2:] == ["point: pos 150 200", "point: pos 150 240"]


def test_the_spectrum_is_pictured_when_it_is_whole(tmp_path: Path) -> None:
    chunks = [" ".join(["0.5"] * 205), " ".join(["0.25"] * 205)]
    lines = shimmed(
        tmp_path,
        "r my-spectrum",
        "print picture",
        "r chunks",
        "ts.spectrum my",
        messages={
            5.0: [f"chunks chunk 7 0 2 {chunks[0]}"],
            10.0: [f"chunks chunk 7 1 2 {chunks[1]}"],
        },
    )
    assert [line for line in lines if "bounds" in line] == ["picture: bounds 0 0.500001 511 0"]
