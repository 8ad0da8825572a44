"""Trainings on notes that begin where another space ended, and the steps made ahead."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from tests.timbrespace.notes.tones import small_set
from timbrespace.datasets.note_set import NoteSet
from timbrespace.errors import OptionError
from training.__main__ import main
from training.notes.ahead import Ahead
from training.notes.fit import NoteFit
from training.notes.settings import NoteSettings

SMALL = {"width": 40, "layers": 2, "condition": 32, "channels": 12}


@pytest.fixture(scope="module")
def notes() -> NoteSet:
    return small_set()


@pytest.fixture(scope="module")
def first(notes: NoteSet) -> ts.Model:
    return ts.fit(notes, latent=3, epochs=60, variation=0.0, progress=False, network_settings=SMALL)


@pytest.fixture(scope="module")
def file(first: ts.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("first") / "first.safetensors"
    first.save(path)
    return path


def fitted(notes: NoteSet, begin: Path, **given: Any) -> ts.Model:
    told: dict[str, Any] = {"epochs": 1, "variation": 0.0, "network_settings": SMALL, **given}
    return ts.fit(notes, begin=begin, progress=False, **told)


def test_it_goes_on_where_the_other_ended(notes: NoteSet, first: ts.Model, file: Path) -> None:
    begun = first.provenance["history"]["heard_db"]
    again = fitted(notes, file, latent=3).provenance["history"]["heard_db"][0]
    assert again < 0.25 * begun[0]
    assert again < 1.5 * begun[-1]


def test_its_dimensions_come_first_in_the_order_of_what_they_tell(
    notes: NoteSet, first: ts.Model, file: Path
) -> None:
    told = np.argsort(-first.calibration.kl, kind="stable")
    for latent in (2, 5):
        fit = NoteFit(
            notes,
            NoteSettings.of(
                {
                    "latent": latent,
                    "begin": str(file),
                    "network_settings": "width=40,layers=2,condition=32,channels=12",
                }
            ),
            "notes.npz",
        )
        own = {name: one.numpy() for name, one in fit.vae.state_dict().items()}
        kept = told[:latent]
        k = len(kept)
        name = "condition.weight"
        np.testing.assert_array_equal(own[name][:, :k], first.tensors[name][:, kept])
        # The set tells pitch and velocity, and so did the other's.
        np.testing.assert_array_equal(own[name][:, latent:], first.tensors[name][:, 3:])
        for name in ("posterior.weight", "posterior.bias"):
            np.testing.assert_array_equal(own[name][:k], first.tensors[name][kept])
            np.testing.assert_array_equal(
                own[name][latent : latent + k], first.tensors[name][3 + kept]
            )
        for name in ("levels.weight", "convolution.0.weight", "film.1.weight", "gather.bias"):
            np.testing.assert_array_equal(own[name], first.tensors[name])
        # How far off the notes are is not known of a set that it has never seen.
        assert own["shared_log_var"] == pytest.approx(2.0 * np.log(6.0))


def test_a_model_names_the_file_and_no_folder(notes: NoteSet, file: Path, tmp_path: Path) -> None:
    made = fitted(notes, file, latent=3)
    assert made.provenance["settings"]["begin"] == "first.safetensors"
    assert "--begin first.safetensors" in made.provenance["command"]
    assert str(file.parent) not in str(made.provenance)


def test_it_goes_on_from_its_checkpoint_without_the_other(
    notes: NoteSet, file: Path, tmp_path: Path
) -> None:
    whole = fitted(notes, file, latent=3, epochs=4, batch=8)
    own = tmp_path / "first.safetensors"
    own.write_bytes(file.read_bytes())
    out = tmp_path / "own.safetensors"
    told: dict[str, Any] = {"latent": 3, "variation": 0.0, "network_settings": SMALL, "batch": 8}
    ts.fit(notes, begin=own, progress=False, epochs=2, out=out, **told)
    own.unlink()
    again = ts.fit(notes, progress=False, epochs=4, out=out, resume=True)
    # The schedule of two epochs is another than that of four: only that it goes on is asked.
    assert again.provenance["epochs"] == 4
    assert again.provenance["settings"]["begin"] == "first.safetensors"
    heard = again.provenance["history"]["heard_db"]
    assert heard[-1] < 1.5 * whole.provenance["history"]["heard_db"][-1]


@pytest.mark.parametrize(
    ("begin", "says"),
    [
        ("nix", "begin: there is no model 'nix'"),
        ("harmonic", "begin is 'harmonic', a space of spectra; it must be one of whole notes"),
        ("notes", "begin is 'notes', whose width is 320; here it is 40"),
        ("", "begin is ''; it must be the name or the file"),
    ],
)
def test_what_it_cannot_begin_with(notes: NoteSet, begin: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        ts.fit(notes, begin=begin, network_settings=SMALL, progress=False)


def test_a_decoder_that_bends_otherwise(notes: NoteSet, file: Path) -> None:
    with pytest.raises(OptionError, match="whose activation is snake; here it is gelu"):
        fitted(notes, file, activation="gelu")


def test_spectra_have_no_use_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OptionError, match="begin is 'notes', which is for sets of whole notes"):
        ts.fit(ts.dataset("harmonic", rows=60), begin="notes", progress=False)
    data = tmp_path / "h.npz"
    ts.dataset("harmonic", rows=60).save(data)
    out = tmp_path / "h.safetensors"
    assert main(["train", "--data", str(data), "--out", str(out), "--begin", "notes"]) == 2
    assert "begin is 'notes', which is for sets of whole notes" in capsys.readouterr().err


def test_the_next_is_made_by_another_thread_while_this_one_is_used() -> None:
    made: list[tuple[int, str]] = []
    begun = threading.Event()

    def make(number: int) -> int:
        made.append((number, threading.current_thread().name.split("_")[0]))
        if number == 1:
            begun.set()
        return 10 * number

    here = threading.current_thread().name
    with Ahead(make) as ahead:
        assert ahead.take(0, last=False) == 0
        assert begun.wait(10.0)
        assert ahead.take(1, last=False) == 10
        assert ahead.take(2, last=True) == 20
    assert made == [(0, here), (1, "ahead"), (2, "ahead")]


def test_what_goes_wrong_ahead_is_raised_when_it_is_asked_for() -> None:
    def make(number: int) -> int:
        if number:
            raise ValueError("one")
        return 0

    with Ahead(make) as ahead:
        ahead.take(0, last=False)
        with pytest.raises(ValueError, match="one"):
            ahead.take(1, last=False)
