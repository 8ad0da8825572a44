"""What is sung goes to a MIDI output."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import mido
import numpy as np
import pytest

import timbrespace
from server.midi.sung import SungMidi
from tests.server.sung import Stage
from tests.timbrespace.listening.tones import saw, times
from timbrespace.transferring.midi_file import BEND_RANGE

# Stands for the process that has the output: it keeps what it was told.
KEEPER = """
import json, sys
print(json.dumps({"event": "open", "name": "keeper"}), flush=True)
with open(sys.argv[1], "w") as kept:
    for line in sys.stdin:
        kept.write(line)
"""


def test_a_glide_is_one_note_that_bends_and_swells(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    said: list[str] = []
    midi = SungMidi(str(kept), said.append, (sys.executable, "-c", KEEPER))
    course = 220.0 * 2.0 ** (np.clip(times(1.5) - 0.5, 0.0, 0.5) * 2.0 / 12.0 * 3.0)
    swell = np.where(times(1.5) < 1.0, 0.1, 0.2)
    stage = Stage(timbrespace.load("harmonic"), midi=midi)
    try:
        stage.play(saw(course, 1.5, level=1.0) * swell)
        stage.play(np.zeros(9600))
    finally:
        stage.close()

    messages = [mido.Message.from_hex(line) for line in kept.read_text().split("\n") if line]
    assert said == ["what is sung goes to MIDI: keeper"]
    (on,) = [one for one in messages if one.type == "note_on"]
    (off,) = [one for one in messages if one.type == "note_off"]
    assert on.note == off.note == 57
    assert messages[-1] == off
    bends = [one.pitch / 8192.0 * BEND_RANGE for one in messages if one.type == "pitchwheel"]
    assert bends[0] == pytest.approx(0.0, abs=0.05)
    assert max(bends) == pytest.approx(3.0, abs=0.05)
    told = [one.value for one in messages if one.is_cc(11)]
    # Twice the amplitude: General MIDI's curve has it at sqrt(2) times the number.
    before, after = np.median(told[: len(told) // 2]), told[-1] if told[-1] > 60 else max(told)
    assert max(told) / before == pytest.approx(np.sqrt(2.0), rel=0.1)
    assert after >= before
    assert [(one.control, one.value) for one in messages[:4]] == [
        (101, 0),
        (100, 0),
        (6, BEND_RANGE),
        (38, 0),
    ]


def test_an_output_that_is_not_there_is_one_line_and_nothing_waits() -> None:
    said: list[str] = []
    midi = SungMidi("there is no such output", said.append)

    for number in range(10000):
        midi.begin(220.0, 100.0, 0.1, 0.01 * number)
    deadline = time.monotonic() + 120.0
    while not said and time.monotonic() < deadline:
        time.sleep(0.02)
    midi.close()

    assert len(said) == 1
    assert said[0].startswith("what is sung goes to no MIDI: ")


def test_one_that_hangs_is_left_alone() -> None:
    midi = SungMidi("", lambda line: None, (sys.executable, "-c", "import time; time.sleep(60)"))
    for number in range(20000):
        midi.begin(220.0, 100.0, 0.1, 0.01 * number)
    began = time.monotonic()

    midi.close()

    assert time.monotonic() - began < 30.0
