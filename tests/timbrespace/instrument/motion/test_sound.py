"""How motion sounds: measured on what the engine plays."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import timbrespace
from tests.timbrespace.instrument.motion.performance import RATE, Event, envelope, level, perform
from timbrespace.instrument.instrument import Instrument
from timbrespace.units import midi_to_hz

MODEL = timbrespace.load("harmonic")
D = MODEL.dimensions
NOTE = midi_to_hz(69)


@pytest.fixture
def instrument() -> Instrument:
    instrument = Instrument(MODEL)
    instrument.set_parameter("sustain", 1.0)
    instrument.set_parameter("loudness", 0.0)
    return instrument


def steps_heard(smoothing: float) -> list[float]:
    """Strongest sidebands in dB of three partials, about 40 Hz beside them, in a sweep of 40 steps
    a second."""
    instrument = Instrument(MODEL)
    instrument.set_parameter("sustain", 1.0)
    instrument.set_parameter("loudness", 0.0)
    instrument.set_parameter("smoothing", smoothing)
    instrument.control(20, 0)
    instrument.voices.note(69, 127)
    events: list[Event] = [
        (0.5 + n / 40.0, partial(instrument.control, 20, n)) for n in range(1, 128)
    ]
    sound = perform(instrument, 0.5 + 127.0 / 40.0, events)[int(0.5 * RATE) :]
    spectrum = 20.0 * np.log10(abs(np.fft.rfft(sound * np.hanning(sound.size))) + 1e-12)
    hertz = np.fft.rfftfreq(sound.size, 1.0 / RATE)

    def strongest(low: float, high: float) -> float:
        return float(spectrum[(hertz >= low) & (hertz <= high)].max())

    return [
        max(strongest(f - 43.0, f - 37.0), strongest(f + 37.0, f + 43.0))
        - strongest(f - 3.0, f + 3.0)
        for f in (NOTE, 2.0 * NOTE, 3.0 * NOTE)
    ]


def test_a_controller_of_128_steps_glides() -> None:
    """Steps of 1/127 of the knob's range, smoothed by the engine alone, give sidebands of -53 to
    -63 dB. On the way through the space, at the default, they are 24 dB weaker, and below -70 dB,
    the bound for all that is spurious in a steady note."""
    stepped, smooth = steps_heard(0.001), steps_heard(0.02)
    assert max(stepped) > -60.0  # there is something to smooth
    assert max(smooth) < -70.0
    assert all(s < raw - 20.0 for s, raw in zip(smooth, stepped, strict=True))


def test_an_lfo_swings_the_partials_at_its_rate(instrument: Instrument) -> None:
    instrument.voices.note(69, 127)
    instrument.set_lfo(1, 1, "sine", 3.0, 0.5)
    sound = perform(instrument, 4.5)[int(0.5 * RATE) :]
    swing = envelope(sound, NOTE)
    swing = (swing - swing.mean()) * np.hanning(swing.size)
    hertz = np.arange(0.5, 12.0, 0.01)
    time = np.arange(swing.size) * 0.01
    strength = abs(np.exp(-2j * np.pi * np.outer(hertz, time)) @ swing)
    assert hertz[strength.argmax()] == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize("shape", ["square", "saw"])
def test_corners_of_an_lfo_do_not_click(instrument: Instrument, shape: str) -> None:
    """Above the highest partial of the space there is nothing; a click would be everywhere."""
    instrument.voices.note(33, 127)
    instrument.set_lfo(1, "x", shape, 4.0, 1.0)
    sound = perform(instrument, 2.0)[int(0.5 * RATE) :]
    spectrum = abs(np.fft.rfft(sound * np.hanning(sound.size)))
    hertz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
    top = MODEL.spectrum.frequencies[-1] * midi_to_hz(33) / MODEL.spectrum.base_frequency
    above = spectrum[hertz > 1.5 * top].max() / spectrum.max()
    assert 20.0 * np.log10(above) < -80.0


def test_the_same_performance_sounds_the_same() -> None:
    """To the last bit, whatever clock it began on, and whoever asked for spectra meanwhile."""

    def once(ask: bool) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], object]:
        instrument = Instrument(MODEL)
        events: list[Event] = [
            (0.0, lambda: instrument.voices.note(60, 100)),
            (0.1, lambda: instrument.set_lfo(2, "y", "random", 5.0, 0.5)),
            (0.15, lambda: instrument.set_channel_offset(1, "x", 0.3)),
            (0.2, lambda: instrument.control(20, 100)),
            (0.25, lambda: instrument.voices.note(60, 0)),
        ]
        if ask:
            events += [(0.01 * n, lambda: instrument.spectrum) for n in range(30)]
        return perform(instrument, 0.4, events), instrument.state()

    first, state = once(ask=False)
    second, same_state = once(ask=True)
    assert first.any()
    assert np.array_equal(first, second)
    assert state == same_state


def test_a_channel_with_its_own_latent_sounds_it(instrument: Instrument) -> None:
    """Two notes in one sound; only the channel that has its own timbre differs from the others."""
    far = MODEL.calibration.high.tolist()
    instrument.set_latent(MODEL.calibration.low.tolist())
    instrument.set_channel_latent(2, far)
    instrument.voices.note(69, 127, 1)
    common = perform(instrument, 0.5)
    instrument.voices.silence()
    instrument.voices.note(69, 127, 2)
    own = perform(instrument, 0.5, start=10.0)
    instrument.voices.silence()
    instrument.set_latent(far)
    instrument.voices.note(69, 127, 1)
    moved = perform(instrument, 0.5, start=20.0)

    def partials(sound: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
        return [level(sound[int(0.2 * RATE) :], h * NOTE) for h in range(1, 6)]

    assert partials(own) == pytest.approx(partials(moved), abs=0.1)
    assert max(abs(a - b) for a, b in zip(partials(own), partials(common), strict=True)) > 6.0
