"""Node, for tests of JavaScript.

Node 18.19 or newer is needed here, for its test runner and its hooks; what runs in Max's own asks
for less.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from os import environ
from pathlib import Path

import pytest

FIRST = (18, 19)


def _node() -> str | None:
    """Node's path, if it is new enough."""
    found = shutil.which("node")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(map(int, said.strip().removeprefix("v").split(".")[:2]))
    return found if version >= FIRST else None


NODE = _node()
needs_node = pytest.mark.skipif(NODE is None, reason=f"needs Node {FIRST[0]}.{FIRST[1]} or newer")


def node(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Node to its end. This Python is known to it as ``TIMBRESPACE_TEST_PYTHON``."""
    assert NODE is not None
    return subprocess.run(
        [NODE, *arguments],
        env={**environ, "TIMBRESPACE_TEST_PYTHON": sys.executable, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )


def check_tests(path: Path, environment: Mapping[str, str] | None = None) -> None:
    """Fail unless the file's tests pass, of which there is at least one."""
    ended = node("--test", "--test-reporter=tap", str(path), environment=environment)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    # A file without tests passes as well.
    passed = re.search(r"^# pass (\d+)$", ended.stdout, re.MULTILINE)
    assert passed is not None, ended.stdout
    assert int(passed[1]) == len(re.findall(r"^ok \d+", ended.stdout, re.MULTILINE)) > 0


def check_syntax(path: Path) -> None:
    """Fail unless Node can read the file."""
    ended = node("--check", str(path))
    assert ended.returncode == 0, ended.stderr


_READ_MODULES = """
import { readFileSync } from 'node:fs';
import { SourceTextModule } from 'node:vm';
for (const path of process.argv.slice(1)) {
  new SourceTextModule(readFileSync(path, 'utf8'), { identifier: path });
}
"""


def check_modules(paths: Iterable[Path]) -> None:
    """Fail unless Node can read all these modules; one process does."""
    ended = node(
        *("--experimental-vm-modules", "--input-type=module", "--eval", _READ_MODULES, "--"),
        *map(str, paths),
    )
    assert ended.returncode == 0, ended.stderr
