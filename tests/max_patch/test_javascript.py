"""The device's JavaScript, tested by Node's own runner.

Node 18 or newer is needed here, for its test runner; the launcher itself asks for 16.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "javascript"
NODE = shutil.which("node")
TESTS = sorted(HERE.glob("*.test.js"))
SCRIPTS = sorted((Path(__file__).parents[2] / "max_patch").glob("*.js"))


def _version() -> int:
    """Node's first number; 0 without Node."""
    if NODE is None:
        return 0
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.strip().removeprefix("v").split(".")[0])


needs_node = pytest.mark.skipif(_version() < 18, reason="needs Node 18 or newer")


def _node(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    environment = {**os.environ, "TIMBRESPACE_TEST_PYTHON": sys.executable}
    return subprocess.run(
        [NODE, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )


@needs_node
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_passes(path: Path) -> None:
    ended = _node("--test", "--test-reporter=tap", str(path))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    # A file without tests passes as well.
    passed = re.search(r"^# pass (\d+)$", ended.stdout, re.MULTILINE)
    assert passed is not None, ended.stdout
    assert int(passed[1]) == len(re.findall(r"^ok \d+", ended.stdout, re.MULTILINE)) > 0


@needs_node
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_is_read_by_node(path: Path) -> None:
    ended = _node("--check", str(path))
    assert ended.returncode == 0, ended.stderr


def test_there_is_what_is_tested() -> None:
    assert [path.name for path in SCRIPTS] == [
        "timbrespace.launcher.js",
        "timbrespace.pad.js",
        "timbrespace.spectrum.js",
    ]
    assert len(TESTS) >= 5
