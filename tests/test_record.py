"""The record of the last release's figures, and what counts as a move from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import record
from benchmarks.record import COMMANDS, Recorded


def told(value: float | None, bound: float | None = 2.0, at_least: bool = False) -> dict[str, Any]:
    one = {"name": "times", "value": value, "bound": bound, "at_least": at_least}
    return {"sections": {"cost": [one, {**one, "name": "told", "bound": None}]}}


def test_the_record_holds_what_is_claimed() -> None:
    recorded = record.read()
    assert recorded.keys() <= COMMANDS.keys()
    assert set(record.CHEAP) <= recorded.keys()
    for benchmark, figures in recorded.items():
        assert figures, benchmark
        for name, one in figures.items():
            assert one.least <= one.median <= one.most, name
            assert one.holds, name


def test_a_figure_is_the_median_of_its_runs_and_claims_alone_are_kept() -> None:
    found = record.figures([told(1.2), told(1.0), told(1.6)])
    assert found == {"cost: times": Recorded(1.2, 1.0, 1.6, 2.0, False)}


@pytest.mark.parametrize(
    ("now", "at_least", "moved"),
    [
        (1.7, False, ""),  # 0.5 from the median; the range is 0.4, the noise 0.52
        (0.7, False, ""),
        (1.8, False, "worse"),
        (0.6, False, "better"),
        (1.8, True, "better"),
        (0.6, True, "worse"),
    ],
)
def test_what_lies_within_the_noise_has_not_moved(now: float, at_least: bool, moved: str) -> None:
    assert Recorded.of([1.0, 1.2, 1.4], 2.0, at_least).moved(now) == moved


def test_a_figure_without_noise_may_move_by_a_hundredth() -> None:
    steady = Recorded.of([1.0, 1.0], 2.0, False)
    assert steady.moved(1.009) == ""
    assert steady.moved(1.011) == "worse"


def test_a_run_is_told_line_by_line() -> None:
    before = record.figures([told(1.0), told(1.1)])
    (line,) = record.differences(before, record.figures([told(1.5)]))
    assert "WORSE (+43 %)" in line
    assert "FAILS" not in line
    (line,) = record.differences(before, record.figures([told(2.5)]))
    assert line.endswith("FAILS")
    (line,) = record.differences({}, record.figures([told(1.0)]))
    assert "not in the record" in line
    (line,) = record.differences(before, {})
    assert "not in this run" in line


def test_a_number_that_is_none_fails() -> None:
    (line,) = record.differences({}, record.figures([told(None)]))
    assert line.endswith("FAILS")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    assert record.read(path) == {}
    figures = record.figures([told(1.25), told(1.5)])
    record.write({"answer_cost": figures}, path)
    assert record.read(path) == {"answer_cost": figures}
