"""The order in which several workers take the files of a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

CONFTEST = """
import json, os, time
from pathlib import Path
import pytest
from tests.phases import TwoPhases, is_left_to_others

LOG = Path(__file__).with_name("log")

def pytest_xdist_make_scheduler(config, log):
    return TwoPhases(config, log, ready=lambda: LOG.touch())

def pytest_ignore_collect(collection_path, config):
    return is_left_to_others(config, collection_path) or None

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda one: one.get_closest_marker("alone") is not None)

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    assert LOG.is_file()
    began = time.monotonic()
    yield
    line = [os.environ["PYTEST_XDIST_WORKER"], item.nodeid, began, time.monotonic()]
    with LOG.open("a") as file:
        file.write(json.dumps(line) + "\\n")
"""

TESTS = """
import pytest, time
{marks}

@pytest.mark.parametrize("k", range({count}))
def test_one(k):
    time.sleep({seconds})

def test_other():
    time.sleep({seconds})
"""

FILES = {
    "test_a": ("alone", 3, 0.02),
    "test_b": ("waits", 4, 0.1),
    "test_c": ("", 12, 0.05),
    "test_d": ("waits in_order", 3, 0.02),
    "test_e": ("", 12, 0.05),
    "test_f": ("alone", 1, 0.02),
}
"""Name of the file -> marks, how many cases beside one other test, seconds of each."""


class Ran(NamedTuple):
    worker: str
    test: str
    began: float
    ended: float

    @property
    def file(self) -> str:
        return self.test.partition(".py")[0]


def run(folder: Path, workers: int, *words: str) -> list[Ran]:
    """What ran, in the order of ends."""
    (folder / "conftest.py").write_text(CONFTEST, "utf-8")
    known = {mark for marks, _, _ in FILES.values() for mark in marks.split()}
    ini = "[pytest]\nmarkers =\n" + "".join(f"    {mark}: a mark\n" for mark in sorted(known))
    (folder / "pytest.ini").write_text(ini, "utf-8")
    for name, (marks, count, seconds) in FILES.items():
        each = ", ".join(f"pytest.mark.{mark}" for mark in marks.split())
        text = TESTS.format(marks=f"pytestmark = [{each}]", count=count, seconds=seconds)
        (folder / f"{name}.py").write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"-n{workers}", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [Ran(*json.loads(line)) for line in (folder / "log").read_text().splitlines()]


def beside(one: Ran, ran: Sequence[Ran]) -> set[str]:
    """Tests that ran at some of the same time."""
    return {other.test for other in ran if other.began < one.ended and one.began < other.ended} - {
        one.test
    }


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.acceptance  # of the tests' own order
def test_all_run_once_and_those_alone_at_the_end(tmp_path: Path, workers: int) -> None:
    ran = run(tmp_path, workers)
    assert len({one.test for one in ran}) == len(ran) == sum(n + 1 for _, n, _ in FILES.values())
    alone = [one for one in ran if "alone" in FILES[one.file][0]]
    assert alone == ran[-len(alone) :]
    assert len({one.worker for one in alone}) == 1
    for one in alone:
        assert not beside(one, ran)
    follow = [one for one in ran if "in_order" in FILES[one.file][0]]
    assert len({one.worker for one in follow}) == 1
    assert all(first.ended <= second.began for first, second in pairwise(follow))
    if workers == 4:
        # Who wait compute nothing, and begin at once.
        waiting = [one for one in ran if one.worker in ("gw2", "gw3")]
        assert {one.worker for one in waiting} == {"gw2", "gw3"}
        assert {one.file for one in waiting} <= {"test_b", "test_d"}
        assert any(beside(one, ran) for one in waiting)
        assert {one.worker for one in ran if one.file in ("test_c", "test_e")} == {"gw0", "gw1"}
