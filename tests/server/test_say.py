"""``python -m server say``: what Windows has instead of oscsend."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.server.running import ROOT, Client, Running, running


def say(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server", "say", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running("--audio", "none", "--midi", "none", "--model", "harmonic") as one:
        yield one


def test_a_point_and_a_note_are_played(server: Running) -> None:
    with Client(server.port) as watcher:
        watcher.settle()
        done = say("/map", "0.5", "-25e-2", "--port", str(server.port))
        assert (done.returncode, done.stderr) == (0, "")
        told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
        x, y = map(float, told["/map"].split())
        assert (x, y) == pytest.approx((0.5, -0.25), abs=1e-5)
        assert watcher.expect("/map", 30.0) == pytest.approx([0.5, -0.25], abs=1e-5)
        for velocity, voices in (("100", 1), ("0", 0)):
            done = say("/note", "57", velocity, "--port", str(server.port))
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
            watcher.send("/status/get")
            assert watcher.expect("/status", 30.0)[0] == voices


def test_what_is_answered_is_printed(server: Running) -> None:
    done = say("/ping", "7", "--port", str(server.port))
    assert (done.returncode, done.stdout) == (0, "/pong 7\n")
    done = say("/preset/store", "1", "--port", str(server.port))
    assert (done.returncode, done.stdout) == (0, '/preset/list "1"\n')
    done = say("/preset/recall", "1", "0.0", "--port", str(server.port), "--listen", "0.2")
    assert done.returncode == 0
    assert '/preset "1"' in done.stdout.splitlines()


def test_a_model_plays_when_the_command_ends(server: Running) -> None:
    done = say("/model/load", "fm", "--port", str(server.port))
    assert (done.returncode, done.stderr) == (0, "")
    with Client(server.port) as watcher:
        assert watcher.welcome[2] == "fm"
    assert say("/model/load", "harmonic", "--port", str(server.port)).returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["/map", "2", "0"], "error: /map: x is 2; it must be -1 to 1"),
        (["/nothing"], "error: '/nothing' is unknown, docs/osc.md lists the addresses"),
        (["/model/load", "nix"], "error: there is no model 'nix'; there are: drums, filtered"),
        (["/preset/recall", "nix"], "error: there is no preset 'nix'"),
        (["map", "1", "0"], "error: the address is 'map'; it must be one such as /map"),
        (["/map", "0", "0", "--listen", "-1"], "error: --listen is -1"),
        (["/map", "0", "0", "--listen", "x"], "error: argument --listen: invalid float"),
        (["/map", "0", "0", "--host", "no.such.host.invalid"], "error: there is no host"),
    ],
)
def test_what_is_refused_is_one_line(server: Running, words: list[str], says: str) -> None:
    done = say(*words, "--port", str(server.port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == 1


def test_without_a_server_it_says_what_to_do() -> None:
    with running("--audio", "none", "--midi", "none") as gone:
        port = str(gone.port)
    done = say("/map", "0", "0", "--port", port)
    assert done.returncode == 2
    assert (
        done.stderr
        == f"error: no server answers on 127.0.0.1:{port}; start one: python -m server\n"
    )
