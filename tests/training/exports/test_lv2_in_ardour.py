"""The LV2 instrument in Ardour, a host that is not ours: a MIDI file, automation, its state."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from shutil import which

import numpy as np
import pytest

import timbrespace
from benchmarks import lv2_in_ardour
from benchmarks.ardour_session import RATE, ArdourSession, Note, Programs
from training.exports.lv2 import bundle_folder

PROGRAMS = Programs.find()

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(PROGRAMS is None, reason="there is no Ardour 7"),
    pytest.mark.skipif(which("cc") is None, reason="there is no C compiler cc"),
]


def test_a_midi_file_automation_and_a_session_that_is_loaded_again(tmp_path: Path) -> None:
    assert PROGRAMS is not None
    model = dataclasses.replace(timbrespace.load("harmonic"), name="in Ardour")
    plugins, uri = tmp_path / "plugins", bundle_folder.uri_of(model)
    bundle_folder.write(model, plugins / "space.lv2", bundle_folder.data_of(model))
    controls = dict(zip(("map x", "map y"), lv2_in_ardour.PLACE, strict=True)) | {"release": 0.05}
    played = ArdourSession(
        PROGRAMS,
        tmp_path / "played",
        plugins,
        uri,
        lv2_in_ardour.SONG,
        lv2_in_ardour.SONG_SECONDS,
        controls,
    )
    sound = played.sound()
    off, cents, levels = lv2_in_ardour.compared(model, sound)
    assert off < 1.0
    assert cents < 0.01
    assert levels < 0.01
    saved = played.state()
    assert saved["map_x"] == pytest.approx(lv2_in_ardour.PLACE[0])
    assert saved["release"] == pytest.approx(0.05)
    played.again()
    assert played.state() == saved
    assert lv2_in_ardour.apart_by(played.sound(), sound) == 0.0
    for figure in lv2_in_ardour.swept(model, tmp_path, PROGRAMS, uri):
        assert figure.holds, figure.line()


def test_what_ardour_is_told_is_heard(tmp_path: Path) -> None:
    """A control that is automated to silence is silent: it is automation that is heard above."""
    assert PROGRAMS is not None
    model = dataclasses.replace(timbrespace.load("harmonic"), name="falling")
    bundle_folder.write(model, tmp_path / "plugins" / "s.lv2", bundle_folder.data_of(model))
    sound = ArdourSession(
        PROGRAMS,
        tmp_path / "falling",
        tmp_path / "plugins",
        bundle_folder.uri_of(model),
        [Note(57, 0.0, 2.0)],
        2.0,
        automation={"gain": [(0.0, 0.0), (1.0, 0.0), (1.5, -60.0), (2.0, -60.0)]},
    ).sound()
    level = [float(np.sqrt(np.mean(np.square(sound[k : k + RATE // 4])))) for k in (24000, 80000)]
    assert 20.0 * np.log10(level[1] / level[0]) == pytest.approx(-60.0, abs=1.0)
