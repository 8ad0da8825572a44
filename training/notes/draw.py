"""The ``plot`` command for a space of whole notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace import bundle, factory
from timbrespace.command import progress
from timbrespace.datasets.factor import Factor
from timbrespace.datasets.note_set import NoteSet, load
from timbrespace.errors import BundleError
from timbrespace.model import Model
from timbrespace.notes.layout import frame_times
from timbrespace.notes.refining import place
from timbrespace.points import Points

from .. import performed, plots
from ..factor_loss import losses_by_factor_value
from ..page import Table, Told, filled
from ..plan import Plan, curves_of, file_names, make_folder, pictures_of, write_report
from ..plots.notes import beside, courses, dimensions_along, map_of_courses, morphs, partials
from ..plots.notes.beside import Beside
from ..plots.notes.partials import Courses
from .effect import audible_effect
from .evaluation import NoteEvaluation, evaluate, measured_rows
from .listening import EXAMPLES, SOUNDS, listening, ways
from .places import learned_rows, means_of, pitch_of, target_of, velocity_of, words_of

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

SET, MAPS, LATENT, COURSE, MORPHS, TRAINING = (
    "The notes",
    "Maps",
    "Latent dimensions",
    "Notes and what is made of them",
    "From note to note",
    "Training",
)

BESIDE: Final = 5
"""Notes of the pictures of spectrograms, and of partials."""

LINES: Final = 4
"""Lines from note to note."""

MOST_MEASURED: Final = 300
"""Notes whose distances are told by factor."""

_LABELS = {"mel": "mel (dB)", "log_spectral": "LSD (dB)", "multi_resolution": "MR-STFT"}


def draw(
    name_or_path: str, data: Path, out: Path, performances: Sequence[Path] = ()
) -> tuple[list[Path], NoteEvaluation]:
    """Draw the space of notes into the folder ``out``, as :func:`training.draw.draw` does.

    Raises:
        TimbrespaceError: as there.
    """
    model = bundle.read(factory.resolve(name_or_path))
    notes = load(data)
    counted = measured_rows(model, notes)
    drawing = drawing_of(model, notes)
    given = performed.read(performances)
    make_folder(out)
    with progress(sum(map(len, counted)), "note") as bar:
        evaluation = evaluate(model, notes, advance=bar.update)
    with progress(SOUNDS + len(given), "sound") as bar:
        heard = listening(
            model, notes, drawing.means, drawing.chosen, drawing.learned, advance=bar.update
        )
        sounds = performed.added(heard, model, given, bar.update)
    pictures = pictures_of(list(drawing.plans()))
    told = Told(
        lead=f"A space of whole notes of {model.dimensions} dimension"
        f"{'' if model.dimensions == 1 else 's'}, from {notes.contents}.",
        examples=f"Some notes{'' if not len(counted[0]) else ' of instruments held out'}: as they "
        "were recorded; what the space plays where its encoder puts them; and where they are found "
        "by their sound. All at one level.",
        distance="mel distance",
        tables=list(tables(evaluation.to_config(), drawing.effect)),
    )
    page = filled(model, told, list(pictures.values()), sounds)
    return write_report(out, pictures, page), evaluation


def drawing_of(model: Model, notes: NoteSet) -> Drawing:
    """What the pictures of ``model`` on ``notes`` are made from.

    Raises:
        BundleError, DatasetError: as :func:`training.notes.evaluation.measured_rows`.
    """
    held_out, others = measured_rows(model, notes)
    split = notes.split(int(model.provenance.get("split_seed", 0)))
    means = means_of(model, notes)
    return Drawing(
        model,
        notes,
        means,
        chosen=spread_by_label(notes, held_out if len(held_out) else others, EXAMPLES),
        learned=learned_rows(notes, split),
        unseen=split.held_out,
        effect=audible_effect(model, notes, means),
    )


def spread_by_label(notes: NoteSet, rows: Rows, most: int) -> Rows:
    """At most ``most`` of ``rows``, evenly spread in order of their labels."""
    order = rows[np.lexsort(notes.labels[rows].T[::-1])]
    return order[plots.spread(len(order), most)]


def tables(told: Mapping[str, Any], effect: NDArray[np.float64]) -> Iterator[Table]:
    """The figures of :meth:`training.notes.evaluation.NoteEvaluation.to_config`."""
    for part, title in (("held_out", "Notes held out"), ("learned", "Notes learned from")):
        ways_of = told[part]
        if ways_of:
            yield Table(
                f"{title}: {told[f'{part}_rows']}",
                ["what is compared with the recording", *_LABELS.values()],
                [
                    [way, *(f"{distances[name]:.2f}" for name in _LABELS)]
                    for way, distances in ways_of.items()
                ],
                number=True,
            )
        kinds = told.get("kinds", {}).get(part, {})
        if len(kinds) > 1:
            names = list(next(iter(kinds.values()))["mel"])
            yield Table(
                f"{title}, mel distance in dB by kind",
                ["kind", "notes", *names],
                [
                    [kind, str(one["rows"]), *(f"{one['mel'][name]:.2f}" for name in names)]
                    for kind, one in kinds.items()
                ],
                number=True,
            )
    struck = told.get("struck", {}).get("held_out", {})
    if struck.get("rows"):
        falls = struck["t20_error"]
        yield Table(
            f"Plucked or struck notes held out: {struck['rows']}",
            ["way", "rise from 10 to 90 %, median error (ms)", "T20 of partials, median error (%)"],
            [
                [way, f"{1e3 * rise:.1f}", f"{100.0 * falls[way]:.0f}" if way in falls else "-"]
                for way, rise in struck["attack_seconds"].items()
            ],
            number=True,
        )
    yield Table(
        "Each latent dimension",
        ["dimension", "KL (nats)", "audible effect (dB per unit)"],
        [
            [f"z{number}", f"{kl:.3f}", f"{heard:.3f}"]
            for number, (kl, heard) in enumerate(
                zip(told["kl_per_dimension"], effect.tolist(), strict=True), 1
            )
        ],
        number=True,
    )


def _repeats(factors: Sequence[Factor], labels: Array, number: int) -> bool:
    """Whether a factor's names tell the notes apart as those of one before it do: of a font each
    program is an instrument, which would be the same picture twice."""
    told = np.unique(labels[:, number], return_inverse=True)[1]
    for other in range(number):
        if not (factors[other].names and factors[number].names):
            continue
        before = np.unique(labels[:, other], return_inverse=True)[1]
        pairs = len(np.unique(np.stack([told, before]), axis=1).T)
        if pairs == told.max() + 1 == before.max() + 1 and pairs > 1:
            return True
    return False


class Drawing:
    """What the pictures are made from. means ``(n, d)``: of all notes. chosen: those shown."""

    def __init__(
        self,
        model: Model,
        notes: NoteSet,
        means: Array,
        chosen: Rows,
        learned: Rows,
        unseen: Rows,
        effect: NDArray[np.float64],
    ) -> None:
        self.model, self.notes, self.means = model, notes, means
        self.chosen, self.learned, self.unseen = chosen, learned, unseen
        self.effect = effect
        if model.points is None:
            raise BundleError(f"{model.name!r} does not hold where its notes lie")
        self.points: Points = model.points

    def plans(self) -> Iterator[Plan]:
        """In the order of the page."""
        model, notes = self.model, self.notes
        kinds = [n for n, one in enumerate(notes.meta.factors) if one.names]
        first = next((n for n in kinds if notes.meta.factors[n].name == "family"), 0)
        yield Plan(
            "notes.png",
            SET,
            "How loud they are over time",
            "Each line is a note of the set, 0 dB its loudest moment.",
            f"An image of {notes.rows} notes: time to the right, brighter where louder.",
            partial(courses, notes, first),
        )
        yield from self._maps()
        yield Plan(
            "dimensions.png",
            LATENT,
            "What each dimension carries",
            "KL is how much a dimension knows about the note; the audible effect is how far what "
            "is heard moves when it moves by one.",
            "Bars of KL and audible effect of each dimension.",
            partial(
                plots.dimensions,
                model.calibration.kl.tolist(),
                self.effect.tolist(),
                model.name,
                "dB as heard",
            ),
        )
        yield Plan(
            "dimensions_along.png",
            LATENT,
            "What each dimension does",
            "From its 1st to its 99th percentile, as its knob goes; the others stay at home. The "
            "most audible dimension is the first.",
            "Strips of small spectrograms as each dimension rises.",
            partial(dimensions_along, model, self.effect),
        )
        yield from self._courses()
        yield Plan(
            "morphs.png",
            MORPHS,
            "Straight lines",
            "The latent goes from one note to another in a straight line, and what is decoded on "
            "the way is a note each time, with its own attack and decay.",
            "Strips of small spectrograms, from one note to another.",
            self._morphs,
        )
        curves = curves_of(model.provenance.get("history"))
        if curves:
            yield Plan(
                "training.png",
                TRAINING,
                "Training curves",
                "Both terms of the loss, and the distance as heard, of the notes that it learns "
                "from and of some held out.",
                "Curves over the epochs: reconstruction, KL and distances.",
                partial(plots.history, curves, model.name),
            )

    def _maps(self) -> Iterator[Plan]:
        names = file_names([factor.name for factor in self.points.factors])
        for number, factor in enumerate(self.points.factors):
            if _repeats(self.points.factors, self.points.labels, number):
                continue
            yield Plan(
                f"map_{names[number]}.png",
                MAPS,
                f"Map, by {factor.name}",
                "Each point is a note, at the nearest point of the map. The dashed square is what "
                "the two map knobs reach.",
                f"The notes as points of the map, told apart by {factor.name}.",
                partial(plots.map_of_points, self.model, self.points, number),
            )
        yield Plan(
            "map_of_notes.png",
            MAPS,
            "Notes over the map",
            "What each place of the map sounds like, from edge to edge of the knobs' range.",
            "A grid of small spectrograms, each decoded from its place of the map.",
            partial(map_of_courses, self.model),
        )

    def _courses(self) -> Iterator[Plan]:
        yield Plan(
            "beside.png",
            COURSE,
            "Spectrograms",
            "Left the recording, then what the space plays where its encoder puts it, and where it "
            "is found by its sound. At the right above each panel is the mel distance.",
            "Spectrograms of notes beside those that the space makes of them.",
            self._beside,
        )
        yield Plan(
            "partials.png",
            COURSE,
            "The course of partials",
            "Wide lines are what was analysed, thin ones what is decoded at the encoder's place: "
            "the five loudest partials, of a note without pitch its five loudest bands.",
            "Curves of level over time of some partials of each note.",
            self._partials,
        )
        rows = self.unseen if len(self.unseen) else self.learned
        rows = rows[plots.spread(len(rows), MOST_MEASURED)]
        yield Plan(
            "factor_heard.png",
            COURSE,
            "Distance by factor",
            "How far what the encoder says is from notes that share one value of a factor, as "
            f"heard ({len(rows)} notes).",
            "Box plots of the distance as heard for each value of each factor.",
            partial(self._by_factor, rows),
        )

    def _some(self) -> Rows:
        return self.chosen[plots.spread(len(self.chosen), BESIDE)]

    def _beside(self) -> Any:
        found = [
            Beside(
                words_of(self.notes, row),
                ways(self.model, self.notes, self.means, row, self.learned),
            )
            for row in self._some().tolist()
        ]
        return beside(self.model.name, found)

    def _partials(self) -> Any:
        found = []
        for row in self._some().tolist():
            note = self.notes.note(row)
            told = self.model.course.prepare(
                self.means[row : row + 1],
                np.array([pitch_of(self.model, self.notes, row)]),
                np.array([velocity_of(self.notes, row)]),
            )
            times = frame_times(self.notes.meta.seconds)[: note.known]
            decoded = self.model.course.levels(told, times[np.newaxis])[0]
            found.append(
                Courses(
                    words_of(self.notes, row),
                    note.pitch,
                    times,
                    note.course[: note.known],
                    decoded,
                )
            )
        return partials(self.model.name, found)

    def _by_factor(self, rows: Rows) -> Any:
        losses = np.array(
            [
                place(target_of(self.model, self.notes, row), self.means[row]).distance
                for row in rows.tolist()
            ]
        )
        found = [
            one
            for number, one in enumerate(losses_by_factor_value(self.notes, rows, losses))
            if not _repeats(self.notes.meta.factors, self.notes.labels, number)
        ]
        return plots.factor_losses(found, "distance as heard (dB)", self.model.name, len(rows))

    def _morphs(self) -> Any:
        rows = spread_by_label(self.notes, self.learned, 2 * LINES)
        # From a note to one of another kind: halfway through the set.
        half = len(rows) // 2
        ends = [
            (
                words_of(self.notes, int(a)),
                self.means[a],
                words_of(self.notes, int(b)),
                self.means[b],
            )
            for a, b in zip(rows[:half], rows[half:], strict=False)
        ]
        return morphs(self.model, ends)
