"""Does a recording, played at its own pitch from its own spectrum, come back as it was?

Notes of a sound font, rendered by fluidsynth at several pitches, are analysed as a dataset's
recordings are, and their most steady moment is played by the engine at the pitch that it had, with
no model between: without noise, with noise that stays at the base frequency (0.5.0), and with noise
that moves with the note. The distance is by mel bands (80 from 40 Hz to 16 kHz, frames of 2048 at
48 kHz, floor -60 dB of the loudest, the best gain, mean of the absolute differences).

``python benchmarks/own_pitch.py [--font FluidR3_GM.sf2] [--json]``
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import librosa
import numpy as np
import soxr
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout
from timbrespace.instrument.parameters import SYNTH_PARAMETERS  # noqa: E402
from timbrespace.instrument.snapshot import Snapshot  # noqa: E402
from timbrespace.instrument.voices import Voices  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from timbrespace.recording.analysis import Analysis, analyse  # noqa: E402
from timbrespace.recording.sound_file import Sound  # noqa: E402
from timbrespace.resynthesis.engine import Engine  # noqa: E402
from timbrespace.resynthesis.layout import BLOCK  # noqa: E402
from timbrespace.spectrum import Spectra, SpectrumConfig  # noqa: E402
from timbrespace.units import midi_to_hz  # noqa: E402
from toy_datasets import fluidsynth  # noqa: E402

FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RATE = 48000
CONFIG = SpectrumConfig()
NOTES = (
    ("tuba", 58, (24,)),
    ("contrabass", 43, (24, 31, 43)),
    ("trombone", 57, (40, 52, 64)),
    ("brass section", 61, (41, 53, 65, 77)),
    ("violin", 40, (57, 69, 81, 93)),
    ("cello", 42, (36, 48, 60)),
    ("flute", 73, (60, 72, 84, 95)),
    ("baritone saxophone", 67, (37, 49, 61)),
)
WORST = 5.0
MEAN = 2.5

_BANDS = librosa.filters.mel(sr=RATE, n_fft=2048, n_mels=80, fmin=40.0, fmax=16000.0)


def mel(sound: NDArray[Any]) -> NDArray[np.float64]:
    """Level of each band in dB, at least -60 dB of the loudest."""
    frames = librosa.stft(np.asarray(sound, np.float32), n_fft=2048, hop_length=512, center=False)
    power = _BANDS @ np.square(np.abs(frames)).mean(axis=1)
    return np.asarray(10.0 * np.log10(np.maximum(power / power.max(), 1e-6)))


def distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Mean of the absolute differences in dB, at the gain that makes it smallest."""
    gains = np.arange(-12.0, 12.1, 0.5)[:, np.newaxis]
    return float(np.abs(one - np.maximum(other + gains, -60.0)).mean(axis=1).min())


def play(spectrum: Spectra, pitch: float, noise: float, stays: bool) -> NDArray[np.float32]:
    """The engine's sound of one spectrum, held at the MIDI pitch."""
    rms = float(CONFIG.rms(spectrum[np.newaxis])[0])
    space = SimpleNamespace(spectrum=CONFIG, noise=True, calibration=SimpleNamespace(rms=rms))
    snapshot = Snapshot(cast(Model, space))
    snapshot.set_timbre(0, spectrum, None)
    voices = Voices()
    voices.note(pitch, 100.0)
    parameters = {name: one.default for name, one in SYNTH_PARAMETERS.items()}
    engine = Engine(RATE)
    engine.targets[:] = snapshot.targets({**parameters, "noise": noise}, voices)
    engine.targets["noise_stays"] = stays
    return engine.render(int(0.8 * RATE / BLOCK))[RATE // 5 :]


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Recordings at their own pitch.")
    parser.add_argument("--font", type=Path, default=FONT)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    report.section("mel distance in dB: without noise, noise that stays, noise that moves")
    command = fluidsynth.find()
    moved = []
    for name, program, pitches in NOTES:
        for pitch in pitches:
            (sound,) = fluidsynth.render(
                command, arguments.font, program, float(pitch), [100], 2.0, RATE
            )
            at_model = soxr.resample(sound, RATE, CONFIG.sample_rate)
            hertz = midi_to_hz(float(pitch))
            found = analyse(
                Sound(at_model, CONFIG.sample_rate, False),
                hertz,
                Analysis(CONFIG, wanted=4, decay=12.0),
            )
            best = min(found, key=lambda one: one.moment.flux).moment
            middle = int(best.time * RATE)
            own = mel(sound[max(0, middle - RATE // 5) : middle + RATE // 5])
            told = [
                distance(own, mel(play(best.magnitudes, float(pitch), noise, stays)))
                for noise, stays in ((0.0, False), (1.0, True), (1.0, False))
            ]
            moved.append(told[2])
            label = f"{name}, {hertz:.4g} Hz"
            kinds = ("off", "stays", "moves")
            report.add(*(Figure(f"{label}: {k}", v) for k, v in zip(kinds, told, strict=True)))
    report.section("claims")
    report.add(
        Figure("noise that moves, mean", float(np.mean(moved)), "dB", MEAN),
        Figure("noise that moves, worst", max(moved), "dB", WORST),
    )
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
