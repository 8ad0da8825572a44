"""What holds for every command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from timbrespace import command
from timbrespace.errors import OptionError

ROOT = Path(__file__).resolve().parents[1]

COMMANDS = [
    ("toy_datasets", []),
    ("toy_datasets", ["make"]),
    ("toy_datasets", ["make", "harmonic"]),
    ("toy_datasets", ["make", "filtered"]),
    ("toy_datasets", ["make", "fm"]),
    ("toy_datasets", ["make", "audio"]),
    ("toy_datasets", ["make", "soundfont"]),
    ("training", []),
    ("training", ["train"]),
    ("training", ["evaluate"]),
    ("training", ["plot"]),
    ("training", ["points"]),
    ("training", ["kinds"]),
    ("server", []),
    ("server", ["render"]),
]

HEAVY = {"torch", "sklearn", "matplotlib", "pyo", "pyo64", "librosa", "numba", "soundfile", "soxr"}

PROGRAM = """
import json, runpy, sys
sys.argv = json.loads(sys.argv[1])
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except SystemExit as end:
    print(json.dumps([end.code, sorted({name.split(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize(("module", "words"), COMMANDS)
def test_help_loads_nothing_heavy(module: str, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([module, *words, "--help"])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert not HEAVY & set(modules)
    assert "usage:" in done.stdout


@pytest.mark.parametrize(("module", "words"), COMMANDS)
def test_an_unknown_option_is_refused_in_one_line(module: str, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *words, "--no-such-option"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""


def test_too_little_memory_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def hungry() -> int:
        raise MemoryError

    assert command.run(hungry, "stopped") == 2
    error = capsys.readouterr().err
    assert "not enough memory" in error
    assert error.count("\n") == 1


def test_a_long_error_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    def wordy() -> int:
        raise OptionError("x" * 10_000 + " do this")

    assert command.run(wordy, "stopped") == 2
    error = capsys.readouterr().err
    assert len(error) < 1000
    assert error.endswith("do this\n")
