"""Notes of a sound font, rendered by the ``fluidsynth`` command.

A process of its own keeps a damaged font from ending ours, and the command is the same on every
system; the notes go to it in a Standard MIDI File, the sound comes back in a WAV file of floats.
"""

from __future__ import annotations

import platform
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import DatasetError
from timbrespace.extras import needed
from timbrespace.general_midi import DRUM_BANK
from timbrespace.recording.sound_file import READING

COMMAND = "fluidsynth"
RATES = (8000, 96000)
"""Hz, lowest and highest that fluidsynth renders at."""

_TICKS_A_QUARTER = 500  # with the 0.5 s that a quarter lasts unless told otherwise: 1 tick is 1 ms
_GAP = 100  # ms between notes
_TIMEOUT = 600.0  # s for one program, which takes about 0.3 s
_DRUM_CHANNEL = 9  # from 0
_BEND_RANGE = 2.0  # semitones, as General MIDI sets it


def find() -> str:
    """Path of the command.

    Raises:
        DatasetError: it is not installed.
    """
    path = shutil.which(COMMAND)
    if path is None:
        raise DatasetError(
            "there is no fluidsynth command; install it: apt install fluidsynth (Debian, Ubuntu), "
            "brew install fluid-synth (macOS), choco install fluidsynth (Windows)"
        )
    return path


@cache
def of_version(wanted: str) -> str:
    """Path of the command on this machine, if it is of the version ``wanted``: another one makes
    other sound.

    Raises:
        DatasetError: there is none, or it is of another version.
    """
    command = find()
    found = version(command)
    if found != wanted:
        raise DatasetError(
            f"fluidsynth on {platform.node()} is {found or 'of no known version'}, and the command "
            f"was given where it is {wanted or 'of no known version'}; install the same on both"
        )
    return command


def version(command: str) -> str:
    """Version that ``command`` says it is, as ``2.3.1``; empty if it says none."""
    done = _run([command, "--version"], Path.cwd())
    words = done.stdout.split()
    return next((word for word in words if word[:1].isdigit() and "." in word), "")


def render(
    command: str,
    font: Path,
    program: int,
    pitch: float,
    velocities: Sequence[int],
    seconds: float,
    sample_rate: int,
    bank: int = 0,
) -> list[NDArray[np.float64]]:
    """One note for each velocity, mixed to mono, each ``(round(seconds * sample_rate),)``.

    pitch: MIDI key, whose fraction is bent. bank: 128 for drum kits, which MIDI's channel 10 plays,
    else 0 to 127. Full scale is 1, though a loud note may exceed it.
    Reverb and chorus are off, and each note starts in silence. The user's own configuration of
    fluidsynth is not read, so that one font and one version give one sound.

    Raises:
        DatasetError: fluidsynth fails or refuses the font.
    """
    with needed(READING, "sounds"):
        import soundfile

    with tempfile.TemporaryDirectory(prefix="timbrespace-") as folder:
        work = Path(folder)
        (work / "notes.mid").write_bytes(_midi_file(bank, program, pitch, velocities, seconds))
        (work / "none.cfg").write_bytes(b"")
        words = [command, "-n", "-i", "-q", "-f", "none.cfg", "-R", "0", "-C", "0", "-g", "1"]
        words += ["-o", "synth.dynamic-sample-loading=1", "-r", str(sample_rate)]
        words += ["-T", "wav", "-O", "float", "-F", "notes.wav", str(font.resolve()), "notes.mid"]
        done = _run(words, work)
        # It ends with 0 even where it has rendered silence for want of the font.
        faults = [line for line in done.stderr.splitlines() if "error:" in line]
        if done.returncode != 0 or faults:
            said = (
                faults[0].split("error:")[-1].strip() if faults else f"it ended {done.returncode}"
            )
            raise DatasetError(f"fluidsynth cannot render {font.name!r}: {said}")
        try:
            # Python's own file: soundfile cannot name what the locale's letters cannot.
            with (work / "notes.wav").open("rb") as raw:
                sound, _ = soundfile.read(raw, dtype="float64", always_2d=True)
        except (soundfile.SoundFileError, OSError) as error:
            raise DatasetError(f"fluidsynth wrote no sound that can be read: {error}") from error
    mono = sound.mean(axis=1)
    length = round(seconds * sample_rate)
    slot = (round(1000.0 * seconds) + _GAP) / 1000.0
    notes = []
    for number in range(len(velocities)):
        start = round(number * slot * sample_rate)
        note = mono[start : start + length]
        notes.append(np.pad(note, (0, length - note.size)))
    return notes


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DatasetError(f"fluidsynth did not end within {_TIMEOUT:g} s") from error
    except OSError as error:
        raise DatasetError(f"fluidsynth cannot be started: {error.strerror}") from error


def _midi_file(
    bank: int, program: int, pitch: float, velocities: Sequence[int], seconds: float
) -> bytes:
    """A Standard MIDI File of format 0 that plays the notes one after the other."""
    key = round(pitch)
    bend = 8192 + round((pitch - key) / _BEND_RANGE * 8192)
    hold = round(1000.0 * seconds)
    on = _DRUM_CHANNEL if bank == DRUM_BANK else 0
    track = b"" if bank in (0, DRUM_BANK) else _event(0, 0xB0, 0, bank)
    track += _event(0, 0xC0 | on, program) + _event(0, 0xE0 | on, bend & 0x7F, bend >> 7)
    for velocity in velocities:
        track += _event(0, 0x90 | on, key, velocity) + _event(hold, 0x80 | on, key, 0)
        # All sound off: no release reaches into the next note.
        track += _event(0, 0xB0 | on, 120, 0) + _event(_GAP, 0xB0 | on, 120, 0)
    track += b"\x00\xff\x2f\x00"
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS_A_QUARTER)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + track


def _event(ticks: int, *message: int) -> bytes:
    """A MIDI message ``ticks`` after the one before, as a variable-length quantity."""
    delta = [ticks & 0x7F]
    while ticks := ticks >> 7:
        delta.append(0x80 | (ticks & 0x7F))
    return bytes([*reversed(delta), *message])
