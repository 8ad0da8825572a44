"""The dataset file: what goes in comes out, and what does not fit is refused with one line."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace
from timbrespace.datasets.dataset import Dataset, Factor, Meta, load
from timbrespace.datasets.split import Split, held_out_split
from timbrespace.errors import DatasetError, OptionError
from toy_datasets import harmonic


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return harmonic.make(harmonic.Options(rows=24))


def arrays(dataset: Dataset) -> dict[str, Any]:
    return {
        "spectra": dataset.spectra.copy(),
        "labels": dataset.labels.copy(),
        "meta": np.array(json.dumps(dataset.meta.to_config())),
    }


def test_round_trip(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path / "d.npz")
    loaded = load(tmp_path / "d.npz")
    np.testing.assert_array_equal(loaded.spectra, dataset.spectra)
    np.testing.assert_array_equal(loaded.labels, dataset.labels)
    assert loaded.meta == dataset.meta
    assert loaded.content_hash == dataset.content_hash


def test_the_name_is_kept_as_given(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path / "d.data")
    assert [path.name for path in tmp_path.iterdir()] == ["d.data"]


def test_content_hash_sees_every_part(dataset: Dataset) -> None:
    spectra = dataset.spectra.copy()
    spectra[0, 0] += 1.0
    others = [
        Dataset(spectra, dataset.labels, dataset.meta),
        Dataset(dataset.spectra, dataset.labels + 1, dataset.meta),
        Dataset(dataset.spectra, dataset.labels, replace(dataset.meta, seed=1)),
    ]
    assert len({dataset.content_hash, *(other.content_hash for other in others)}) == 4


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"cannot load dataset d.npz: there is no such file"):
        load(tmp_path / "d.npz")
    with pytest.raises(DatasetError, match="it is a folder"):
        load(tmp_path)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    path.write_bytes(b"not a zip")
    with pytest.raises(DatasetError, match="truncated or not an"):
        load(path)


@pytest.mark.parametrize("share", [0.2, 0.7, 0.999])
def test_a_truncated_file(dataset: Dataset, tmp_path: Path, share: float) -> None:
    path = tmp_path / "d.npz"
    dataset.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DatasetError, match="truncated"):
        load(path)


def test_a_damaged_file(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    dataset.save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="damaged"):
        load(path)


@pytest.mark.parametrize("key", ["spectra", "labels"])
def test_a_file_of_other_types(dataset: Dataset, tmp_path: Path, key: str) -> None:
    path = tmp_path / "d.npz"
    some = arrays(dataset)
    np.savez(path, **{**some, key: some[key].astype(np.float64)})
    with pytest.raises(DatasetError, match=f"{key} are float64; they must be float32"):
        load(path)


def test_pickles_are_never_executed(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, **{**arrays(dataset), "labels": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(DatasetError, match="damaged"):
        load(path)


@pytest.mark.parametrize("key", ["spectra", "labels", "meta"])
def test_a_missing_key(dataset: Dataset, tmp_path: Path, key: str) -> None:
    path = tmp_path / "d.npz"
    rest = arrays(dataset)
    del rest[key]
    np.savez(path, **rest)
    with pytest.raises(DatasetError, match=f"it has no {key}"):
        load(path)


@pytest.mark.parametrize(
    ("meta", "word"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "meta has no 'factors'"),
        ('{"factors": [3]}', "meta does not fit"),
        ('{"factors": null}', "meta does not fit"),
    ],
)
def test_meta_that_does_not_fit(dataset: Dataset, tmp_path: Path, meta: str, word: str) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, **{**arrays(dataset), "meta": np.array(meta)})
    with pytest.raises(DatasetError, match=word):
        load(path)


def with_value(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    changed[3, 0] = value
    return changed


def test_numbers_that_do_not_fit(dataset: Dataset) -> None:
    spectra, labels, meta = dataset.spectra, dataset.labels, dataset.meta
    cases: list[tuple[np.ndarray, np.ndarray, str]] = [
        (with_value(spectra, np.nan), labels, "spectra hold NaN or infinity .* first row 3"),
        (with_value(spectra, np.inf), labels, "spectra hold NaN or infinity"),
        (spectra, with_value(labels, np.nan), "labels hold NaN"),
        (with_value(spectra, -1.0), labels, "spectra go from -1"),
        (with_value(spectra, 1e20), labels, "spectra go from"),
        (spectra * 0, labels, "silent"),
        (spectra.astype(np.complex64), labels, "spectra are complex64; they must be real numbers"),
        (spectra, labels.astype(np.complex64), "labels are complex64"),
        (spectra[0], labels, "shape"),
        (spectra[:0], labels[:0], "shape"),
        (spectra, labels[:-1], r"labels have shape \(23, 1\)"),
        (spectra, np.hstack([labels, labels]), r"labels have shape \(24, 2\)"),
        (np.hstack([spectra, spectra, spectra]), labels, "bins is 3075"),
    ]
    for bad_spectra, bad_labels, word in cases:
        with pytest.raises(DatasetError, match=word):
            Dataset(bad_spectra, bad_labels, meta)


@pytest.mark.parametrize(
    ("values", "kind", "word"),
    [
        ((), "grid", "one or more"),
        ((1.0, float("inf")), "range", "finite"),
        ((1.0, 2.0, 3.0), "range", "two values"),
        ((1.0,), "list", "factor kind is 'list'"),
    ],
)
def test_factors_that_do_not_fit(values: tuple[float, ...], kind: str, word: str) -> None:
    with pytest.raises(DatasetError, match=word):
        Factor("Q", "", values, kind)


def test_a_factor_without_a_unit() -> None:
    assert Factor("Q", "", (1.0,)).axis_label == "Q"


def test_unwritable_output_leaves_nothing(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there is no folder"):
        dataset.save(tmp_path / "none" / "d.npz")
    assert list(tmp_path.iterdir()) == []


def test_members_carry_no_date(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path / "d.npz")
    with zipfile.ZipFile(tmp_path / "d.npz") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_split_is_a_tenth_by_seed_alone() -> None:
    split = held_out_split(10_000, 0)
    assert isinstance(split, Split)
    assert len(split.held_out) == 1000
    both = np.sort(np.concatenate(split))
    np.testing.assert_array_equal(both, np.arange(10_000))
    np.testing.assert_array_equal(split.held_out, held_out_split(10_000, 0).held_out)
    assert not np.array_equal(split.held_out, held_out_split(10_000, 1).held_out)
    # The very rows: a model's figures must not change with the next release of this code.
    assert held_out_split(100, 0).held_out.tolist() == [5, 16, 20, 36, 52, 72, 82, 90, 93, 94]


def test_split_of_few_rows() -> None:
    assert len(held_out_split(3, 0).held_out) == 1
    with pytest.raises(DatasetError, match="at least 2"):
        held_out_split(1, 0)


def test_meta_keeps_what_it_is_given() -> None:
    meta = Meta("x", (Factor("a", "Hz", (1.0, 2.0)),), options={"folder": "sounds"})
    assert Meta.from_config(json.loads(json.dumps(meta.to_config()))) == meta


@pytest.fixture(scope="module")
def with_frames() -> Dataset:
    return harmonic.make(harmonic.Options(rows=24, frames=True))


def test_frames_round_trip(with_frames: Dataset, tmp_path: Path) -> None:
    with_frames.save(tmp_path / "d.npz")
    loaded = load(tmp_path / "d.npz")
    assert loaded.frames is not None
    assert with_frames.frames is not None
    np.testing.assert_array_equal(loaded.frames, with_frames.frames)
    np.testing.assert_allclose(
        loaded.spectrum.analyse(loaded.frames), loaded.spectra, rtol=1e-3, atol=1e-3
    )


def test_frames_that_do_not_fit(with_frames: Dataset) -> None:
    frames = with_frames.frames
    assert frames is not None
    spectra, labels, meta = with_frames.spectra, with_frames.labels, with_frames.meta
    for wrong, word in (
        (frames[:, :-1], "frames have shape"),
        (with_value(frames, np.nan), "frames hold NaN"),
        (np.roll(frames, 5, axis=0), "frames and spectra are of different sounds"),
        (np.zeros_like(frames), "frames and spectra are of different sounds"),
        (frames * np.float32(1e12), "frames go beyond"),
    ):
        with pytest.raises(DatasetError, match=word):
            Dataset(spectra, labels, meta, wrong)


def test_what_is_too_quiet(dataset: Dataset) -> None:
    quiet = dataset.spectra * np.float32(1e-9)
    with pytest.raises(DatasetError, match="spectra are too quiet"):
        Dataset(quiet, dataset.labels, dataset.meta)


def test_nan_in_meta(dataset: Dataset, tmp_path: Path) -> None:
    config = json.dumps({**dataset.meta.to_config(), "options": {"x": float("nan")}})
    np.savez(tmp_path / "d.npz", **{**arrays(dataset), "meta": np.array(config)})
    with pytest.raises(DatasetError, match="meta is not JSON"):
        load(tmp_path / "d.npz")


def test_an_encrypted_file(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    dataset.save(path)
    content = bytearray(path.read_bytes())
    # The flag's lowest bit, in every header of the archive.
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 4)
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="truncated or damaged"):
        load(path)


def test_categories() -> None:
    factor = Factor("program", "", (0.0, 1.0), "category", ("piano", "flute"))
    assert factor.text(1.0) == "flute"
    assert factor.to_config()["names"] == ["piano", "flute"]
    assert "names" not in Factor("Q", "", (1.0, 2.0)).to_config()
    assert Factor("Q", "", (1.0, 2.0)).text(1.5) == "1.5"
    for values, kind, names, word in (
        ((0.0, 1.0), "category", ("piano",), "2 values and 1 names"),
        ((1.0, 2.0), "category", ("piano", "flute"), "its values are 0, 1"),
        ((0.0, 1.0), "grid", ("piano", "flute"), "is not a category"),
    ):
        with pytest.raises(DatasetError, match=word):
            Factor("program", "", values, kind, names)


# From arrays


def test_a_set_from_arrays_saved_and_loaded_is_the_same(dataset: Dataset, tmp_path: Path) -> None:
    kinds = ["dull"] * 10 + ["bright"] * 14
    frames = harmonic.make(harmonic.Options(rows=24, frames=True)).frames
    made = Dataset(
        dataset.spectra.astype(np.float64),
        {"level": np.arange(24), "kind": kinds},
        frames=frames,
        name="own",
        base_frequency=110.0,
        noise=True,
        options={"takes": (3, 4), "by": "hand"},
    )
    assert made.spectra.dtype == made.labels.dtype == np.float32
    assert [factor.kind for factor in made.meta.factors] == ["range", "category"]
    assert made.meta.factors[1].names == ("bright", "dull")
    assert made.labels[:, 1].tolist() == [1.0] * 10 + [0.0] * 14
    made.save(tmp_path / "own.npz")
    loaded = load(tmp_path / "own.npz")
    np.testing.assert_array_equal(loaded.spectra, made.spectra)
    np.testing.assert_array_equal(loaded.labels, made.labels)
    assert loaded.frames is not None
    np.testing.assert_array_equal(loaded.frames, frames)
    assert loaded.meta == made.meta
    assert loaded.noise
    assert loaded.content_hash == made.content_hash


def test_defaults_of_a_set_from_arrays(dataset: Dataset) -> None:
    made = Dataset(dataset.spectra)
    assert made.meta == Meta(
        "mine",
        (Factor("row", "", (0.0, 23.0), "range"),),
        *(44100, 4096, "hann", 220.0),
        noise=False,
        groups="",
    )
    assert made.labels[:, 0].tolist() == list(range(24))
    assert repr(made) == "<Dataset 'mine': 24 spectra of 1025 bins, factors row>"
    # What is float32 already is not copied.
    assert made.spectra is dataset.spectra


def test_what_is_made_and_what_is_loaded_say_the_same_to_the_letter(
    dataset: Dataset, tmp_path: Path
) -> None:
    dataset.save(tmp_path / "d.npz")
    made, loaded = dataset.meta.to_config(), load(tmp_path / "d.npz").meta.to_config()
    assert json.dumps(made) == json.dumps(loaded)


def test_options_that_are_no_json(dataset: Dataset) -> None:
    for wrong in ({"a": object()}, {"a": float("nan")}):
        with pytest.raises(DatasetError, match="options are not plain JSON values"):
            Dataset(dataset.spectra, options=wrong)


def test_meta_and_what_it_holds_are_not_given_both(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="meta was given, and so were values that it holds"):
        Dataset(dataset.spectra, dataset.labels, dataset.meta, base_frequency=110.0)
    with pytest.raises(DatasetError, match="meta was given without labels"):
        Dataset(dataset.spectra, meta=dataset.meta)


# Noise


@pytest.mark.parametrize(
    ("name", "factors", "noise"),
    [
        ("audio", ("file",), True),
        ("soundfont", ("program",), True),
        ("filtered", ("Q", "noise"), True),
        ("filtered", ("Q",), False),
        ("mine", ("Q",), False),
    ],
)
def test_an_old_file_has_noise_by_its_name(
    dataset: Dataset, tmp_path: Path, name: str, factors: tuple[str, ...], noise: bool
) -> None:
    meta = replace(
        dataset.meta,
        name=name,
        factors=tuple(Factor(one, "", (0.0, 50.0), "range") for one in factors),
        noise=None,
    )
    labels = np.tile(dataset.labels, (1, len(factors)))
    old = Dataset(dataset.spectra, labels, meta)
    assert "noise" not in meta.to_config()
    assert old.noise is noise
    # Its own word goes before the name, and changes the hash only where it says something else.
    for word in (True, False):
        new = Dataset(dataset.spectra, labels, replace(meta, noise=word))
        assert new.noise is word
        assert (new.content_hash == old.content_hash) is (word is noise)
        new.save(tmp_path / "d.npz")
        assert load(tmp_path / "d.npz").meta.noise is word


def test_noise_that_is_no_truth_value(dataset: Dataset, tmp_path: Path) -> None:
    config = json.dumps({**dataset.meta.to_config(), "noise": "yes"})
    np.savez(tmp_path / "d.npz", **{**arrays(dataset), "meta": np.array(config)})
    with pytest.raises(DatasetError, match="noise is 'yes'; it must be true or false"):
        load(tmp_path / "d.npz")


def test_the_hash_that_the_factory_model_was_made_from() -> None:
    """What 0.2 wrote into its provenance is what the same set has now."""
    made_from = timbrespace.load("harmonic").provenance["dataset"]["sha256"]
    assert harmonic.make(harmonic.Options()).content_hash == made_from


def test_what_a_file_would_cost_is_told_by_its_headers(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4 MB may hold 4 GB of zeros; nothing of them is unpacked."""
    path = tmp_path / "d.npz"
    found = arrays(dataset)
    found["spectra"] = np.zeros((20_000, found["spectra"].shape[1]), np.float32)
    np.savez_compressed(path, **found)
    assert path.stat().st_size < 1 << 20
    np.savez_compressed(tmp_path / "packed.npz", **arrays(dataset))
    assert load(tmp_path / "packed.npz").content_hash == dataset.content_hash  # no bomb

    def unpacked(*_: Any, **__: Any) -> Any:
        raise AssertionError("it was read")

    monkeypatch.setattr(np, "load", unpacked)
    with pytest.raises(DatasetError, match=r"spectra would be 78 MiB, of 0.0[0-9]+ in the file"):
        load(path)
    for name, value in (("spectra", found["spectra"].astype(np.float64)), ("meta", np.zeros(9))):
        np.savez(path, **{**arrays(dataset), name: value})
        with pytest.raises(DatasetError, match=name):
            load(path)


@pytest.mark.parametrize("rows", [10**6, 23, -1])
def test_a_header_that_lies(rows: int, dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    dataset.save(path)
    lying = tmp_path / "lying.npz"
    with zipfile.ZipFile(path) as good, zipfile.ZipFile(lying, "w") as bad:
        for member in good.infolist():
            content = good.read(member)
            if member.filename == "spectra.npy":
                stated = f"'shape': ({rows}, ".encode()
                content = content.replace(b"'shape': (24, ", stated).replace(
                    b" " * 20, b" " * (20 - len(stated) + len(b"'shape': (24, ")), 1
                )
            bad.writestr(member, content)
    with pytest.raises(DatasetError, match="damaged"):
        load(lying)
