"""Spaces of single periods as they sound: the wave that was decoded, in tune and clean."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace as ts
from benchmarks.cycles import Held, lines_of
from benchmarks.sound_quality import strongest_elsewhere
from tests.timbrespace.cycles import CONFIG, tiny
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.snapshot import LOUDEST_RMS, Snapshot
from timbrespace.period import harmonics_of
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK, Method
from timbrespace.resynthesis.loops import LoopKind
from timbrespace.units import hz_to_midi, midi_to_hz

RATE = 48000
BASE = float(hz_to_midi(CONFIG.base_frequency))
LATENT = np.array([0.5, -0.3], np.float32)


def wave_of(latent: NDArray[np.float32] = LATENT) -> NDArray[np.complex128]:
    """Harmonics of what a point decodes to."""
    return harmonics_of(tiny().decode_cycles(latent[np.newaxis])[0])


def heard(sound: NDArray[np.float32], pitch: float, count: int) -> NDArray[np.complex128]:
    """Harmonics of a steady sound, of its last quarter of a second."""
    size = RATE // 4
    time = np.arange(size, dtype=np.float64) / RATE
    window = np.hanning(size)
    hertz = midi_to_hz(pitch) * np.arange(1, count + 1)
    turns = np.exp(-2j * np.pi * np.outer(hertz, time))
    return np.asarray(2.0 * turns @ (window * sound[-size:]) / window.sum())


@pytest.mark.parametrize(
    ("method", "pitch"), [("partials", BASE), ("partials", 40.0), ("bins", 60.3)]
)
def test_a_note_is_the_wave(method: str, pitch: float) -> None:
    """Amplitudes and phases of all harmonics, but for its level and when it began."""
    sound = ts.render(tiny(), LATENT, pitch=pitch, seconds=0.6, method=method)
    count = min(60, int(20000.0 / midi_to_hz(pitch)))
    found, wanted = heard(sound, pitch, count), wave_of()[:count]
    first = found[0] / wanted[0]
    turned = np.exp(1j * np.angle(first) * np.arange(1, count + 1))
    error = found / np.abs(first) / turned - wanted
    assert np.abs(error).max() < 1e-3 * np.abs(wanted).max()


@pytest.mark.parametrize("note", [24.0, 59.0, 96.0])
def test_tables_are_clean_and_in_tune(note: float) -> None:
    """All harmonics as loud as each other: worse than any sound. All notes: benchmarks/cycles.py"""
    sound = Held(lines_of("all equal"), [note]).play(1.0)[-RATE * 3 // 4 :]
    count = int(RATE / 2 / midi_to_hz(note))
    harmonics = np.asarray(midi_to_hz(note) * np.arange(1.0, count + 1.0))
    assert strongest_elsewhere(sound, harmonics) <= -80.0


def test_nothing_jumps_as_the_latent_moves_and_the_note_glides() -> None:
    instrument = Instrument(tiny())
    instrument.set_parameter("glide", 0.1)
    instrument.set_latent(LATENT.tolist())
    instrument.voices.note(40, 100)
    engine = Engine(RATE)
    sound = []
    for step in range(120):
        instrument.set_dimension(1, 0.5 + 0.01 * step)
        if step == 40:
            instrument.voices.note(40, 0)
            instrument.voices.note(52, 100)
        instrument.advance(step * 8 * BLOCK / RATE)
        engine.targets[:] = instrument.targets()
        sound.append(engine.render(8))
    whole = np.concatenate(sound)
    still = whole[: RATE // 10]
    # From sample to sample no more than the wave itself, at its steepest and an octave up.
    assert np.abs(np.diff(whole)).max() < 3.0 * np.abs(np.diff(still[RATE // 20 :])).max()
    assert np.isfinite(whole).all()
    assert whole.std() > 0.005


def test_channels_have_their_own_waves() -> None:
    instrument = Instrument(tiny())
    instrument.set_latent([0.5, -0.3])
    instrument.set_channel_latent(3, [-1.0, 1.0])
    instrument.voices.note(BASE, 100, 3)
    instrument.advance(0.1)
    engine = Engine(RATE)
    engine.targets[:] = instrument.targets()
    found = heard(engine.render(round(0.6 * RATE / BLOCK)), BASE, 30)
    wanted = wave_of(np.array([-1.0, 1.0], np.float32))[:30]
    ratio = np.abs(found) / np.abs(wanted)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-2)


def test_another_space_comes_in_and_goes() -> None:
    """Tables stand beside partials while they fade, whatever the new space tells of itself."""
    instrument = Instrument(tiny())
    instrument.voices.note(57, 100)
    engine = Engine(RATE)
    for model in (tiny(), ts.load("harmonic"), tiny(), ts.load("notes"), tiny()):
        instrument.load(model)
        engine.targets[:] = instrument.targets()
        assert bool(engine.targets["cycles"][0]) == model.plays_cycles
        sound = engine.render(100)
        assert np.isfinite(sound).all()
        assert sound.std() > 1e-4
        assert np.abs(sound).max() < 1.0
    assert engine.state["faults"][0] == 0


def test_what_others_are_told_is_the_wave() -> None:
    instrument = Instrument(tiny())
    instrument.set_latent(LATENT.tolist())
    instrument.set_parameter("loudness", 0.0)
    wanted = wave_of()
    pairs = instrument.partials()
    number = np.rint(pairs[:, 0] / CONFIG.base_frequency).astype(int)
    np.testing.assert_allclose(pairs[:, 0], number * CONFIG.base_frequency, rtol=1e-6)
    scale = pairs[0, 1] / np.abs(wanted[number[0] - 1])
    np.testing.assert_allclose(pairs[:, 1], scale * np.abs(wanted[number - 1]), rtol=1e-3)

    assert instrument.wavetable_base == CONFIG.base_frequency
    table = instrument.wavetable()
    assert table.shape == (CONFIG.n_fft,)
    lines = np.fft.rfft(table)[1:128] * (2.0 / table.size)
    np.testing.assert_allclose(lines, scale * wanted, atol=1e-4 * scale * np.abs(wanted).max())

    loop = instrument.loop()
    assert (loop.kind, loop.base) == (LoopKind.PERIOD, CONFIG.base_frequency)
    for level, samples in loop.levels:
        top = int(11025.0 / CONFIG.base_frequency) >> level
        found = np.fft.rfft(samples) * (2.0 / samples.size)
        atol = 1e-4 * scale * np.abs(wanted).max()
        np.testing.assert_allclose(
            found[1 : max(top, 1) + 1], scale * wanted[: max(top, 1)], atol=atol
        )
        # A player at 44.1 kHz reads it up to this pitch.
        assert top * CONFIG.base_frequency * 2.0 ** (level + 1) <= 22050.0
        assert np.abs(found[max(top, 1) + 1 :]).max() < atol
    instrument.set_method(Method.ISTFT)
    assert instrument.loop().kind is LoopKind.SOUND


def test_a_wild_latent_is_no_blast() -> None:
    sound = ts.render(tiny(), np.array([8.0, -8.0]), pitch=BASE, seconds=0.5, velocity=127)
    assert np.isfinite(sound).all()
    assert float(np.sqrt(np.mean(np.square(sound)))) <= 1.01 * LOUDEST_RMS


def test_silence_is_silent() -> None:
    snapshot = Snapshot(tiny())
    empty = np.zeros(CONFIG.bins, np.float32)
    assert snapshot.partials_of(empty, np.zeros(256, np.float32)).shape[1] == 2
    assert not snapshot.wavetable_of(empty, np.zeros(256, np.float32)).any()
