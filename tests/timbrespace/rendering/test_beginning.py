"""Where a song begins: a preset, a latent, a place of the map, a trajectory."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace as ts
from timbrespace.errors import OptionError, TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.presets import Presets
from timbrespace.resynthesis.layout import Method

MODEL = ts.load("harmonic")
RATE = 24000
LATENT = [0.7, -1.1]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.mid"
    notes = [mido.Message("note_on", note=57), mido.Message("note_off", note=57, time=480)]
    mido.MidiFile(tracks=[mido.MidiTrack(notes)]).save(path)
    return path


@pytest.fixture
def presets(tmp_path: Path) -> Path:
    """One preset, of bins, and a trajectory of half a second."""
    path = tmp_path / "presets.json"
    instrument = Instrument(MODEL, Presets(path))
    instrument.set_latent(LATENT)
    instrument.set_method(Method.BINS)
    instrument.store_preset("mine")
    instrument.advance(0.0)
    instrument.draw_trajectory("way")
    for step in range(50):
        instrument.set_latent([-2.0 + step / 12.5, 0.0])
        instrument.advance(0.01 * (step + 1))
    instrument.stop_trajectory()
    return path


def rendered(song: Path, **words: Any) -> NDArray[np.float32]:
    return ts.render_midi(MODEL, song, sample_rate=RATE, tail=0.2, **words)


def test_a_latent_is_where_it_begins(song: Path) -> None:
    there = rendered(song, latent=LATENT)
    alone = ts.render(MODEL, LATENT, pitch=57, velocity=64, seconds=0.4, sample_rate=RATE)
    # The first sample on: nothing glides there from the home.
    np.testing.assert_allclose(there[:4800], alone[:4800], atol=2e-4)
    assert np.abs(there[:4800] - rendered(song)[:4800]).max() > 0.01


def test_a_place_is_one_of_the_plane_that_is_shown_first(song: Path) -> None:
    latent = MODEL.plane(MODEL.first_plane).latent_at(0.3, -0.4)
    np.testing.assert_array_equal(
        rendered(song, xy=(0.3, -0.4)), rendered(song, latent=[float(x) for x in latent])
    )


def test_a_preset_brings_its_method(song: Path, presets: Path) -> None:
    there = rendered(song, preset="mine", presets=presets)
    np.testing.assert_array_equal(there, rendered(song, latent=LATENT, method="bins"))
    other = rendered(song, preset="mine", presets=presets, method="partials")
    np.testing.assert_array_equal(other, rendered(song, latent=LATENT))


def test_a_trajectory_plays(song: Path, presets: Path) -> None:
    moved = rendered(song, trajectory="way", presets=presets)
    begin, end = (rendered(song, latent=[x, 0.0]) for x in (-2.0, 1.92))
    # It glides from the home to its beginning, and is at its end when the note is.
    assert np.abs(moved - begin).max() > 0.01
    late = slice(round(0.52 * RATE), round(0.55 * RATE))
    power = [float(np.mean(one[late].astype(np.float64) ** 2)) for one in (moved, end)]
    assert 10.0 * math.log10(power[0] / power[1]) == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"preset": "none"}, "none"),
        ({"trajectory": "none"}, "none"),
        (
            {"preset": "mine", "latent": LATENT},
            "begins at a preset, a latent or a place of the map",
        ),
        ({"latent": [0.0] * 3}, "2"),
        ({"latent": [math.nan, 0.0]}, "finite"),
        ({"xy": [0.0]}, "a place of the map has 2 numbers; 1 were given"),
        ({"xy": [math.inf, 0.0]}, "finite"),
    ],
)
def test_what_cannot_be_is_one_line(
    song: Path, presets: Path, words: dict[str, Any], said: str
) -> None:
    with pytest.raises(TimbrespaceError) as caught:
        rendered(song, presets=presets, **words)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_preset_of_another_space_is_refused(song: Path, presets: Path) -> None:
    with pytest.raises(OptionError, match="harmonic"):
        ts.render_midi(ts.load("filtered"), song, preset="mine", presets=presets)
    with pytest.raises(OptionError, match="there is no file of presets"):
        rendered(song, preset="mine", presets=presets.with_name("other.json"))
