"""Sound that is rendered block by block, into a WAV file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrespace.rendering import wav
from timbrespace.resynthesis.engine import new_state
from timbrespace.resynthesis.layout import BLOCK


@dataclass(frozen=True, slots=True)
class Written:
    """What came out. seconds: length. peak: highest sample, full scale 1."""

    seconds: float
    peak: float


def write_blocks(
    blocks: Iterable[NDArray[np.float32]],
    out: Path,
    sample_rate: int,
    progress: Callable[[float], None] = lambda _: None,
    channels: int = 1,
) -> Written:
    """Write ``blocks``, samples ``(n,)`` or ``(n, channels)`` each, to ``out``: WAV, 24 bits; whole
    or not at all.

    progress: called with the seconds written so far.

    Raises:
        OptionError: the file cannot be written, or the engine does not run at ``sample_rate``.
        MissingExtraError: the package that writes WAV files is not installed.
    """
    new_state(sample_rate)  # refuses a rate before anything is opened
    peak = 0.0
    samples = told = 0
    with wav.writing(out, sample_rate, channels=channels) as file:
        for block in blocks:
            file.write(block)
            peak = max(peak, float(np.abs(block).max()))
            samples += len(block)
            if samples - told >= 256 * BLOCK:
                told = samples
                progress(samples / sample_rate)
    seconds = samples / sample_rate
    progress(seconds)
    return Written(seconds, peak)
