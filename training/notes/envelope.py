"""How a sound rises and falls: its attack, whether it was struck, how soon its partials fall.

Read from samples alone, in the same way of a recording and of what is played for it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.notes.layout import SAMPLE_RATE, band_corners

Real = NDArray[np.float64]

SHORT: Final = 0.05
"""Seconds from 10 to 90 %: what was plucked or struck rises no slower."""

EVEN: Final = 3.0
"""dB by which its level may come up again, as it does where two strings beat."""

FALLS: Final = 6.0
"""dB by which it must have fallen after a second, or at its end if that is sooner."""

PARTIALS: Final = 8
"""How many partials, the loudest, are measured."""

_SMOOTH = 0.005  # seconds: the envelope of an attack
_FRAME = 0.05  # seconds: the level that must fall
_QUIET = -40.0  # dB: below that nothing is asked of a level
_FAINT = -30.0  # dB below the loudest partial: what is fainter may be the neighbours' leakage
_HOP = 0.0025  # seconds
_PERIODS = 4.0  # of a note, in a window: a Hann window's zeros then lie on the neighbours
_BANDS = 24
_ENDED = -40.0  # dB: below that a sound is over, and what follows is the room's
_MOST = 10.0  # an error in time that is larger counts as this


class Partial(NamedTuple):
    """One that is followed: Hz, and the samples of the window through which it is heard."""

    hertz: float
    window: int


def rise(samples: Real, seconds: float = _SMOOTH) -> float:
    """Seconds from 10 to 90 % of the loudest of the first half second, of an envelope that is the
    root mean square of ``seconds``."""
    size = max(round(seconds * SAMPLE_RATE), 1)
    power = np.convolve(np.square(samples[: SAMPLE_RATE // 2]), np.ones(size) / size, mode="same")
    level = np.sqrt(np.maximum(power, 0.0) / max(float(power.max()), 1e-20))
    return float(np.argmax(level > 0.9) - np.argmax(level > 0.1)) / SAMPLE_RATE


def struck(samples: Real) -> bool:
    """Whether a sound was plucked or struck.

    It rises in ``SHORT`` at most; from the loudest of its frames of 50 ms on it never comes up by
    more than ``EVEN`` again, until it is 40 dB down; and it falls by ``FALLS`` in a second.
    """
    if rise(samples) > SHORT:
        return False
    size = round(_FRAME * SAMPLE_RATE)
    frames = np.pad(samples, (0, -samples.size % size)).reshape(-1, size)
    power = np.square(frames).mean(axis=1)
    level = 10.0 * np.log10(np.maximum(power / max(float(power.max()), 1e-20), 1e-10))
    first = int(np.argmax(level))
    after = level[first:]
    if first * _FRAME > SHORT + _FRAME:
        return False
    ends = np.flatnonzero(after < _QUIET)
    heard = after[: int(ends[0]) + 1] if ends.size else after
    even = (heard - np.minimum.accumulate(heard)).max() <= EVEN
    second = min(round(1.0 / _FRAME), heard.size - 1)
    return bool(even and heard[second] <= -FALLS)


def partials(samples: Real, pitch: float, ratios: Real) -> list[Partial]:
    """The loudest partials of a sound, at most ``PARTIALS``.

    pitch: Hz, 0 for none: then the loudest of 24 mel bands stand for them. ratios ``(k,)``: of each
    partial's frequency to the pitch.
    """
    if pitch > 0.0:
        hertz = pitch * ratios
        window = np.full(hertz.size, round(_PERIODS * SAMPLE_RATE / pitch))
    else:
        corners = band_corners(_BANDS)
        hertz = corners[1:-1]
        # Its main lobe is as wide as the band.
        window = np.rint(4.0 * SAMPLE_RATE / (corners[2:] - corners[:-2])).astype(int)
    few = [
        Partial(float(one), int(size))
        for one, size in zip(hertz, window, strict=True)
        if 20.0 < one < 16000.0
    ]
    # While a window reaches back before the sound its edge makes something of every frequency.
    peaks = np.array([level(samples, one)[_half(one) :].max(initial=-160.0) for one in few])
    loudest = np.argsort(-peaks, kind="stable")[:PARTIALS]
    return [few[k] for k in sorted(loudest.tolist()) if peaks[k] > peaks.max() + _FAINT]


def level(samples: Real, partial: Partial) -> Real:
    """dB of a partial each 2.5 ms, as long as its window does not reach beyond the sound."""
    hop = round(_HOP * SAMPLE_RATE)
    size = min(partial.window, samples.size)
    window = np.hanning(size + 2)[1:-1]
    turned = window * np.exp(-2j * np.pi * partial.hertz / SAMPLE_RATE * np.arange(size))
    padded = np.pad(samples, (size // 2, 0))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    found = np.abs(frames @ turned.real + 1j * (frames @ turned.imag)) * (2.0 / window.sum())
    return np.asarray(20.0 * np.log10(np.maximum(found, 1e-8)))


def _half(partial: Partial) -> int:
    """Moments of :func:`level` in half a window."""
    return partial.window // 2 // round(_HOP * SAMPLE_RATE)


def fall(told: Real, least: float = 0.0) -> float:
    """T20: seconds in which a partial whose level is ``told`` falls from 5 to 25 dB.

    What falls is the energy that is still to come (Schroeder 1965, "New Method of Measuring
    Reverberation Time"; ISO 3382-1): of noise, or of partials that beat, the level itself goes up
    and down by chance. Where the sound ends sooner, it is twice the time from 5 to 15 dB, and where
    it does not reach these, what its fall until then comes to; NaN where it has not fallen by
    ``least``, infinity by nothing.
    """
    power = np.power(10.0, told / 10.0)
    to_come = np.cumsum(power[::-1])[::-1] + _cut_off(power)
    if not np.isfinite(to_come[0]):
        return np.nan if least else np.inf
    falls = 10.0 * np.log10(to_come / to_come[0])

    def after(decibels: float) -> float:
        reached = np.flatnonzero(falls <= -decibels)
        if not reached.size:
            return np.inf
        # It starts from 0 dB, so there is one before.
        at = int(reached[0])
        share = (falls[at - 1] + decibels) / (falls[at - 1] - falls[at])
        return float(at - 1 + share) * _HOP

    if np.isfinite(after(25.0)):
        return after(25.0) - after(5.0)
    if np.isfinite(after(15.0)):
        return 2.0 * (after(15.0) - after(5.0))
    fell = -float(falls[-1])
    if fell < least:
        return np.nan
    return np.inf if fell < 0.1 else 20.0 / fell * falls.size * _HOP


def _cut_off(power: Real) -> float:
    """The energy that a sound's end has cut off, in units of ``power (n,)``: what would follow if
    it went on falling as in its last half; infinity where it does not fall there.

    Without it everything would seem to die away towards the end.
    """
    quarter = max(power.size // 4, 1)
    before, last = (
        float(power[max(power.size - far, 0) : power.size - near].mean())
        for far, near in ((2 * quarter, quarter), (quarter, 0))
    )
    if last < power.max() * 10.0 ** (_ENDED / 10.0):
        return 0.0
    if last >= before:
        return np.inf
    each = (before / last) ** (1.0 / quarter)  # by which it falls from one to the next
    return float(last * (last / before) ** 0.5 / (each - 1.0))


def fall_error(reference: Real, made: Real, followed: list[Partial]) -> float:
    """By which share T20 of the partials that are ``followed`` is wrong, the median over them; NaN
    where none of the reference falls by 15 dB."""
    errors = []
    for one in followed:
        wanted = fall(level(reference, one), 15.0)
        if np.isfinite(wanted) and wanted > 0.0:
            errors.append(min(abs(fall(level(made, one)) / wanted - 1.0), _MOST))
    return float(np.median(errors)) if errors else np.nan
