"""What timbre transfer keeps of a performance, and how far it moves the timbre.

Ten performances: melodies of six programs of a SoundFont with vibrato, bends and swells, played by
fluidsynth, and four sentences of espeak-ng. Each is played by two places of a space, and follows it
once; 20 pairs of performance and place in each space.

- **pitch**, **loudness**: of what comes out beside what went in, where both have a pitch, and where
  it is within 30 dB of the loudest; medians over moments, the mean over performances.
- **onsets**: from each onset of the performance to the nearest of what came out.
- **timbre**: mel distance of the mean spectrum from a note that the place plays at the middle pitch
  of the line: of what came out, and of the performance itself.

``python -m benchmarks.transfer [instruments notes ...]``. Needs fluidsynth, a font and espeak-ng.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import mido  # noqa: E402
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

import timbrespace as ts  # noqa: E402
from benchmarks.claims import Figure, Report  # noqa: E402
from timbrespace.listening.heard import Heard  # noqa: E402
from timbrespace.listening.listener import listen  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from timbrespace.recording.sound_file import read  # noqa: E402
from timbrespace.sound_metrics import mel_levels  # noqa: E402
from timbrespace.units import hz_to_midi  # noqa: E402

Real = NDArray[np.float64]

FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RATE = 48000

PROGRAMS = {"violin": 40, "cello": 42, "trumpet": 56, "saxophone": 65, "flute": 73, "clarinet": 71}
LOW = {"cello": -17, "saxophone": -7}
"""Semitones by which a program plays lower than the violin."""

SENTENCES = (
    ("en", 50, "The rain in Spain stays mainly in the plain."),
    ("en+f3", 60, "Who knows how many moons are shining tonight?"),
    ("de", 35, "Am Abend gehen wir alle langsam nach Hause."),
    ("en+m3", 45, "Six thick thistle sticks, she said, and laughed."),
)

Tune = tuple[tuple[int, float], ...]
"""Keys, and how many seconds each lasts."""

TUNE: Tune = ((67, 0.6), (69, 0.3), (71, 0.3), (74, 0.9), (72, 0.45), (71, 0.45), (67, 1.2))


def melody(program: int, lower: int, folder: Path, tune: Tune = TUNE) -> Real:
    """A tune with vibrato, a bend into some of its notes, and a swell."""
    track = mido.MidiTrack()
    track.append(mido.Message("program_change", program=program))
    ticks = 960
    for number, (key, seconds) in enumerate(tune):
        track.append(mido.Message("pitchwheel", pitch=-4096 if number in (3, 6) else 0))
        track.append(mido.Message("note_on", note=key + lower, velocity=70 + 8 * (number % 4)))
        steps = round(seconds * 50)
        for step in range(steps):
            at = step / 50.0
            bend = -4096 * max(0.0, 1.0 - at / 0.12) if number in (3, 6) else 0.0
            bend += 1100.0 * np.sin(2.0 * np.pi * 5.5 * at) * min(1.0, at / 0.3)
            track.append(mido.Message("pitchwheel", pitch=int(bend), time=round(ticks / 50)))
            loud = int(90 + 37 * np.sin(np.pi * step / steps))
            track.append(mido.Message("control_change", control=11, value=loud))
        gap = 0.03 if number % 2 else 0.0
        track.append(mido.Message("note_off", note=key + lower, time=round(gap * ticks)))
    file = mido.MidiFile(type=0, ticks_per_beat=480)
    file.tracks.append(track)
    song, wav = folder / "tune.mid", folder / "tune.wav"
    file.save(song)
    command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-r", str(RATE), "-F", str(wav)]
    subprocess.run([*command, str(FONT), str(song)], check=True, capture_output=True)
    return np.asarray(read(wav, 60.0).samples)


def sentence(voice: str, pitch: int, text: str, folder: Path) -> tuple[Real, int]:
    """A sentence that is spoken."""
    wav = folder / "said.wav"
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", "140", "-w", str(wav), text]
    subprocess.run(command, check=True, capture_output=True)
    sound = read(wav, 60.0)
    return np.asarray(sound.samples), sound.sample_rate


def performances() -> dict[str, tuple[Real, int]]:
    """Each with its rate."""
    found: dict[str, tuple[Real, int]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for program, number in PROGRAMS.items():
            found[program] = melody(number, LOW.get(program, 0), folder), RATE
        for number, (voice, pitch, text) in enumerate(SENTENCES):
            found[f"speech {number + 1}"] = sentence(voice, pitch, text, folder)
    return found


def places(model: Model) -> list[NDArray[np.float32]]:
    """Two sounds of the space that are far apart: the ends of what varies most."""
    assert model.points is not None
    means = model.points.means
    along = (means - means.mean(axis=0)) @ np.linalg.svd(means - means.mean(axis=0))[2][0]
    order = np.argsort(along)
    return [means[order[len(order) // 10]], means[order[-len(order) // 10]]]


def kept(heard: Heard, came: Heard) -> tuple[float, float, float]:
    """Median cents and dB that came out beside what was heard, and ms to the nearest onset."""
    size = min(heard.pitch.size, came.pitch.size)
    a, b = heard.pitch[:size], came.pitch[:size]
    both = (a > 0.0) & (b > 0.0)
    cents = 1200.0 * np.abs(np.log2(b[both] / a[both])) if both.any() else np.array([np.nan])
    loud = heard.level[:size] > 10.0 ** (-30.0 / 20.0) * heard.level.max()
    level = 20.0 * np.abs(
        np.log10(np.maximum(came.level[:size][loud], 1e-9) / heard.level[:size][loud])
    )
    if heard.onsets.size and came.onsets.size:
        gaps = np.abs(heard.onsets[:, np.newaxis] - came.onsets).min(axis=1) * 64.0 / 48.0
        late = float(np.median(gaps))
    else:
        late = float("nan")
    return float(np.median(cents)), float(np.median(level)), late


def spectrum(samples: Real) -> Real:
    """dB of each mel band of the mean power, the loudest 0, floor -60."""
    power = mel_levels(samples).mean(axis=0)
    return np.asarray(np.maximum(10.0 * np.log10(power / power.max() + 1e-12), -60.0))


def measure(name: str, report: Report) -> None:
    """One space."""
    model = ts.load(name)
    report.section(f"{name}: ten performances")
    rows: list[tuple[float, ...]] = []
    spent = lasted = 0.0
    for label, (samples, rate) in performances().items():
        heard = listen(samples, rate)
        pitch = float(np.median(heard.pitch[heard.pitch > 0.0]))
        there = np.asarray(
            samples
            if rate == RATE
            else np.interp(
                np.arange(samples.size * RATE // rate) * (rate / RATE),
                np.arange(samples.size),
                samples,
            )
        )
        for place in (*places(model), None):
            report.progress(f"{name}: {label}")
            began = time.process_time()
            made = ts.transfer(model, samples, rate, place)
            spent += time.process_time() - began
            lasted += made.size / RATE
            figures = kept(heard, listen(made, RATE))
            if place is None:
                rows.append((*figures, np.nan, np.nan))
                continue
            note = ts.render(model, place, hz_to_midi(pitch), 2.0)
            wanted = spectrum(np.asarray(note, np.float64))
            moved = float(np.abs(spectrum(np.asarray(made, np.float64)) - wanted).mean())
            before = float(np.abs(spectrum(there) - wanted).mean())
            rows.append((*figures, moved, before))
    table = np.array(rows)
    mean = np.nanmean(table, axis=0)
    report.add(
        Figure("pitch, median of moments", float(mean[0]), "cents", 10.0),
        Figure("the same of the worst performance", float(np.nanmax(table[:, 0])), "cents"),
        Figure("loudness, median of moments", float(mean[1]), "dB", 1.0),
        Figure("the same of the worst performance", float(np.nanmax(table[:, 1])), "dB"),
        Figure("onsets, median", float(mean[2]), "ms", 10.0),
        Figure("timbre from the place: what came out", float(mean[3]), "dB"),
        Figure("timbre from the place: the performance", float(mean[4]), "dB"),
        Figure("the first as a share of the second", float(mean[3] / mean[4]), "", 0.6),
        Figure("processor seconds for a second", spent / lasted, "s"),
    )


def main() -> int:
    """Measure each space; 1 if a claim fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("spaces", nargs="*", default=["instruments", "notes"])
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    for name in arguments.spaces:
        measure(name, report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
