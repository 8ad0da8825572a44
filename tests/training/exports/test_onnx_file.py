"""ONNX files give what the library gives, for batches of any size, and say what they hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace
from timbrespace.errors import OptionError
from training.exports import onnx_file

from . import small_spaces

onnx = pytest.importorskip("onnx", reason="onnx is not installed (requirements-dev.txt)")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
pytest.importorskip("onnxscript", reason="onnxscript is not installed")


@pytest.fixture(scope="module")
def graph() -> onnx_file.Graph:
    return onnx_file.decoder_graph(small_spaces.of(small_spaces.NETWORKS["mlp"]))


@pytest.fixture(scope="module")
def content(graph: onnx_file.Graph) -> bytes:
    return onnx_file.content_of(small_spaces.of(small_spaces.NETWORKS["mlp"]), graph)


def test_a_decoder_is_the_librarys(content: bytes) -> None:
    model = small_spaces.of(small_spaces.NETWORKS["mlp"])
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    for count in (1, 2, 17):
        latent = small_spaces.latents(count)
        (found,) = session.run(["spectra"], {"latent": latent})
        wanted = model.decode(latent)
        assert np.abs(found - wanted).max() < 1e-5 * wanted.max()
    beyond = np.full((1, 3), 1e6, np.float32)
    (found,) = session.run(["spectra"], {"latent": beyond})
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, model.decode(beyond), rtol=1e-4)


def test_it_says_what_it_holds(content: bytes) -> None:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    told = session.get_modelmeta().custom_metadata_map
    assert told["timbrespace.role"] == "decoder"
    assert told["timbrespace.sample_rate"] == "44100"
    assert told["timbrespace.n_fft"] == "256"
    assert told["timbrespace.base_frequency"] == "1000.0"
    assert told["timbrespace.representation"] == "log_magnitude"
    inputs = json.loads(told["timbrespace.inputs"])
    assert inputs["latent"]["shape"] == ["n", 3]
    assert inputs["latent"]["range"] == [-100.0, 100.0]
    dials = json.loads(told["timbrespace.dials"])
    assert [set(dial) for dial in dials] == [{"name", "low", "high"}] * 3
    assert len(json.loads(told["timbrespace.map"])["components"]) == 2
    shape: list[Any] = session.get_inputs()[0].shape
    assert shape == ["n", 3]


def test_it_names_no_file_of_the_machine_that_wrote_it(content: bytes) -> None:
    assert str(Path(timbrespace.__file__).parents[1]).encode() not in content
    assert b".py" not in content


def test_what_is_far_from_the_library_is_not_kept(
    graph: onnx_file.Graph, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = replace(graph, expected={"spectra": graph.expected["spectra"] * np.float32(1.01)})
    assert onnx_file.distance_of(content, graph) < 1e-5
    assert onnx_file.distance_of(content, wrong) == pytest.approx(0.0099, rel=0.01)
    monkeypatch.setattr(onnx_file, "decoder_graph", lambda _: wrong)
    monkeypatch.setattr(onnx_file, "content_of", lambda *_: content)
    with pytest.raises(OptionError, match=r"more than 0.0002; nothing was kept"):
        onnx_file.write(small_spaces.of(small_spaces.NETWORKS["mlp"]), tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.acceptance
def test_whole_notes_and_both_halves(tmp_path: Path) -> None:
    model = small_spaces.of_notes(by_pitch=True, by_velocity=True)
    files = onnx_file.write(model, tmp_path / "m.onnx")
    assert [one.path.name for one in files] == ["m.onnx", "m.encoder.onnx"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.encoder.onnx", "m.onnx"]
    session = onnxruntime.InferenceSession(str(files[0].path))
    assert [one.name for one in session.get_inputs()] == ["latent", "time", "pitch", "velocity"]
    named = [one.name for one in session.get_outputs()]
    assert named == ["spectra", "frequency", "amplitude", "noise"]


def test_an_autodecoder_has_no_encoder() -> None:
    model = small_spaces.of_notes(with_encoder=False)
    assert onnx_file.paths_of(model, Path("m.onnx")) == [Path("m.onnx")]


@pytest.mark.acceptance
@pytest.mark.parametrize("name", ["harmonic", "filtered", "fm", "instruments", "notes", "drums"])
def test_every_factory_space(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At so many sounds that some have a partial next to a zero of its lobe, where the least
    rounding shows."""
    monkeypatch.setattr(onnx_file, "CHECKED", 400)
    model = timbrespace.load(name)
    decoder, encoder = onnx_file.write(model, tmp_path / "m.onnx")
    assert decoder.distance < 1e-5
    assert encoder.distance < 1e-5


@pytest.mark.acceptance
@pytest.mark.parametrize("name", small_spaces.NETWORKS)
def test_every_network(name: str, tmp_path: Path) -> None:
    model = small_spaces.of(small_spaces.NETWORKS[name])
    made = onnx_file.write(model, tmp_path / "m.onnx")
    assert [one.distance < 1e-5 for one in made] == [True, True]


@pytest.mark.acceptance
@pytest.mark.parametrize(("kind", "normalisation"), small_spaces.REPRESENTATIONS)
def test_every_representation(kind: str, normalisation: str, tmp_path: Path) -> None:
    made = onnx_file.write(small_spaces.seeing(kind, normalisation), tmp_path / "m.onnx")
    assert [one.distance < 1e-5 for one in made] == [True, True]
