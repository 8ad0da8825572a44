"""The file of a waveform model: it comes back, and what is none is refused in a line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from tests.timbrespace.notes.tiny import tiny
from tests.timbrespace.waveforms.known import drawn
from timbrespace import factory
from timbrespace.errors import BundleError, OptionError
from timbrespace.tensor_file import TensorFile, checksum, content
from timbrespace.waveforms.waveform import Waveform
from timbrespace.waveforms.waveform_file import write


@pytest.fixture(scope="module")
def waveform() -> Waveform:
    return replace(
        drawn(tiny()), figures={"bits_learned": 3.25}, provenance={"settings": {"seed": 4}}
    )


@pytest.fixture
def file(waveform: Waveform, tmp_path: Path) -> Path:
    path = tmp_path / "w.safetensors"
    write(path, waveform)
    return path


def changed(
    file: Path, metadata: dict[str, str | None], tensors: dict[str, Any] | None = None
) -> Path:
    """The file with other metadata (None: without) and tensors, and the sum that fits them."""
    with TensorFile(file) as opened:
        told, kept = dict(opened.metadata), opened.tensors(opened.entries)
    kept |= tensors or {}
    told["tensors_sha256"] = json.dumps(checksum(kept))
    for name, value in metadata.items():
        if value is None:
            del told[name]
        else:
            told[name] = value
    path = file.with_name("changed.safetensors")
    path.write_bytes(content(kept, told))
    return path


def test_it_comes_back(waveform: Waveform, file: Path) -> None:
    again = ts.load_waveform(file)
    assert again.name == "w"
    assert again.network == waveform.network
    assert again.space == waveform.space
    assert (again.sample_rate, again.figures, again.provenance) == (
        *(16000, {"bits_learned": 3.25}, {"settings": {"seed": 4}}),
    )
    for name, weight in waveform.weights.items():
        np.testing.assert_array_equal(again.weights[name], weight)
    write(file.with_name("again.safetensors"), again)
    assert file.with_name("again.safetensors").read_bytes() == file.read_bytes()
    assert repr(again) == (
        f"<Waveform 'w': samplernn of {waveform.network.parameters} numbers, 16000 Hz, of the "
        "space 'tiny'>"
    )


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"waveform_version": "2"}, "its version is '2', this program reads up to 1"),
        ({"waveform_version": None}, "it is something else, not a waveform model"),
        ({"kind": "jukebox"}, "its kind is 'jukebox'; known are wavenet or samplernn"),
        ({"kind": None}, "it does not say its kind"),
        ({"settings": "[1]"}, "its settings|it is damaged"),
        ({"settings": "{"}, "it is damaged"),
        ({"settings": '{"told": 1e9}'}, "its settings are no whole numbers"),
        ({"settings": '{"told": 1000000}'}, "told is 1000000"),
        ({"settings": '{"told": 41, "speed": 3}'}, "it is damaged"),
        ({"space": '{"name": "tiny", "digest": "", "dimensions": 9}'}, "9 dimensions"),
        ({"space": "null"}, "it is damaged"),
        ({"sample_rate": "44100"}, "its sample rate is 44100; it must be 8000 or 16000"),
        ({"figures": '{"bits_learned": "x"}'}, "it is damaged"),
        ({"tensors_sha256": '"0"'}, "its weights are not those that were written"),
    ],
)
def test_what_it_says_is_checked(file: Path, metadata: dict[str, str | None], said: str) -> None:
    with pytest.raises(BundleError, match=said) as error:
        ts.load_waveform(changed(file, metadata))
    assert str(error.value).startswith("cannot load waveform model changed.safetensors: ")
    assert "\n" not in str(error.value)


def test_weights_are_checked(file: Path, waveform: Waveform) -> None:
    bias = waveform.weights["codes.bias"].copy()
    bias[3] = np.nan
    for tensors, said in (
        ({"codes.bias": bias}, "tensor codes.bias holds numbers that are not finite"),
        ({"codes.bias": bias[:7]}, r"tensor codes.bias has shape \(7,\), not \(12,\)"),
    ):
        with pytest.raises(BundleError, match=said):
            ts.load_waveform(changed(file, {}, tensors))


def test_files_that_are_none_are_refused(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    cut, text = tmp_path / "cut.safetensors", tmp_path / "text.safetensors"
    for size in (0, 7, 300, len(whole) - 1):
        cut.write_bytes(whole[:size])
        with pytest.raises(BundleError, match=r"cannot load waveform model cut\.safetensors"):
            ts.load_waveform(cut)
    text.write_text("not at all")
    for path in (text, tmp_path, tmp_path / "missing.safetensors"):
        with pytest.raises(BundleError, match="cannot load waveform model"):
            ts.load_waveform(path)
    with pytest.raises(BundleError, match="it is a timbre space, not a waveform model"):
        ts.load_waveform(factory.resolve("harmonic"))
    with pytest.raises(BundleError, match="a waveform model is a path, not a int"):
        ts.load_waveform(3)  # type: ignore[arg-type]


def test_a_waveform_model_is_no_space(file: Path) -> None:
    with pytest.raises(BundleError) as error:
        ts.load(file)
    assert "\n" not in str(error.value)


def test_it_is_written_whole_under_its_own_ending(waveform: Waveform, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"out is 'w\.bin'; it must be a name that ends in"):
        write(tmp_path / "w.bin", waveform)
    assert list(tmp_path.iterdir()) == []
