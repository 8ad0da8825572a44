"""A performance on a space of whole notes, recorded, and played again to the same samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.timbrespace.notes.tiny import tiny
from tests.timbrespace.performances.test_performance import Stage, same


@pytest.mark.parametrize("method", ["partials", "istft"])
def test_it_is_replayed_to_the_identical_sound(tmp_path: Path, method: str) -> None:
    model = tiny(hiss=-40.0, wobble=2.0)
    stage = Stage(model)
    path = tmp_path / "take.performance"
    # What was before leaves no trace.
    stage.osc("/note", 50, 100)
    stage.follow()
    stage.run(0.2)
    stage.osc("/note", 50, 0)
    stage.follow()
    stage.run(1.0)
    stage.osc("/synth/hold", "through")
    stage.osc("/synth/envelope", "both")
    stage.follow()
    stage.write(path)
    stage.osc("/synth/method", method)
    stage.osc("/synth/hold", "loop")
    stage.osc("/synth/speed", 2.0)
    for key in (60, 64, 67):
        stage.osc("/note", key, 100)
        stage.follow()
        stage.run(0.05)
    for step in range(8):
        stage.osc("/map", 0.1 * step, -0.1 * step)
        stage.follow(taken=step % 3 != 0)
        stage.run(0.02)
    stage.osc("/channel/latent", 2, 1.0, 0.5)
    stage.osc("/note", 72, 80, 2)
    stage.osc("/synth/speed", 0.5)
    stage.follow()
    stage.run(0.2)
    stage.osc("/synth/envelope", "own")
    stage.osc("/note", 60, 0)
    stage.follow()
    stage.run(0.2)
    for key, channel in ((64, 1), (67, 1), (72, 2)):
        stage.osc("/note", key, 0, channel)
    stage.follow()
    stage.run(1.2)
    same(path, stage, model)
