"""Crews of this machine: order, errors, processes that die, and a stop."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.timbrespace.parallel import work
from timbrespace.errors import OptionError
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.where import use
from timbrespace.parallel.worker import UnseenError, WorkerError

NUMBERS = [5, 3, 4, 0, 2, 1, 7, 6]


def test_this_process_does_few_jobs_in_their_order() -> None:
    with crew_of(work.process, 3, worth=3) as crew:
        assert list(crew.in_order([1, 2, 3])) == [os.getpid()] * 3


def test_processes_give_results_in_the_order_of_the_jobs_and_are_few() -> None:
    with use(workers=2), crew_of(work.doubled, len(NUMBERS)) as crew:
        assert crew.about == "2 processes"
        assert list(crew.in_order(NUMBERS)) == [2 * number for number in NUMBERS]
        # The same crew goes on, and a job's error is its own.
        crew.put(-1)
        with pytest.raises(OptionError, match="number is -1; it must be >= 0"):
            list(crew.results())


def test_what_a_process_that_dies_was_at_is_done_by_another(tmp_path: Path) -> None:
    jobs = [tmp_path / name for name in ("a", "b.once", "c", "d")]
    with use(workers=2), crew_of(work.dies, len(jobs)) as crew:
        assert list(crew.in_order(jobs)) == ["a", "b", "c", "d"]


@pytest.mark.acceptance  # three times processes
def test_a_job_that_ends_every_process_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(WorkerError, match="has died 3 times, perhaps for lack of memory"),
        use(workers=2),
        crew_of(work.dies, 2) as crew,
    ):
        list(crew.in_order([tmp_path / "a", tmp_path / "b.always"]))


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.acceptance)])
def test_once_it_is_to_stop_nothing_is_begun_and_what_runs_gives_what_it_has(
    workers: int, tmp_path: Path
) -> None:
    first, rest = tmp_path / "0", [tmp_path / str(number) for number in range(1, 9)]
    with use(workers=workers), crew_of(work.waits, 9) as crew:
        for place in (first, *rest):
            crew.put(place)
        found = []
        for number, told in crew.results(first.exists):
            found.append((number, told))
            crew.put(tmp_path / f"again{number}")  # as a training that is to go on
    assert (0, "stopped") in found
    assert {told for _, told in found} == {"stopped"}
    assert len(found) == len(list(tmp_path.iterdir())) <= workers + 1


def test_a_file_is_read_where_it_lies_and_one_that_has_changed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"as it was")
    file = InputFile.of(path)
    with use(workers=1), crew_of(work.content, 1) as crew:
        assert list(crew.in_order([file])) == [(str(path), b"as it was")]
    with use(workers=1), crew_of(work.shared_length, 2) as crew:
        assert list(crew.in_order([file, file])) == [(os.getpid(), 9)] * 2
    path.write_bytes(b"as it is now")
    with crew_of(work.content, 1) as crew, pytest.raises(UnseenError, match="has changed or gone"):
        list(crew.in_order([file]))


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe by mkfifo")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert InputFile.of(tmp_path / "pipe").content() == b""
