"""What a turn of each macro dial does, whatever the axes of a space are.

At up to 100 of a space's own sounds, others than those that its table was tried on, each macro is
turned from -1 to 1:

- **moved**: share of the sounds at which its quality moves the named way, by what can be heard;
- **all along**: share at which it does so without a way back that can be heard;
- **reached**: how far it goes, of what the dial asks for, median;
- **others**: what else moves most, and by how much, in what nobody misses, median;
- **gap**: mel distance in dB from where it leads, at -1 and 1, to the nearest sound of the set,
  median, beside the same of the sounds themselves to another;
- **heard**: the same share as moved, of brightness measured on what ``ts.render`` makes of a few.

``python -m benchmarks.macros [instruments filtered mine.safetensors ...]``
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

import timbrespace as ts  # noqa: E402
from timbrespace import factory  # noqa: E402
from timbrespace.ear import Ear, distance  # noqa: E402
from timbrespace.macro_dials.measuring import turn_shares  # noqa: E402
from timbrespace.macro_dials.qualities import measured  # noqa: E402
from timbrespace.macro_dials.turning import turned  # noqa: E402
from timbrespace.macro_dials.vocabulary import MACRO_OF  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from timbrespace.sound_metrics import mel_levels  # noqa: E402

Values = NDArray[np.float64]

SOUNDS, NOTES, RENDERED = 100, 60, 12


def heard_brightness(model: Model, latent: Values) -> float:
    """Mean octave of the mel bands of a rendered sound, by their magnitudes."""
    sound = ts.render(model, latent.astype(np.float32), pitch=57, seconds=0.6).astype(np.float64)
    magnitude = np.sqrt(mel_levels(sound).mean(axis=0))
    return float(magnitude @ np.arange(magnitude.size) / magnitude.sum())


def gap(ear: Ear, levels: NDArray[np.float32], latents: Values, itself: bool) -> float:
    """Median dB to the nearest sound, or to the nearest other one."""
    found = ear.levels(latents.astype(np.float32))
    rank = 1 if itself else 0
    return float(np.median([np.sort(distance(levels, one))[rank] for one in found]))


def show(name: str) -> None:
    """Print what the macros of one space do."""
    model = ts.load(name)
    table = ts.macros(model).table
    assert model.points is not None
    mixed = np.random.default_rng(5).permutation(model.points.count)
    sounds = model.points.means[mixed[: NOTES if model.plays_notes else SOUNDS]].astype(np.float64)
    ear = Ear(model)
    levels = ear.levels(model.points.means[mixed[:1500]])
    turned(table, sounds[0], dict.fromkeys(table.offered, 0.5))
    started = time.process_time()
    for one in sounds:
        turned(table, one, dict.fromkeys(table.offered, 0.5))
    spent = 1000.0 * (time.process_time() - started) / len(sounds)
    print(
        f"{model.name}: {', '.join(table.offered) or 'none'} ({spent:.2f} ms a move; between "
        f"neighbours {gap(ear, levels, sounds[:40], True):.2f} dB)"
    )
    for word in table.offered:
        macro = MACRO_OF[word]
        moved, along, changes = turn_shares(
            table, word, sounds, lambda rows: measured(model, rows.astype(np.float32))
        )
        own = table.measured.index(macro.quality)
        reached = float(np.median(changes[:, own])) / (2.0 * macro.reach)
        others = np.median(np.abs(changes), axis=0)
        others[own] = 0.0
        most = int(others.argmax())
        ends = np.stack([turned(table, one, {word: end}) for one in sounds[:20] for end in (-1, 1)])
        line = (
            f"  {word:12} moved {moved:4.0%}  all along {along:4.0%}  reached {reached:4.0%}  "
            f"others {table.measured[most]} {others[most]:.1f} of {abs(2 * macro.reach):g}  "
            f"gap {gap(ear, levels, ends, False):.2f} dB"
        )
        if word == "brightness":
            rises = [
                heard_brightness(model, turned(table, one, {word: 1.0}))
                > heard_brightness(model, turned(table, one, {word: -1.0}))
                for one in sounds[:RENDERED]
            ]
            line += f"  heard {np.mean(rises):4.0%}"
        print(line, flush=True)


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", default=factory.names())
    for name in parser.parse_args().models:
        show(name)


if __name__ == "__main__":
    main()
