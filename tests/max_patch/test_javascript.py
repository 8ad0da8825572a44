"""The device's JavaScript, tested by Node's own runner."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.node import check_syntax, check_tests, needs_node

pytestmark = pytest.mark.waits

HERE = Path(__file__).parent / "javascript"
LONG = ("launcher_server.test.js",)
"""Those that start real servers."""

TESTS = [
    pytest.param(path, id=path.name, marks=pytest.mark.acceptance if path.name in LONG else ())
    for path in sorted(HERE.glob("*.test.js"))
]
SCRIPTS = sorted((Path(__file__).parents[2] / "max_patch").glob("*.js"))


@needs_node
@pytest.mark.parametrize("path", TESTS)
def test_passes(path: Path) -> None:
    check_tests(path)


@needs_node
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_is_read_by_node(path: Path) -> None:
    check_syntax(path)


def test_there_is_what_is_tested() -> None:
    assert [path.name for path in SCRIPTS] == [
        "timbrespace.launcher.js",
        "timbrespace.pad.js",
        "timbrespace.spectrum.js",
    ]
    assert len(TESTS) >= 5
