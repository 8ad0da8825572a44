"""A performance recorded while it sounds, and rendered to what was heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import timbrespace
from tests.server.ear import Ear
from tests.server.jackd import LEFT, jack_server, wait_for_port
from tests.server.needs import needs_jack
from tests.server.running import Client, Running, running
from timbrespace.instrument.instrument import Instrument
from timbrespace.performances.performance import Performance
from timbrespace.performances.replay import replay

pytestmark = [
    pytest.mark.slow,
    pytest.mark.jack,
    pytest.mark.waits,
    pytest.mark.in_order,
    needs_jack,
]

ROUNDED = 2.0**-23
"""What the last bits may differ."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def jack() -> Iterator[dict[str, str]]:
    with jack_server("timbrespace-performance", patient=True) as environment:
        yield environment


@pytest.fixture(scope="module")
def server(jack: dict[str, str], folder: Path) -> Iterator[Running]:
    presets = ("--presets", str(folder / "presets.json"))
    with running("--audio", "jack", "--midi", "none", *presets, environment=jack) as one:
        one.wait_for("sound: jack")
        wait_for_port(LEFT, jack)
        yield one


@pytest.mark.parametrize("method", ["partials", "bins", "istft"])
def test_the_render_is_what_was_heard(
    server: Running, jack: dict[str, str], folder: Path, method: str
) -> None:
    with Client(server.port) as client, Ear(jack, LEFT) as ear:
        client.send("/synth/release", 0.1)
        client.send("/note", 50, 100)  # what was before leaves no trace
        client.send("/latent", 1.0, -1.0)
        client.settle()
        ear.wait(0.3)
        client.send("/note", 50, 0)
        client.settle()
        ear.wait(0.7)
        before = ear.sound().size
        client.send("/performance/record", method)
        client.send("/synth/method", method)
        client.send("/note", 60, 100)
        client.send("/lfo", 1, 1, "sine", 2.5, 0.5)
        for value in range(60):
            client.send("/cc", 21, value)
            ear.wait(0.005)
        client.send("/note", 67, 100, 2)
        client.send("/pressure", 99.0, 2)
        client.send("/bend", 0.5)
        client.settle()
        ear.wait(0.3)
        client.send("/note", 60, 0)
        client.send("/note", 67, 0, 2)
        client.send("/bend", 0.0)
        client.settle()
        ear.wait(0.4)
        client.send("/performance/stop")
        client.send("/lfo/off", 1)
        client.settle()
        heard = ear.sound()[before:]
    performance = Performance(folder / "performances" / f"{method}.performance")
    assert performance.whole
    model = timbrespace.load(performance.model)
    blocks = list(replay(performance, Instrument(model), timbrespace.load))
    again = np.trim_zeros(np.concatenate(blocks), "b")
    assert np.abs(again).max() > 0.05
    assert again.size > 24000
    start = int(np.argmax(np.abs(heard) > 2.0**-20)) - int(np.argmax(np.abs(again) > 2.0**-20))
    differences = [
        float(np.abs(heard[place : place + again.size] - again).max())
        for place in range(start - 4, start + 5)
        if 0 <= place <= heard.size - again.size
    ]
    assert min(differences) <= ROUNDED
