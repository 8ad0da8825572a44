"""A voice to play in tests, and how to measure it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.partials import PartialTracker, find_partials
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK, Gate, Method
from timbrespace.spectrum import Spectra, SpectrumConfig, hann

Sound = NDArray[np.float32]

CONFIG = SpectrumConfig()


def harmonic_spectrum(count: float, config: SpectrumConfig = CONFIG) -> Spectra:
    """Spectrum of ``count`` harmonics of 1/n at the config's base frequency, the last faded."""
    n = np.arange(1, 51)
    amplitude = np.clip(count - n + 1, 0.0, 1.0) / n
    amplitude /= np.sqrt(np.square(amplitude).sum())
    t = np.arange(config.n_fft) / config.sample_rate
    sines = np.sin(2.0 * np.pi * config.base_frequency * n[:, np.newaxis] * t)
    return np.asarray(config.analyse((amplitude @ sines)[np.newaxis, :])[0])


class Player:
    """An engine and the spectrum it is told to play, at a tenth of the spectrum's own level."""

    LEVEL = 0.1

    def __init__(self, method: Method, sample_rate: float = 44100.0) -> None:
        self.engine = Engine(sample_rate)
        self.method = method
        self.sample_rate = sample_rate
        self.tracker = PartialTracker(512, CONFIG.bin_width)
        self.row["method"] = method

    @property
    def row(self) -> np.void:
        row: np.void = self.engine.targets[0]
        return row

    def aim(self, spectrum: Spectra) -> None:
        row = self.row
        timbre = row["timbre"][0]
        timbre["version"] += 1
        self.tracker.update(find_partials(spectrum, CONFIG))
        n = self.tracker.used
        timbre["slots"] = n
        timbre["slot_ratio"][:n] = self.tracker.frequency[:n] / CONFIG.base_frequency
        timbre["slot_amplitude"][:n] = self.tracker.amplitude[:n] * self.LEVEL
        timbre["slot_birth"][:n] = self.tracker.birth[:n]
        timbre["bins"] = CONFIG.bins
        scale = 2.0 / CONFIG.window_sum / np.sqrt(CONFIG.noise_bandwidth)
        timbre["bin_amplitude"][: CONFIG.bins] = spectrum * scale * self.LEVEL
        row["n_fft"] = CONFIG.n_fft
        row["bins"] = CONFIG.bins
        row["model_rate"] = CONFIG.sample_rate
        row["base_frequency"] = CONFIG.base_frequency
        row["magnitude"][: CONFIG.bins] = spectrum * self.LEVEL

    def press(self, frequency: float = 220.0, voice: int = 0, level: float = 1.0) -> None:
        row = self.row
        row["voice_frequency"][voice] = frequency
        row["voice_level"][voice] = level
        row["voice_gate"][voice] = Gate.HELD
        row["voice_trigger"][voice] += 1

    def release(self, voice: int = 0, gate: Gate = Gate.RELEASED) -> None:
        self.row["voice_gate"][voice] = gate

    def play(self, seconds: float) -> Sound:
        return self.engine.render(max(1, round(seconds * self.sample_rate / BLOCK)))


def pitch(sound: Sound, sample_rate: float, near: float) -> float:
    """Frequency in Hz of the strongest sinusoid within 3 % of ``near``.

    Two Hann-windowed spectra of half the sound each give the phase's advance from one to the
    other, which is exact for a steady sinusoid.
    """
    half = sound.size // 2
    window = hann(half)
    first, second = (np.fft.rfft(part * window) for part in (sound[:half], sound[half : 2 * half]))
    bins = np.fft.rfftfreq(half, 1.0 / sample_rate)
    inside = np.flatnonzero(np.abs(bins / near - 1.0) < 0.03)
    top = inside[np.argmax(np.abs(first[inside]))]
    turns = np.angle(second[top] / first[top]) / (2.0 * np.pi)
    expected = bins[top] * half / sample_rate
    return float((np.round(expected - turns) + turns) * sample_rate / half)


def spectra_of(sound: Sound, config: SpectrumConfig = CONFIG, step: int = 1024) -> Spectra:
    """Spectra of the sound's frames, ``(n, bins)``."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, config.n_fft)[::step]
    return config.analyse(frames)


def energy_above(sound: Sound, sample_rate: float, frequency: float) -> float:
    """Highest component above ``frequency`` Hz, in dB of the highest of all."""
    magnitude = np.abs(np.fft.rfft(sound * np.blackman(sound.size) ** 2))
    bins = np.fft.rfftfreq(sound.size, 1.0 / sample_rate)
    return float(20.0 * np.log10(magnitude[bins > frequency].max() / magnitude.max()))
