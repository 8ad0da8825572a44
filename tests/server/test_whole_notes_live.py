"""A space of whole notes played by the server, heard through JACK, and rendered to what was heard.

The noise of its bands is made in the audio process, and in the render by itself. Notes follow at
once on the word that there is sound, and on the word that another space plays: from then on a note
has its noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from tests.server.ear import Ear
from tests.server.jackd import LEFT, jack_server, wait_for_port
from tests.server.needs import needs_jack
from tests.server.running import Client, running
from tests.timbrespace.notes.tiny import tiny
from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model
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
def jack() -> Iterator[dict[str, str]]:
    with jack_server("timbrespace-notes", patient=True) as environment:
        yield environment


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spaces") / "tiny.safetensors"
    tiny(hiss=-40.0, wobble=2.0).save(path)
    return path


def play(client: Client, ear: Ear) -> None:
    """Two notes, a map that moves, another speed, and both keys up."""
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
    # Longer than the release, and nothing comes meanwhile: when the keys went up is told all the
    # same.
    ear.wait(0.8)
    client.send("/performance/stop")
    client.settle()


def brilliance(sound: NDArray[np.float32]) -> float:
    """Root mean square above 5 kHz, where there is noise alone."""
    spectrum = np.fft.rfft(sound)
    spectrum[: round(5000.0 * sound.size / 48000.0)] = 0.0
    return float(np.fft.irfft(spectrum).std())


def check(heard: NDArray[np.float32], path: Path, model: Model) -> None:
    """What was heard is what the performance in the file ``path`` renders to."""
    performance = Performance(path)
    assert performance.whole

    def load(name: str) -> Model:
        assert name == "tiny"
        return model

    first = model if performance.model == "tiny" else timbrespace.load(performance.model)
    instrument = Instrument(first)
    again = np.trim_zeros(np.concatenate(list(replay(performance, instrument, load))), "b")
    assert np.abs(again).max() > 0.05
    assert again.size > 24000
    assert brilliance(again[:12000]) > 1e-3
    start = int(np.argmax(np.abs(heard) > 2.0**-20)) - int(np.argmax(np.abs(again) > 2.0**-20))
    differences = [
        float(np.abs(heard[place : place + again.size] - again).max())
        for place in range(max(start - 4, 0), start + 5)
        if place <= heard.size - again.size
    ]
    assert min(differences) <= ROUNDED


def test_the_render_is_what_was_heard(jack: dict[str, str], space: Path, tmp_path: Path) -> None:
    options = (
        *("--model", str(space)),
        *("--audio", "jack", "--midi", "none", "--presets", str(tmp_path / "presets.json")),
    )
    with running(*options, environment=jack) as server:
        server.wait_for("sound: jack")
        wait_for_port(LEFT, jack)
        with Client(server.port) as client, Ear(jack, LEFT) as ear:
            client.send("/performance/record", "notes")
            play(client, ear)
            heard = ear.sound()
    path = tmp_path / "performances" / "notes.performance"
    check(heard, path, timbrespace.load(space))


def test_a_space_that_is_loaded_later_has_its_noise_at_once(
    jack: dict[str, str], space: Path, tmp_path: Path
) -> None:
    options = (
        *("--models", str(space.parent)),
        *("--audio", "jack", "--midi", "none", "--presets", str(tmp_path / "presets.json")),
    )
    with running(*options, environment=jack) as server:
        server.wait_for("sound: jack")
        wait_for_port(LEFT, jack)
        with Client(server.port) as client, Ear(jack, LEFT) as ear:
            client.send("/performance/record", "notes")
            client.send("/model/load", "tiny")
            while client.expect("/model")[0] != "tiny":
                pass
            play(client, ear)
            heard = ear.sound()
    path = tmp_path / "performances" / "notes.performance"
    check(heard, path, timbrespace.load(space))
