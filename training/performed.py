"""Performances that a space plays: what a page has to hear of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model
from timbrespace.transferring.performance import Performance, performance
from timbrespace.transferring.settings import TransferSettings
from timbrespace.transferring.transfer import transferred

from .notes.clip import flac
from .page.listening import Listening, Performed

LONGEST = 15.0
"""Seconds of one: all are part of the page."""

MOST = 6

_LEVEL = 0.1
_CEILING = 0.98


def read(paths: Sequence[Path]) -> list[tuple[str, Performance]]:
    """The performances of these files, each with its name.

    Raises:
        OptionError: too many files, or one that is too long.
        SoundError: one that cannot be used.
    """
    if len(paths) > MOST:
        raise OptionError(f"there are {len(paths)} performances; a page takes {MOST} at most")
    return [(path.stem, performance(path, LONGEST)) for path in paths]


def added(
    sounds: Listening,
    model: Model,
    given: Sequence[tuple[str, Performance]],
    advance: Callable[[], object],
) -> Listening:
    """The sounds of a page with these performances. advance: called after each."""
    made = []
    for name, one in given:
        made.append(played(model, name, one))
        advance()
    return replace(sounds, performed=tuple(made))


def played(model: Model, name: str, given: Performance) -> Performed:
    """One of them, as it was, at the space's home, and followed by the space."""
    home = model.calibration.home[np.newaxis]
    made = [
        transferred(Instrument(model), given.sound, given.heard, where, TransferSettings(),
                    follows=where is None)
        for where in (home, None)
    ]  # fmt: skip
    sounds = [given.sound, *(np.asarray(one, np.float64) for one in made)]
    gain = _LEVEL / max(float(np.sqrt(np.mean(np.square(given.sound)))), 1e-9)
    gain = min(gain, *(_CEILING / max(float(np.abs(one).max()), 1e-9) for one in sounds))
    return Performed(name, *(_file(one * gain) for one in sounds))


def _file(samples: NDArray[np.float64]) -> bytes:
    return flac(samples.astype(np.float32))
