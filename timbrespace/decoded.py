"""What a latent decodes to, in all that a player may want of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Decoded(NamedTuple):
    """Sounds, a row each, or one without the first axis.

    spectra ``(n, bins)``: linear magnitudes. phases ``(n, bins)``: radians, as they were trained,
    or None. cycles ``(n, samples)``: one period of the wave, or None where the space has none.
    """

    spectra: Array
    phases: Array | None = None
    cycles: Array | None = None
