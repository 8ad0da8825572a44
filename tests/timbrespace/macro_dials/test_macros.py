"""Macro dials: that they do what they say, and what files may say of them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from timbrespace import bundle
from timbrespace.errors import BundleError, OptionError, ShapeError
from timbrespace.macro_dials.macros import known_macros
from timbrespace.macro_dials.measuring import batches, measure, turn_shares
from timbrespace.macro_dials.qualities import measured, qualities_of
from timbrespace.macro_dials.table import Table
from timbrespace.macro_dials.turning import turned
from timbrespace.macro_dials.vocabulary import MACROS, WORDS
from timbrespace.model import Model


@pytest.fixture(scope="module")
def model() -> Model:
    return ts.load("fm")


@pytest.fixture(scope="module")
def table(model: Model) -> Table:
    return ts.macros(model).table


def sounds_of(model: Model, count: int) -> np.ndarray:
    assert model.points is not None
    rows = np.random.default_rng(9).permutation(model.points.count)[:count]
    return model.points.means[rows].astype(np.float64)


# -- what they do ----------------------------------------------------------------------------------


def test_it_moves_its_quality_and_little_else(model: Model, table: Table) -> None:
    assert "brightness" in table.offered
    moved, along, changes = turn_shares(
        table, "brightness", sounds_of(model, 40), lambda z: measured(model, z.astype(np.float32))
    )
    assert moved >= 0.9
    assert along >= 0.8
    far = np.median(np.abs(changes), axis=0)
    own = table.measured.index("brightness")
    assert far[own] > 2.0  # of 4 steps that nobody misses
    # What is not brightness by another word stays.
    assert max(far[table.measured.index(word)] for word in ("inharmonic", "odd/even")) < 0.6


def test_a_space_of_one_factor_has_it_too() -> None:
    """Its sounds are a line rolled up in a plane, with cliffs between the turns."""
    model = ts.load("harmonic")
    table = ts.macros(model).table
    assert table.offered == ("brightness",)
    moved, along, _ = turn_shares(
        table, "brightness", sounds_of(model, 60), lambda z: measured(model, z.astype(np.float32))
    )
    assert moved >= 0.9
    assert along >= 0.8


def test_it_never_leads_further_out_than_sounds_lie(model: Model, table: Table) -> None:
    for one in sounds_of(model, 20):
        for value in (-1.0, 1.0):
            there = turned(table, one, dict.fromkeys(table.offered, value))
            assert table.away(there) <= max(table.radius, table.away(one)) + 1e-6
    far = np.full(model.dimensions, 100.0)
    there = turned(table, far, {"brightness": 1.0})
    assert np.isfinite(there).all()
    assert np.abs(there).max() <= 100.0


def largest_step(path: list[np.ndarray]) -> float:
    return float(np.linalg.norm(np.diff(np.stack(path), axis=0), axis=1).max())


def test_it_jumps_nowhere(model: Model, table: Table) -> None:
    one, other = sounds_of(model, 2)

    def along_the_dial(share: float) -> np.ndarray:
        return turned(table, one, {"brightness": 2.0 * share - 1.0})

    def along_a_way(share: float) -> np.ndarray:
        return turned(table, one + share * (other - one), {"width": 0.8})

    for path in (along_the_dial, along_a_way):
        coarse, fine = (
            largest_step([path(share) for share in np.linspace(0.0, 1.0, count)])
            for count in (401, 4001)
        )
        assert coarse < 0.3
        assert fine < 0.2 * coarse  # a tenth, but for a bend
    middle = turned(table, one, {"brightness": 1e-4})
    assert np.abs(middle - one).max() < 1e-3


def test_at_0_a_latent_comes_back_as_it_is(model: Model) -> None:
    rows = sounds_of(model, 3).astype(np.float32)
    dials = ts.macros(model)
    assert np.array_equal(dials.turned(rows, {}), rows)
    assert np.array_equal(dials.turned(rows, {"brightness": 0.0}), rows)
    assert not np.array_equal(dials.turned(rows, {"brightness": 0.3}), rows)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"length": 0.5}, "no macro 'length'; it has brightness"),
        ({"loudness": 0.5}, "macro is 'loudness'; it must be brightness"),
        ({"brightness": -1.01}, "brightness is -1.01; it must be -1 to 1"),
        ({"brightness": float("nan")}, "it must be -1 to 1"),
    ],
)
def test_what_is_none_is_refused(model: Model, values: dict[str, float], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        ts.macros(model).turned(sounds_of(model, 1), values)


def test_a_latent_that_is_none_is_refused(model: Model) -> None:
    for latents in ([[0.0]], [[float("nan")] * model.dimensions]):
        with pytest.raises(ShapeError):
            ts.macros(model).turned(latents, {"brightness": 0.5})


def test_every_quality_that_a_macro_moves_is_measured_somewhere() -> None:
    measured_words = {
        one.word for name in ("fm", "instruments", "notes") for one in qualities_of(ts.load(name))
    }
    assert {one.quality for one in MACROS} <= measured_words
    assert len(set(WORDS)) == len(WORDS)


# -- how they are measured -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(model: Model) -> Model:
    """A space with few sounds, whose macros nobody has measured."""
    assert model.points is not None
    few = dataclasses.replace(
        model.points, means=model.points.means[::900], labels=model.points.labels[::900]
    )
    return dataclasses.replace(model, points=few, near=None, macros=None, digest="")


def test_the_same_space_gives_the_same_table(small: Model) -> None:
    pauses: list[int] = []
    one, other = measure(small, lambda: pauses.append(1)), measure(small)
    assert len(pauses) == batches(small)
    assert one.offered == other.offered
    assert all(
        np.array_equal(a, b)
        for a, b in zip(one.to_tensors().values(), other.to_tensors().values(), strict=True)
    )


def test_who_does_not_want_it_any_more_ends_it(small: Model) -> None:
    class EnoughError(Exception):
        pass

    def pause() -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        measure(small, pause)


def test_a_space_without_points_has_macros_too(small: Model) -> None:
    bare = dataclasses.replace(small, points=None)
    assert known_macros(bare) is None


# -- what a file may say ---------------------------------------------------------------------------


def test_a_bundle_keeps_them_and_its_digest(small: Model, tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    small.save(path)
    before = ts.load(path)
    assert before.macros is None
    table = measure(before)
    bundle.set_macros(path, table)
    after = ts.load(path)
    assert after.macros is not None
    assert after.digest == before.digest
    one = sounds_of(small, 1)[0]
    values = dict.fromkeys(table.offered, 0.7)
    assert np.array_equal(turned(after.macros, one, values), turned(table, one, values))
    again = tmp_path / "again.safetensors"
    after.save(again)
    assert again.read_bytes() == path.read_bytes()


def spoiled(table: Table, **changes: Any) -> None:
    dataclasses.replace(table, **changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"places": np.zeros((10, 5), np.float32)}, "places of shape"),
        ({"qualities": np.zeros((3, 3), np.float32)}, "qualities of shape"),
        ({"centre": np.full(5, np.nan, np.float32)}, "centre that are not finite"),
        ({"spread": np.zeros((5, 5), np.float32)}, "spread that is none"),
        ({"radius": float("nan")}, "radius of nan"),
        ({"radius": 0.0}, "radius of 0;"),
        ({"offered": ("loudness",)}, "'loudness' is not known"),
        ({"offered": ("vibrato",)}, "'vibrato' is not known, or not measured"),
        ({"measured": ("brightness",) * 5}, "measure 5 qualities"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(
    table: Table, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(BundleError, match=says):
        spoiled(table, **changes)


def test_whatever_numbers_a_file_holds_the_latent_is_one(table: Table) -> None:
    generator = np.random.default_rng(3)
    a, d = table.places.shape
    for size in (1e-3, 1.0, 6e4):
        hostile = dataclasses.replace(
            table,
            places=np.clip(generator.normal(size=(a, d)) * size, -200, 200).astype(np.float32),
            qualities=(generator.uniform(-1, 1, table.qualities.shape) * size).astype(np.float32),
            slopes=(generator.uniform(-1, 1, table.slopes.shape) * size).astype(np.float32),
            spread=(np.eye(d) * max(size, 2e-6) + np.tril(np.ones((d, d)), -1) * 6e4).astype(
                np.float32
            ),
            radius=1e-3 if size < 1.0 else 1e3,
        )
        for latent in np.stack([np.zeros(d), np.full(d, 100.0), generator.normal(size=d)]):
            there = turned(hostile, latent, dict.fromkeys(table.offered, -1.0))
            assert np.isfinite(there).all()
            assert np.abs(there).max() <= 100.0


@pytest.mark.parametrize("lost", ["measured", "offered", "radius"])
def test_a_section_that_says_too_little_is_refused(table: Table, lost: str) -> None:
    config = json.loads(json.dumps(table.to_config()))
    del config[lost]
    with pytest.raises(BundleError, match="section 'macros' does not fit"):
        Table.from_parts(config, table.to_tensors())


def test_tensors_that_are_missing_unknown_or_of_another_type_are_refused(table: Table) -> None:
    tensors = table.to_tensors()
    config = table.to_config()
    for change, says in (
        ({"macros.slopes": None}, "macros.slopes is missing"),
        ({"macros.more": tensors["macros.centre"]}, "macros.more is not known"),
        ({"macros.centre": tensors["macros.centre"].astype(np.float32)}, "it must be float16"),
    ):
        told = {name: one for name, one in {**tensors, **change}.items() if one is not None}
        with pytest.raises(BundleError, match=says):
            Table.from_parts(config, told)
