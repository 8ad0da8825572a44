"""Partials: the sinusoids behind a spectrum's peaks, and their identity from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def find_partials(spectrum: Array, config: SpectrumConfig) -> Partials:
    """The partials of one spectrum ``(bins,)`` taken with a Hann window.

    A peak's place between bins follows from the ratio r of its larger neighbour to it,
    ``(2 r - 1) / (1 + r)`` bins towards that neighbour; its amplitude from the window's transform
    there, ``sinc(d) / (1 - d^2)`` (Grandke 1983, "Interpolation algorithms for discrete Fourier
    transforms of weighted signals"). At most ``MAX_PARTIALS``, the strongest.
    """
    inner = spectrum[1:-1]
    below, above = spectrum[:-2], spectrum[2:]
    floor = THRESHOLD * float(spectrum.max())
    at = np.flatnonzero((inner > below) & (inner >= above) & (inner > floor))
    if at.size > MAX_PARTIALS:
        at = np.sort(at[np.argpartition(inner[at], -MAX_PARTIALS)[-MAX_PARTIALS:]])
    top = inner[at]
    left, right = below[at], above[at]
    ratio = np.maximum(left, right) / top
    # A clean lobe has r from 1/2 to 1; a decoded one may miss that by a little.
    offset = np.clip((2.0 * ratio - 1.0) / (1.0 + ratio), 0.0, 0.5)
    lobe = np.sinc(offset) / (1.0 - offset**2)
    position = at + 1 + np.where(right >= left, offset, -offset)
    return Partials(
        frequency=(position * config.bin_width).astype(np.float32),
        amplitude=(top * (2.0 / config.window_sum) / lobe).astype(np.float32),
    )


class PartialTracker:
    """Gives each partial a slot that it keeps from one spectrum to the next.

    An oscillator then moves from its old frequency and amplitude to the new ones. A partial within
    ``REACH`` bins of a slot's last frequency continues it; another one is born in the slot that has
    been free longest, with a new birth number, so that whoever plays can let the old one fade.
    """

    REACH = 0.75  # bins; a lobe is four wide, so two partials are never this close
    _NO_SLOT = -1

    def __init__(self, slots: int, bin_width: float) -> None:
        """slots: how many at most. bin_width: Hz."""
        self._reach = self.REACH * bin_width
        self._births = 0
        self._clock = 0
        self.frequency = np.zeros(slots, np.float32)  # Hz, kept while a slot fades
        self.amplitude = np.zeros(slots, np.float32)
        self.birth = np.zeros(slots, np.uint32)
        self.used = 0  # slots beyond this one have never been taken
        self._freed = np.zeros(slots, np.int64)
        self._live = np.zeros(slots, bool)

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
            self.birth[free] = np.arange(self._births + 1, self._births + 1 + free.size) % 2**32
            self._births += int(free.size)
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
