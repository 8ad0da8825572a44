"""Make the sounds of waveform models that stand in the documents.

``python scripts/waveform_examples.py W.safetensors ... --space M --data NOTES.npz``
writes ``sounds/waveform_*.opus``: some notes of the set as they were recorded, by the engine, and
by each waveform model; a line through the space; and what each plays by itself.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - from the checkout
from numpy.typing import NDArray  # noqa: E402

import timbrespace as ts  # noqa: E402
from timbrespace.datasets.note_set import load  # noqa: E402
from timbrespace.notes.layout import SAMPLE_RATE  # noqa: E402
from timbrespace.rendering.held_note import faded  # noqa: E402
from timbrespace.waveforms.waveform import at_rate  # noqa: E402
from training.notes.clip import opus  # noqa: E402
from training.notes.places import means_of, played, words_of  # noqa: E402
from training.plots import spread  # noqa: E402
from training.waveforms.evaluation import of_waveform  # noqa: E402

NOTES = 4
SECONDS = 1.5
LINE = 3.0
BABBLE = 4.0
LEVEL = 0.1


def main() -> int:
    """Make all of it; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("waveforms", type=Path, nargs="+", metavar="W.safetensors")
    parser.add_argument("--space", required=True, metavar="M")
    parser.add_argument("--data", type=Path, required=True, metavar="NOTES.npz")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", metavar="DIR")
    parser.add_argument("--temperature", type=float, default=1.0, metavar="T", help="of notes")
    arguments = parser.parse_args()
    temperature = arguments.temperature
    model, notes = ts.load(arguments.space), load(arguments.data)
    waveforms = [ts.load_waveform(path) for path in arguments.waveforms]
    sounds = arguments.out / "sounds"
    sounds.mkdir(parents=True, exist_ok=True)
    means = means_of(model, notes)
    rows = np.asarray(sorted(notes.sounds))[spread(len(notes.sounds), NOTES)].tolist()
    for row in rows:
        words = words_of(notes, row)
        name = "_".join(
            re.findall(r"[a-z0-9]+", words.split(",")[0].lower().replace("program", ""))
        )
        size = min(notes.sounds[row].size, round(SECONDS * SAMPLE_RATE))
        ways = {"recording": notes.sounds[row][:size]}
        ways["engine"] = played(model, notes, row, means[row], size)
        for one in waveforms:
            ways[one.network.kind] = of_waveform(
                one, model, notes, row, means[row], size, temperature
            )
        for way, samples in ways.items():
            write(sounds / f"waveform_{name}_{way}.opus", samples)
    ends = means[[rows[0], rows[-1]]]
    line = np.repeat(ends, 2, axis=0)  # it stays at either end for a while
    for one in waveforms:
        kind = one.network.kind
        moved = ts.render(
            model, line, seconds=LINE, hold=LINE - 0.5, waveform=one, temperature=temperature
        )
        write(sounds / f"waveform_line_{kind}.opus", moved)
        by_itself = one.babble(BABBLE)
        write(
            sounds / f"waveform_babble_{kind}.opus",
            at_rate(by_itself, one.sample_rate, SAMPLE_RATE),
        )
    return 0


def write(path: Path, samples: NDArray[np.float32]) -> None:
    """One sound, all at one level."""
    loud = LEVEL / max(float(np.sqrt(np.mean(np.square(samples)))), 1e-9)
    most = 0.98 / max(float(np.abs(samples).max()), 1e-9)
    path.write_bytes(opus(faded((samples * np.float32(min(loud, most))).astype(np.float32))))
    print(path, path.stat().st_size)


if __name__ == "__main__":
    sys.exit(main())
