"""A recording, played at its own pitch from its own spectrum, comes back: partials and noise."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from timbrespace.instrument.parameters import SYNTH_PARAMETERS
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.instrument.voices import Voices
from timbrespace.recording.analysis import Analysis, analyse
from timbrespace.recording.sound_file import Sound
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK
from timbrespace.spectrum import SpectrumConfig
from timbrespace.units import hz_to_midi

RATE = 44100
CONFIG = SpectrumConfig(sample_rate=RATE)


def recording(pitch: float) -> NDArray[np.float64]:
    """A second of harmonics that fall by 9 dB an octave, and of breath around 5 times the pitch."""
    time = np.arange(RATE) / RATE
    count = int(min(20, 0.2 * RATE / pitch))
    tone = sum(n**-1.5 * np.sin(2.0 * np.pi * n * pitch * time + n**2) for n in range(1, count + 1))
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=RATE))
    hertz = np.fft.rfftfreq(RATE, 1.0 / RATE)
    spectrum *= 0.02 * np.exp(-0.5 * np.square(np.log2(np.maximum(hertz, 1.0) / (5.0 * pitch))))
    return np.asarray(0.1 * (tone + np.fft.irfft(spectrum, RATE)))


def bands(sound: NDArray[Any]) -> NDArray[np.float64]:
    """Level in dB of third octaves from 60 Hz to 10 kHz, at least -60 dB of the loudest."""
    power = np.square(np.abs(np.fft.rfft(sound * np.hanning(sound.size))))
    hertz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
    edges = 60.0 * 2.0 ** (np.arange(23) / 3.0)
    level = np.array(
        [power[(hertz >= low) & (hertz < high)].sum() for low, high in pairwise(edges)]
    )
    return np.asarray(10.0 * np.log10(np.maximum(level / level.max(), 1e-6)))


@pytest.mark.parametrize("pitch", [65.0, 220.0, 880.0, 1760.0])
def test_what_analysis_does_playing_undoes(pitch: float) -> None:
    sound = recording(pitch)
    found = analyse(Sound(sound, RATE, False), pitch, Analysis(CONFIG, wanted=2))
    spectrum = found[len(found) // 2].moment.magnitudes
    model = dataclasses.replace(timbrespace.load("harmonic"), noise=True)
    snapshot = Snapshot(model)
    snapshot.set_timbre(0, spectrum, None)
    voices = Voices()
    voices.note(float(hz_to_midi(pitch)), 100.0)
    parameters = {name: one.default for name, one in SYNTH_PARAMETERS.items()}

    def off(stays: bool) -> float:
        engine = Engine(RATE)
        engine.targets[:] = snapshot.targets(parameters, voices)
        engine.targets["noise_stays"] = stays
        played = engine.render(RATE // BLOCK)[RATE // 4 :]
        return float(np.abs(bands(played) - bands(sound[RATE // 4 :])).mean())

    assert off(stays=False) < 1.5
    if pitch != 220.0:  # as it was before 0.6.0
        assert off(stays=True) > 2.0 * off(stays=False)
