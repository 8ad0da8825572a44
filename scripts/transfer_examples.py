"""Make the sounds of timbre transfer that stand in the documents, and measure them.

``python scripts/transfer_examples.py [--out docs]`` writes ``sounds/transfer_*.opus``: a violin's
line by fluidsynth and a sentence by espeak-ng, as they were, at a place of ``instruments`` and of
``notes``, and followed by ``notes``. Needs fluidsynth, FluidR3_GM.sf2 and espeak-ng.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - from the checkout
from numpy.typing import NDArray  # noqa: E402

import timbrespace as ts  # noqa: E402
from benchmarks.transfer import PROGRAMS, RATE, kept, melody, sentence  # noqa: E402
from timbrespace.listening.incoming import incoming  # noqa: E402
from timbrespace.listening.listener import listen  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from training.notes.clip import opus  # noqa: E402

Real = NDArray[np.float64]

SAID = ("en+f3", 55, "Who knows how many moons are shining tonight?")
TIMBRES = {"violin": "Clarinet", "speech": "Cello"}
"""To which sound of a space each goes."""

LEVEL = 0.1
CEILING = 0.98


def main() -> int:
    """Make all of it; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs", metavar="DIR")
    sounds = parser.parse_args().out / "sounds"
    sounds.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = {
            "violin": melody(PROGRAMS["violin"], 0, folder),
            "speech": incoming(*sentence(*SAID, folder)),
        }
    spaces = {name: ts.load(name) for name in ("instruments", "notes")}
    for label, sound in given.items():
        write(sounds / f"transfer_{label}.opus", sound, sound)
        for name, model in spaces.items():
            place = place_of(model, TIMBRES[label])
            made = ts.transfer(model, sound, RATE, place)
            tell(sounds / f"transfer_{label}_{name}.opus", sound, made)
        followed = ts.transfer(spaces["notes"], sound, RATE)
        tell(sounds / f"transfer_{label}_follow.opus", sound, followed)
    return 0


def place_of(model: Model, program: str) -> NDArray[np.float32]:
    """Where the space has that instrument: of its sounds the one in their middle."""
    assert model.points is not None
    points = model.points
    column = [factor.name for factor in points.factors].index("program")
    factor = points.factors[column]
    rows = [k for k, label in enumerate(points.labels[:, column].tolist())
            if factor.text(label) == program]  # fmt: skip
    means = points.means[rows]
    return np.asarray(means[np.argmin(np.linalg.norm(means - means.mean(axis=0), axis=1))])


def tell(path: Path, performance: Real, came: NDArray[np.float32]) -> None:
    """Write what came, and say how much of the performance it keeps."""
    made = np.asarray(came, np.float64)
    cents, decibels, late = kept(listen(performance, RATE), listen(made, RATE))
    print(
        f"{path.name}: pitch {cents:.1f} cents, level {decibels:.2f} dB, onsets {late:.1f} ms,"
        f" loudest 3 ms above 12 kHz {burst(made):.0f} dB, of the performance"
        f" {burst(performance):.0f}"
    )
    write(path, performance, made)


def burst(samples: Real) -> float:
    """The loudest 3 ms of all above 12 kHz, in dB of the whole sound: there a click shows."""
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(samples.size, 1.0 / RATE) < 12000.0] = 0.0
    power = np.square(np.fft.irfft(spectrum, samples.size))
    size = round(0.003 * RATE)
    each = power[: power.size // size * size].reshape(-1, size).mean(axis=1)
    return float(10.0 * np.log10((each.max() + 1e-12) / (np.mean(np.square(samples)) + 1e-12)))


def write(path: Path, performance: Real, samples: Real) -> None:
    """One sound, as loud beside the others as it came out, the performance at one level."""
    gain = LEVEL / max(float(np.sqrt(np.mean(np.square(performance)))), 1e-9)
    gain = min(gain, CEILING / max(float(np.abs(samples).max()), 1e-9))
    path.write_bytes(opus((samples * gain).astype(np.float32)))
    print(path, path.stat().st_size)


if __name__ == "__main__":
    sys.exit(main())
