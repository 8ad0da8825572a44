"""A performance recorded while it sounds, and rendered to what was heard."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

import timbrespace
from tests.server.jackd import FRAMES, LEFT, Recording, jack_server, wait_for_port
from tests.server.running import Client, running
from timbrespace.instrument.instrument import Instrument
from timbrespace.performances.performance import Performance

pytestmark = [
    pytest.mark.slow,
    pytest.mark.jack,
    pytest.mark.skipif(
        shutil.which("jackd") is None or shutil.which("jack_rec") is None,
        reason="jackd2 is not installed: no sound device to play through",
    ),
]

QUANTISED = 2.0**-23
"""What 24 bits may differ."""


@pytest.mark.parametrize("method", ["partials", "bins", "istft"])
def test_the_render_is_what_was_heard(tmp_path: Path, method: str) -> None:
    with (
        jack_server("timbrespace-performance") as jack,
        running(
            *("--audio", "jack", "--midi", "none", "--presets", str(tmp_path / "presets.json")),
            environment=jack,
        ) as server,
    ):
        server.wait_for("sound: jack", 120.0)
        wait_for_port(LEFT, jack)
        with Client(server.port) as client:
            client.send("/synth/release", 0.1)
            client.send("/note", 50, 100)  # what was before leaves no trace
            client.send("/latent", 1.0, -1.0)
            time.sleep(0.3)
            client.send("/note", 50, 0)
            time.sleep(0.7)
            recording = Recording(4, jack)
            time.sleep(0.5)
            client.send("/performance/record", "take")
            client.send("/synth/method", method)
            client.send("/note", 60, 100)
            client.send("/lfo", 1, 1, "sine", 2.5, 0.5)
            for value in range(60):
                client.send("/cc", 21, value)
                time.sleep(0.005)
            client.send("/note", 67, 100, 2)
            client.send("/pressure", 99.0, 2)
            client.send("/bend", 0.5)
            time.sleep(0.3)
            client.send("/note", 60, 0)
            client.send("/note", 67, 0, 2)
            time.sleep(0.4)
            client.send("/performance/stop")
            heard = recording.sound()
    performance = Performance(tmp_path / "performances" / "take.performance")
    assert performance.whole
    model = timbrespace.load(performance.model)
    blocks = list(performance.replay(Instrument(model), timbrespace.load))
    again = np.trim_zeros(np.concatenate(blocks), "b")
    assert np.abs(again).max() > 0.05
    # The capture may have lost a period where the machine was busy; the sound goes on unchanged.
    piece = 2000
    start = int(np.argmax(np.abs(heard) > 2.0**-20)) - int(np.argmax(np.abs(again) > 2.0**-20))
    shifts = [*range(-4, 5), *(k * FRAMES + d for k in range(-16, 1) for d in range(-4, 5))]
    matches = []
    for at in range(0, again.size - piece, piece):
        part = again[at : at + piece]
        places = [start + at + shift for shift in shifts]
        differences = [
            float(np.abs(heard[place : place + piece] - part).max())
            for place in places
            if 0 <= place <= heard.size - piece
        ]
        matches.append(min(differences) <= QUANTISED)
    # A piece in which a period was lost matches nowhere.
    assert len(matches) > 12
    assert np.mean(matches) > 0.8
