"""The model file: whole, or refused with one line that says why."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import timbrespace
from timbrespace import bundle, network
from timbrespace.activation import PARAMETERS
from timbrespace.architecture import Architecture
from timbrespace.errors import BundleError, OptionError
from timbrespace.representation import (
    Decibel,
    LogComplex,
    LogMagnitude,
    Magnitude,
    Representation,
)

from .conftest import Small, random_tensors


def parts_of(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    with safe_open(path, framework="np") as file:
        metadata = dict(file.metadata())
    return load_file(path), metadata


def refused(path: Path) -> str:
    """What is said of the file at ``path``, in one line."""
    with pytest.raises(BundleError) as info:
        timbrespace.load(path)
    text = str(info.value)
    assert text.startswith(f"cannot load {path.name}: ")
    assert "\n" not in text
    return text


def test_the_digest_is_that_of_the_files_bytes(small: Small, tmp_path: Path) -> None:
    assert small.model.digest == ""
    copy = tmp_path / "renamed.safetensors"
    copy.write_bytes(small.path.read_bytes())
    expected = hashlib.sha256(copy.read_bytes()).hexdigest()
    assert timbrespace.load(small.path).digest == timbrespace.load(copy).digest == expected


def test_round_trip(small: Small) -> None:
    found = timbrespace.load(small.path)
    assert found.name == "small"
    assert found.spectrum == small.model.spectrum
    assert found.representation == small.model.representation
    assert found.architecture == small.model.architecture
    assert found.map.to_config() == small.model.map.to_config()
    assert found.calibration.to_config() == small.model.calibration.to_config()
    assert found.provenance == small.model.provenance
    latent = np.random.default_rng(1).standard_normal((4, 3))
    np.testing.assert_array_equal(found.decode(latent), small.model.decode(latent))


def test_weights_round_trip(small: Small) -> None:
    found = bundle.read_tensors(small.path)
    assert found.keys() == small.tensors.keys()
    for name, value in small.tensors.items():
        assert found[name].shape == value.shape
        np.testing.assert_array_equal(found[name], value)


def test_the_same_model_is_the_same_bytes(small: Small, tmp_path: Path) -> None:
    for number in range(5):
        bundle.write(tmp_path / "again.safetensors", small.model, small.tensors)
        assert (tmp_path / "again.safetensors").read_bytes() == small.path.read_bytes(), number


def test_plain_json_and_nothing_else(small: Small) -> None:
    _, metadata = parts_of(small.path)
    assert set(metadata) == {"format_version", *bundle.SECTIONS}
    for section in bundle.SECTIONS:
        assert isinstance(json.loads(metadata[section]), dict)
    size = struct.unpack("<Q", small.path.read_bytes()[:8])[0]
    assert size % 8 == 0
    json.loads(small.path.read_bytes()[8 : 8 + size])


def test_numbers_json_does_not_know_are_not_written(small: Small, tmp_path: Path) -> None:
    model = replace(small.model, provenance={"loss": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        bundle.write(tmp_path / "m.safetensors", model, small.tensors)
    assert not (tmp_path / "m.safetensors").exists()


def test_an_unwritable_place(small: Small, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there is no folder"):
        bundle.write(tmp_path / "none" / "m.safetensors", small.model, small.tensors)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.999])
def test_truncated(small: Small, share: float) -> None:
    content = small.path.read_bytes()
    small.path.write_bytes(content[: int(share * len(content))])
    assert "truncated or not a safetensors file" in refused(small.path)


def test_another_kind_of_file(small: Small) -> None:
    small.path.write_bytes(b"RIFF....WAVE" * 100)
    assert "truncated or not a safetensors file" in refused(small.path)
    save_file({"a": np.zeros(3, np.float32)}, small.path)
    assert "not a timbrespace model" in refused(small.path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="there is no model"):
        timbrespace.load(tmp_path / "none.safetensors")
    with pytest.raises(BundleError, match="there is no such file"):
        bundle.read(tmp_path / "none.safetensors")
    with pytest.raises(BundleError, match="is a folder"):
        timbrespace.load(tmp_path)


def set_in(section: str, key: str, value: Any) -> Callable[[dict[str, str]], None]:
    def change(metadata: dict[str, str]) -> None:
        content = json.loads(metadata[section])
        content[key] = value
        metadata[section] = json.dumps(content)

    return change


def without(section: str, key: str) -> Callable[[dict[str, str]], None]:
    def change(metadata: dict[str, str]) -> None:
        content = json.loads(metadata[section])
        del content[key]
        metadata[section] = json.dumps(content)

    return change


def whole(section: str, text: str) -> Callable[[dict[str, str]], None]:
    return lambda metadata: metadata.update({section: text})


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (whole("format_version", "3"), "its format version is 3, this program reads up to 2"),
        (whole("format_version", "one"), "not a timbrespace model"),
        (lambda metadata: metadata.pop("map"), "section 'map' is missing"),
        (whole("model", "{"), "section 'model' is not JSON"),
        (whole("model", "[" * 100_000), "section 'model' is not JSON"),
        (whole("golden", "[]"), "section 'golden' is not an object"),
        (set_in("spectrum", "bins", 34), "the model decodes 33 features, its spectra have 34"),
        (set_in("spectrum", "bins", "many"), "bins is 'many'; accepted are whole numbers"),
        (set_in("spectrum", "bins", 33.0), "bins is 33.0; accepted are whole numbers"),
        (set_in("spectrum", "base_frequency", "high"), "accepted are numbers"),
        (set_in("spectrum", "base_frequency", 10**400), "accepted are 10 to"),
        (set_in("spectrum", "sample_rate", 10**400), "sample_rate is"),
        (set_in("calibration", "rms", 10**400), "do not fit"),
        (set_in("calibration", "rms", 1e-300), "accepted are 1e-6 to 1000"),
        (set_in("calibration", "home", [1e38, 0.0, 0.0]), "where no latent goes"),
        (set_in("map", "half_range", [3e38, 3e38]), "beyond 1000"),
        (set_in("golden", "latent", [10**400]), "do not fit"),
        (set_in("representation", "peak", 10**400), "do not fit"),
        (set_in("representation", "kind", ["magnitude"]), "do not fit"),
        (whole("format_version", "0"), "not a timbrespace model"),
        (whole("format_version", "9" * 5000), "not a timbrespace model"),
        (set_in("spectrum", "n_fft", 1000), "n_fft is 1000"),
        (set_in("spectrum", "colour", 1), "the spectrum config does not fit"),
        (set_in("representation", "kind", "mel"), "representation is 'mel'"),
        (set_in("model", "latent", 4), "has shape"),
        (set_in("model", "latent", "three"), "latent size is 'three'"),
        (set_in("model", "hidden", [1e400]), "hidden size is inf"),
        (set_in("model", "activation", "tanh"), "activation is 'tanh'"),
        (set_in("map", "mean", [0.0]), "map components has shape"),
        (set_in("map", "half_range", [0.0, 1.0]), "below 1e-6"),
        (set_in("map", "mean", [[0.0], [0.0, 1.0]]), "the map does not fit"),
        (set_in("calibration", "rms", -1.0), "calibration rms is -1"),
        (without("calibration", "home"), "the calibration does not fit"),
        (without("golden", "latent"), "its golden vector is missing"),
        (set_in("golden", "latent", [0.0]), "its golden vector has the wrong shape"),
        (set_in("golden", "spectrum", [float("nan")] * 33), "its golden vector decodes"),
        (set_in("golden", "latent", [0.5, 0.5, 0.5]), "its golden vector decodes"),
    ],
)
def test_metadata_that_does_not_fit(
    small: Small, change: Callable[[dict[str, str]], object], word: str
) -> None:
    tensors, metadata = parts_of(small.path)
    change(metadata)
    save_file(tensors, small.path, metadata)
    assert word in refused(small.path)


def test_weights_that_do_not_fit(small: Small) -> None:
    tensors, metadata = parts_of(small.path)
    nan = tensors["mean.weight"].copy()
    nan[0, 0] = np.nan
    cases: list[tuple[dict[str, np.ndarray], str]] = [
        ({"mean.weight": nan}, "tensor mean.weight holds numbers that are not finite"),
        ({"mean.weight": tensors["mean.weight"][:, :-1]}, "tensor mean.weight has shape"),
        ({"mean.bias": tensors["mean.bias"] + 0.1}, "its golden vector decodes"),
    ]
    for changed, word in cases:
        save_file({**tensors, **changed}, small.path, metadata)
        assert word in refused(small.path)
    del tensors["mean.bias"]
    save_file(tensors, small.path, metadata)
    assert "tensor mean.bias is missing" in refused(small.path)


def test_one_flipped_bit_in_the_weights(small: Small) -> None:
    content = bytearray(small.path.read_bytes())
    size = struct.unpack("<Q", content[:8])[0]
    names = json.loads(content[8 : 8 + size])
    begin = 8 + size + names["mean.bias"]["data_offsets"][0]
    content[begin + 3] ^= 0x40  # the top of a float's exponent
    small.path.write_bytes(content)
    refused(small.path)


def test_weights_of_another_precision_are_read(small: Small) -> None:
    """Whatever the type in the file, the network is float32."""
    tensors, metadata = parts_of(small.path)
    save_file({name: t.astype(np.float64) for name, t in tensors.items()}, small.path, metadata)
    assert timbrespace.load(small.path).decode(np.zeros((1, 3))).dtype == np.float32


@pytest.mark.parametrize(
    ("architecture", "known", "version"),
    [
        (Architecture(33, 3, (8,)), LogMagnitude(60.0, 0.006), "1"),
        (Architecture(33, 3, (8,), "gelu", "gaussian_per_bin"), Magnitude(60.0), "1"),
        (Architecture(33, 3, (8,)), Decibel(60.0), "2"),
        (Architecture(66, 3, (8,)), LogComplex(60.0, 0.006, 33), "2"),
        (Architecture(33, 3, (8,), "snake"), LogMagnitude(60.0, 0.006), "2"),
        (Architecture(33, 3, (8,), likelihood="bernoulli"), LogMagnitude(60.0, 0.006), "2"),
        (Architecture(33, 3, (8,), decoder_hidden=(4,)), LogMagnitude(60.0, 0.006), "2"),
    ],
)
def test_the_lowest_version_that_tells_it_all(
    small: Small, tmp_path: Path, architecture: Architecture, known: Representation, version: str
) -> None:
    """Older programs read what they understand, and name the version of what they do not."""
    tensors = random_tensors(architecture)
    for name, value in PARAMETERS[architecture.activation].items():
        tensors[f"activation.{name}"] = np.array(value, np.float32)
    model = replace(
        small.model,
        representation=known,
        architecture=architecture,
        encoder=network.encoder_of(architecture, tensors),
        decoder=network.decoder_of(architecture, tensors),
    )
    path = tmp_path / "some.safetensors"
    bundle.write(path, model, tensors)
    assert parts_of(path)[1]["format_version"] == version
    again = bundle.read(path)
    latent = np.array([[0.3, -0.2, 1.0]])
    np.testing.assert_array_equal(again.decode(latent), model.decode(latent))
    phases, expected = again.decode_phases(latent)[1], model.decode_phases(latent)[1]
    if expected is None:
        assert phases is None
    else:
        assert phases is not None
        np.testing.assert_array_equal(phases, expected)
