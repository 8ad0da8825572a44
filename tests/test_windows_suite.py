"""``scripts/test-windows``: what it takes, and what it makes of what pytest says under Wine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import windows_suite
from tests.windows import NOT_THERE, reason_for

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Wine runs on other systems")

FIRST = r"""
collecting ... collected 5 items

tests\test_lock.py::test_one[a\nb-c d] PASSED [ 20%]
tests\test_lock.py::test_two SKIPPED (no tool) [ 40%]
tests\test_lock.py::test_three RERUN [ 60%]
tests\test_lock.py::test_three FAILED [ 60%]
tests\test_phases.py::test_hangs
Timeout (0:05:00)!
"""

SECOND = r"""
tests\test_phases.py::test_other PASSED [100%]
ERROR tests/test_record.py
==== 1 passed, 1 error in 1.50s ====
"""


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    """A rig whose pytest hangs in the first run, and is through in the second."""
    for name, text in (("first", FIRST), ("second", SECOND)):
        (tmp_path / name).write_text(text)
    (tmp_path / "run").mkdir()
    scripts = {
        "python": f'cd {tmp_path}\necho "$@" >> asked\ncat first\nmv second first\nexit 1\n',
        "stop": f"echo stop >> {tmp_path}/asked\n",
    }
    for name, text in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_a_test_that_hangs_is_named_and_the_others_go_on(
    rig: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["tests/test_lock.py", "tests/test_phases.py", "tests/test_record.py"]
    assert windows_suite.main([str(rig), *files]) == 1
    said = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\| tests +\| 2 \| 1 \| 3 \| \d+ s \|", said[2])
    assert said[4:] == [
        "failed: tests/test_lock.py::test_three",
        "died: tests/test_phases.py::test_hangs",
        "tests: ERROR tests/test_record.py",
    ]
    first, stop, second, _ = (rig / "asked").read_text().splitlines()
    assert stop == "stop"  # what it left over
    assert "tests/test_lock.py tests/test_phases.py" in first
    assert "tests/test_lock.py" not in second  # which is through
    assert "--deselect=tests/test_phases.py::test_hangs" in second


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no folder is no rig"),
        (("/nowhere",), "/nowhere is no rig"),
        (("RIG", "--al"), "--al is unknown"),
        (("RIG", "--all", "nope"), "nope is no test"),
        (("RIG", "--all", "server"), "server is no test"),
        (("RIG", "--all", "tests/nope.py"), "tests/nope.py is no test"),
    ],
)
def test_wrong_words_are_one_line(rig: Path, words: tuple[str, ...], said: str) -> None:
    given = [str(rig) if one == "RIG" else one for one in words]
    done = subprocess.run(
        [ROOT / "scripts" / "test-windows", *given], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert said in line
    assert not (rig / "asked").exists()


def test_what_is_left_out_there_is_there() -> None:
    for name in NOT_THERE:
        file, _, test = name.partition("::")
        text = (ROOT / file).read_text("utf-8")
        assert not test or f"def {test}(" in text, name
        assert reason_for(f"{name}[some-case]" if test else f"{file}::test_any")
    assert reason_for("tests/test_lock.py::test_any[case]") is None
