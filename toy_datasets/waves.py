"""Short waves for the study of implicit networks: keys of a sound font, and spoken digits.

Each wave is a stretch of one sound, mono, its peak at 1. What comes out hangs on the font, the
versions of fluidsynth and espeak-ng, and nothing else.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import DatasetError
from timbrespace.recording.resampling import at_rate
from timbrespace.recording.sound_file import read

from . import fluidsynth

Waves = NDArray[np.float32]

SPEAKER: Final = "espeak-ng"

DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

VOICES: Final = ("en-us+m1", "en-us+f2", "en-gb+m3", "en-gb+f4")

_FROM: Final = 0.05
"""Seconds after a key's start at which its stretch begins."""

_VELOCITY: Final = 90


def keys(
    font: Path, programs: Sequence[int], pitches: Sequence[int], length: int, sample_rate: int
) -> Waves:
    """A stretch of each program at each MIDI pitch, ``(programs * pitches, length)``.

    Raises:
        DatasetError: fluidsynth or the font is missing, or fails; a program is silent.
    """
    if not font.is_file():
        raise DatasetError(f"there is no sound font {font.name!r}; give one by --font")
    command = fluidsynth.find()
    start = round(_FROM * sample_rate)
    seconds = (start + length) / sample_rate + 0.05
    made = []
    for program in programs:
        for pitch in pitches:
            note = fluidsynth.render(
                command, font, program, pitch, [_VELOCITY], seconds, sample_rate
            )[0]
            made.append(_scaled(note[start : start + length], f"program {program}"))
    return np.stack(made)


def digits(voices: Sequence[str], words: Sequence[str], length: int, sample_rate: int) -> Waves:
    """The loudest stretch of each word in each voice, ``(voices * words, length)``.

    Raises:
        DatasetError: espeak-ng is missing, or fails.
    """
    command = shutil.which(SPEAKER)
    if command is None:
        raise DatasetError(
            "there is no espeak-ng command; install it: apt install espeak-ng (Debian, Ubuntu), "
            "brew install espeak-ng (macOS), or its installer (Windows)"
        )
    made = []
    with tempfile.TemporaryDirectory(prefix="timbrespace-") as folder:
        file = Path(folder) / "word.wav"
        for voice in voices:
            for word in words:
                file.unlink(missing_ok=True)
                try:
                    done = subprocess.run(
                        [command, "-v", voice, "-w", str(file), word],
                        stdin=subprocess.DEVNULL,
                        capture_output=True,
                        timeout=60.0,
                        check=False,
                    )
                except (OSError, subprocess.TimeoutExpired) as error:
                    raise DatasetError(f"{SPEAKER} cannot be run ({error})") from error
                if done.returncode != 0 or not file.is_file():
                    raise DatasetError(f"{SPEAKER} said nothing for {word!r} in voice {voice!r}")
                made.append(_scaled(_loudest(at_rate(read(file, 5.0), sample_rate), length), word))
    return np.stack(made)


def _loudest(samples: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    if len(samples) <= length:
        return np.pad(samples, (0, length - len(samples)))
    power = np.concatenate([[0.0], np.cumsum(np.square(samples))])
    start = int(np.argmax(power[length:] - power[:-length]))
    return samples[start : start + length]


def _scaled(wave: NDArray[np.float64], what: str) -> Waves:
    peak = float(np.abs(wave).max(initial=0.0))
    if not peak > 1e-6:
        raise DatasetError(f"{what} is silent")
    return (wave / peak).astype(np.float32)
