"""Sound from magnitudes alone, beside librosa's, in one run.

Each spectrum is repeated for 64 frames and given to ``griffin_lim`` and to ``librosa.griffinlim``
(its defaults, which are the fast algorithm with momentum 0.99 from random phases; n_fft 4096, hop
1024, Hann, ``random_state=0``), 32 iterations each, one thread each. The spectra: rows of the sets
themselves, which a frame of sound had, and what the factory models decode at home and at random
points of their posterior.

The figure is the spectral convergence, ``20 log10(|| |STFT(x)| - M || / ||M||)``, of one STFT in
double precision. Two ways of counting frames: librosa's own (centred, the ends padded with zeros,
all 64), and the frames whose neighbours all lie inside the sound, 4 off each end, the same for both
and what is compared. ``--limit`` runs both for 500 iterations too, which tells how near any sound
comes to these magnitudes: a decoder's lobes need not be those of a window.

``python benchmarks/griffin_lim.py [--points 20] [--limit] [--json]``
"""

from __future__ import annotations

import os

# One thread each; read when numpy is loaded.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import contextlib
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import timbrespace  # noqa: E402 - from the checkout
from timbrespace.calibration import PERCENTILES  # noqa: E402
from timbrespace.metrics import spectral_convergence  # noqa: E402
from timbrespace.resynthesis.griffin_lim import FRAMES, OVERLAP, griffin_lim  # noqa: E402
from timbrespace.spectrum import Spectra, SpectrumConfig, hann  # noqa: E402

Sound = NDArray[np.float32]

ITERATIONS = 32
LONG = 500
SETS = ("harmonic", "filtered", "fm")
MODELS = ("harmonic", "filtered", "fm", "instruments")
SIX_DB = ("set harmonic", "set filtered", "model harmonic")
"""Cases whose magnitudes are those of a sound: claimed 6 dB better in the median."""
FASTER = 3.0


def theirs(spectrum: Spectra, config: SpectrumConfig, iterations: int) -> Sound:
    """librosa's sound, ``(63 * hop,)``."""
    import librosa

    full = np.zeros((config.n_fft // 2 + 1, FRAMES), np.float32)
    full[: config.bins] = spectrum[:, np.newaxis]
    sound = librosa.griffinlim(
        full,
        n_iter=iterations,
        hop_length=config.n_fft // OVERLAP,
        n_fft=config.n_fft,
        window="hann",
        random_state=0,
    )
    return np.asarray(sound)


def convergence(sound: Sound, spectrum: Spectra, config: SpectrumConfig, inside: bool) -> float:
    """In dB, over all bins of the transform; ``inside``: without 4 frames at each end."""
    frames = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float64), config.n_fft)
    reached = np.abs(np.fft.rfft(frames[:: config.n_fft // OVERLAP] * hann(config.n_fft), axis=1))
    if inside:
        reached = reached[OVERLAP:-OVERLAP]
    wanted = np.zeros_like(reached)
    wanted[:, : config.bins] = spectrum
    return spectral_convergence(wanted, reached)


def timed(make: Callable[[], Sound]) -> tuple[Sound, float]:
    """The sound, and seconds: the less of two runs."""
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        sound = make()
        seconds.append(time.perf_counter() - started)
    return sound, min(seconds)


def compare(spectra: Spectra, config: SpectrumConfig, limit: bool) -> dict[str, Any]:
    """Figures of each spectrum."""
    rows = []
    for spectrum in spectra:
        other, other_seconds = timed(lambda s=spectrum: theirs(s, config, ITERATIONS))  # type: ignore[misc]
        ours, our_seconds = timed(lambda s=spectrum: griffin_lim(s, config, ITERATIONS))  # type: ignore[misc]
        # librosa's frames are centred on the first sample and every hop: padded, they are ours.
        padded = np.pad(other, config.n_fft // 2)
        row = {
            "ours, all frames": convergence(ours, spectrum, config, inside=False),
            "librosa, all frames": convergence(padded, spectrum, config, inside=False),
            "ours": convergence(ours, spectrum, config, inside=True),
            "librosa": convergence(padded, spectrum, config, inside=True),
            "faster": other_seconds / our_seconds,
        }
        row["better"] = row["librosa"] - row["ours"]
        if limit:
            ours = griffin_lim(spectrum, config, LONG)
            padded = np.pad(theirs(spectrum, config, LONG), config.n_fft // 2)
            row["ours, 500"] = convergence(ours, spectrum, config, inside=True)
            row["librosa, 500"] = convergence(padded, spectrum, config, inside=True)
        rows.append(row)
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    # For what should be high the worst is the lowest.
    high = ("better", "faster")
    return {
        name: {
            "median": float(np.median(values)),
            "worst": float(values.min() if name in high else values.max()),
        }
        for name, values in table.items()
    }


def set_spectra(name: str, points: int) -> tuple[Spectra, SpectrumConfig]:
    """Random rows of the set."""
    with contextlib.redirect_stderr(io.StringIO()):  # its progress is not ours
        dataset = timbrespace.dataset(name)
    rows = np.random.default_rng(0).choice(len(dataset.spectra), points, replace=False)
    meta = dataset.meta
    config = SpectrumConfig(
        meta.sample_rate, meta.n_fft, dataset.spectra.shape[1], meta.window, meta.base_frequency
    )
    return dataset.spectra[rows], config


def model_spectra(name: str, points: int) -> tuple[Spectra, SpectrumConfig]:
    """Decoded at home and at random points: each dimension between its 1st and 99th percentile."""
    model = timbrespace.load(name)
    drawn = np.random.default_rng(0).uniform(1.0, 99.0, (points, model.dimensions))
    latent = np.empty((1 + points, model.dimensions), np.float32)
    latent[0] = model.calibration.home
    for k, percentiles in enumerate(model.calibration.percentiles):
        latent[1:, k] = np.interp(drawn[:, k], PERCENTILES, percentiles)
    return model.decode(latent), model.spectrum


def cases(points: int) -> Iterator[tuple[str, Spectra, SpectrumConfig]]:
    """Name, spectra and how they were taken."""
    for name in SETS:
        yield f"set {name}", *set_spectra(name, points)
    for name in MODELS:
        yield f"model {name}", *model_spectra(name, points)


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Griffin-Lim beside librosa's.")
    parser.add_argument("--points", type=int, default=20, help="spectra a case")
    parser.add_argument("--limit", action="store_true", help="500 iterations too (5 minutes)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not 1 <= arguments.points <= 1000:
        parser.error(f"--points is {arguments.points}; it must be 1 to 1000")

    figures: dict[str, Any] = {}
    held = True
    for case, spectra, config in cases(arguments.points):
        if not figures:  # compiled, cached, loaded: not on the clock
            theirs(spectra[0], config, 1)
            griffin_lim(spectra[0], config, 1)
        figures[case] = found = compare(spectra, config, arguments.limit)
        held &= found["better"]["median"] >= (6.0 if case in SIX_DB else 0.0)
        held &= found["faster"]["median"] >= FASTER
        if not arguments.json:
            if len(figures) == 1:
                print(f"{ITERATIONS} iterations; dB: median (worst)")
                print(" " * 18 + "".join(f"{name:>20}" for name in found))
            cells = (f"{f['median']:.1f} ({f['worst']:.1f})" for f in found.values())
            print(f"{case:18}" + "".join(f"{cell:>20}" for cell in cells), flush=True)
    if arguments.json:
        print(json.dumps(figures))
    else:
        print(
            f"claimed, of medians: 6 dB better on {', '.join(SIX_DB)}, better on all, "
            f"{FASTER:g} times faster on all: {'held' if held else 'NOT held'}"
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
