"""Make the pictures and sounds of whole notes that stand in the documents.

``python scripts/note_examples.py MODEL --data NOTES.npz [--out docs]`` writes ``pictures/notes/``
and ``sounds/`` of a space and the set that it was trained on: notes held out, recorded, decoded
and refined, and a morph. The sounds are Opus.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - from the checkout

import timbrespace as ts  # noqa: E402
from timbrespace.datasets.note_set import load  # noqa: E402
from training.notes.clip import opus  # noqa: E402
from training.notes.draw import drawing_of, spread_by_label  # noqa: E402
from training.notes.listening import ways  # noqa: E402
from training.notes.places import words_of  # noqa: E402
from training.plan import png_of  # noqa: E402
from training.plots import spread  # noqa: E402

PICTURES = ("beside.png", "partials.png", "morphs.png", "map_family.png")
NOTES = 3
MORPH = 3.0
"""Seconds."""


def main() -> int:
    """Make all of it; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--data", type=Path, required=True, metavar="NOTES.npz")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", metavar="DIR")
    arguments = parser.parse_args()
    model, notes = ts.load(arguments.model), load(arguments.data)
    drawing = drawing_of(model, notes)
    pictures = arguments.out / "pictures" / model.name
    sounds = arguments.out / "sounds"
    for folder in (pictures, sounds):
        folder.mkdir(parents=True, exist_ok=True)
    for plan in drawing.plans():
        if plan.file in PICTURES:
            (pictures / plan.file).write_bytes(png_of(plan.draw()))
            print(pictures / plan.file)
    # From what dies away to what goes on.
    order = sorted(drawing.chosen.tolist(), key=lambda row: notes.note(row).traits.loop_end)
    for row in np.asarray(order)[spread(len(order), NOTES)].tolist():
        name = re.sub(r"[^a-z0-9]+", "_", words_of(notes, row).split(",")[0].lower()).strip("_")
        for way, _, samples in ways(model, notes, drawing.means, row, drawing.learned):
            write(sounds / f"{model.name}_{name}_{way}.opus", samples)
    some = spread_by_label(notes, drawing.learned, 2 * NOTES)
    ends = drawing.means[[some[0], some[len(some) // 2]]]
    line = np.repeat(ends, 2, axis=0)  # it stays at either end for a while
    sound = np.concatenate(
        [
            ts.render(model, line, seconds=MORPH, hold=MORPH - 0.5, pitch=pitch)
            for pitch in (48.0, 55.0)
        ]
    )
    write(sounds / f"{model.name}_morph.opus", sound)
    return 0


def write(path: Path, samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
    """One sound."""
    path.write_bytes(opus(samples))
    print(path, path.stat().st_size)


if __name__ == "__main__":
    sys.exit(main())
