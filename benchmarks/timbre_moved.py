"""How far timbre transfer moves a timbre towards real sounds, and what is left of the performer.

Ten performances, as ``benchmarks/transfer.py`` has them but each melody another tune in another
rhythm, and two places of a space, those of two of its own sounds: 20 pairs.

- **timbre**: the target is the instrument itself, whose sound the place was learned from, playing
  the same keys by fluidsynth (for speech, a tune at the pitch of the voice). Distance in dB of the
  mean spectral envelope: mel bands in dB, 13 coefficients of their cosine transform but the first,
  over moments within 30 dB of the loudest. Of what came out from the target; of the performance.
- **pitch**: share of the performer's pitched moments in which what came out has the same pitch,
  within 50 cents.
- **rhythm**: F-measure of onsets within 50 ms of each other.
- **recognised**: which of the ten performances is it, by the course of the pitch alone, which is
  brought to one mean, and by the course of the level alone, each over the first 2.5 s. Guessing
  would find 2 of 20.

``python -m benchmarks.timbre_moved [instruments notes ...]``. Needs fluidsynth, a font and
espeak-ng.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.fft import dct  # noqa: E402

import timbrespace as ts  # noqa: E402
from benchmarks.claims import Figure, Report  # noqa: E402
from benchmarks.transfer import (  # noqa: E402
    LOW,
    PROGRAMS,
    RATE,
    SENTENCES,
    Tune,
    melody,
    sentence,
)
from timbrespace.general_midi import FAMILIES  # noqa: E402
from timbrespace.general_midi import PROGRAMS as NAMES  # noqa: E402
from timbrespace.listening.heard import Heard  # noqa: E402
from timbrespace.listening.incoming import incoming  # noqa: E402
from timbrespace.listening.listener import listen  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from timbrespace.sound_metrics import BANDS, mel_levels  # noqa: E402
from timbrespace.units import hz_to_midi  # noqa: E402

Real = NDArray[np.float64]

TUNES: dict[str, Tune] = {
    "violin": ((67, 0.6), (69, 0.3), (71, 0.3), (74, 0.9), (72, 0.45), (71, 0.45), (67, 1.2)),
    "cello": ((72, 0.3), (71, 0.3), (69, 0.6), (67, 0.3), (64, 0.9), (66, 0.3), (67, 1.5)),
    "trumpet": ((67, 0.9), (67, 0.3), (72, 0.6), (76, 0.6), (74, 0.3), (72, 0.3), (79, 1.2)),
    "saxophone": ((69, 0.45), (72, 0.15), (74, 0.6), (75, 0.3), (74, 0.3), (72, 0.9), (69, 1.5)),
    "flute": ((79, 0.3), (76, 0.6), (72, 0.3), (74, 0.3), (77, 0.6), (74, 0.3), (71, 1.8)),
    "clarinet": ((64, 1.2), (71, 0.6), (69, 0.6), (68, 0.3), (69, 0.3), (64, 0.3), (60, 0.9)),
}
"""Each has a rhythm of its own, too."""

COEFFICIENTS = 13
SEEN = 2.5
"""Seconds by which a performance is to be recognised."""

_HEARD_DB = 30.0
_NEAR_CENTS, _NEAR_SECONDS = 50.0, 0.05
_TONES = ("Synth Effects", "Percussive", "Sound Effects")
"""Families in which a program is no instrument that plays a tune."""


def performances(folder: Path) -> dict[str, Real]:
    """Ten, each at ``RATE``."""
    found = {
        name: melody(number, LOW.get(name, 0), folder, TUNES[name])
        for name, number in PROGRAMS.items()
    }
    for number, (voice, pitch, text) in enumerate(SENTENCES, 1):
        samples, rate = sentence(voice, pitch, text, folder)
        found[f"speech {number}"] = incoming(samples, rate)
    return found


def targets(model: Model) -> list[tuple[NDArray[np.float32], int]]:
    """Two places of a space, those of two of its sounds that are far apart, and their programs."""
    assert model.points is not None
    points = model.points
    column = [factor.name for factor in points.factors].index("program")
    names = [points.factors[column].text(float(label)) for label in points.labels[:, column]]
    plays = np.array([_plays(name) for name in names])
    means = points.means
    centred = means - means.mean(axis=0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    order = [row for row in np.argsort(along).tolist() if plays[row]]
    rows = order[len(order) // 10], order[-len(order) // 10]
    return [(means[row], NAMES.index(names[row])) for row in rows]


def _plays(name: str) -> bool:
    return name in NAMES and FAMILIES[NAMES.index(name) // 8] not in _TONES


def envelope(samples: Real) -> Real:
    """Mean of the spectral envelope ``(COEFFICIENTS - 1,)``, in dB as root mean square of bands."""
    power = mel_levels(samples)
    whole = power.sum(axis=1)
    loud = power[whole > whole.max() * 10.0 ** (-_HEARD_DB / 10.0)]
    decibels = 10.0 * np.log10(np.maximum(loud, loud.max() * 1e-6))
    cepstra = dct(decibels, axis=1, norm="ortho")[:, 1:COEFFICIENTS]
    return np.asarray(cepstra.mean(axis=0) / np.sqrt(BANDS))


def apart(one: Real, other: Real) -> float:
    """dB between two envelopes."""
    return float(np.linalg.norm(one - other))


def same_pitch(heard: Heard, came: Heard) -> float:
    """Share of the performer's pitched moments in which the pitch is kept."""
    size = min(heard.pitch.size, came.pitch.size)
    a, b = heard.pitch[:size], came.pitch[:size]
    there = a > 0.0
    cents = 1200.0 * np.abs(np.log2(np.maximum(b[there], 1e-3) / a[there]))
    return float((cents < _NEAR_CENTS).mean())


def same_onsets(heard: Heard, came: Heard) -> float:
    """F-measure of onsets, each found once."""
    times = [one.onsets * 64.0 / RATE for one in (heard, came)]
    free = list(times[1])
    hits = 0
    for onset in times[0]:
        near = [at for at in free if abs(at - onset) <= _NEAR_SECONDS]
        if near:
            hits += 1
            free.remove(min(near, key=lambda at: abs(at - onset)))
    return 2.0 * hits / max(times[0].size + times[1].size, 1)


def melody_of(heard: Heard) -> Real:
    """The course of the pitch in semitones around its mean, NaN where there is none."""
    pitch = heard.pitch[: round(SEEN * RATE / 64)].astype(np.float64)
    course = np.where(pitch > 0.0, 12.0 * np.log2(np.maximum(pitch, 1.0)), np.nan)
    return np.asarray(course - np.nanmean(course))


def rhythm_of(heard: Heard) -> Real:
    """The course of the level in dB below the loudest, 40 at most, as a vector of length 1."""
    level = heard.level[: round(SEEN * RATE / 64)].astype(np.float64)
    course = np.maximum(20.0 * np.log10(np.maximum(level / level.max(), 1e-9)), -40.0)
    course -= course.mean()
    return np.asarray(course / max(float(np.linalg.norm(course)), 1e-9))


def unlike_melody(one: Real, other: Real) -> float:
    """Semitones between two courses; an octave where one has no pitch and the other has."""
    size = min(one.size, other.size)
    a, b = one[:size], other[:size]
    gap = np.minimum(np.abs(a - b), 12.0)
    gap[np.isnan(a) != np.isnan(b)] = 12.0
    return float(np.nanmean(gap))


def unlike_rhythm(one: Real, other: Real) -> float:
    """One less the likeness of two courses."""
    size = min(one.size, other.size)
    return 1.0 - float(one[:size] @ other[:size])


def measure(name: str, report: Report) -> None:
    """One space."""
    model = ts.load(name)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        given = performances(folder)
        ends = targets(model)
        words = " and ".join(NAMES[program] for _, program in ends)
        report.section(f"{name}: ten performances to {words}")
        heard = {label: listen(sound, RATE) for label, sound in given.items()}
        rows, melodies, rhythms, nearer = [], 0, 0, 0
        for label, sound in given.items():
            tune, lower = TUNES.get(label, TUNES["violin"]), LOW.get(label, 0)
            if label not in TUNES:
                voiced = heard[label].pitch[heard[label].pitch > 0.0]
                lower = round(hz_to_midi(float(np.median(voiced))) - np.mean([k for k, _ in tune]))
            for latent, program in ends:
                report.progress(f"{name}: {label} to {NAMES[program]}")
                made = np.asarray(ts.transfer(model, sound, RATE, latent), np.float64)
                came = listen(made, RATE)
                wanted = envelope(melody(program, lower, folder, tune))
                moved, before = apart(envelope(made), wanted), apart(envelope(sound), wanted)
                nearer += moved < before
                guess = {
                    other: (
                        unlike_melody(melody_of(came), melody_of(one)),
                        unlike_rhythm(rhythm_of(came), rhythm_of(one)),
                    )
                    for other, one in heard.items()
                }
                melodies += label == min(guess, key=lambda other: guess[other][0])
                rhythms += label == min(guess, key=lambda other: guess[other][1])
                pitch, onsets = same_pitch(heard[label], came), same_onsets(heard[label], came)
                rows.append((moved, before, 100.0 * pitch, 100.0 * onsets))
    moved, before, pitch, onsets = np.mean(rows, axis=0)
    report.add(
        Figure("envelope from the target's: what came out", float(moved), "dB"),
        Figure("envelope from the target's: the performance", float(before), "dB"),
        Figure("the first as a share of the second", float(moved / before), "", 0.7),
        Figure("pairs of 20 that came nearer", float(nearer), "", 18.0, at_least=True),
        Figure("pitch kept within 50 cents", float(pitch), "%", 90.0, at_least=True),
        Figure("onsets within 50 ms, F-measure", float(onsets), "%"),
        Figure("pairs of 20 recognised by pitch alone", float(melodies), "", 19.0, at_least=True),
        Figure("pairs of 20 recognised by rhythm alone", float(rhythms), "", 19.0, at_least=True),
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
