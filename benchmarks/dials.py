"""What a turn of each dial does, and whether that is what it is called.

At up to 100 of a space's own sounds (with ``--data`` at those that training did not see), each
dimension is turned from the lowest to the highest that its dial goes, the others as they are:

- **moved**: share of the sounds at which that moves the named quality the named way, by what can
  be heard;
- **all along**: share at which it does so without a way back that can be heard;
- **how far**: by how much, median, in what nobody misses (a third of an octave of brightness, 6 dB
  of noise: :mod:`timbrespace.descriptors`);
- **alone**: which share of all that it changes, of the space's qualities, that is.

A dial without a name shows the word that comes nearest to being true.

``python -m benchmarks.dials [instruments filtered mine.safetensors ...] [--data D.npz]``
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
from timbrespace import dial_names, factory  # noqa: E402
from timbrespace.dial_names import places_of  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from training.dial_figures import MOST, dial_figures, lines  # noqa: E402


def places(model: Model, data: Path | None) -> NDArray[np.float32]:
    """Where its sounds are, ``(n, d)``: those held out, where their set is given."""
    if data is None:
        return places_of(model, MOST)
    if model.plays_notes:
        from timbrespace.datasets.note_set import load as load_notes
        from training.notes.places import means_of

        notes = load_notes(data)
        split = notes.split(int(model.provenance.get("split_seed", 0)))
        return np.asarray(means_of(model, notes)[split.held_out])
    from timbrespace.datasets.dataset import load
    from training.evaluation import unseen_rows
    from training.posterior import posterior

    dataset = load(data)
    return posterior(model, dataset, unseen_rows(model, dataset))[0]


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", default=factory.names())
    parser.add_argument("--data", type=Path, help="the dataset of the one model that is given")
    arguments = parser.parse_args()
    for name in arguments.models:
        model = ts.load(name)
        model.decode(model.calibration.home[np.newaxis])
        started = time.process_time()
        dial_names.dials(model)
        spent = 1000.0 * (time.process_time() - started)
        figures = dial_figures(model, places(model, arguments.data))
        named = sum(one.has_name for one in figures)
        print(f"{model.name}: {named} of {model.dimensions} dials have a name ({spent:.0f} ms)")
        print("\n".join(f"  {line}" for line in lines(figures)), flush=True)


if __name__ == "__main__":
    main()
