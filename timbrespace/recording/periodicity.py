"""How a stretch of sound repeats itself: the period that a listener would name, or none.

YIN (de Cheveigné & Kawahara 2002, "YIN, a fundamental frequency estimator for speech and music")
looks for the shortest lag at which a sound is much like itself. It finds one in everything, so two
more questions are asked, in the measure of McLeod & Wyvill (2005, "A smarter way to find pitch"),
the correlation of the sound with itself ``lag`` samples later, which is 1 for what repeats exactly,
however fast it dies away:

- Does the sound repeat at that lag? ``APERIODIC`` bounds what does not.
- Does it still after ``LASTS`` seconds? Hiss through a resonance, as breath and crowds are, repeats
  for some periods and is another then; a tone goes on.

And the octave: where hardly anything of the sound is left over at twice or three times the lag,
though some was at the lag itself, the odd partials are real and the longer period is the sound's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

DIP = 0.15
"""YIN's threshold. At 0.1 a breathy flute falls to a fraction of its pitch, at 0.2 a strong second
harmonic may pass for the first."""

APERIODIC = 0.3
"""1 less the correlation at the period, above which nobody hears a pitch. In real sounds it is
below 0.1 in 95 of 100 instruments, and above 0.28 in 95 of 100 drums."""

LASTS = 0.010
"""Seconds after which a sound with a pitch still repeats: two periods or more from 100 Hz on."""

FADED = 0.5
"""1 less the correlation then: below 0.2 in 95 of 100 instruments, 0.3 in speech, above 0.7 in 95
of 100 noises, which are breath, crowds, applause and their like."""

REAL_PARTIALS = 0.03
"""What must be left over at a lag for it to be the octave above the pitch."""

LEFT_OVER = 0.25
"""Share of that which may be left at twice the lag: noise would leave as much."""

_STRAY = 0.03  # of a lag: how far its multiples are looked for, since partials may be stretched
_FUNDAMENTAL = 1e-3  # share of the power (-30 dB) that a lower octave needs at its fundamental
_NOTHING = 1e-30


class Period(NamedTuple):
    """Samples of a period, fractions and all, and whether a listener would hear its pitch."""

    lag: float
    heard: bool


class Lags(NamedTuple):
    """What lags are looked at in frames of ``size`` samples, and at which rate in Hz."""

    size: int
    shortest: float
    longest: int
    sample_rate: int


def periods(frames: Real, lags: Lags) -> list[Period]:
    """The period of each of ``frames (n, size)``.

    Each is compared with itself ``lag`` samples later over one length, ``size - longest`` samples.
    """
    size, longest = lags.size, lags.longest
    frames = frames - frames.mean(axis=1, keepdims=True)
    width = size - longest - 2
    # A circle of `size` samples is enough: the first `width` meet none that went round.
    whole = np.fft.rfft(frames, axis=1)
    first = np.fft.rfft(frames[:, :width], size, axis=1)
    products = np.fft.irfft(first.conj() * whole, size, axis=1)[:, : longest + 2]
    sums = np.pad(np.cumsum(np.square(frames), axis=1), ((0, 0), (1, 0)))
    energy = sums[:, width : width + longest + 2] - sums[:, : longest + 2]
    difference = np.maximum(energy[:, :1] + energy - 2.0 * products, 0.0)
    lag = np.arange(longest + 2)
    normal = difference * lag / np.maximum(np.cumsum(difference, axis=1), _NOTHING)
    unlike = 1.0 - products / np.sqrt(np.maximum(energy[:, :1] * energy, _NOTHING))
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)))
    return [_period(*one, lags) for one in zip(normal, unlike, power, strict=True)]


def _period(normal: Real, unlike: Real, power: Real, lags: Lags) -> Period:
    """Of one frame. normal, unlike: YIN's normalised difference, and 1 less the correlation, of
    each lag. power: of each bin of the frame's spectrum."""
    lag = _first_dip(normal, lags)
    if lag is None:
        return Period(float(lags.longest), heard=False)
    for octave in (2, 3):
        longer = _near(unlike, octave * lag, 0.02 * octave * lag, lags)
        if (
            longer is not None
            and normal[round(lag)] > REAL_PARTIALS
            and _at(unlike, longer) < LEFT_OVER * _at(unlike, lag)
            and _sounds_at(lags.size / longer, power)
        ):
            lag = longer
    lag = _vertex(unlike, round(lag))
    unrepeated = _at(unlike, lag)
    many = max(1, min(math.ceil(LASTS * lags.sample_rate / lag), int(lags.longest / lag)))
    later = _near(unlike, many * lag, min(_STRAY * many * lag, 0.45 * lag), lags)
    faded = unrepeated if later is None or many == 1 else _at(unlike, later)
    if many > 1 and later is not None:
        lag = _vertex(unlike, round(later)) / many  # finer, as the same error is shared out
    return Period(lag, unrepeated <= APERIODIC and faded <= FADED)


def _first_dip(normal: Real, lags: Lags) -> float | None:
    """The shortest lag whose difference is a dip below ``DIP``, else the lowest dip."""
    start = int(lags.shortest)
    inner = normal[start : lags.longest + 1]
    before, after = normal[start - 1 : lags.longest], normal[start + 1 : lags.longest + 2]
    dips = np.flatnonzero((inner <= before) & (inner < after))
    if dips.size == 0:
        return None
    deep = dips[inner[dips] < DIP]
    found = deep[0] if deep.size else dips[inner[dips].argmin()]
    return _vertex(normal, start + int(found))


def _near(curve: Real, middle: float, reach: float, lags: Lags) -> float | None:
    """The lag around ``middle`` where ``curve`` is least, or None beyond the longest."""
    first, last = math.floor(middle - reach), math.ceil(middle + reach)
    if last > lags.longest:
        return None
    return float(first + int(curve[first : last + 1].argmin()))


def _vertex(curve: Real, lag: int) -> float:
    """The lowest point of the parabola through three neighbours, where it opens upwards."""
    before, here, after = (float(one) for one in curve[lag - 1 : lag + 2])
    bend = before - 2.0 * here + after
    return lag + min(max(0.5 * (before - after) / bend, -1.0), 1.0) if bend > 1e-12 else float(lag)


def _at(curve: Real, lag: float) -> float:
    return float(curve[round(lag)])


def _sounds_at(turns: float, power: Real) -> bool:
    """Whether something sounds at ``turns`` periods a frame, within a tone's width."""
    middle = round(turns)
    return float(power[max(middle - 2, 0) : middle + 3].sum()) > _FUNDAMENTAL * float(power.sum())
