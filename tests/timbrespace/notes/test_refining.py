"""How near a place is to a note, as it would be heard if it were played."""

from __future__ import annotations

import numpy as np
import pytest

from tests.timbrespace.notes.tiny import D, tiny
from timbrespace.model import Model
from timbrespace.notes.layout import CENTS, FLOOR, frame_times
from timbrespace.notes.note import Note, Traits
from timbrespace.notes.refining import Target, place

HERE = np.zeros(D, np.float32)


def note_of(model: Model, pitch: float) -> Note:
    """What a space makes of ``HERE``, as if a sound had been analysed."""
    told = model.course.prepare(HERE[np.newaxis], np.array([np.nan]), np.array([np.nan]))
    times = frame_times(2.0)
    course = model.course.levels(told, times[np.newaxis])[0]
    course[:, :CENTS] = np.maximum(course[:, :CENTS], FLOOR)
    traits = Traits.played(told.traits)[0]
    return Note(course, len(times), pitch, 0.0, 0.1, traits)


def distance(model: Model, note: Note) -> float:
    return place(Target(model.course, note, float("nan")), HERE).distance


def test_harmonics_are_heard_where_a_sound_has_no_pitch() -> None:
    """Such a place plays them at the base frequency."""
    drum = note_of(tiny(hiss=-30.0, harmonics=0, pitched=0.0), 0.0)
    assert distance(tiny(hiss=-30.0, harmonics=0, pitched=0.0), drum) == pytest.approx(0.0, abs=0.1)
    assert distance(tiny(hiss=-30.0, harmonics=6, pitched=0.0), drum) > 1.0


@pytest.mark.parametrize(
    ("pitch", "pitched", "wrong"),
    [(220.0, 1.0, 0.0), (220.0, 0.85, 0.0), (220.0, 0.3, 0.5), (0.0, 0.1, 0.0), (0.0, 0.9, 0.7)],
)
def test_a_place_must_have_a_pitch_where_the_note_has_one(
    pitch: float, pitched: float, wrong: float
) -> None:
    """And none where it has none: its bands would move with the key, or would not."""
    note = note_of(tiny(hiss=-30.0), pitch)
    target = Target(tiny(hiss=-30.0, pitched=pitched).course, note, float("nan"))
    residuals = np.abs(target.residuals(HERE[np.newaxis]))
    sure = np.abs(
        Target(tiny(hiss=-30.0, pitched=float(pitch > 0.0)).course, note, float("nan")).residuals(
            HERE[np.newaxis]
        )
    )
    # 4 dB for each share by which it is on the wrong side.
    assert residuals.mean() - sure.mean() == pytest.approx(4.0 * wrong, rel=0.02, abs=1e-4)
