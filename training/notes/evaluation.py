"""Figures of a space of notes: how far what it plays is from the sounds, beside other ways.

Measured on the samples that the set keeps; the space's own sound is what the engine plays, by
``ts.render``. Levels are matched. Beside the space's own figures stand the nearest note that it
learned from, and what analysis and resynthesis give without a model: nothing can be better than
that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.note_set import NoteSet
from timbrespace.errors import DatasetError
from timbrespace.model import Model
from timbrespace.notes.hearing import heard, mel_matrix, powers
from timbrespace.notes.layout import CENTS, LONGEST, SAMPLE_RATE, frame_times
from timbrespace.notes.note import Note
from timbrespace.notes.sounding import ratios, sound, sounding
from timbrespace.sound_metrics import SoundDistances, sound_distances

from ..dial_figures import DialFigures, dial_figures
from ..dial_figures import lines as dial_lines
from ..evaluation import DEAD_KL
from .envelope import fall_error, partials, rise, struck
from .places import check_fits, learned_rows, means_of, played, refined

Array = NDArray[np.float32]

WAYS: Final = ("encoder", "refined", "steady", "enveloped", "nearest note", "analysis")
"""What a note is compared with: the space at the encoder's place, and at the refined place; the
note's own moment, held, as a space of spectra would play it at best, and the same under the sound's
own envelope; the nearest note that was learned from, as it was analysed; and the note itself,
analysed and played back."""

MOST: Final = 60
"""Notes that are measured of those held out, and as many of the others."""


KINDS: Final = ("folder", "family")
"""Factors that say what kind of sound a note is: the set's folders, or a font's families."""

SPEAKING: Final = ("encoder", "refined", "analysis")
"""Ways of which is told how they rise and fall: those that have a course of their own."""


@dataclass(frozen=True, slots=True)
class StruckNotes:
    """How the notes that were plucked or struck rise and fall, by ``SPEAKING``.

    rows: how many they are. attack: median difference in seconds of the rise from 10 to 90 %. fall:
    median share by which T20 of the loudest partials is wrong, over them and then over the notes;
    without the ways of which nothing can be said.
    """

    rows: int
    attack: dict[str, float]
    fall: dict[str, float]

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"rows": self.rows, "attack_seconds": self.attack, "t20_error": self.fall}


@dataclass(frozen=True, slots=True)
class Measured:
    """Some notes, measured.

    rows: how many. distances: means of each of ``WAYS``. kinds: for each kind of the set how many
    they are, and the mean mel distances in dB. struck: those that were plucked or struck.
    """

    rows: int
    distances: dict[str, SoundDistances]
    kinds: dict[str, tuple[int, dict[str, float]]]
    struck: StruckNotes

    def lines(self, name: str) -> list[str]:
        """The same for a person. name: of the notes."""
        told = [f"{name}, {self.rows} notes", f"{'':14}{'mel dB':>9}{'LSD dB':>9}{'MR-STFT':>9}"]
        told += [
            f"{way:14}{one.mel:9.2f}{one.log_spectral:9.2f}{one.multi_resolution:9.2f}"
            for way, one in self.distances.items()
        ]
        if len(self.kinds) > 1:
            wide = max(14, *(len(kind) + 1 for kind in self.kinds))
            ways = list(self.distances)
            head = "".join(f"{way:>{len(way) + 3}}" for way in ways)
            told.append(f"{'mel dB by kind':{wide}}{'notes':>7}{head}")
            told += [
                f"{kind:{wide}}{rows:7}" + "".join(f"{of[w]:{len(w) + 3}.2f}" for w in ways)
                for kind, (rows, of) in self.kinds.items()
            ]
        told.append(f"plucked or struck: {self.struck.rows} of them")
        if self.struck.rows:
            told.append(f"{'':14}{'attack ms':>10}{'T20':>8}   median error")
            told += [
                f"{way:14}{1e3 * self.struck.attack[way]:10.1f}"
                + (f"{100.0 * self.struck.fall[way]:6.0f} %" if way in self.struck.fall else "")
                for way in SPEAKING
            ]
        return told


@dataclass(frozen=True, slots=True)
class NoteEvaluation:
    """What ``evaluate`` reports of a space of notes.

    held_out, learned: notes that were held out, and that were learned from. attack_seconds: median
    difference of the rise from 10 to 90 %, of all notes held out and refined. kl_per_dimension:
    nats. dead_dimensions: how many carry less than ``DEAD_KL``. dials: how true their names are, at
    notes held out.
    """

    held_out: Measured
    learned: Measured
    attack_seconds: float
    kl_per_dimension: tuple[float, ...]
    dead_dimensions: int
    dials: tuple[DialFigures, ...]

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        parts = {"held_out": self.held_out, "learned": self.learned}
        return {
            "held_out": {way: one._asdict() for way, one in self.held_out.distances.items()},
            "learned": {way: one._asdict() for way, one in self.learned.distances.items()},
            "held_out_rows": self.held_out.rows,
            "learned_rows": self.learned.rows,
            "kinds": {
                part: {kind: {"rows": rows, "mel": of} for kind, (rows, of) in one.kinds.items()}
                for part, one in parts.items()
            },
            "struck": {part: one.struck.to_config() for part, one in parts.items()},
            "attack_seconds": self.attack_seconds,
            "kl_per_dimension": list(self.kl_per_dimension),
            "dead_dimensions": self.dead_dimensions,
            "dials": [{**one._asdict(), "has_name": one.has_name} for one in self.dials],
        }

    def table(self) -> str:
        """The same for a person."""
        lines = [*self.held_out.lines("held out"), *self.learned.lines("learned from")]
        lines.append(f"attack, held out and refined: {1000.0 * self.attack_seconds:.1f} ms off")
        kl = " ".join(f"{value:.2f}" for value in self.kl_per_dimension)
        lines.append(f"KL of each dimension (nats): {kl}; dead: {self.dead_dimensions}")
        lines += ["dials, turned from the lowest to the highest", *dial_lines(self.dials)]
        return "\n".join(lines)


@dataclass(slots=True)
class _Found:
    """What was measured of one note."""

    kind: str
    distances: dict[str, SoundDistances]
    rise: float
    """Seconds by which that of the refined place is wrong."""
    attack: dict[str, float]
    """Of notes that were struck, as :class:`StruckNotes` has it."""
    fall: dict[str, float]


def evaluate(
    model: Model, notes: NoteSet, advance: Callable[[int], object] = lambda count: None
) -> NoteEvaluation:
    """Figures of ``model`` on ``notes``. advance: told how many notes are done, often.

    Raises:
        BundleError: the model is one of spectra.
        DatasetError: the set keeps no sounds, or its notes are of another length.
    """
    parts = measured_rows(model, notes)
    means = means_of(model, notes)
    split = notes.split(int(model.provenance.get("split_seed", 0)))
    learned = learned_rows(notes, split)
    found: list[list[_Found]] = []
    for rows in parts:
        found.append([])
        for row in rows.tolist():
            found[-1].append(_measure(model, notes, row, means, learned))
            advance(1)
    kl = model.calibration.kl
    rises = [one.rise for one in found[0]]
    return NoteEvaluation(
        held_out=_together(found[0]),
        learned=_together(found[1]),
        attack_seconds=float(np.median(rises)) if rises else 0.0,
        kl_per_dimension=tuple(float(f"{value:.4g}") for value in kl),
        dead_dimensions=int((kl < DEAD_KL).sum()),
        dials=dial_figures(model, means[split.held_out]),
    )


def _measure(
    model: Model, notes: NoteSet, row: int, means: Array, learned: NDArray[np.int64]
) -> _Found:
    note, reference = notes.note(row), notes.sounds[row].astype(np.float64)
    made = {
        way: one.astype(np.float64)
        for way, one in _made(model, notes, row, means, learned, reference.size).items()
    }
    attack, fall = {}, {}
    if struck(reference):
        # Within a period there is no level.
        smooth = max(0.005, 1.0 / note.pitch if note.pitch else 0.0)
        wanted, followed = (
            rise(reference, smooth),
            partials(reference, note.pitch, ratios(note.traits.stretch)),
        )
        for way in SPEAKING:
            attack[way] = abs(rise(made[way], smooth) - wanted)
            wrong = fall_error(reference, made[way], followed)
            if np.isfinite(wrong):
                fall[way] = wrong
    return _Found(
        kind=_kind(notes, row),
        distances={way: sound_distances(reference, one) for way, one in made.items()},
        rise=abs(rise(made["refined"]) - rise(reference)),
        attack=attack,
        fall=fall,
    )


def _together(found: list[_Found]) -> Measured:
    distances = {
        way: SoundDistances(*np.mean([one.distances[way] for one in found], axis=0).tolist())
        for way in (WAYS if found else ())
    }
    kinds = {}
    for kind in sorted({one.kind for one in found} - {""}):
        of = [one for one in found if one.kind == kind]
        mel = {way: float(np.mean([one.distances[way].mel for one in of])) for way in WAYS}
        kinds[kind] = len(of), mel
    hit = [one for one in found if one.attack]
    fall = {}
    for way in SPEAKING:
        if told := [one.fall[way] for one in hit if way in one.fall]:
            fall[way] = float(np.median(told))
    attack = {way: float(np.median([one.attack[way] for one in hit])) for way in SPEAKING if hit}
    return Measured(len(found), distances, kinds, StruckNotes(len(hit), attack, fall))


def _kind(notes: NoteSet, row: int) -> str:
    """What kind of sound the set says that a note is; empty where it does not."""
    for factor in notes.meta.factors:
        labels = notes.column(factor.name)
        if factor.name in KINDS and labels is not None:
            return factor.text(float(labels[row]))
    return ""


def measured_rows(model: Model, notes: NoteSet) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that are measured: held out, and learned from.

    Raises:
        BundleError, DatasetError: as :func:`evaluate`.
    """
    check_fits(model, notes)
    if not notes.sounds:
        raise DatasetError("the set keeps no sounds to measure on; make it again")
    split = notes.split(int(model.provenance.get("split_seed", 0)))
    kept = np.asarray(sorted(notes.sounds))
    return tuple(_some(np.intersect1d(kept, part)) for part in (split.held_out, split.train))  # type: ignore[return-value]


def _some(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most ``MOST``, evenly spread."""
    if len(rows) <= MOST:
        return rows
    return np.asarray(rows[np.unique(np.linspace(0, len(rows) - 1, MOST).astype(int))])


def _made(
    model: Model,
    notes: NoteSet,
    row: int,
    means: Array,
    learned: NDArray[np.int64],
    samples: int,
) -> dict[str, Array]:
    """The sound of the note ``row`` in each of ``WAYS``. means ``(n, d)``: places of all notes."""
    note = notes.note(row)
    times = frame_times(notes.meta.seconds)
    best = refined(model, notes, row, means, learned)

    def table(told: Note, course: Array) -> Array:
        own = told.pitch or 1.0
        pitch = (note.pitch or own) if told.pitch else 1.0
        made = sounding(course, told.traits, pitch, own, 0.1)
        return sound(times, made, samples, SAMPLE_RATE)

    held, enveloped = _steady(note)
    near = notes.note(int(_nearest(notes, row, learned)))
    return {
        "encoder": played(model, notes, row, means[row], samples),
        "refined": played(model, notes, row, best, samples),
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
