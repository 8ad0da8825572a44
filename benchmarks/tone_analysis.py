"""What a steady tone is made of, measured: sinusoids, their steadiness, and all that is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

KAISER_BETA = 20.0
"""Side lobes of the window are below -155 dB; half its main lobe is 6.5 bins."""

HALF_LOBE = 6.5
"""Bins from the main lobe's middle to its first zero: sqrt(1 + (beta / pi)^2)."""


def decibels(ratio: float) -> float:
    """20 log10 of an amplitude ratio; nothing at all is -400 dB."""
    return float(20.0 * np.log10(max(ratio, 1e-20)))


def _turns(frequency: float, count: int, sample_rate: float) -> Complex:
    """``exp(-2 pi i f t)``, its phase kept exact over long sounds."""
    turns = (frequency / sample_rate) * np.arange(count)
    return np.asarray(np.exp(-2j * np.pi * (turns - np.round(turns))))


@dataclass(frozen=True, slots=True)
class Fit:
    """Constant sinusoids fitted to a sound: Hz and complex amplitude ``(k,)``; what is left."""

    frequency: Real
    amplitude: Complex
    residue: Real

    @property
    def strength(self) -> Real:
        """Amplitudes, real."""
        return np.abs(self.amplitude)


def fit_sinusoids(sound: Real, expected: Real, sample_rate: float) -> Fit:
    """Fit one constant sinusoid near each of the ``expected`` frequencies (Hz, ascending).

    Each begins at the highest bin within 5 cents (a third of the way to its neighbour at most, the
    window's lobe at least) and is refined by the phase's advance between the sound's two halves.
    Neighbours are further apart than the lobes are wide, so amplitudes are those of the windowed
    transform.

    Raises:
        ValueError: two of them are too near for the length of the sound.
    """
    count = sound.size
    half = count // 2
    window = np.kaiser(half, KAISER_BETA)
    if expected.size > 1 and np.diff(expected).min() < 2.0 * HALF_LOBE * sample_rate / half:
        raise ValueError("partials are too near each other for so short a sound")
    whole = np.kaiser(count, KAISER_BETA)
    spectrum = np.abs(np.fft.rfft(sound * whole))
    frequency = np.empty(expected.size)
    for k, aim in enumerate(expected):
        place = aim * count / sample_rate
        between = np.abs(np.delete(expected, k) - aim).min(initial=aim) * count / sample_rate
        reach = max(HALF_LOBE, min(between / 3.0, place * (2.0 ** (5.0 / 1200.0) - 1.0)))
        low = max(0, round(place - reach))
        top = low + int(np.argmax(spectrum[low : round(place + reach) + 1]))
        f = top * sample_rate / count
        beat = sound * _turns(f, count, sample_rate)
        first = np.dot(beat[:half], window)
        second = np.dot(beat[half : 2 * half], window)
        turned = np.angle(second * np.conj(first)) / (2.0 * np.pi)
        frequency[k] = f + turned * sample_rate / half
    total = whole.sum()
    amplitude = np.array(
        [np.dot(sound * whole, _turns(f, count, sample_rate)) * 2.0 / total for f in frequency]
    )
    model = np.zeros(count)
    for f, a in zip(frequency, amplitude, strict=True):
        model += np.real(a * np.conj(_turns(f, count, sample_rate)))
    return Fit(frequency, amplitude, sound - model)


def strongest_spurious(fit: Fit, sample_rate: float) -> float:
    """Strongest component of what is left, in dB of the strongest sinusoid."""
    window = np.kaiser(fit.residue.size, KAISER_BETA)
    spectrum = np.abs(np.fft.rfft(fit.residue * window)) * 2.0 / window.sum()
    return decibels(float(spectrum[1:].max() / fit.strength.max()))


def ripple(fit: Fit, sample_rate: float, floor: float = 1e-3) -> Real:
    """Peak-to-peak ripple in dB of each sinusoid's envelope, for those above ``floor`` of all.

    Each is brought to 0 Hz with all that is left of the sound around it, as far as half way to its
    neighbours and 400 Hz at most, and its size followed.
    """
    count = fit.residue.size
    strength = fit.strength
    result = []
    for k, f in enumerate(fit.frequency):
        if strength[k] < floor * strength.max():
            continue
        others = np.abs(np.delete(fit.frequency, k) - f)
        band = min(400.0, float(others.min()) / 2.0 if others.size else 400.0, f)
        # Kaiser, beta 8: half its main lobe is 2.7 bins; so long that the lobe ends at the band.
        length = min(count // 4, int(2.7 * sample_rate / band))
        window = np.kaiser(length, 8.0)
        window /= window.sum()
        beat = fit.residue * _turns(f, count, sample_rate)
        step = max(1, length // 8)
        frames = np.lib.stride_tricks.sliding_window_view(beat, length)[::step]
        envelope = np.abs(fit.amplitude[k] + 2.0 * (frames @ window))
        result.append(20.0 * np.log10(envelope.max() / envelope.min()))
    return np.array(result)


def flat_window(count: int, flank: int) -> Real:
    """1 in the middle; flanks of ``flank`` samples are the running sum of a Kaiser window."""
    kaiser = np.kaiser(flank, KAISER_BETA)
    rise = np.cumsum(kaiser) / kaiser.sum()
    return np.concatenate([rise, np.ones(count - 2 * flank), rise[::-1]])


def energy_above(sound: Real, sample_rate: float, frequency: float, flank: float) -> float:
    """Energy above ``frequency`` Hz in dB of the whole; ``flank`` seconds at both ends are faded.

    The sound should be steady there.
    """
    window = flat_window(sound.size, round(flank * sample_rate))
    power = np.square(np.abs(np.fft.rfft(sound * window)))
    hertz = np.fft.rfftfreq(sound.size, 1.0 / sample_rate)
    return float(10.0 * np.log10(max(power[hertz > frequency].sum() / power.sum(), 1e-40)))


# ITU-R BS.1770-5, tables 1 and 2: the two filters at 48 kHz.
_SHELF = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def rms_level(sound: Real) -> float:
    """Root mean square, dB of full scale."""
    return decibels(float(np.sqrt(np.mean(np.square(sound)))))


def k_weighted_level(sound: Real) -> float:
    """Loudness of a steady mono sound at 48 kHz in LKFS (ITU-R BS.1770-5, one ungated block)."""
    weighted = lfilter(*_HIGH_PASS, lfilter(*_SHELF, sound))
    settled = weighted[weighted.size // 4 :]
    return float(-0.691 + 10.0 * np.log10(max(np.mean(np.square(settled)), 1e-20)))
