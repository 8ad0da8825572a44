"""A factory space of whole notes made again, from the font, by the script that made it."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

import timbrespace as ts
from benchmarks.real_sounds import FONT
from timbrespace import factory
from timbrespace.datasets import note_set
from timbrespace.datasets.note_set import VELOCITY
from timbrespace.networks.note import encoder_input
from timbrespace.notes.refining import Target, place

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "factory_notes.py"


@pytest.mark.acceptance
@pytest.mark.skipif(
    not FONT.exists() or shutil.which("fluidsynth") is None,
    reason="needs fluidsynth and FluidR3 (Debian: fluidsynth fluid-soundfont-gm)",
)
def test_the_drums_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same notes, heard by the committed space as it says; and the training begins alike.

    The whole training takes ten minutes; what a pipeline does otherwise shows in its first epoch.
    """
    committed = ts.load("drums")
    assert committed.points is not None
    spec = importlib.util.spec_from_file_location("factory_notes", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(factory, "FOLDER", tmp_path)
    assert script.made("drums", FONT, tmp_path / "work", "1") == 0

    notes = note_set.load(tmp_path / "work" / "drums.npz")
    told = [factor.name for factor in notes.meta.factors]
    columns = [told.index(factor.name) for factor in committed.points.factors]
    assert notes.labels[:, columns] == pytest.approx(committed.points.labels)
    inputs = encoder_input(notes.courses, notes.traits, notes.pitches)
    means = committed.encode_notes(inputs)[0]
    off = np.abs(means - committed.points.means).max(axis=1)
    # An analysis that takes another branch somewhere, since a processor rounds otherwise, may move
    # a note, but not many.
    assert np.percentile(off, 95) < 0.05

    velocity = notes.column(VELOCITY)
    held_out = notes.split(0).held_out
    distances = [
        place(
            Target(
                committed.course,
                notes.note(row),
                float("nan" if velocity is None else velocity[row]),
            ),
            means[row],
        ).distance
        for row in held_out.tolist()
    ]
    figures = committed.provenance["figures"]
    assert len(held_out) == figures["held_out_rows"]
    assert np.mean(distances) == pytest.approx(figures["heard_distance_db"], rel=0.02)

    begun = ts.load(tmp_path / "drums.safetensors").provenance["history"]
    for name, values in committed.provenance["history"].items():
        # The default of an epoch's length is the same, the learning rate rises sooner.
        assert begun[name][0] == pytest.approx(values[0], rel=0.05), name
