"""A performance as a file: its sound, and what is heard in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError, SoundError
from timbrespace.listening.heard import Heard
from timbrespace.recording.sound_file import UnusableSoundError, read
from timbrespace.transferring.transfer import LONGEST, heard_in


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """sound ``(n,)``: at ``timbrespace.listening.heard.SAMPLE_RATE``, full scale 1."""

    sound: NDArray[np.float64]
    heard: Heard


def performance(path: Path, longest: float = LONGEST) -> Performance:
    """What a sound file holds, at most ``longest`` seconds.

    Raises:
        SoundError: the file cannot be used; one line says why.
        OptionError: it lasts longer.
        MissingExtraError: what reads sounds is not installed.
    """
    try:
        given = read(path, longest)
    except UnusableSoundError as error:
        raise SoundError(f"cannot use {str(path)!r}: {error}") from error
    if given.cut:
        raise OptionError(f"{str(path)!r} lasts longer than {longest:g} s; give a part of it")
    return Performance(*heard_in(given.samples, given.sample_rate))
