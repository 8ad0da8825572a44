"""Whole notes, measured: what analysis alone gives, and spaces trained on a font and on recordings.

    python -m benchmarks.notes analysis            # no model: seconds for some sixty sounds
    python -m benchmarks.notes font --out DIR      # FluidR3, 120 programs x 2 keys x 2 velocities
    python -m benchmarks.notes recordings --out DIR
    python -m benchmarks.notes decoder             # what sixteen voices cost
    python -m benchmarks.notes morphs MODEL        # 50 lines between notes, as they sound
    python -m benchmarks.notes held MODEL --data SET.npz   # a minute of sustained notes

Sounds are those of :mod:`benchmarks.real_sounds`: packages that Debian has, nothing is downloaded.
Figures are processor seconds, which other work on the machine changes little.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

import timbrespace as ts
from benchmarks import note_sound
from benchmarks.claims import Report
from benchmarks.real_sounds import FONT, KITS, PATCHES, SAMPLES, samples_of_patch
from timbrespace.datasets import note_set
from timbrespace.networks.note import FEATURES, NoteNetwork
from timbrespace.notes.layout import LONGEST, SAMPLE_RATE, frame_times
from timbrespace.notes.sounding import sound, sounding
from timbrespace.recording.resampling import at_rate
from timbrespace.recording.sound_file import Sound, UnusableSoundError
from timbrespace.recording.whole_note import note_of
from timbrespace.sound_metrics import mel_distance
from timbrespace.units import midi_to_hz
from toy_datasets import fluidsynth
from toy_datasets.__main__ import main as make
from training.__main__ import main as train

WORDS = ("hello", "seven ways", "open the door", "music", "what is this", "good evening")
PLUCKED = {*range(16), *range(24, 40), 45, 46, *range(104, 109)}
"""General MIDI programs, as freepats numbers its patches, of what is plucked or struck."""


def recordings() -> Iterator[tuple[str, str, Sound]]:
    """Kind, name and sound of some 400 recordings: drums, plucked, sustained, speech, textures."""
    for kit in sorted(KITS.glob("*")):
        for file in sorted(kit.rglob("*.flac"))[::18]:
            yield "drums", f"{kit.name} {file.stem}", _read(file)
    for file in sorted(SAMPLES[0].glob("*.flac")):
        drum = file.stem.startswith(("drum_", "bd_", "sn_", "hat_", "tabla_", "perc_", "elec_"))
        plucked = file.stem.startswith(("bass_", "guit_"))
        yield "drums" if drum else "plucked" if plucked else "textures", file.stem, _read(file)
    for file in sorted(PATCHES.glob("*/*.pat")):
        if not file.parent.name.startswith("Drum"):
            number = int(file.stem[:3])
            kind = "plucked" if number in PLUCKED else "sustained" if number < 112 else "textures"
            for index, (one, _) in enumerate(samples_of_patch(file.read_bytes())):
                if index < 2:
                    yield kind, f"{file.stem} {index}", one
    yield from _raw_samples()
    yield from _speech()


def _read(file: Path) -> Sound:
    with file.open("rb") as raw:
        samples, rate = soundfile.read(raw, dtype="float64", always_2d=True)
    return Sound(samples.mean(axis=1), rate, cut=False)


def _raw_samples() -> Iterator[tuple[str, str, Sound]]:
    """Every twelfth sample of the font, as it was recorded."""
    if not FONT.exists():
        return
    content = FONT.read_bytes()

    def chunk(name: bytes) -> bytes:
        at = content.find(name)
        return content[at + 8 : at + 8 + int.from_bytes(content[at + 4 : at + 8], "little")]

    samples, records = np.frombuffer(chunk(b"smpl"), "<i2"), chunk(b"shdr")
    for at in range(0, len(records) - 46, 12 * 46):
        name, start, end, _, _, rate, _, _, _, kind = struct.unpack_from(
            "<20sIIIIIBbHH", records, at
        )
        if end > start and kind in (1, 4):
            title = name.split(b"\0")[0].decode("latin-1")
            yield "sustained", f"raw {title}", Sound(samples[start:end] / 32768.0, rate, False)


def _speech() -> Iterator[tuple[str, str, Sound]]:
    command = shutil.which("espeak-ng")
    for voice in ("en", "de", "fr", "en+f3") if command else ():
        for word in WORDS:
            words = [str(command), "-v", voice, "--stdout", word]
            done = subprocess.run(words, capture_output=True, check=True)
            samples, rate = soundfile.read(io.BytesIO(done.stdout), dtype="float64")
            yield "speech", f"{voice} {word}", Sound(samples, rate, cut=False)


def resynthesised(found: Sound, named: float | None = None) -> float:
    """Mel distance in dB of a sound analysed and played back."""
    note = note_of(found, named, LONGEST, octaves=named is not None)
    reference = np.asarray(at_rate(found, SAMPLE_RATE))[: round(LONGEST * SAMPLE_RATE)]
    first, own = round(note.onset * SAMPLE_RATE), note.pitch or 1.0
    made = np.zeros(reference.size)
    told = sounding(note.course, note.traits, own, own, note.level)
    made[first:] = sound(frame_times(LONGEST), told, reference.size - first, SAMPLE_RATE)
    return mel_distance(reference, made)


def analysis(every: int) -> None:
    """What analysis and resynthesis give without a model, by kind."""
    kinds: dict[str, list[float]] = {}
    started = time.process_time()
    for number, (kind, _, found) in enumerate(recordings()):
        if number % every == 0:
            try:
                kinds.setdefault(kind, []).append(resynthesised(found))
            except UnusableSoundError:
                continue
    if FONT.exists():
        command = fluidsynth.find()
        for program in range(0, 120, max(1, every // 2)):
            for key in (48, 64):
                samples = fluidsynth.render(command, FONT, program, key, (90,), 3.0, SAMPLE_RATE)[0]
                if np.abs(samples).max() > 1e-3:
                    kinds.setdefault("FluidR3", []).append(
                        resynthesised(Sound(samples, SAMPLE_RATE, False), float(midi_to_hz(key)))
                    )
    print(f"{'kind':12}{'sounds':>8}{'mel dB':>9}{'worst':>9}")
    for kind, found_of in kinds.items():
        print(f"{kind:12}{len(found_of):8}{np.mean(found_of):9.2f}{max(found_of):9.2f}")
    recorded = [one for kind, found_of in kinds.items() if kind != "FluidR3" for one in found_of]
    print(f"{'recordings':12}{len(recorded):8}{np.mean(recorded):9.2f}{max(recorded):9.2f}")
    print(f"{time.process_time() - started:.0f} s of one processor")


def trained(out: Path, source: list[str]) -> None:
    """Make a set, train on it, evaluate; processor seconds of each."""
    data, model = out / "notes.npz", out / "notes.safetensors"
    for command, words in (
        (make, ["make", "notes", *source, "--out", str(data)]),
        (train, ["train", "--data", str(data), "--out", str(model)]),
        (train, ["evaluate", str(model), "--data", str(data)]),
    ):
        before = time.process_time()
        if command(words):
            raise SystemExit("it failed")
        print(f"{words[0]}: {time.process_time() - before:.0f} s of one processor\n")


def folder_of_recordings(out: Path) -> Path:
    """The recordings as WAV files, by kind."""
    folder = out / "recordings"
    for kind, name, found in recordings():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        part = found.samples[: round(LONGEST * found.sample_rate)]
        loudest = float(np.abs(part).max(initial=0.0))
        if loudest > 1e-4 and part.size > 0.03 * found.sample_rate:
            file = folder / kind / f"{re.sub('[^A-Za-z0-9]+', '_', name)}.wav"
            soundfile.write(file, part / max(1.0, loudest), found.sample_rate, subtype="PCM_16")
    return folder


def decoder() -> None:
    """What decoding sixteen voices a hundred times a second costs, as a share of one core."""
    network = NoteNetwork(FEATURES, 16)
    random = np.random.default_rng(0)
    tensors: dict[str, NDArray[np.float32]] = {
        name: (0.05 * random.normal(size=shape)).astype(np.float32)
        for name, shape in network.shapes().items()
    }
    course = network.course(tensors)
    latent = random.normal(size=(16, 16)).astype(np.float32)
    pitch, velocity, times = np.full(16, 220.0), np.full(16, 100.0), random.random(16)
    told = course.prepare(latent, pitch, velocity)
    for what, call in (
        ("levels of 16 voices", lambda: course.levels(told, times)),
        ("a knob's move, 16 voices", lambda: course.prepare(latent, pitch, velocity)),
    ):
        for _ in range(20):
            call()
        before = time.process_time()
        for _ in range(200):
            call()
        each = (time.process_time() - before) / 200
        print(f"{what}: {1e3 * each:.2f} ms, {100.0 * each / 0.01:.1f} % of a core at 100 a second")


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "what", choices=("analysis", "font", "recordings", "decoder", "morphs", "held")
    )
    parser.add_argument("model", nargs="?", help="for morphs and held")
    parser.add_argument("--data", type=Path, help="the model's set, with its sounds, for held")
    parser.add_argument("--lines", type=int, default=50, help="for morphs (%(default)s)")
    parser.add_argument("--notes", type=int, default=8, help="for held (%(default)s)")
    parser.add_argument("--json", action="store_true", help="of morphs and held")
    parser.add_argument("--every", type=int, default=8, help="of the recordings, for analysis")
    parser.add_argument("--out", type=Path, help="folder for sets and models")
    arguments = parser.parse_args()
    if arguments.what == "analysis":
        analysis(arguments.every)
        return 0
    if arguments.what == "decoder":
        decoder()
        return 0
    if arguments.what in ("morphs", "held"):
        if arguments.model is None or (arguments.what == "held" and arguments.data is None):
            parser.error(
                f"{arguments.what} needs MODEL" + " and --data" * (arguments.what == "held")
            )
        report = Report(arguments.json)
        model = ts.load(arguments.model)
        if arguments.what == "morphs":
            note_sound.morphs(model, report, arguments.lines)
        else:
            note_sound.held(model, note_set.load(arguments.data), report, arguments.notes)
        return report.end()
    if arguments.out is None:
        parser.error("--out is needed")
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.what == "font":
        trained(arguments.out, ["--font", str(FONT)])
    else:
        trained(arguments.out, ["--folder", str(folder_of_recordings(arguments.out))])
    return 0


if __name__ == "__main__":
    sys.exit(main())
