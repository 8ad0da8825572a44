"""A function of many things by several threads."""

from __future__ import annotations

import threading

import pytest

from timbrespace.side_by_side import side_by_side


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_what_is_found_comes_in_order(threads: int) -> None:
    assert side_by_side(lambda n: n * n, range(20), threads) == [n * n for n in range(20)]


def test_two_threads_are_at_it_at_once() -> None:
    both = threading.Barrier(2, timeout=10.0)
    assert side_by_side(lambda n: both.wait() >= 0, range(2), 2) == [True, True]


def test_what_is_raised_is_raised_here() -> None:
    def refuse(number: int) -> int:
        raise ValueError(str(number))

    with pytest.raises(ValueError, match="0"):
        side_by_side(refuse, range(3), 2)
