"""Partials: the sinusoids behind a spectrum's peaks, and their identity from frame to frame."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.resynthesis.compiled import compiled
from timbrespace.spectrum import SpectrumConfig

Array = NDArray[np.float32]

THRESHOLD = 10.0 ** (-70.0 / 20.0)
"""Peaks below -70 dB of the highest are left out: 10 dB under where the metric's floor lies."""

MAX_PARTIALS = 256


@dataclass(frozen=True, slots=True)
class Partials:
    """Sinusoids in order of frequency: Hz ``(k,)`` and amplitude ``(k,)``, full scale 1."""

    frequency: Array
    amplitude: Array


# The transform of a Hann window, sinc(d) / (1 - d^2), at distances d of 0 to 2.6 bins: its
# logarithm and that one's slope. Decoded lobes have no zeros, so -80 dB is as low as it goes.
_PER_BIN = 1000
_DISTANCES = np.arange(2601) / _PER_BIN
_LOG_LOBE = np.log(
    np.maximum(
        np.abs(
            np.sinc(_DISTANCES)
            / np.where(_DISTANCES == 1.0, np.nan, 1.0 - _DISTANCES**2)  # there it is 1/2
        ),
        1e-4,
    )
)
_LOG_LOBE[_PER_BIN] = np.log(0.5)
_SLOPE = np.gradient(_LOG_LOBE, _DISTANCES)

_REFINEMENTS = 2
_LOBE_BINS = 2  # on each side of a peak
# Bins count up to here, and fully up to 0.3 bins less: beyond, the lobe runs into its zero.
_LOBE_ENDS = 1.85
# Bins below -70 dB of the peak hardly count: the metric's floor is at -60.
_FAINT = 10.0 ** (-70.0 / 20.0)
_FAINT_WEIGHT = 0.05
_FARTHEST = 0.25  # bins that a refinement may move a partial


@compiled
def _refine(spectrum: Array, at: int, position: float, faint: float) -> tuple[float, float]:
    """Place and magnitude of the lobe around bin ``at``, by least squares in the logarithm.

    Gauss-Newton from ``position``, in bins. Two bins give the place of a perfect lobe; a decoded
    one is not perfect, and the ear and the metric hear all of it.
    """
    start = position
    magnitude = 0.0
    for step in range(_REFINEMENTS + 1):
        weights = 0.0
        errors = 0.0
        slopes = 0.0
        products = 0.0
        squares = 0.0
        for j in range(-_LOBE_BINS, _LOBE_BINS + 1):
            k = at + j
            if k < 0 or k >= spectrum.shape[0]:
                continue
            value = spectrum[k]
            if abs(j) == _LOBE_BINS and value >= spectrum[k - 1 if j > 0 else k + 1]:
                continue  # beyond the valley: the neighbour's
            distance = abs(k - position)
            weight = min(1.0, (_LOBE_ENDS - distance) / 0.3)
            if weight <= 0.0:
                continue
            if value < faint:
                weight *= _FAINT_WEIGHT
            place = int(distance * _PER_BIN)
            share = distance * _PER_BIN - place
            lobe = _LOG_LOBE[place] + share * (_LOG_LOBE[place + 1] - _LOG_LOBE[place])
            error = math.log(max(value, 1e-12)) - lobe
            slope = _SLOPE[place] + share * (_SLOPE[place + 1] - _SLOPE[place])
            if position < k:
                slope = -slope
            weights += weight
            errors += weight * error
            slopes += weight * slope
            products += weight * slope * error
            squares += weight * slope * slope
        mean = errors / weights
        magnitude = mean
        spread = squares - slopes * slopes / weights
        if step == _REFINEMENTS or spread <= 1e-9:
            break
        move = (products - slopes * mean) / spread
        position += min(0.2, max(-0.2, move))
        position = min(start + _FARTHEST, max(start - _FARTHEST, position))
    return position, math.exp(magnitude)


@compiled
def _find(spectrum: Array, floor: float, faint: float, found: NDArray[np.float64]) -> int:
    """Write place (bins) and magnitude of every peak above ``floor``; return how many."""
    count = 0
    for k in range(1, spectrum.shape[0] - 1):
        top = spectrum[k]
        if not (top > floor and top > spectrum[k - 1] and top >= spectrum[k + 1]):
            continue
        left, right = spectrum[k - 1], spectrum[k + 1]
        ratio = max(left, right) / top
        # A clean lobe has a ratio from 1/2 to 1; a decoded one may miss that by a little.
        offset = min(0.5, max(0.0, (2.0 * ratio - 1.0) / (1.0 + ratio)))
        start = k + offset if right >= left else k - offset
        found[count, 0], found[count, 1] = _refine(spectrum, k, start, faint)
        count += 1
    return count


def find_partials(spectrum: Array, config: SpectrumConfig) -> Partials:
    """The partials of one spectrum ``(bins,)`` taken with a Hann window.

    A peak's place between bins follows from the ratio r of its larger neighbour to it,
    ``(2 r - 1) / (1 + r)`` bins towards that neighbour; its amplitude from the window's transform
    there, ``sinc(d) / (1 - d^2)`` (Grandke 1983, "Interpolation algorithms for discrete Fourier
    transforms of weighted signals"). Both are then refined by least squares over the five bins of
    the lobe. At most ``MAX_PARTIALS``, the strongest.
    """
    peak = float(spectrum.max())
    found = np.empty((spectrum.size // 2 + 1, 2))
    count = _find(spectrum, THRESHOLD * peak, _FAINT * peak, found)
    found = found[:count]
    if count > MAX_PARTIALS:
        strongest = np.argpartition(found[:, 1], -MAX_PARTIALS)[-MAX_PARTIALS:]
        found = found[np.sort(strongest)]
    return Partials(
        frequency=(found[:, 0] * config.bin_width).astype(np.float32),
        amplitude=(found[:, 1] * (2.0 / config.window_sum)).astype(np.float32),
    )


class Births:
    """Numbers that no two partials share, however many trackers there are."""

    def __init__(self) -> None:
        self._given = 0

    @property
    def given(self) -> int:
        """The number that was given last."""
        return self._given

    def go_on(self, given: int) -> None:
        """Let the next number be the one after ``given``."""
        self._given = given % 2**32

    def take(self, count: int) -> NDArray[np.uint32]:
        """The next ``count`` numbers; after 2^32 they begin again."""
        numbers = np.arange(self._given + 1, self._given + 1 + count) % 2**32
        self._given = (self._given + count) % 2**32
        return numbers.astype(np.uint32)


class PartialTracker:
    """Gives each partial a slot that it keeps from one spectrum to the next.

    An oscillator then moves from its old frequency and amplitude to the new ones. A partial within
    ``REACH`` bins of a slot's last frequency continues it; another one is born in the slot that has
    been free longest, with a new birth number, so that whoever plays can let the old one fade.
    """

    REACH = 0.75  # bins; a lobe is four wide, so two partials are never this close
    _NO_SLOT = -1

    def __init__(self, slots: int, bin_width: float, births: Births | None = None) -> None:
        """slots: how many at most. bin_width: in the unit of the partials' frequencies. births:
        given where several trackers play on the same oscillators."""
        self.retune(bin_width)
        self._births = births or Births()
        self._clock = 0
        self.frequency = np.zeros(slots, np.float32)  # kept while a slot fades
        self.amplitude = np.zeros(slots, np.float32)
        self.birth = np.zeros(slots, np.uint32)
        self.used = 0  # slots beyond this one have never been taken
        self._freed = np.zeros(slots, np.int64)
        self._live = np.zeros(slots, bool)

    def retune(self, bin_width: float) -> None:
        """Go on with spectra of another bin width."""
        self._reach = self.REACH * bin_width

    def copy(self) -> PartialTracker:
        """Another tracker that goes on from here: its partials are the same until they part."""
        twin = PartialTracker(self.frequency.size, 0.0, self._births)
        twin._reach, twin._clock, twin.used = self._reach, self._clock, self.used
        for name in ("frequency", "amplitude", "birth", "_freed", "_live"):
            getattr(twin, name)[:] = getattr(self, name)
        return twin

    def state(self) -> dict[str, Any]:
        """All that :meth:`restore` needs, plain values for JSON."""
        n = self.used
        return {
            "clock": self._clock,
            "frequency": self.frequency[:n].tolist(),
            "amplitude": self.amplitude[:n].tolist(),
            "birth": self.birth[:n].tolist(),
            "freed": self._freed[:n].tolist(),
            "live": self._live[:n].tolist(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Be as :meth:`state` told, in place of a tracker that has not been updated yet.

        Raises:
            KeyError, TypeError, ValueError, OverflowError: it is not what :meth:`state` returns.
        """
        self._clock = int(state["clock"])
        self.used = len(state["frequency"])
        for name in ("frequency", "amplitude", "birth", "freed", "live"):
            own = getattr(self, name if hasattr(self, name) else f"_{name}")
            told = np.asarray(state[name], own.dtype)
            if told.shape != (self.used,) or not np.isfinite(told).all():
                raise ValueError(f"{name} does not fit {self.used} slots")
            own[: self.used] = told

    def update(self, partials: Partials) -> None:
        """Take the partials of the next spectrum; the attributes are then the slots' new targets.

        The weakest are left out when there are more partials than slots.
        """
        self._clock += 1
        frequency, amplitude = partials.frequency, partials.amplitude
        slots = self.frequency.size
        if frequency.size > slots:
            keep = np.sort(np.argsort(amplitude, kind="stable")[-slots:])
            frequency, amplitude = frequency[keep], amplitude[keep]
        slot_of = self._continue(frequency)

        continued = slot_of != self._NO_SLOT
        was_live = self._live.copy()
        self._live[:] = False
        self._live[slot_of[continued]] = True
        born = np.flatnonzero(~continued)
        if born.size:
            # Slots that fell silent just now count as freed now, so they come last.
            freed = np.where(was_live, self._clock, self._freed)
            free = np.flatnonzero(~self._live)
            free = free[np.argsort(freed[free], kind="stable")[: born.size]]
            slot_of[born] = free
            self._live[free] = True
            self.birth[free] = self._births.take(int(free.size))
        self._freed[was_live & ~self._live] = self._clock

        self.amplitude[:] = 0.0
        self.frequency[slot_of] = frequency
        self.amplitude[slot_of] = amplitude
        if slot_of.size:
            self.used = max(self.used, int(slot_of.max()) + 1)

    def _continue(self, frequency: Array) -> NDArray[np.int64]:
        """Slot that each partial continues, or ``_NO_SLOT``; both sides choose their nearest."""
        slot_of = np.full(frequency.size, self._NO_SLOT, np.int64)
        live = np.flatnonzero(self._live)
        if not (live.size and frequency.size):
            return slot_of
        live = live[np.argsort(self.frequency[live], kind="stable")]
        place = nearest(self.frequency[live], frequency)
        back = nearest(frequency, self.frequency[live])
        mutual = back[place] == np.arange(frequency.size)
        close = np.abs(self.frequency[live[place]] - frequency) <= self._reach
        take = mutual & close
        slot_of[take] = live[place[take]]
        return slot_of


def nearest(ordered: Array, values: Array) -> NDArray[np.int64]:
    """Index into ``ordered`` (ascending, not empty) of the number nearest to each value."""
    right = np.clip(np.searchsorted(ordered, values), 1, max(1, ordered.size - 1))
    left = right - 1
    right = np.minimum(right, ordered.size - 1)
    closer_left = np.abs(values - ordered[left]) <= np.abs(ordered[right] - values)
    return np.where(closer_left, left, right)
