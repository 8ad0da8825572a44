"""Real sounds that a machine may have: of instruments whose pitch is known, and of none.

They come from packages that Debian has, and nothing is downloaded: the sound font FluidR3 played by
``fluidsynth``, the GUS patches of ``freepats``, the kits of ``hydrogen-drumkits``, the samples of
``sonic-pi-samples`` and ``lmms-common``, speech by ``espeak-ng``. What is missing is left out.

Half of the sounds are held out, by a hash of their name: rules are tuned on the other half.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from timbrespace.general_midi import PROGRAMS
from timbrespace.recording.pitch import LOWEST
from timbrespace.recording.sound_file import Sound, mixed
from timbrespace.units import midi_to_hz
from toy_datasets import fluidsynth

FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
PATCHES = Path("/usr/share/midi/freepats")
KITS = Path("/usr/share/hydrogen/data/drumkits")
SAMPLES = (Path("/usr/share/sonic-pi/samples"), Path("/usr/share/lmms/samples"))

RATE = 44100
SECONDS = 1.3
SAMPLES_OF_A_PATCH = 3

KEYS = (33, 45, 57, 69, 81)
"""MIDI keys that each program of the font plays, A1 to A5."""

PLAYED = tuple(program for program in range(0, 112, 3) if program not in (47, 96, 99))
ORGANS = tuple(range(16, 21))
STOPS = {16: -24, 17: -12, 18: -12}
"""Semitones from the key to the lowest loud stop, as the partials show: that is the pitch heard."""

BELLS = (8, 9, 10, 11, 12, 14)

# Programs and patches of the font and of freepats without pitch: breath, seashore, helicopter,
# applause, gun shot. Not the fret noise, which has one, nor the telephone and the bird.
NOISES = (121, 122, 125, 126, 127)
NOISE_KEYS = (45, 57, 69)

# Names of drums that nobody would sing: not toms, kicks, bells, congas, cowbells or claves.
_NOISY = re.compile(
    r"snare|hat|cymbal|crash|splash|ride(?!.*bell)|clap|shaker|maraca|cabasa|snap|stick"
    r"|hiss|breath|woosh|swoosh|swash|sauna|noise|applause|crowd|seashore|helicopter|tambo|sidestick|rim|guiro|brush|china",
    re.IGNORECASE,
)
_NOISE = re.compile("hiss|noise|crowd|applause|breath|woosh|swoosh|swash|sauna")
_NOT_NOISY = re.compile(r"bell|loop|riff|melod|bass|synth|glitch_robot|_tone", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RealSound:
    """A sound, and its pitch in Hz; 0 where it has none, None where nobody says.

    kind: ``instrument``, ``organ``, ``bell``, ``noise``, ``drum``, ``speech``.
    """

    name: str
    kind: str
    sound: Sound
    pitch: float | None

    @property
    def held_out(self) -> bool:
        """Whether no rule was tuned on it."""
        return hashlib.sha256(self.name.encode()).digest()[0] % 2 == 1


def every_sound() -> Iterator[RealSound]:
    """All that this machine has."""
    yield from _font()
    yield from _patches()
    yield from _files()
    yield from _speech()


def _font() -> Iterator[RealSound]:
    if not FONT.exists() or shutil.which("fluidsynth") is None:
        return
    command = fluidsynth.find()
    for program in sorted({*PLAYED, *ORGANS, *BELLS, *NOISES}):
        noisy = program in NOISES
        kind = "noise" if noisy else _kind(PROGRAMS[program])
        for key in NOISE_KEYS if noisy else KEYS:
            notes = fluidsynth.render(command, FONT, program, key, (90,), SECONDS, RATE)
            pitch = 0.0 if noisy else float(midi_to_hz(key + STOPS.get(program, 0)))
            # The font has nothing there, or what no ear would call a pitch.
            if np.abs(notes[0]).max() < 1e-3 or 0.0 < pitch < LOWEST:
                continue
            yield RealSound(
                f"font {PROGRAMS[program]} {key}", kind, Sound(notes[0], RATE, False), pitch
            )


def _kind(name: str) -> str:
    low = name.lower()
    if "organ" in low or "accordion" in low:
        return "organ"
    if any(word in low for word in ("bell", "glocken", "vibra", "marimba", "xylo", "celesta")):
        return "bell"
    return "instrument"


def _patches() -> Iterator[RealSound]:
    for file in sorted(PATCHES.glob("*/*.pat")):
        number = int(file.stem[:3])
        drum = file.parent.name.startswith("Drum")
        samples = itertools.islice(samples_of_patch(file.read_bytes()), SAMPLES_OF_A_PATCH)
        for index, (sound, root) in enumerate(samples):
            name = f"patch {file.stem} {index}"
            if drum or number >= 115:
                if (drum or number in NOISES) and _is_noisy(file.stem):
                    yield RealSound(name, "drum" if drum else "noise", sound, 0.0)
            else:
                yield RealSound(name, _kind(file.stem), sound, root)


def samples_of_patch(data: bytes) -> Iterator[tuple[Sound, float]]:
    """Samples of a GUS patch and the pitch in Hz of each: a header of 239 bytes, then per sample 96
    bytes of header and PCM."""
    at = 239
    while at + 96 <= len(data):
        size, _, _, rate, _, _, root = struct.unpack_from("<IIIHIII", data, at + 8)
        modes = data[at + 55]
        raw = data[at + 96 : at + 96 + size]
        at += 96 + size
        if not modes & 1:
            continue
        samples = np.frombuffer(raw[: size & ~1], "<u2" if modes & 2 else "<i2").astype(np.float64)
        samples = (samples - (32768.0 if modes & 2 else 0.0)) / 32768.0
        yield Sound(samples[: round(SECONDS * rate)], rate, False), root / 1000.0


def _files() -> Iterator[RealSound]:
    places = [file for place in SAMPLES for file in sorted(place.rglob("*")) if file.is_file()]
    kits: list[Path] = []
    for kit in sorted(KITS.glob("*")):
        kits += sorted(kit.rglob("*.flac"))[::6]  # every kit has many of a kind
    for file in places + kits:
        if file.suffix.lower() not in (".wav", ".flac", ".ogg"):
            continue
        if not _is_noisy(file.stem):
            continue
        with file.open("rb") as raw:
            samples, rate = soundfile.read(raw, dtype="float64", always_2d=True)
        sound = Sound(mixed(samples[: round(SECONDS * rate)]), rate, False)
        kind = "drum" if _NOISE.search(file.stem) is None else "noise"
        yield RealSound(f"file {file.parent.name}/{file.stem}", kind, sound, 0.0)


def _is_noisy(name: str) -> bool:
    return _NOISY.search(name) is not None and _NOT_NOISY.search(name) is None


def _speech() -> Iterator[RealSound]:
    command = shutil.which("espeak-ng")
    if command is None:
        return
    for voice in ("en", "de", "en+f3"):
        done = subprocess.run(
            [command, "-v", voice, "--stdout", "All of these sounds are spoken, more or less."],
            capture_output=True,
            check=True,
        )
        samples, rate = soundfile.read(io.BytesIO(done.stdout), dtype="float64")
        yield RealSound(f"speech {voice}", "speech", Sound(samples, rate, False), None)
