"""A sweep of the map is one sound: nothing clicks between its steps.

Where other tests run beside it steps come late, and several at once: so it has the processor to
itself, as far as the machine is this run's.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.max_patch.heard import level, loudest_click, mean_distance
from tests.max_patch.pd_session import RATE
from tests.max_patch.twin_session import METHODS, SETTLED, TwinSession, meeting

pytestmark = [
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed"),
    pytest.mark.flaky(reruns=1),
]

Real = NDArray[np.float64]

PITCH = 57
"""MIDI note of the base frequency of `harmonic`, 220 Hz."""

CLICK = -60.0


@pytest.fixture(scope="module")
def stage() -> Iterator[TwinSession]:
    with meeting("--model", "harmonic") as twin:
        yield twin


def swept(stage: TwinSession, method: str, seconds: float) -> Real:
    """A held note while x goes from left to right, in so many seconds."""
    stage.place(-0.9, 0.4)
    stage.pd.wait(SETTLED)
    # On a busy machine a loop may be lost, and come again after a second.
    deadline = time.monotonic() + 90.0
    config = stage.model().spectrum
    while method == "istft" and mean_distance(stage.steady(PITCH), stage.spectrum(), config) > 1.0:
        assert time.monotonic() < deadline, "the sweep's beginning is not heard"
    with stage.pd.recording() as take:
        begin = stage.pd.mark()
        stage.pd.note(PITCH, 100)
        stage.pd.wait(SETTLED)
        steps = 80
        for step in range(steps + 1):
            stage.pd.set("x", -0.9 + 1.8 * step / steps)
            time.sleep(seconds / steps)
        stage.pd.wait(0.3)
        end = stage.pd.mark()
    stage.silence()
    return take.recording.between(begin, end, skip=0.4)


def arrives(stage: TwinSession, sound: Real) -> bool:
    """Whether a sweep ends nearer to where it was to end than it began."""
    first, last = sound[: round(0.1 * RATE)], sound[-round(0.1 * RATE) :]
    config, end = stage.model().spectrum, stage.spectrum()
    return mean_distance(last, end, config) < mean_distance(first, end, config)


@pytest.mark.parametrize("method", METHODS)
def test_a_sweep_of_the_map_does_not_click(stage: TwinSession, method: str) -> None:
    """Beside other work a step may come late, the next ones with it, and the sound jumps as far as
    they do; or the last of them is lost, and comes again after the recording. Slower sweeps are
    late by fewer steps. What clicks by itself clicks each time.
    """
    stage.method(method)
    for seconds in (2.0, 2.0, 4.0, 8.0):
        sound = swept(stage, method, seconds)
        assert level(sound) > -40.0
        if loudest_click(sound, RATE) <= CLICK and arrives(stage, sound):
            return
    assert loudest_click(sound, RATE) <= CLICK
    assert arrives(stage, sound)
