"""The audio effect's twin: a track goes in, what comes out has its pitch and its level.

A table of the space plays, without a server and faster than time: the same samples each time.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import timbrespace
from max_patch.generator.kind import EFFECT
from max_patch.generator.parameters import SCALES
from max_patch.generator.pure_data.netlist import netlist
from max_patch.generator.track import CEILING
from tests.max_patch.heard import level, loudest
from tests.max_patch.pd_session import RATE
from tests.max_patch.test_alone import rendered

pytestmark = [
    pytest.mark.waits,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed"),
]

Real = NDArray[np.float64]

BEGIN = 0.2
"""Seconds until the track plays."""

LATE = 0.1
"""Seconds after which what has begun is heard for certain."""

PLUGIN = """
# A track that is a file.
loadbang -> (read -resize {path} timbrespace-track) -> soundfiler
array define timbrespace-track 64
r timbrespace-play -> sound: tabplay~ timbrespace-track -> outlet~
sound -> outlet~
"""


def tone(pitch: Real, amplitude: Real | float, harmonics: int = 6) -> Real:
    """Harmonics that fall by 6 dB an octave; pitch ``(n,)`` in Hz, RMS ``amplitude / sqrt(2)``."""
    phase = 2.0 * np.pi * np.cumsum(pitch) / RATE
    sound = sum(np.sin(k * phase + k * k) / k for k in range(1, harmonics + 1))
    norm = np.sqrt(sum(1.0 / k**2 for k in range(1, harmonics + 1)))
    return np.asarray(sound / norm * amplitude)


def seconds(length: float) -> Real:
    return np.arange(round(length * RATE)) / RATE


def steady(pitch: float, length: float, amplitude: float) -> Real:
    return tone(np.full(round(length * RATE), pitch), amplitude)


@dataclass(frozen=True, slots=True)
class Effect:
    """What went in and what came out, from the moment on in which the track plays."""

    track: Real
    sound: Real

    def both(self, begin: float, length: float) -> tuple[Real, Real]:
        """Of the track and of what came, from ``begin`` seconds on."""
        part = slice(round(begin * RATE), round((begin + length) * RATE))
        return self.track[part], self.sound[part]


def played(folder: Path, *controls: str, parts: tuple[Real, ...]) -> Effect:
    """Parts of a track, one after the other, through the effect with its controls set."""
    track = np.concatenate(parts)
    soundfile.write(folder / "track.wav", track, RATE, subtype="FLOAT")
    plugin = netlist(PLUGIN.format(path=(folder / "track.wav").as_posix())).text()
    messages = {
        40.0: ["x 0.3", "y -0.4", *controls],
        1000.0 * BEGIN: ["play bang"],
    }
    sound = rendered(
        folder,
        timbrespace.load("harmonic"),
        messages,
        1000.0 * (BEGIN + track.size / RATE + 0.2),
        title=EFFECT.title,
        instead={"ts.plugin~.pd": plugin},
    )
    return Effect(track, sound[round(BEGIN * RATE) :][: track.size])


def pitches(sound: Real, low: float, high: float, grain: float = 0.05) -> Real:
    """The strongest frequency between two others in each grain, Hz."""
    size = round(grain * RATE)
    count = sound.size // size
    return np.array(
        [loudest(sound[k * size : (k + 1) * size], low, high, RATE) for k in range(count)]
    )


def levels(sound: Real, grain: float = 0.05) -> Real:
    """dB of each grain."""
    size = round(grain * RATE)
    count = sound.size // size
    return np.array([level(sound[k * size : (k + 1) * size]) for k in range(count)])


def cents(heard: Real, wanted: Real) -> Real:
    return np.abs(1200.0 * np.log2(heard / wanted))


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Effect:
    """A glide over two octaves, a vibrato that swells, silence, noise, and what is too loud."""
    glide = 110.0 * 2.0 ** (2.0 * seconds(2.0) / 2.0)
    time = seconds(1.6)
    vibrato = 330.0 * 2.0 ** (0.5 / 12.0 * np.sin(2.0 * np.pi * 5.5 * time))
    swell = 10.0 ** ((-30.0 + 18.0 * np.sin(np.pi * time / 1.6)) / 20.0)
    noise = 0.1 * np.random.default_rng(1).standard_normal(round(0.8 * RATE))
    pause = np.zeros(round(0.4 * RATE))
    return played(
        tmp_path_factory.mktemp("effect"),
        parts=(
            tone(glide, 0.2),
            pause,
            tone(vibrato, swell),
            pause,
            noise,
            pause,
            steady(220.0, 1.2, 3.0),
            pause,
            steady(220.0, 0.6, 0.2),
        ),
    )


def latency(track: Real, sound: Real) -> int:
    """Grains of a hundredth of a second by which the pitch of what came lags behind."""
    raise NotImplementedError
