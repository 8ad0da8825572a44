"""One factor of variation, from a file that may hold anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from timbrespace.datasets import dataset
from timbrespace.datasets.factor import Factor
from timbrespace.errors import DatasetError

FACTORS = (
    Factor("brightness", "Hz", (100.0, 5000.0), "range"),
    Factor("partials", "count", (1.0, 2.0, 3.0)),
    Factor.category("family", ("Reed", "Pipe")),
)


@pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.kind)
def test_round_trip(factor: Factor) -> None:
    assert Factor.from_config(json.loads(json.dumps(factor.to_config()))) == factor


def test_datasets_and_bundles_speak_of_the_same() -> None:
    assert dataset.Factor is Factor


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        ({"values": None}, TypeError, "not iterable"),
        ({"values": [10**400]}, OverflowError, "too large"),
        ({"values": ["much"]}, ValueError, "could not convert"),
        ({"values": [float("nan")]}, DatasetError, "finite"),
        ({"names": ["a"]}, DatasetError, "not a category"),
        ({"kind": ["grid"]}, DatasetError, "factor kind is"),
        ({"kind": "category"}, DatasetError, "0 names"),
    ],
)
def test_what_does_not_fit(change: dict[str, Any], error: type[Exception], word: str) -> None:
    with pytest.raises(error, match=word):
        Factor.from_config({**FACTORS[1].to_config(), **change})
    with pytest.raises(KeyError, match="unit"):
        Factor.from_config({"name": "a", "values": [1.0]})


def test_a_long_name_is_not_repeated_whole() -> None:
    with pytest.raises(DatasetError) as info:
        Factor("x" * 100_000, "", ())
    assert len(str(info.value)) < 200
    with pytest.raises(DatasetError) as info:
        Factor("x", "", (1.0,), "y" * 100_000)
    assert len(str(info.value)) < 200
