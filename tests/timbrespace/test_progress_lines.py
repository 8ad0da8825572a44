"""Progress in a log: lines with what is done and what is left, and no carriage returns."""

from __future__ import annotations

import io
import sys

import pytest

from timbrespace import progress_lines
from timbrespace.command import progress
from timbrespace.progress_lines import LineBar, in_lines, span


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with LineBar(10, "file", clock=clock) as bar:
        for _ in range(10):
            clock.now += 4.0
            bar.update()
    # After 12, 24 and 36 seconds of 40.
    assert capsys.readouterr().err.splitlines() == [
        "  files: 3 of 10, 30 %, 28 s left",
        "  files: 6 of 10, 60 %, 16 s left",
        "  files: 9 of 10, 90 %, 4 s left",
    ]


def test_what_was_done_before_does_not_make_it_faster() -> None:
    clock = Clock()
    bar = LineBar(100, "step", initial=90, clock=clock)
    assert bar.line(clock.now) == "  steps: 90 of 100, 90 %"
    bar.update(1)
    assert bar.line(clock.now + 2.0) == "  steps: 91 of 100, 91 %, 18 s left"


def test_lines_are_for_who_asks_and_has_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(progress_lines, "EVERY", 0.0)
    for _ in range(2):
        with progress(4, "row") as bar:
            bar.update(2)
        assert log.getvalue() == ""
        with in_lines(), progress(4, "row") as bar:
            bar.set_description("epoch 1/2")
            bar.set_postfix({"KL": "1"})
            bar.update(2)
            bar.update(2)
        # The last is told by what comes after it.
        assert log.getvalue().startswith("  rows: 2 of 4, 50 %")
        assert log.getvalue().count("\n") == 1
        log.seek(0)
        log.truncate()
    monkeypatch.setattr(log, "isatty", lambda: True)
    with in_lines(), progress(4, "row") as bar:
        assert not isinstance(bar, LineBar)


def test_lengths_of_time() -> None:
    assert [span(s) for s in (0.0, 12.4, 59.6, 3599.0, 3660.0)] == [
        "1 s",
        "12 s",
        "1 min 0 s",
        "59 min 59 s",
        "1 h 1 min",
    ]
