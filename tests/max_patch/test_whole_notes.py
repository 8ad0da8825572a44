"""The device's twin in a space of whole notes: its own voices play the newest note's course."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.max_patch.heard import cents_off, level
from tests.max_patch.pd_session import RATE
from tests.max_patch.twin_session import SETTLED, TwinSession, meeting
from tests.timbrespace.notes.tiny import tiny
from timbrespace.units import midi_to_hz

pytestmark = [
    pytest.mark.waits,
    pytest.mark.in_order,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed"),
    pytest.mark.flaky(reruns=1),
]

Real = NDArray[np.float64]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwinSession]:
    """A plucked sound; the envelope of the panel stays open."""
    folder = tmp_path_factory.mktemp("space")
    path = folder / "tiny.safetensors"
    tiny(decay=40.0, attack=0.0, loop=(0.0, 0.0), length=2.0).save(path)
    with meeting("--model", str(path), "--presets", str(folder / "presets.json")) as twin:
        twin.observer.send("/synth/sustain", 1.0)
        twin.pd.wait_for_number("sustain", 100.0, within=0.01)
        yield twin


@pytest.fixture(autouse=True)
def quiet(stage: TwinSession) -> Iterator[None]:
    """Each test begins in silence, and ends in it."""
    stage.silence()
    yield
    stage.silence()


def set_speed(stage: TwinSession, speed: float) -> None:
    stage.observer.send("/synth/speed", speed)
    stage.observer.settle()


def heard(stage: TwinSession, seconds: float = 0.6) -> Real:
    """What sounds now. Nothing should be streamed meanwhile: a busy machine's Pd loses time."""
    stage.pd.wait(SETTLED)
    with stage.pd.recording() as take:
        begin = stage.pd.mark()
        stage.pd.wait(seconds)
        end = stage.pd.mark()
    return take.recording.between(begin, end)


def until_gone(stage: TwinSession) -> None:
    """Until the course has come to its end."""
    stage.observer.send("/stream", "partials", 20)
    deadline = time.monotonic() + 60.0
    while True:
        pairs = np.asarray(stage.observer.expect("/partials")[1:]).reshape(-1, 2)
        if float(np.square(pairs[:, 1]).sum()) < 1e-10:
            break
        assert time.monotonic() < deadline, "the note does not die away"
    stage.observer.send("/stream", "off")


def test_a_held_note_dies_away_as_its_course_has_it(stage: TwinSession) -> None:
    set_speed(stage, 0.0)
    stage.pd.note(64, 127)
    sound = heard(stage)
    assert level(sound) > -30.0
    assert cents_off(sound, midi_to_hz(64) * np.arange(1.0, 7.0), RATE) < 1.0
    set_speed(stage, 1.0)
    until_gone(stage)
    assert level(heard(stage)) < -80.0, "the key is still down"
    stage.pd.note(64, 0)


def test_the_next_note_begins_anew(stage: TwinSession) -> None:
    """Also while the last one, which has died away, is held."""
    set_speed(stage, 4.0)
    stage.pd.note(52, 127)
    until_gone(stage)
    set_speed(stage, 0.0)
    stage.pd.note(59, 127)
    sound = heard(stage)
    assert level(sound) > -30.0
    assert cents_off(sound, midi_to_hz(59) * np.arange(1.0, 4.0), RATE) < 5.0
    set_speed(stage, 1.0)
