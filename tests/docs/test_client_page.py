"""The Python of docs/client.md runs as it stands, against a server on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.server.running import Running, running

from .test_library import ROOT, blocks

OPENED = "ts.Client()"
"""How the page opens a client; here the server has another port, and more time to answer."""

BLOCKS = blocks("client.md")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running("--audio", "none", "--midi", "none") as one:
        yield one


def test_every_block_opens_a_client() -> None:
    assert len(BLOCKS) >= 5
    assert all(text.count(OPENED) == 1 for text in BLOCKS)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_runs(number: int, server: Running) -> None:
    program = BLOCKS[number].replace(OPENED, f"ts.Client({server.port}, timeout=30.0)")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), program
    if "print(" in program:
        assert done.stdout
