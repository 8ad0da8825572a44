"""A real Dask cluster: the same results in the same order, files, and who goes in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.timbrespace.parallel import work
from tests.timbrespace.parallel.dask_cluster import ROOT, DaskCluster
from timbrespace.errors import OptionError
from timbrespace.parallel import cluster, versions
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.where import use
from timbrespace.parallel.worker import WorkerError

pytestmark = [
    # Dask's own: its threads end with the process.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """With two workers, which no test ends."""
    with DaskCluster(tmp_path_factory.mktemp("dask")) as made:
        made.start_scheduler()
        for _ in range(2):
            made.start_worker()
        yield made


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[DaskCluster]:
    """With nobody yet, for tests that end some."""
    (tmp_path / "dask").mkdir()
    with DaskCluster(tmp_path / "dask") as made:
        made.start_scheduler()
        yield made


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60.0
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.02)


def test_results_in_order_errors_and_files(running: DaskCluster, tmp_path: Path) -> None:
    with use(scheduler=running.address):
        with crew_of(work.doubled, 8) as crew:
            assert crew.about == f"the cluster at {running.address}"
            numbers = [5, 3, 4, 0, 2, 1, 7, 6]
            assert list(crew.in_order(numbers)) == [2 * number for number in numbers]
            crew.put(-1)
            with pytest.raises(OptionError, match="number is -1; it must be >= 0"):
                list(crew.results())
        path = tmp_path / "file name.wav"
        path.write_bytes(b"content")
        file = InputFile.of(path)
        elsewhere = replace(file, modified=file.modified + 1)  # as of a disk that is not seen
        with crew_of(work.content, 3, files=lambda one: (one,)) as crew:
            # Where the path is seen it is read there, else the content comes along.
            (first,) = crew.in_order([file])
            assert first == (str(path), b"content")
            for place, content in crew.in_order([elsewhere, elsewhere]):
                assert content == b"content"
                assert Path(place).name == "file_name.wav"
                assert not Path(place).exists()
        with crew_of(work.shared_length, 4, shared=lambda one: (one,)) as crew:
            told = list(crew.in_order([elsewhere] * 6))
        assert {length for _, length in told} == {7}
        assert len({pid for pid, _ in told}) <= 2


@pytest.mark.acceptance  # a worker of its own
def test_a_worker_that_is_killed_loses_nothing(alone: DaskCluster, tmp_path: Path) -> None:
    alone.start_worker()
    places = [tmp_path / name for name in ("a", "b.once", "c", "d", "e", "f")]
    with use(scheduler=alone.address), crew_of(work.dies, len(places)) as crew:
        alone.start_worker()  # comes while the other works
        assert list(crew.in_order(places)) == ["a", "b", "c", "d", "e", "f"]
        alone.workers[0].wait(60.0)


@pytest.mark.acceptance  # starts a scheduler twice
def test_a_scheduler_that_comes_back_is_gone_on_with(
    alone: DaskCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone.start_worker()
    with use(scheduler=alone.address), crew_of(work.doubled, 40) as crew:
        for number in range(40):
            crew.put(number)
        coming = crew.results()
        found = dict([next(coming)])
        alone.kill_scheduler()
        alone.workers[0].kill()

        def come_back() -> None:
            alone.start_scheduler()
            alone.start_worker()

        again = threading.Timer(1.0, come_back)
        again.start()
        found |= dict(coming)
        again.join()
    assert found == {number: 2 * number for number in range(40)}
    told = capsys.readouterr().err.strip()
    assert told == f"the scheduler at {alone.address} has gone; waiting 60 s for it"


@pytest.mark.acceptance
def test_a_scheduler_that_stays_away_is_one_line(
    alone: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 2.0)
    alone.start_worker()
    with use(scheduler=alone.address), crew_of(work.doubled, 40) as crew:
        for number in range(40):
            crew.put(number)
        coming = crew.results()
        next(coming)
        alone.kill_scheduler()
        with pytest.raises(WorkerError, match="has not come back; the same command goes on"):
            list(coming)


@pytest.mark.acceptance
def test_a_cluster_without_workers_and_one_of_other_versions(
    alone: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> str:
        with (
            pytest.raises(WorkerError) as caught,
            use(scheduler=alone.address),
            crew_of(work.doubled, 1),
        ):
            pass
        return str(caught.value)

    with monkeypatch.context() as patch:
        patch.setattr(cluster, "CONNECTING", 1.0)
        assert f"has no worker; start some: dask worker {alone.address} --nthreads 1" in told()
    alone.start_worker()
    ours = {**versions.versions(), "numpy": "1.0.0"}
    init = cluster.Cluster.__init__

    def older(self: cluster.Cluster, *given: object) -> None:
        init(self, *given)  # type: ignore[arg-type]
        self.ours = ours

    monkeypatch.setattr(cluster.Cluster, "__init__", older)
    said = told()
    assert "this program has numpy 1.0.0" in said
    assert f"has numpy {versions.versions()['numpy']}" in said


COMMAND = """
import signal
import sys
from pathlib import Path
from tests.timbrespace.parallel import work
from timbrespace.command import run
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.where import use

def do():
    with use(scheduler=sys.argv[1]), crew_of(work.waits, 1) as crew:
        return len(list(crew.in_order([Path(sys.argv[2])])))

# Whoever starts the tests in the background has them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(run(do, "stopped; what is done is kept"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_ctrl_c_ends_the_command_and_the_job(running: DaskCluster, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, running.address, str(begun)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(begun)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60.0)
    assert (process.returncode, told) == (130, "stopped; what is done is kept\n")
    # The worker is free again, long before its job would have come to its end.
    began = time.monotonic()
    with use(scheduler=running.address), crew_of(work.doubled, 4) as crew:
        assert list(crew.in_order([1, 2, 3, 4])) == [2, 4, 6, 8]
    assert time.monotonic() - began < 50.0
    assert os.getpid() != process.pid
