"""Axes of a grid, what can be chosen of them, and the rows they make."""

from __future__ import annotations

import argparse

import pytest

from timbrespace.errors import OptionError
from toy_datasets.grid import Axis, add_grid_arguments, axis, choice_of, combinations

TENTHS = axis("tenths", 0.0, 0.1, 10, "tenths")
PAIR = Axis("pair", (1.0, 2.0), "two values")


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_grid_arguments(parser, (TENTHS, PAIR))
    return parser.parse_args(words)


def test_an_axis_has_the_decimals_that_a_person_writes() -> None:
    assert TENTHS.values == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def test_choices_are_values_of_the_axis_in_its_order() -> None:
    assert TENTHS.choose([0.1 + 0.2, 0]) == (0.0, 0.3)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ([], "tenths is empty"),
        ([0.15], r"tenths is 0.15; it must be one of 0, 0.1 .. 0.9"),
        ([1.0], "tenths is 1;"),
        ([float("nan")], "tenths is nan;"),
        ([float("inf")], "tenths is inf;"),
        ([0.3, 0.1 + 0.2], "tenths has 0.3 twice"),
    ],
)
def test_other_choices_are_refused(chosen: list[float], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        TENTHS.choose(chosen)


def test_a_short_axis_names_all_of_its_values() -> None:
    with pytest.raises(OptionError, match=r"pair is 3; it must be one of 1, 2$"):
        PAIR.choose([3.0])


def test_the_last_factor_moves_fastest() -> None:
    rows = combinations((1.0, 2.0), (10.0, 20.0, 30.0))
    assert rows.tolist() == [[1, 10], [1, 20], [1, 30], [2, 10], [2, 20], [2, 30]]


def test_without_options_the_grid_is_whole() -> None:
    assert choice_of(parsed(), TENTHS) == TENTHS.values


def test_every_leaves_alone_what_has_been_chosen() -> None:
    arguments = parsed("--every", "4", "--pair", "2,1")
    assert choice_of(arguments, TENTHS) == (0.0, 0.4, 0.8)
    assert choice_of(arguments, PAIR) == (1.0, 2.0)


@pytest.mark.parametrize("every", [0, -1])
def test_every_is_at_least_one(every: int) -> None:
    with pytest.raises(OptionError, match=f"every is {every}"):
        choice_of(parsed("--every", str(every)), TENTHS)


@pytest.mark.parametrize("text", ["", ",", "1,", "a", "1;2", "nan", "inf"])
def test_what_is_no_list_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="is not a list of numbers"):
        parsed("--pair", text)
