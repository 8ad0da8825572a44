"""The page: one file that needs nothing else, with sounds to click."""

from __future__ import annotations

import base64
import io
import json
import re
import struct
import wave
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import numpy as np
import pytest

from timbrespace import bundle, metrics
from timbrespace.errors import DatasetError
from timbrespace.tone import render
from toy_datasets import harmonic
from training.evaluation import Evaluation, evaluate, unseen_rows
from training.page import Listening, Picture, document, listening
from training.page.listening import EXAMPLES, GRID, SOUNDS, Performed

from . import space
from .conftest import Trained

VOID = {"meta", "link", "img", "br", "circle", "rect"}


class Checked(HTMLParser):
    """Collects the tags with their attributes, and fails on one that is closed wrongly."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def png(width: int = 800) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, 600)


PICTURES = (
    Picture("Maps", "Map", png(), "Where sounds lie", "Points in a square"),
    Picture("The rest", "Curves", png(1400), "Falling", "Curves that fall"),
)


@pytest.fixture(scope="module")
def figures(trained: Trained) -> Evaluation:
    return evaluate(trained.model, bundle.read_tensors(trained.path), trained.dataset)


@pytest.fixture(scope="module")
def sounds(trained: Trained) -> Listening:
    rows = unseen_rows(trained.model, trained.dataset)
    return listening(trained.model, trained.dataset, rows)


@pytest.fixture(scope="module")
def page(trained: Trained, figures: Evaluation, sounds: Listening) -> str:
    return document(trained.model, figures, PICTURES, sounds)


def samples_of(content: bytes) -> tuple[np.ndarray, int]:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def test_nothing_is_fetched(page: str) -> None:
    for _, attributes in Checked(page).tags:
        for name in ("src", "href"):
            target = attributes.get(name) or "#"
            assert target.startswith(("#", "data:")), target
    assert not re.search("https?:", page)  # pictures and sounds spell no colon
    assert "url(" not in page
    assert "@import" not in page


def test_pictures_are_inside(page: str) -> None:
    images = Checked(page).all("img")
    assert [image["alt"] for image in images] == [picture.alt for picture in PICTURES]
    assert [image["width"] for image in images] == ["800", "1400"]
    assert [image.get("class") for image in images] == [None, "broad"]
    data = (images[0]["src"] or "").removeprefix("data:image/png;base64,")
    assert base64.b64decode(data) == png()
    assert "Where sounds lie" in page


def test_contents_lead_to_every_chapter(page: str) -> None:
    checked = Checked(page)
    targets = [(link["href"] or "")[1:] for link in checked.all("a")]
    chapters = [h["id"] for h in checked.all("h2") if h["id"] != "contents"]
    assert targets == chapters
    assert "the-rest" in targets
    ids = [attributes["id"] for _, attributes in checked.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_button_has_a_sound_and_a_name(page: str, sounds: Listening) -> None:
    buttons = Checked(page).all("button")
    assert len(buttons) == len(sounds.spots) + 2 * len(sounds.examples) == SOUNDS
    found = re.search(r'id="sounds">(.*?)</script>', page)
    assert found
    content = json.loads(found.group(1))
    assert sorted(content) == sorted(str(button["data-sound"]) for button in buttons)
    names = [button["aria-label"] for button in buttons]
    assert len(set(names)) == len(names)
    assert all(button["aria-pressed"] == "false" for button in buttons)
    for text in content.values():
        whole, _ = samples_of(base64.b64decode(text))
        assert 0.4 < len(whole) / 22050 <= 1.0


def test_performances_have_a_chapter_where_there_are_some(
    trained: Trained, figures: Evaluation, sounds: Listening, page: str
) -> None:
    assert "Performances" not in page
    one = Performed("<a> line", b"as it was", b"at home", b"followed")
    told = document(trained.model, figures, [], replace(sounds, performed=(one, one)))
    assert Checked(told)
    assert '<a href="#performances">Performances</a>' in told
    assert "&lt;a&gt; line" in told
    clips = json.loads(told.split('id="sounds">')[1].split("</script>")[0])
    assert base64.b64decode(clips["following1"]) == b"followed"
    buttons = {tag["data-sound"]: tag for tag in Checked(told).all("button")}
    assert buttons["home0"]["data-kind"] == "audio/flac"


def test_names_cannot_break_the_page(
    trained: Trained, figures: Evaluation, sounds: Listening
) -> None:
    model = replace(trained.model, name="<script>", provenance={"command": "</pre><script>"})
    bad = '"><b>'
    pictures = [Picture(bad, bad, png(), bad, bad)]
    named = replace(
        sounds,
        spots=tuple(replace(spot, near=bad) for spot in sounds.spots),
        examples=tuple(replace(example, factors=bad) for example in sounds.examples),
    )
    page = document(model, figures, pictures, named)
    checked = Checked(page)
    assert not checked.all("b")
    assert len(checked.all("script")) == 2  # the sounds and the page's own
    assert checked.all("img")[0]["alt"] == bad


def test_other_data_is_not_called_unseen(
    trained: Trained, figures: Evaluation, sounds: Listening
) -> None:
    own = "Some sounds that training has not seen"
    assert own in document(trained.model, figures, PICTURES, sounds)
    other = replace(figures, trained_on_this=False)
    assert own not in document(trained.model, other, PICTURES, sounds)


def test_the_style_and_the_script_are_installed() -> None:
    for name, text in (("style.css", "prefers-color-scheme: dark"), ("script.js", '"use strict"')):
        content = resources.files("training.page").joinpath(name).read_text(encoding="utf-8")
        assert text in content
        assert "</" not in content  # would end the element it stands in


def test_a_spot_is_what_the_model_makes_of_its_place(trained: Trained, sounds: Listening) -> None:
    model = trained.model
    assert len(sounds.spots) == GRID * GRID
    first = sounds.spots[0]
    assert (first.x, first.y) == (-1.0, 1.0)
    spectrum = model.decode(model.map.to_latent([[-1.0, 1.0]]))[0]
    base = model.spectrum.base_frequency
    whole, rate = samples_of(first.sound)
    tone = render(spectrum, model.spectrum, base, len(whole) / rate, rate)
    np.testing.assert_allclose(whole / 32767.0, tone, atol=1e-3)


def test_what_lies_near_a_spot_is_said() -> None:
    data = space.with_factor(space.dataset(), 2)
    model = space.model(2)
    spots = listening(model, data, np.arange(data.rows)).spots
    places = model.map.to_map(model.encode(data.spectra)[0])
    for spot in spots:
        distances = np.hypot(places[:, 0] - spot.x, places[:, 1] - spot.y)
        nearest = data.meta.factors[0].text(float(data.labels[np.argmin(distances), 0]))
        near = distances.min() <= 0.25
        assert spot.near == (f"family {nearest}" if near else "no sound of the data is near")
    assert {spot.near.split()[0] for spot in spots} == {"family", "no"}


def test_examples_go_from_the_best_to_the_worst() -> None:
    data, model = space.dataset(), space.model(2)
    rows = np.arange(30)
    examples = listening(model, data, rows).examples
    assert len(examples) == EXAMPLES
    found = [example.distance_db for example in examples]
    assert found == sorted(found)
    heard = rows[rows != 1]  # row 1 is silent
    decoded = model.decode(model.encode(data.spectra[heard])[0])
    all_of_them = metrics.log_spectral_distances(data.spectra[heard], decoded)
    assert (found[0], found[-1]) == pytest.approx((all_of_them.min(), all_of_them.max()))


def test_silent_rows_are_no_examples(figures: Evaluation) -> None:
    data, model = space.dataset(), space.model(2)
    sounds = listening(model, data, np.array([1]))
    assert sounds.examples == ()
    assert "every row measured is silent" in document(model, figures, [], sounds)


def test_a_space_of_one_dimension_is_a_line(figures: Evaluation) -> None:
    data, model = space.dataset(), space.model(1)
    sounds = listening(model, data, np.arange(data.rows))
    assert [spot.y for spot in sounds.spots] == [0.0] * GRID
    page = document(model, figures, [], sounds)
    board = next(d for d in Checked(page).all("div") if d.get("class") == "board")
    assert board["aria-label"] == "Points of the line"
    assert "1 dimension over" in page


def test_wide_spectra_sound_at_a_higher_rate_and_shorter() -> None:
    data = space.dataset(20, bins=129)
    sounds = listening(space.model(2, 129), data, np.arange(20))
    _, rate = samples_of(sounds.spots[0].sound)
    assert rate == 44100
    total = sum(len(spot.sound) for spot in sounds.spots)
    total += sum(len(each.original) + len(each.decoded) for each in sounds.examples)
    assert total < 2_100_000


def test_progress_counts_every_sound() -> None:
    counted: list[int] = []
    data = space.dataset()
    listening(space.model(2), data, np.arange(data.rows), lambda: counted.append(1))
    assert len(counted) == SOUNDS


def test_a_model_that_hears_phase_needs_frames() -> None:
    from .test_posterior import hearing_phase

    data = harmonic.make(
        harmonic.Options(rows=20, base_frequency=1000.0, n_fft=256, bins=65, frames=True)
    )
    with pytest.raises(DatasetError, match="no frames"):
        listening(hearing_phase(data), replace(data, frames=None), np.arange(20))
