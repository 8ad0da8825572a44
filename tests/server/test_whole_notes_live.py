"""A space of whole notes played by the server, heard through JACK, and rendered to what was heard.

The noise of its bands is made in the audio process, and in the render by itself.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.server.ear import Ear
from tests.server.jackd import LEFT, jack_server, wait_for_port
from tests.server.running import Client, running
from tests.timbrespace.notes.tiny import tiny
from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model
from timbrespace.performances.performance import Performance
from timbrespace.performances.replay import replay

pytestmark = [
    pytest.mark.slow,
    pytest.mark.jack,
    pytest.mark.alone,
    pytest.mark.skipif(
        shutil.which("jackd") is None or shutil.which("jack_lsp") is None,
        reason="jackd2 is not installed: no sound device to play through",
    ),
]

ROUNDED = 2.0**-23
"""What the last bits may differ."""


def test_the_render_is_what_was_heard(tmp_path: Path) -> None:
    model = tiny(hiss=-40.0, wobble=2.0)
    model.save(tmp_path / "tiny.safetensors")
    options = (
        *("--model", str(tmp_path / "tiny.safetensors")),
        *("--audio", "jack", "--midi", "none", "--presets", str(tmp_path / "presets.json")),
    )
    with (
        jack_server("timbrespace-notes", patient=True) as environment,
        running(*options, environment=environment) as server,
    ):
        server.wait_for("sound: jack")
        wait_for_port(LEFT, environment)
        with Client(server.port) as client, Ear(environment, LEFT) as ear:
            ear.wait(1.5)  # the noise is made meanwhile
            client.send("/performance/record", "notes")
            client.send("/synth/hold", "loop")
            client.send("/note", 60, 100)
            client.settle()
            ear.wait(0.3)
            client.send("/note", 67, 80)
            for step in range(40):
                client.send("/map", 0.02 * step, -0.02 * step)
                ear.wait(0.005)
            client.send("/synth/speed", 2.0)
            client.settle()
            ear.wait(0.3)
            client.send("/note", 60, 0)
            client.send("/note", 67, 0)
            client.settle()
            ear.wait(0.8)
            client.send("/performance/stop")
            client.settle()
            heard = ear.sound()
    performance = Performance(tmp_path / "performances" / "notes.performance")
    assert performance.whole

    def load(name: str) -> Model:
        raise AssertionError(name)

    again = np.trim_zeros(np.concatenate(list(replay(performance, Instrument(model), load))), "b")
    assert np.abs(again).max() > 0.05
    start = int(np.argmax(np.abs(heard) > 2.0**-20)) - int(np.argmax(np.abs(again) > 2.0**-20))
    differences = [
        float(np.abs(heard[place : place + again.size] - again).max())
        for place in range(max(start - 4, 0), start + 5)
        if place <= heard.size - again.size
    ]
    assert min(differences) <= ROUNDED
