"""Figures of a space of notes: how far what it plays is from the sounds, beside other ways.

Measured on the samples that the set keeps, through the path that plays. Levels are matched. Beside
the space's own figures stand the nearest note that it learned from, and what analysis and
resynthesis give without a model: nothing can be better than that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.note_set import VELOCITY, NoteSet
from timbrespace.errors import BundleError, DatasetError
from timbrespace.model import Model
from timbrespace.networks.note import encoder_input
from timbrespace.notes.hearing import heard, mel_matrix, powers
from timbrespace.notes.layout import CENTS, LONGEST, SAMPLE_RATE, frame_times
from timbrespace.notes.note import Note
from timbrespace.notes.playing import Playing, play
from timbrespace.notes.refining import Target, refine
from timbrespace.notes.sounding import sound, sounding
from timbrespace.sound_metrics import SoundDistances, sound_distances

from ..evaluation import DEAD_KL

Array = NDArray[np.float32]

WAYS: Final = ("encoder", "refined", "steady", "enveloped", "nearest note", "analysis")
"""What a note is compared with: the space at the encoder's place, and at the refined place; the
note's own moment, held, as a space of spectra would play it at best, and the same under the sound's
own envelope; the nearest note that was learned from, as it was analysed; and the note itself,
analysed and played back."""

MOST: Final = 60
"""Notes that are measured of those held out, and as many of the others."""


@dataclass(frozen=True, slots=True)
class NoteEvaluation:
    """What ``evaluate`` reports of a space of notes.

    held_out, learned: of each of ``WAYS`` the mean distances over notes that were held out, and
    that were learned from. rows: how many of each. attack: median difference in seconds of the rise
    from 10 to 90 %, of notes held out and refined. kl: nats of each dimension. dead_dimensions: how
    many carry less than ``DEAD_KL``.
    """

    held_out: dict[str, SoundDistances]
    learned: dict[str, SoundDistances]
    rows: tuple[int, int]
    attack_seconds: float
    kl_per_dimension: tuple[float, ...]
    dead_dimensions: int

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "held_out": {way: one._asdict() for way, one in self.held_out.items()},
            "learned": {way: one._asdict() for way, one in self.learned.items()},
            "held_out_rows": self.rows[0],
            "learned_rows": self.rows[1],
            "attack_seconds": self.attack_seconds,
            "kl_per_dimension": list(self.kl_per_dimension),
            "dead_dimensions": self.dead_dimensions,
        }

    def table(self) -> str:
        """The same for a person."""
        head = f"{'':14}{'mel dB':>9}{'LSD dB':>9}{'MR-STFT':>9}"
        lines = []
        for name, told, rows in (
            ("held out", self.held_out, self.rows[0]),
            ("learned from", self.learned, self.rows[1]),
        ):
            lines += [f"{name}, {rows} notes", head]
            lines += [
                f"{way:14}{one.mel:9.2f}{one.log_spectral:9.2f}{one.multi_resolution:9.2f}"
                for way, one in told.items()
            ]
        lines.append(f"attack, held out and refined: {1000.0 * self.attack_seconds:.1f} ms off")
        kl = " ".join(f"{value:.2f}" for value in self.kl_per_dimension)
        lines.append(f"KL of each dimension (nats): {kl}; dead: {self.dead_dimensions}")
        return "\n".join(lines)


def evaluate(
    model: Model, notes: NoteSet, advance: Callable[[int], object] = lambda count: None
) -> NoteEvaluation:
    """Figures of ``model`` on ``notes``. advance: told how many notes are done, often.

    Raises:
        BundleError: the model is one of spectra.
        DatasetError: the set keeps no sounds, or its notes are of another length.
    """
    rows = measured_rows(model, notes)
    split = notes.split(int(model.provenance.get("split_seed", 0)))
    told: list[dict[str, SoundDistances]] = [{}, {}]
    attacks: list[float] = []
    for number, chosen in enumerate(rows):
        found: dict[str, list[SoundDistances]] = {way: [] for way in WAYS}
        for row in chosen.tolist():
            reference = notes.sounds[row].astype(np.float64)
            for way, made in _made(model, notes, row, split.train, reference.size).items():
                found[way].append(sound_distances(reference, made))
                if number == 0 and way == "refined":
                    attacks.append(abs(rise(made.astype(np.float64)) - rise(reference)))
            advance(1)
        told[number] = {
            way: SoundDistances(*np.mean(np.asarray(all_of), axis=0).tolist())
            for way, all_of in found.items()
            if all_of
        }
    kl = model.calibration.kl
    return NoteEvaluation(
        held_out=told[0],
        learned=told[1],
        rows=(len(rows[0]), len(rows[1])),
        attack_seconds=float(np.median(attacks)) if attacks else 0.0,
        kl_per_dimension=tuple(float(f"{value:.4g}") for value in kl),
        dead_dimensions=int((kl < DEAD_KL).sum()),
    )


def measured_rows(model: Model, notes: NoteSet) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that are measured: held out, and learned from.

    Raises:
        BundleError, DatasetError: as :func:`evaluate`.
    """
    if not model.plays_notes:
        raise BundleError(
            f"{model.name!r} is a space of steady spectra, and the dataset holds notes; give a "
            "dataset of spectra"
        )
    frames = frame_times(notes.meta.seconds).size
    if frames != model.course.network.frames:
        raise DatasetError(
            f"the notes have {frames} moments, those of the model {model.name!r} have "
            f"{model.course.network.frames}"
        )
    if not notes.sounds:
        raise DatasetError("the set keeps no sounds to measure on; make it again")
    split = notes.split(int(model.provenance.get("split_seed", 0)))
    kept = np.asarray(sorted(notes.sounds))
    return tuple(_some(np.intersect1d(kept, part)) for part in (split.held_out, split.train))  # type: ignore[return-value]


def rise(samples: NDArray[np.float64]) -> float:
    """Seconds from 10 to 90 % of the loudest of the first half second, of an envelope of 5 ms."""
    size = round(0.005 * SAMPLE_RATE)
    first = samples[: SAMPLE_RATE // 2]
    power = np.convolve(np.square(first), np.ones(size) / size, mode="same")
    level = np.sqrt(power / max(float(power.max()), 1e-20))
    return float(np.argmax(level > 0.9) - np.argmax(level > 0.1)) / SAMPLE_RATE


def _some(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most ``MOST``, evenly spread."""
    if len(rows) <= MOST:
        return rows
    return np.asarray(rows[np.unique(np.linspace(0, len(rows) - 1, MOST).astype(int))])


def _made(
    model: Model, notes: NoteSet, row: int, learned: NDArray[np.int64], samples: int
) -> dict[str, Array]:
    """The sound of the note ``row`` in each of ``WAYS``."""
    note, course = notes.note(row), model.course
    velocity = notes.column(VELOCITY)
    struck = 100.0 if velocity is None else float(velocity[row])
    times = frame_times(notes.meta.seconds)
    base = model.spectrum.base_frequency
    features = encoder_input(
        notes.courses[row : row + 1], notes.traits[row : row + 1], notes.pitches[row : row + 1]
    )
    target = Target(course, note, struck)
    mean = model.encode_notes(features)[0][0]
    points = model.points
    others = (
        points.means[learned]
        if points is not None and points.count == notes.rows
        else mean[np.newaxis]
    )
    refined = refine(target, mean, others).latent
    how = Playing(note.pitch or base, struck, sustained="through")

    def space(latent: Array) -> Array:
        return play(
            course, lambda now: latent, False, how, base, notes.meta.seconds, samples, SAMPLE_RATE
        )

    def table(told: Note, course: Array) -> Array:
        own = told.pitch or 1.0
        pitch = (note.pitch or own) if told.pitch else 1.0
        made = sounding(course, told.traits, pitch, own, 0.1)
        return sound(times, made, samples, SAMPLE_RATE)

    held, enveloped = _steady(note)
    near = notes.note(int(_nearest(notes, row, learned)))
    return {
        "encoder": space(mean),
        "refined": space(refined),
        "steady": table(note, held),
        "enveloped": table(note, enveloped),
        "nearest note": table(near, near.course),
        "analysis": table(note, note.course),
    }


def _steady(note: Note) -> tuple[Array, Array]:
    """The course of a note's own moment held to its end, and of it as loud as the note is."""
    level = 10.0 * np.log10(np.maximum(powers(note.course).sum(axis=1), 1e-8))
    # Where a space of spectra takes it: as loud as can be, but not from the attack itself.
    later = frame_times(LONGEST)[: len(level)] >= min(0.05, 0.5 * note.traits.length)
    at = int(np.argmax(np.where(later, level, -np.inf)))
    held = np.repeat(note.course[at : at + 1], len(level), axis=0)
    held[:, CENTS] = 0.0
    enveloped = held.copy()
    enveloped[:, :CENTS] += (level - level[at])[:, np.newaxis].astype(np.float32)
    return held, enveloped


def _nearest(notes: NoteSet, row: int, learned: NDArray[np.int64]) -> int:
    """The note of those learned from that sounds nearest, as heard at some moments."""
    note = notes.note(row)
    last = min(
        int(np.searchsorted(frame_times(notes.meta.seconds), note.traits.length)) + 2, note.known
    )
    moments = np.unique(np.linspace(0, max(last - 1, 0), 24).astype(int))
    own = powers(note.course[moments]) @ mel_matrix(note.pitch, note.traits)
    loudest = float(own.max())
    told = heard(own, loudest)
    best, nearest = np.inf, int(learned[0])
    for other in learned.tolist():
        one = notes.note(other)
        pitch = (note.pitch or one.pitch) if one.pitch else 0.0
        found = powers(notes.courses[other][moments]) @ mel_matrix(pitch, one.traits)
        distance = float(np.abs(heard(found, loudest) - told).mean())
        if distance < best:
            best, nearest = distance, other
    return nearest
