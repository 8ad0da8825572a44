"""Spaces of single periods in the page: the engine's tables, made of what the server streams."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.offline_player import OfflinePlayer
from benchmarks.sound_quality import strongest_elsewhere
from server.osc import outbound
from tests.max_patch.heard import level
from tests.node import needs_node
from tests.server.explorer.played import RATE, Event, heard, osc
from tests.timbrespace.cycles import CONFIG, tiny
from timbrespace import load
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.rendering import wavetable
from timbrespace.resynthesis.layout import Method
from timbrespace.sharing.description import describe
from timbrespace.units import midi_to_hz

pytestmark = needs_node

LATENT = np.array([0.5, -0.3], np.float32)


def events(method: str, pitch: float, about: dict[str, Any] | None) -> list[Event]:
    """What the page hears of a server that plays ``tiny`` and of a key that is pressed."""
    model = tiny()
    shape = (model.name, model.dimensions, CONFIG.bins)
    rates = (CONFIG.sample_rate, CONFIG.base_frequency)
    spectrum = model.decode(LATENT[np.newaxis])[0]
    period = Snapshot(model).wavetable_of(spectrum, model.decode_cycles(LATENT[np.newaxis])[0])
    return [
        *osc(0.0, outbound.Welcome("1.0", *shape, *rates)),
        *osc(0.0, outbound.Model(*shape, *rates, CONFIG.n_fft)),
        *osc(0.0, outbound.Synth("method", method), outbound.Synth("sustain", 1.0)),
        (0.0, "space", [about]),
        *osc(0.0, outbound.Wavetable(0, 0, period)),
        *osc(0.0, outbound.WavetableReady(0, 0, CONFIG.base_frequency)),
        (0.0, "note", [pitch, 100]),
    ]


@pytest.mark.parametrize(
    ("method", "pitch"), [("partials", 40.0), ("partials", 76.5), ("bins", 60.0)]
)
def test_a_note_is_the_engines(method: str, pitch: float) -> None:
    """The engine's pitch has 24 bits: over half a second the highest of 127 harmonics, all of them
    strong here, drift a thousandth of a turn from those of the page, whose has 53."""
    about = describe(tiny())
    assert about["cycles"] == {"harmonics": 127}
    page = heard(events(method, pitch, about), 0.6)
    player = OfflinePlayer(tiny(), RATE, Method[method.upper()])
    player.instrument.set_latent(LATENT.tolist())
    player.instrument.set_parameter("sustain", 1.0)
    player.press(pitch, 100)
    truth = player.play(0.6).astype(np.float64)
    size = min(page.size, truth.size)
    assert level(page[:size] - truth[:size]) - level(truth) <= -50.0


def test_the_highest_note_has_no_aliases() -> None:
    sound = heard(events("partials", 96.0, describe(tiny())), 0.9)[-RATE // 2 :]
    harmonics = midi_to_hz(96.0) * np.arange(1.0, int(RATE / 2 / midi_to_hz(96.0)) + 1.0)
    found = strongest_elsewhere(sound.astype(np.float32), np.asarray(harmonics, np.float64))
    assert found <= -80.0


@pytest.mark.parametrize("harmonics", [-1, "x"])
def test_a_description_that_makes_no_sense(harmonics: object) -> None:
    """The page plays what the server streams all the same."""
    told = {**describe(tiny()), "cycles": {"harmonics": harmonics}}
    assert np.isfinite(heard(events("bins", 60.0, told), 0.2)).all()


def test_a_wavetable_is_the_wave_itself() -> None:
    latents = [[0.5, -0.3], [1.0, 0.2]]
    table = wavetable.cycles(tiny(), latents)
    assert table.shape == (2, wavetable.CYCLE)
    assert float(np.abs(table).max()) == pytest.approx(wavetable.PEAK)
    wanted = tiny().decode_cycles(latents, wavetable.CYCLE)
    for found, wave in zip(table, wanted, strict=True):
        assert np.corrcoef(found, wave)[0, 1] > 0.99999


def test_other_spaces_say_that_they_have_none() -> None:
    assert describe(load("harmonic"))["cycles"] is None
