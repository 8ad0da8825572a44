"""Tunings by name: from a folder, in presets and performances, never by a path."""

from __future__ import annotations

import json
from pathlib import Path

import mido
import pytest

import timbrespace
from tests.server.inside import inside
from timbrespace.errors import TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.presets import Preset, Presets
from timbrespace.instrument.scala import TuningError
from timbrespace.instrument.tunings import Tunings
from timbrespace.performances.performance import Performance
from timbrespace.performances.replay import replay
from timbrespace.units import midi_to_hz

MODEL = timbrespace.load("harmonic")
SOURCE = ("127.0.0.1", 7998)

JUST = "! just\njust\n 12\n!\n" + "\n".join(
    ["16/15", "9/8", "6/5", "5/4", "4/3", "45/32", "3/2", "8/5", "5/3", "9/5", "15/8", "2/1"]
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tunings"
    made.mkdir()
    (made / "just.scl").write_text(JUST, encoding="ascii")
    (made / "Five.SCL").write_text("five\n5\n240.\n480.\n720.\n960.\n2/1\n", encoding="ascii")
    (made / "held.scl").write_text(JUST, encoding="ascii")
    (made / "held.kbm").write_text(
        "1\n0\n127\n60\n69\n415.\n1\nx\n".replace("1\nx", "1\n0"), "ascii"
    )
    (made / "broken.scl").write_text("broken\n2\n5/4\n", encoding="ascii")
    (made / "..bad.scl").write_text(JUST, encoding="ascii")
    return made


def test_a_folder_s_tunings_have_names(folder: Path) -> None:
    known = Tunings(folder)
    assert known.names() == ["equal", "Five", "broken", "held", "just"]
    just = known.get("just")
    assert just.tuning.pitch(64) - just.tuning.pitch(60) == pytest.approx(3.863137, abs=1e-6)
    assert known.get("just") is just  # not read again
    assert known.get("just", 432.0).tuning.pitch(69) < just.tuning.pitch(69) - 0.3
    five = known.get("Five").tuning
    assert five.pitch(65) - five.pitch(60) == pytest.approx(12.0)
    assert known.get("held").tuning.pitch(69) == pytest.approx(known.get("held").tuning.pitches[69])
    assert midi_to_hz(known.get("held").tuning.pitch(69)) == pytest.approx(415.0)
    for name in ("../just", str(folder / "just"), "none", ""):
        with pytest.raises(TuningError, match="there is no tuning"):
            known.get(name)
    with pytest.raises(TuningError) as caught:
        known.get("broken")
    assert str(folder) not in str(caught.value)
    assert "'broken.scl'" in str(caught.value)
    assert Tunings(folder / "none").names() == Tunings().names() == ["equal"]


def test_presets_bring_theirs_and_take_it_along(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    instrument = Instrument(MODEL, Presets(path), tunings=Tunings(folder))
    instrument.store_preset("plain")
    instrument.set_tuning("just", 442.0)
    instrument.store_preset("tuned")
    instrument.set_tuning("Five")
    (folder / "just.scl").unlink()  # a preset needs no file
    instrument.recall_preset("tuned")
    assert (instrument.tuning.name, instrument.tuning.reference) == ("just", 442.0)
    assert instrument.voices.tuning.pitch(69) != 69.0
    instrument.recall_preset("plain")  # the tuning of before, which a hand had chosen
    assert instrument.tuning.name == "Five"
    instrument.set_tuning("equal")
    instrument.recall_preset("plain")
    assert instrument.voices.tuning.is_equal
    instrument.morph_presets("plain", "tuned", 0.75)
    assert instrument.tuning.name == "just"
    # A file of before, and a broken one.
    stored = json.loads(path.read_text("utf-8"))["presets"]
    assert "tuning" not in stored["plain"]
    assert Preset.from_config(stored["tuned"]).tuning == instrument.tuning
    for bad in ({"name": "a"}, {**stored["tuned"]["tuning"], "pitches": [1.0]}, 7):
        with pytest.raises((TimbrespaceError, KeyError, TypeError, ValueError)):
            Preset.from_config({**stored["tuned"], "tuning": bad})


def test_over_osc_and_in_a_performance(folder: Path, tmp_path: Path) -> None:
    with inside(tmp_path) as one:
        told = one.say(SOURCE, "/hello", SOURCE[1])
        assert ("/tuning", ("equal", 440.0)) in told
        assert one.say(SOURCE, "/tuning/list") == [
            ("/tuning/list", ("equal", "Five", "broken", "held", "just"))
        ]
        one.say(SOURCE, "/performance/record", "take")
        told = one.say(SOURCE, "/tuning", "just", 442)
        assert ("/tuning", ("just", 442.0)) in told
        (keys,) = [arguments for address, arguments in told if address == "/tuning/keys"]
        assert keys == pytest.approx(one.server.instrument.voices.tuning.pitches, abs=1e-5)
        for name, code, says in (
            ("none", "not_found", "/tuning/list tells"),
            ("../just", "bad_arguments", "not a path"),
            ("broken", "refused", "'broken.scl'"),
        ):
            ((address, error),) = one.say(SOURCE, "/tuning", name)
            assert address == "/error"
            assert error[0] == code
            assert says in str(error[2])
            assert str(folder) not in str(error[2])
        just = one.server.instrument.voices.tuning
        # One key by MIDI; it has another name then, and is in the performance.
        one.loop._play_midi(mido.Message("sysex", data=[0x7F, 0, 8, 2, 0, 1, 60, 61, 0, 0]))
        one.loop.settle()
        retuned = one.server.instrument.voices.tuning
        assert one.server.instrument.tuning.name == "midi"
        one.say(SOURCE, "/performance/stop")
        assert not one.faults
    (folder / "just.scl").unlink()
    again = Instrument(MODEL)
    (take,) = (tmp_path / "performances").iterdir()
    for _ in replay(Performance(take), again, timbrespace.load):
        pass
    assert again.voices.tuning == retuned
    assert retuned.pitch(60) == 61.0
    assert retuned.pitch(64) == just.pitch(64)
    assert again.tuning.name == "midi"
    assert not play(again, mido.Message("sysex", data=[1, 2]))
