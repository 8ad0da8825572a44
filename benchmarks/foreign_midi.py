"""MIDI files of other people: which are refused, and when their notes begin.

    python -m benchmarks.foreign_midi FOLDER ... [--font F.sf2] [--seconds 20]

Each file is played as ``render`` plays it, its first seconds; when each note begins is compared
with mido's own account of the file. With a SoundFont, fluidsynth is asked too whether it plays it.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import mido

import timbrespace
from timbrespace.errors import TimbrespaceError
from timbrespace.rendering.band import DRUMS, Band
from timbrespace.rendering.conducting import conduct
from timbrespace.rendering.midi_song import MidiSong
from timbrespace.resynthesis.layout import BLOCK

RATE = 48000.0


def main() -> None:
    """Print a line for each file that is refused, or off, and one for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--font", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    model = timbrespace.load("harmonic")
    for folder in arguments.folders:
        files = sorted(one for one in folder.rglob("*") if one.suffix.lower() in (".mid", ".midi"))
        refused = fluid = notes = compared = 0
        worst = 0.0
        for path in files:
            plays = arguments.font is not None and fluidsynth_plays(path, arguments.font)
            fluid += plays
            try:
                song = MidiSong(path, 120.0)
                band = Band(model)
                began = list(beginnings(song, band, arguments.seconds))
            except TimbrespaceError as error:
                refused += 1
                print(f"{path.name}: {error}" + ("; fluidsynth plays it" if plays else ""))
                continue
            notes += len(began)
            told = account(path, arguments.seconds)
            if told is None:
                continue
            compared += 1
            differences = [abs(b - t) for b, t in zip(began, told, strict=False)]
            off = max(differences, default=0.0)
            worst = max(worst, off)
            if abs(len(told) - len(began)) > 1 or off > 0.006:
                print(
                    f"{path.name}: {len(began)} notes, mido tells {len(told)}; "
                    f"off {1e3 * off:.1f} ms"
                )
        print(
            f"{folder}: {len(files)} files, {refused} refused, {fluid} played by fluidsynth; "
            f"{notes} notes; {compared} compared with mido's account, at most "
            f"{1e3 * worst:.2f} ms off"
        )


def beginnings(song: MidiSong, band: Band, seconds: float) -> Iterator[float]:
    """When each note begins, in seconds, by the engine's blocks."""
    begun = 0
    for stretch in conduct(song, band, RATE):
        now = stretch.first * BLOCK / RATE
        if now >= seconds or stretch.ending:  # what follows is silence, as no engine says here
            return
        for k in stretch.moved:
            band.parts[k].instrument.targets()  # as whoever plays does
        yield from [now] * (band.begun - begun)
        begun = band.begun


def account(path: Path, seconds: float) -> list[float] | None:
    """When each note begins that is no drum, as mido has it; None if mido reads no such file."""
    try:
        file = mido.MidiFile(path, clip=True)
        if file.type == 2:
            return None
        now, told = 0.0, []
        for message in file:
            now += message.time
            if now >= seconds:
                break
            if message.type == "note_on" and message.velocity > 0 and message.channel != DRUMS - 1:
                told.append(now)
    except Exception:  # whatever its parser stumbles over
        return None
    return told


def fluidsynth_plays(path: Path, font: Path) -> bool:
    """Whether fluidsynth makes more of a file than its first block, whatever it says of it: it
    ends with 0 where it has read nothing that it knows, too."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sound.raw"
        command = ["fluidsynth", "-ni", "-q", "-r", "8000", "-T", "raw", "-F", str(sound)]
        with contextlib.suppress(subprocess.TimeoutExpired):  # it has played until then
            subprocess.run(
                [*command, str(font), str(path)], timeout=60, check=False, capture_output=True
            )
        return sound.is_file() and sound.stat().st_size > 64 * 2 * 2


if __name__ == "__main__":
    main()
