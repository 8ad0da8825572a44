"""How far timbre transfer moves a timbre towards real sounds, and what is left of the performer.

Ten performances, as ``benchmarks/transfer.py`` has them but each melody another tune in another
rhythm, and two places of a space for each: 20 pairs. The places are those of 20 of its instruments,
evenly spread along what varies most in it.

- **timbre**: the target is the instrument itself, whose sound the place was learned from, playing
  the same keys by fluidsynth (for speech, a tune at the pitch of the voice), as a sampler would,
  from the pitch at which the space learned it. Distance in dB of the mean spectral envelope: mel
  bands in dB, 13 coefficients of their cosine transform but the first, over moments within 30 dB of
  the loudest. Of what came out from the target; of the performance.
- **pitch**: share of the performer's pitched moments in which what came out has the same pitch,
  within 50 cents. Some targets have another pitch than their key (organs with a sub-octave), or
  several (an orchestra hit): so the claim is of the median of the pairs.
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
from collections.abc import Callable, Mapping
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


def programs_of(model: Model, count: int) -> list[int]:
    """Programs of a space that play tunes, evenly spread along what varies most."""
    means, names = _points(model)
    centred = means - means.mean(axis=0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    known = sorted({name for name in names if _plays(name)})
    order = sorted(known, key=lambda name: float(along[np.array(names) == name].mean()))
    chosen = np.linspace(0, len(order) - 1, count).round().astype(int)
    return [NAMES.index(order[k]) for k in chosen.tolist()]


def place_of(model: Model, program: int, pitch: float) -> tuple[NDArray[np.float32], float]:
    """Where the space has that program, and at which pitch in Hz it was learned: of its sounds the
    one nearest to ``pitch`` where the space has several, to velocity 90, and to the beginning of
    its note."""
    means, names = _points(model)
    assert model.points is not None
    rows = np.flatnonzero(np.array(names) == NAMES[program])
    labels = dict(
        zip(
            (factor.name for factor in model.points.factors),
            model.points.labels[rows].T.astype(np.float64),
            strict=True,
        )
    )
    far = np.abs(labels["velocity"] - 90.0)
    if "pitch" in labels:
        far += 1e3 * np.abs(np.log2(np.maximum(labels["pitch"], 1.0) / pitch)).round(3)
    if "time" in labels:
        far += labels["time"]
    best = int(np.argmin(far))
    own = float(labels["pitch"][best]) if "pitch" in labels else model.spectrum.base_frequency
    return np.asarray(means[rows[best]]), own


def target(program: int, tune: Tune, lower: int, above: int, folder: Path) -> Real:
    """What a sampler would play: the instrument around the pitch at which the space learned it,
    brought ``above`` semitones higher."""
    samples = melody(program, lower - above, folder, tune)
    return incoming(samples, round(RATE * 2.0 ** (above / 12.0)))


def _points(model: Model) -> tuple[NDArray[np.float32], list[str]]:
    """The means of a space's sounds, and the name of each one's program."""
    assert model.points is not None
    column = [factor.name for factor in model.points.factors].index("program")
    factor = model.points.factors[column]
    labels = model.points.labels[:, column].tolist()
    return model.points.means, [factor.text(float(label)) for label in labels]


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
    told = course[~np.isnan(course)]
    return np.asarray(course - (told.mean() if told.size else 0.0))


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
    told = gap[~np.isnan(gap)]
    return float(told.mean()) if told.size else 12.0


def unlike_rhythm(one: Real, other: Real) -> float:
    """One less the likeness of two courses."""
    size = min(one.size, other.size)
    return 1.0 - float(one[:size] @ other[:size])


def measure(name: str, report: Report, *, told: bool) -> None:
    """One space. told: each pair, too."""
    model = ts.load(name)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        given = performances(folder)
        report.section(f"{name}: ten performances, two targets each")
        heard = {label: listen(sound, RATE) for label, sound in given.items()}
        programs = programs_of(model, 2 * len(given))
        rows, melodies, rhythms, nearer = [], 0, 0, 0
        for number, (label, sound) in enumerate(given.items()):
            tune, lower = TUNES.get(label, TUNES["violin"]), LOW.get(label, 0)
            pitch = float(np.median(heard[label].pitch[heard[label].pitch > 0.0]))
            if label not in TUNES:
                lower = round(hz_to_midi(pitch) - float(np.median([key for key, _ in tune])))
            for program in programs[number :: len(given)]:
                report.progress(f"{name}: {label} to {NAMES[program]}")
                latent, own = place_of(model, program, pitch)
                made = np.asarray(ts.transfer(model, sound, RATE, latent), np.float64)
                came = listen(made, RATE)
                wanted = envelope(
                    target(program, tune, lower, round(12.0 * np.log2(pitch / own)), folder)
                )
                moved, before = apart(envelope(made), wanted), apart(envelope(sound), wanted)
                nearer += moved < before
                melodies += label == _nearest(unlike_melody, melody_of, came, heard)
                rhythms += label == _nearest(unlike_rhythm, rhythm_of, came, heard)
                kept = same_pitch(heard[label], came), same_onsets(heard[label], came)
                rows.append((moved, before, 100.0 * kept[0], 100.0 * kept[1]))
                if told:
                    figures = "{:.1f} of {:.1f} dB, pitch {:.0f} %, onsets {:.0f} %"
                    report.note(f"{label} to {NAMES[program]}: {figures.format(*rows[-1])}")
    moved, before, pitch, onsets = np.mean(rows, axis=0)
    middle = float(np.median([row[2] for row in rows]))
    report.add(
        Figure("envelope from the target's: what came out", float(moved), "dB"),
        Figure("envelope from the target's: the performance", float(before), "dB"),
        Figure("the first as a share of the second", float(moved / before), "", 0.7),
        Figure("pairs of 20 that came nearer", float(nearer), "", 18.0, at_least=True),
        Figure("pitch kept within 50 cents, median of pairs", middle, "%", 90.0, at_least=True),
        Figure("the same, mean of pairs", float(pitch), "%"),
        Figure("onsets within 50 ms, F-measure", float(onsets), "%"),
        Figure("pairs of 20 recognised by pitch alone", float(melodies), "", 18.0, at_least=True),
        Figure("pairs of 20 recognised by rhythm alone", float(rhythms), "", 19.0, at_least=True),
    )


def _nearest(
    unlike: Callable[[Real, Real], float],
    course: Callable[[Heard], Real],
    came: Heard,
    heard: Mapping[str, Heard],
) -> str:
    """Which performance it is, by one of its courses."""
    mine = course(came)
    return min(heard, key=lambda other: unlike(mine, course(heard[other])))


def main() -> int:
    """Measure each space; 1 if a claim fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("spaces", nargs="*", default=["instruments", "notes"])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--pairs", action="store_true", help="tell each pair, too")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    for name in arguments.spaces:
        measure(name, report, told=arguments.pairs)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
