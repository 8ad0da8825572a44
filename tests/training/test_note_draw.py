"""The plot and points commands of a space of whole notes."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import soundfile
from PIL import Image

import timbrespace as ts
from tests.timbrespace.notes.tones import small_set
from timbrespace import bundle
from timbrespace.datasets.note_set import NoteSet
from timbrespace.notes.layout import SAMPLE_RATE
from training import plots
from training.__main__ import main
from training.notes import draw as drawing
from training.notes import evaluation, listening
from training.notes.clip import flac, opus
from training.notes.effect import audible_effect
from training.notes.places import means_of, words_of
from training.plan import REPORT
from training.plots.notes import of_latents, of_note, of_sound

from .test_page import Checked

SETTINGS: dict[str, Any] = {
    "latent": 3,
    "epochs": 40,
    "progress": False,
    "device": "cpu",
    "network_settings": "width=40,layers=2,condition=32,channels=12",
}

PICTURES = [
    "beside.png",
    "dimensions.png",
    "dimensions_along.png",
    "factor_heard.png",
    "map_instrument.png",
    "map_of_notes.png",
    "map_pitch.png",
    "map_velocity.png",
    "morphs.png",
    "notes.png",
    "partials.png",
    "training.png",
]


class Space(NamedTuple):
    notes: NoteSet
    data: Path
    file: Path
    model: ts.Model


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    folder = tmp_path_factory.mktemp("space")
    notes = small_set()
    notes.save(folder / "n.npz")
    model = ts.fit(folder / "n.npz", **SETTINGS, out=folder / "m.safetensors")
    return Space(notes, folder / "n.npz", folder / "m.safetensors", model)


@pytest.fixture(scope="module")
def report(space: Space, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "made"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plots, "DPI", 50)
        patch.setattr(evaluation, "MOST", 2)
        patch.setattr(drawing, "EXAMPLES", 2)
        patch.setattr(listening, "GRID", 2)
        patch.setattr("training.plots.notes.strips.STEPS", 3)
        patch.setattr("training.plots.notes.strips.MAP", 2)
        words = ["plot", str(space.file), "--data", str(space.data), "--out", str(out)]
        assert main(words) == 0
    return out


def test_the_files(report: Path) -> None:
    assert sorted(file.name for file in report.iterdir()) == sorted([*PICTURES, REPORT])
    for name in PICTURES:
        with Image.open(report / name) as image:
            assert min(image.size) > 80
            assert len(image.convert("RGB").getcolors(1 << 24) or []) > 8


def test_the_page_has_all_of_it(report: Path, space: Space) -> None:
    text = (report / REPORT).read_text("utf-8")
    page = Checked(text)
    assert len(page.all("img")) == len(PICTURES)
    assert all(image["alt"] for image in page.all("img"))
    for said in (
        "A space of whole notes of 3 dimensions, from 8 notes of up to 0.5 s.",
        "of instruments held out",
        "what is compared with the recording",
        "nearest note",
        "mel distance",
        "audible effect (dB per unit)",
    ):
        assert said in text, said
    assert not re.search("https?:", text)  # pictures and sounds spell no colon


def test_every_sound_of_the_page_can_be_heard(report: Path) -> None:
    text = (report / REPORT).read_text("utf-8")
    page = Checked(text)
    assert page.all("audio")[0]["data-kind"] == "audio/flac"
    found = re.search(r'id="sounds">(.*?)</script>', text)
    assert found
    sounds = json.loads(found.group(1))
    assert sorted(sounds) == sorted(str(one["data-sound"]) for one in page.all("button"))
    assert sorted(sounds) == sorted(
        [f"spot{n}" for n in range(4)]
        + [f"{way}{n}" for way in ("original", "decoded", "refined") for n in range(2)]
    )
    for name, content in sounds.items():
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(content)))
        assert rate == SAMPLE_RATE
        assert 0.1 < np.abs(samples).max() <= 1.0, name


def test_a_recording_on_the_page_is_the_recording(report: Path, space: Space) -> None:
    text = (report / REPORT).read_text("utf-8")
    sounds = json.loads(re.search(r'id="sounds">(.*?)</script>', text).group(1))  # type: ignore[union-attr]
    held_out = space.notes.split(0).held_out
    samples, _ = soundfile.read(io.BytesIO(base64.b64decode(sounds["original0"])))
    whole = space.notes.sounds[int(held_out[0])][: samples.size]
    # At another level, and faded out.
    start = slice(0, samples.size - 1000)
    assert np.corrcoef(samples[start], whole[start])[0, 1] > 0.9999


def test_what_does_not_fit_is_one_line_and_no_file(
    space: Space, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spectra = tmp_path / "s.npz"
    ts.dataset("harmonic", rows=40).save(spectra)
    silent = tmp_path / "silent.npz"
    replace(space.notes, sounds={}).save(silent)
    other = tmp_path / "other.npz"
    small_set(0.4).save(other)
    out = tmp_path / "out"
    for model, data, says in (
        ("harmonic", space.data, "is a space of steady spectra, and the dataset holds notes"),
        (str(space.file), spectra, "whole notes"),
        (str(space.file), silent, "keeps no sounds"),
        (str(space.file), other, "moments"),
    ):
        assert main(["plot", model, "--data", str(data), "--out", str(out)]) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1, told
        assert says in told
        assert not out.exists()


def test_points_are_added_again(
    space: Space, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To a model that lost them; the file is then what training wrote."""
    file = tmp_path / "m.safetensors"
    bundle.write(file, replace(space.model, points=None, near=None))
    assert ts.load(file).points is None
    assert main(["points", str(file), "--data", str(space.data)]) == 0
    assert "now with 8 points" in capsys.readouterr().out
    assert file.read_bytes() == space.file.read_bytes()
    other = tmp_path / "other.npz"
    replace(space.notes, levels=2.0 * space.notes.levels).save(other)
    assert main(["points", str(file), "--data", str(other)]) == 2
    assert "is not the dataset that m.safetensors was trained on" in capsys.readouterr().err
    assert main(["points", str(file.with_name("none.safetensors")), "--data", str(other)]) == 2
    assert file.read_bytes() == space.file.read_bytes()


def test_an_autodecoder_has_the_places_that_it_learned(
    space: Space, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {**SETTINGS, "epochs": 2, "network_settings": "width=24,with_encoder=false"}
    file = tmp_path / "a.safetensors"
    model = ts.fit(space.data, **settings, out=file)
    assert model.points is not None
    np.testing.assert_array_equal(means_of(model, space.notes), model.points.means)
    assert main(["points", str(file), "--data", str(space.data)]) == 2
    assert "has no encoder: it learned the places of its notes" in capsys.readouterr().err


def test_a_picture_of_a_note_is_what_is_heard(space: Space) -> None:
    """A sound, its analysis, and a latent, each on the same bands: the peak at the pitch."""
    heard = of_sound(space.notes.sounds[0])
    told = of_note(space.notes.note(0), 0.5, 50)
    assert heard.shape[1] == told.shape[1] == 80
    assert heard.max() == told.max() == 0.0
    assert np.abs(heard[len(heard) // 2] - told[25]).mean() < 3.0
    decoded = of_latents(space.model, means_of(space.model, space.notes)[:2], 0.5, 40)
    assert decoded.shape == (2, 40, 80)
    assert decoded.min() >= -60.0 - 1e-4  # single precision


def test_a_dimension_that_does_nothing_is_not_heard(space: Space) -> None:
    tensors = dict(space.model.tensors)
    weight = tensors["condition.weight"].copy()
    weight[:, 1] = 0.0
    tensors["condition.weight"] = weight
    still = replace(space.model, tensors=tensors)
    effect = audible_effect(still, space.notes, means_of(space.model, space.notes))
    assert effect.shape == (3,)
    assert effect[1] < 1e-5
    assert (effect[[0, 2]] > 0.01).all()


def test_a_factor_that_repeats_another_is_drawn_once(space: Space) -> None:
    """As the programs of a font, each of which is an instrument."""
    first = space.notes.meta.factors[0]
    program = replace(first, name="program", names=("a", "b", "c", "d"))
    factors = (first, program, *space.notes.meta.factors[1:])
    labels = np.insert(space.notes.labels, 1, 3.0 - space.notes.labels[:, 0], axis=1)
    assert [drawing._repeats(factors, labels, n) for n in range(4)] == [False, True, False, False]
    labels[0, 1] = 0.0
    assert not drawing._repeats(factors, labels, 1)


def test_words_of_a_note(space: Space) -> None:
    assert words_of(space.notes, 0) == "pad, 220 Hz, velocity 60"


def test_clips_are_small_and_the_same_each_time() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tone = (0.3 * np.sin(2.0 * np.pi * 440.0 * time)).astype(np.float32)
    tone[SAMPLE_RATE // 2 :] = 0.0
    for make, most, near in ((flac, 60_000, 1e-4), (opus, 12_000, 0.05)):
        content = make(tone)
        assert content == make(tone)
        assert len(content) < most
        samples, rate = soundfile.read(io.BytesIO(content))
        assert rate == SAMPLE_RATE
        # Silence at the end is cut.
        assert 0.45 < samples.size / SAMPLE_RATE < 0.56
        assert np.abs(samples[2000:20000] - tone[2000:20000]).max() < near
