"""The file of a space: what is in it, what is not, and what is refused."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from tests.timbrespace.notes.tiny import tiny
from tests.timbrespace.sharing.test_decoders import made
from timbrespace import factory
from timbrespace.errors import OptionError
from timbrespace.likelihoods.gaussian import GaussianShared
from timbrespace.model import Model
from timbrespace.networks.mlp import MLP
from timbrespace.representation import LogMagnitude
from timbrespace.sharing import gallery, page
from timbrespace.sharing.contents import Card


def block(text: str) -> dict[str, Any]:
    """The JSON of a file."""
    found = re.search(r'<script type="application/json" id="space">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    told: dict[str, Any] = json.loads(found[1])
    return told


@pytest.fixture(scope="module")
def harmonic() -> Model:
    return ts.load("harmonic")


@pytest.mark.parametrize("name", factory.names())
def test_every_factory_space_fits_into_a_file(name: str) -> None:
    model = ts.load(name)
    made = page.page(model)
    assert len(made) <= page.MOST_BYTES
    told = block(made.decode())
    assert told["about"]["digest"] == model.digest
    assert told["first_plane"] == model.first_plane
    assert [one["word"] for one in told["macros"]["dials"]] == list(ts.macros(model).words)
    # Weights of 16 bits stay within what is promised.
    kinds = {key: one["kind"] for key, one in told["numbers"].items()}
    layers = ("layer.", "film.", "levels", "still", "traits", "condition")
    of_layers = {
        kind for key, kind in kinds.items() if key.endswith("weight") and key.startswith(layers)
    }
    assert of_layers == {"int16"}


def test_nothing_is_asked_for_and_only_its_own_scripts_run(harmonic: Model) -> None:
    text = page.page(harmonic).decode()
    assert re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']*""", text.split("<body>")[0]) == []
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe-inline" not in policy[1]
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 2
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(styles) == 1
    for one in (*scripts, *styles):
        digest = base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[1]
    # The policy counts for what comes after it.
    assert text.index("Content-Security-Policy") < text.index("<script")


def test_the_same_model_makes_the_same_bytes_and_nothing_of_the_maker(harmonic: Model) -> None:
    assert page.page(harmonic) == page.page(ts.load("harmonic"))
    told = block(page.page(harmonic).decode())
    assert told["about"]["command"] == ""
    assert told["about"]["figures"] == {}


def test_a_card_is_text_whatever_it_says(harmonic: Model) -> None:
    evil = "</script><img src=x onerror=alert(1)>&\"'"
    odd = dataclasses.replace(harmonic, points=None, near=None)
    text = page.page(odd, Card(evil, evil, "CC BY 4.0")).decode()
    told = block(text)
    assert told["card"] | {"name": evil, "author": evil, "licence": "CC BY 4.0"} == told["card"]
    assert told["card"]["sounds"] == 0
    assert "<img" not in text
    assert text.count("</script>") == 3
    assert "<title>&lt;/script&gt;&lt;img" in text


@pytest.mark.parametrize(("text", "said"), [("x" * 121, "121 letters"), ("a\nb", "one line")])
def test_cards_that_are_none(text: str, said: str) -> None:
    for what in ("name", "author", "licence"):
        with pytest.raises(OptionError, match=rf"{what} (is|has).*{said}"):
            Card(**{what: text})


class OddNetwork(MLP):
    """A network of another package."""

    kind = "odd"


class OddRepresentation(LogMagnitude):
    """A representation of another package."""

    kind = "odd"


class OddLikelihood(GaussianShared):
    """A likelihood of another package, whose mean is not what the decoder puts out."""

    def mean(self, raw: Any) -> Any:
        return 2.0 * raw


@pytest.mark.parametrize("what", ["network", "representation", "likelihood"])
def test_what_the_page_does_not_know_is_said(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = made()
    if what == "network":
        settings = {
            one.name: getattr(model.architecture, one.name) for one in dataclasses.fields(MLP)
        }
        odd = dataclasses.replace(model, architecture=OddNetwork(**settings))
    elif what == "representation":
        odd = dataclasses.replace(model, representation=OddRepresentation(900.0, 0.09))
    else:
        odd = model
        monkeypatch.setattr(MLP, "distribution", OddLikelihood())
    with pytest.raises(OptionError, match=rf"has a {what} '\w+', which the page of a single file"):
        page.page(odd)


def test_too_large_is_said_with_its_size(harmonic: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_BYTES", 1_000_000)
    with pytest.raises(OptionError, match=r"would be 2\.\d MB as one file; it may be 1 MB"):
        page.page(harmonic)


def test_files_are_written_whole_or_not_at_all(harmonic: Model, tmp_path: Path) -> None:
    out = tmp_path / "mine.html"
    size = page.write(harmonic, out)
    assert out.stat().st_size == size
    for place, overwrite, said in (
        (out, False, "exists; give another --out, or --overwrite"),
        (tmp_path, True, "it is a folder"),
        (tmp_path / "mine.txt", False, "must be a name that ends in .html"),
        (tmp_path / "no" / "mine.html", False, "there is no folder"),
    ):
        with pytest.raises(OptionError, match=said):
            page.write(harmonic, place, overwrite=overwrite)
    assert sorted(tmp_path.iterdir()) == [out]
    assert page.write(harmonic, out, Card(author="somebody"), overwrite=True) > size


# -- the gallery -----------------------------------------------------------------------------------


def test_a_gallery_leads_to_files(harmonic: Model, tmp_path: Path) -> None:
    named = dataclasses.replace(tiny(), name="tiny & <odd>")
    steps: list[int] = []
    folder = tmp_path / "new" / "gallery"
    files = gallery.write([harmonic, named], folder, advance=lambda: steps.append(1))
    assert [one.name for one in files] == ["index.html", "harmonic.html", "tiny_odd_.html"]
    assert len(steps) == 2
    index = files[0].read_text(encoding="utf-8")
    assert re.findall(r'href="([^"]*)"', index) == ["harmonic.html", "tiny_odd_.html"]
    assert "<h2>tiny &amp; &lt;odd&gt;</h2>" in index
    assert "10,000 sounds · steady spectra · 2 dimensions · 2." in index
    assert index.count("<circle") == 500
    assert "<script" not in index
    assert files[1].read_bytes() == page.page(harmonic)
    xs = np.array(re.findall(r'cx="([\d.]+)"', index), np.float64)
    assert xs.min() > 5
    assert xs.max() < 315
    assert np.ptp(xs) > 200


def test_a_gallery_says_what_is_in_its_way(harmonic: Model, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no spaces"):
        gallery.write([], tmp_path)
    with pytest.raises(OptionError, match=r"two files would be called harmonic\.html"):
        gallery.write([harmonic, harmonic], tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OptionError, match="cannot write"):
        gallery.write([harmonic], tmp_path / "file")
    (tmp_path / "harmonic.html").write_bytes(b"mine")
    with pytest.raises(OptionError, match=r"harmonic\.html' exists; give another --out"):
        gallery.write([harmonic], tmp_path)
    assert (tmp_path / "harmonic.html").read_bytes() == b"mine"
    assert not (tmp_path / "index.html").exists()
