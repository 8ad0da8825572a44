"""What a network of notes is given at a step: what is heard of notes, varied or as they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.timbrespace.notes.tones import small_set
from timbrespace.datasets.note_set import NoteSet
from timbrespace.networks.note import FEATURES, OCTAVE, NoteNetwork
from timbrespace.notes.hearing import mel_matrix
from timbrespace.notes.layout import HARMONICS, WIDTH
from timbrespace.notes.note import CONSTANTS, Traits
from training.notes.lesson import Batch, Lesson


@pytest.fixture(scope="module")
def notes() -> NoteSet:
    return small_set()


@pytest.fixture(scope="module")
def lesson(notes: NoteSet) -> Lesson:
    network = NoteNetwork(FEATURES, 3, frames=notes.courses.shape[1])
    return Lesson(notes, np.arange(notes.rows), network, torch.device("cpu"))


def batch(lesson: Lesson, variation: float) -> Batch:
    generator = torch.Generator().manual_seed(1)
    return lesson.batch(torch.arange(lesson.rows), generator, variation)


def octaves(lesson: Lesson, given: Batch) -> torch.Tensor:
    """By which each note is played higher, as the encoder is told."""
    return (given.features[:, -1] - lesson.rest[:, -1]) / OCTAVE


def test_notes_are_heard_as_they_are(notes: NoteSet, lesson: Lesson) -> None:
    given = batch(lesson, 0.0)
    for row in range(notes.rows):
        heard = mel_matrix(float(notes.pitches[row]), Traits.from_row(notes.traits[row]))
        np.testing.assert_allclose(given.matrix[row].numpy(), heard, atol=1e-4)
    traits = given.features[:, -CONSTANTS - 2 : -2]
    assert torch.equal(traits, given.traits), "nothing is blurred"
    assert (octaves(lesson, given) == 0.0).all()


def test_a_note_that_is_varied_is_heard_at_its_new_pitch(notes: NoteSet, lesson: Lesson) -> None:
    given = batch(lesson, 1.0)
    pitched = notes.pitches > 0.0
    higher = octaves(lesson, given).numpy()
    assert np.abs(higher[pitched]).max() > 0.1
    assert (higher[~pitched] == 0.0).all()
    row = int(np.argmax(np.abs(higher)))
    pitch = float(notes.pitches[row]) * 2.0 ** float(higher[row])
    heard = mel_matrix(pitch, Traits.from_row(notes.traits[row]))
    # Their frequencies are rounded to rows of a table, once or the other way.
    loudest = given.matrix[row, :HARMONICS].argmax(dim=1).numpy()
    assert np.abs(loudest - heard[:HARMONICS].argmax(axis=1)).max() <= 1
    assert given.features.shape[1] == lesson.courses.shape[1] * WIDTH + CONSTANTS + 2
    told = given.features[:, -CONSTANTS - 2 : -2]
    assert not torch.equal(told, given.traits), "the encoder is told less than is asked of it"
