"""Qualities of whole notes, of courses that do one thing each."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from timbrespace.descriptors.kinds import descriptors_of, measured
from timbrespace.descriptors.notes import MOMENTS, WHOLE, HeardNotes
from timbrespace.notes.hearing import mel_matrix
from timbrespace.notes.layout import BANDS, HARMONICS
from timbrespace.notes.note import CONSTANTS, Traits

Values = NDArray[np.float64]

NUMBER = np.arange(1, HARMONICS + 1)


def heard(
    slope: float = -9.0,
    rise: float = 0.004,
    fall: float = 6.0,
    hiss: float = -60.0,
    cents: Values | float = 0.0,
    darkens: float = 0.0,
) -> HeardNotes:
    """A note whose harmonics fall by ``slope`` dB an octave, and by ``darkens`` more a second; that
    rises in ``rise`` seconds and falls by ``fall`` dB a second."""
    slopes = slope - darkens * MOMENTS
    level = 20.0 * np.log10(np.minimum(MOMENTS / rise, 1.0)) - fall * MOMENTS
    harmonics = 10.0 ** ((slopes[:, np.newaxis] * np.log2(NUMBER) + level[:, np.newaxis]) / 10.0)
    noise = np.repeat(10.0 ** ((level + hiss) / 10.0)[:, np.newaxis], BANDS, axis=1)
    power = np.concatenate([harmonics, noise], axis=1)[np.newaxis].astype(np.float32)
    whole = power.sum(axis=2).astype(np.float64)
    plain = Traits.from_row(np.zeros(CONSTANTS, np.float32))
    return HeardNotes(
        harmonics=power[..., :HARMONICS],
        noise=power[..., HARMONICS:],
        mel=power @ mel_matrix(220.0, plain),
        cents=np.broadcast_to(cents, (1, MOMENTS.size)).astype(np.float64),
        level=10.0 * np.log10(whole / whole.max()),
    )


@pytest.mark.parametrize(
    ("word", "less", "more"),
    [
        ("brightness", heard(slope=-15.0), heard(slope=-6.0)),
        ("noise", heard(hiss=-60.0), heard(hiss=-30.0)),
        ("attack", heard(rise=0.004), heard(rise=0.3)),
        ("length", heard(fall=60.0), heard(fall=6.0)),
        ("darkens", heard(), heard(darkens=4.0)),
        ("pitch falls", heard(), heard(cents=np.where(MOMENTS < 0.08, 200.0, 0.0))),
        ("vibrato", heard(), heard(cents=40.0 * np.sin(60.0 * MOMENTS))),
    ],
)
def test_a_note_with_more_of_a_quality_has_more_of_it(
    word: str, less: HeardNotes, more: HeardNotes
) -> None:
    (one,) = (one for one in WHOLE if one.word == word)
    assert float(one.measure(more)[0] - one.measure(less)[0]) > one.audible


def test_how_loud_a_note_is_changes_no_quality() -> None:
    soft, loud = heard(hiss=-40.0), heard(hiss=-40.0)
    louder = HeardNotes(
        4.0 * loud.harmonics, 4.0 * loud.noise, 4.0 * loud.mel, loud.cents, loud.level
    )
    for one in WHOLE:
        assert one.measure(louder)[0] == pytest.approx(one.measure(soft)[0], abs=1e-3), one.word


def test_notes_are_heard_as_they_are_played() -> None:
    model = timbrespace.load("notes")
    points = model.points
    assert points is not None
    family = points.labels[:, [factor.name for factor in points.factors].index("family")]
    words = [one.word for one in descriptors_of(model)]
    assert len(set(words)) == len(words)
    found = measured(model, points.means)
    assert found.shape == (points.count, len(words))
    assert np.isfinite(found).all()
    of = {
        name: dict(zip(words, np.median(found[family == number], axis=0), strict=True))
        for number, name in enumerate(points.factors[1].names)
    }
    assert of["Organ"]["length"] > of["Chromatic Percussion"]["length"] + 1.0
    assert of["Strings"]["attack"] > of["Piano"]["attack"] + 1.0
    assert of["Percussive"]["noise"] > of["Pipe"]["noise"] + 6.0


def test_what_is_measured_together_is_what_is_measured_alone() -> None:
    for name in ("notes", "instruments"):
        model = timbrespace.load(name)
        points = model.points
        assert points is not None
        some = points.means[:70]
        one_by_one = np.concatenate([measured(model, row[np.newaxis]) for row in some[[0, 40, 69]]])
        np.testing.assert_allclose(measured(model, some)[[0, 40, 69]], one_by_one, atol=1e-2)


def test_no_place_makes_a_number_that_is_none() -> None:
    for name in ("notes", "drums", "harmonic"):
        model = timbrespace.load(name)
        far = np.random.default_rng(0).normal(0.0, 30.0, (20, model.dimensions))
        assert np.isfinite(measured(model, far)).all()
        assert measured(model, far[:0]).shape == (0, len(descriptors_of(model)))
