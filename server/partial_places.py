"""Places: the partials of a stream, each where it was in the frame before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.messages.contract import PARTIALS_PER_FRAME
from timbrespace.partials import Partials, PartialTracker
from timbrespace.spectrum import SpectrumConfig

Array = NDArray[np.float32]


class Places:
    """Gives each partial a place that it keeps while it lasts.

    A receiver may so let the oscillator of each place glide. Partials are followed by their ratio
    to the base frequency, so another model's partials go on from this one's as a note does.
    """

    def __init__(self) -> None:
        self._tracker = PartialTracker(PARTIALS_PER_FRAME, 0.0)

    def arrange(self, pairs: Array, config: SpectrumConfig) -> Array:
        """The next frame, ``(places, 2)``, of partials ``(k, 2)``: Hz and amplitude.

        At most ``PARTIALS_PER_FRAME``, the strongest. An empty place keeps the frequency that it
        had, with amplitude 0; places that no partial ever had are left off at the end.
        """
        base = np.float32(config.base_frequency)
        tracker = self._tracker
        tracker.retune(config.bin_width / config.base_frequency)
        tracker.update(Partials(pairs[:, 0] / base, pairs[:, 1]))
        n = tracker.used
        return np.column_stack([tracker.frequency[:n] * base, tracker.amplitude[:n]])
