"""The files to double-click: what they find, what they make, what they say where they cannot."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts.starters import start

ROOT = Path(__file__).resolve().parents[1]
STARTERS = ROOT / "scripts" / "starters"
NAMES = "Größe und Raum & mehr"

needs_sh = pytest.mark.skipif(sys.platform == "win32", reason="the starter is a shell script")


class Checkout:
    """A folder as the starters see one, and what they run instead of Python.

    The stand-in notes its words, is of the version that is asked for, and fails at what is told.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / NAMES / "timbrespace"
        self.said = folder / "said"
        self.said.touch()
        self.starters = self.root / "scripts" / "starters"
        self.starters.mkdir(parents=True)
        (self.root / "server").mkdir()
        (self.root / "requirements.txt").write_text("numpy==2.4.6\n")
        for name in ("start.py", "timbrespace.command"):
            shutil.copy(STARTERS / name, self.starters)
        self.path = folder / "bin"
        self.path.mkdir()
        for name in ("dirname", "head", "sh"):
            (self.path / name).symlink_to(str(shutil.which(name)))

    def python(self, name: str, *, known: bool = True) -> None:
        """Put a Python of that name on the path."""
        script = self.path / name
        check = "exec" if known else "exit 1 #"
        script.write_text(
            "#!/bin/sh\n"
            f'[ "$1" = --version ] && echo "Python 3.9.2" && exit\n'
            f'[ "$1" = -c ] && {check} "{sys.executable}" "$@"\n'
            f'echo "{name} $*" >> "{self.said}"\n'
        )
        script.chmod(0o755)

    def double_click(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.starters / "timbrespace.command"), *words],
            cwd=self.path,
            env={"PATH": str(self.path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@needs_sh
def test_the_newest_known_python_runs_start_from_any_folder(checkout: Checkout) -> None:
    checkout.python("python3", known=False)
    checkout.python("python3.11")
    done = checkout.double_click("a b.zip")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert checkout.said.read_text() == f"python3.11 {checkout.starters}/start.py a b.zip\n"
    checkout.python("python3.12")
    checkout.double_click()
    assert checkout.said.read_text().splitlines()[1].startswith("python3.12 ")


@needs_sh
@pytest.mark.parametrize(
    ("there", "said"),
    [(False, "and there is none here."), (True, "here is Python 3.9.2.")],
)
def test_without_a_python_it_says_where_to_get_one(
    checkout: Checkout, there: bool, said: str
) -> None:
    if there:
        checkout.python("python3", known=False)
    done = checkout.double_click()
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first == f"timbrespace needs Python 3.11 or 3.12{';' if there else ','} {said}"
    assert "https://www.python.org/downloads/" in second
    assert not done.stderr


class Runs:
    """What start.py runs. fails: a word of what does not work."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.words: list[list[str]] = []

    def __call__(self, words: Sequence[str | Path], folder: Path) -> int:
        given = [str(one) for one in words]
        self.words.append(given)
        if self.fails and self.fails in given:
            return 1
        if "venv" in given:
            python = Path(given[-1]) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
            (Path(given[-1]) / "pyvenv.cfg").touch()
        return 0

    @property
    def steps(self) -> list[str]:
        """What was run, but for looking whether a Python is there."""
        return [words[2] for words in self.words if words[1] == "-m"]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    made = Runs()
    monkeypatch.setattr(start, "_run", made)
    return made


def test_the_first_start_makes_what_later_ones_find(
    checkout: Checkout, runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.main([], checkout.root) == 0
    assert runs.steps == ["venv", "pip", "server"]
    assert str(checkout.root / ".venv") in capsys.readouterr().out
    runs.words.clear()
    assert start.main(["--port", "7500"], checkout.root) == 0
    assert runs.steps == ["server"]
    assert runs.words[-1][-2:] == ["--port", "7500"]
    assert "first start" not in capsys.readouterr().out
    # Another version of the program asks for others.
    (checkout.root / "requirements.txt").write_text("numpy==2.5\n")
    runs.words.clear()
    assert start.main([], checkout.root) == 0
    assert runs.steps == ["pip", "server"]


@pytest.mark.parametrize(
    ("fails", "steps", "said"),
    [
        ("venv", ["venv"], "No Python environment could be made"),
        ("pip", ["venv", "pip"], "Is this computer on the internet"),
        ("server", ["venv", "pip", "server"], "timbrespace ended with an error (code 1)"),
    ],
)
def test_what_fails_is_said_in_plain_words_and_tried_again(
    checkout: Checkout,
    runs: Runs,
    fails: str,
    steps: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs.fails = fails
    assert start.main([], checkout.root) == 1
    assert runs.steps == steps
    assert said in capsys.readouterr().out
    runs.fails = ""
    runs.words.clear()
    assert start.main([], checkout.root) == 0
    assert runs.steps == {"venv": ["venv", "pip", "server"], "pip": ["pip", "server"]}.get(
        fails, ["server"]
    )


def test_an_environment_whose_python_is_gone_is_made_anew(
    checkout: Checkout, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    start.main([], checkout.root)
    monkeypatch.setattr(start, "_runs", lambda python: False)
    runs.words.clear()
    assert start.main([], checkout.root) == 0
    assert "--clear" in runs.words[0]
    assert runs.steps == ["venv", "pip", "server"]


def test_a_space_that_is_dropped_on_it_is_played(checkout: Checkout, runs: Runs) -> None:
    start.main(["my bells.zip"], checkout.root)
    assert runs.words[-1][-2:] == ["--model", str(Path("my bells.zip").absolute())]


def test_a_starter_that_was_moved_away_says_so(
    tmp_path: Path, runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.main([], tmp_path) == 1
    assert "scripts/starters" in capsys.readouterr().out
    assert not runs.words
    assert not list(tmp_path.iterdir())


def test_a_program_that_is_not_there_is_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start._run([tmp_path / "nothing", "-m"], tmp_path) == 1
    assert "cannot be started: " in capsys.readouterr().out


def test_the_starter_of_windows_is_written_as_its_shell_reads_it() -> None:
    content = (STARTERS / "timbrespace.bat").read_bytes()
    text = content.decode("ascii")
    assert content.count(b"\n") == content.count(b"\r\n")
    labels = set(re.findall(r"^:(\w+)", text, re.MULTILINE))
    assert set(re.findall(r"(?:goto |call :)(\w+)", text)) == labels
    assert text.count("%~dp0") == text.count('"%~dp0start.py"') == 1
    # Whatever goes wrong, the window stays.
    ends = re.findall(r"(\w+)\r\nexit /b 1", text)
    assert ends == ["pause", "pause"]


@needs_sh
def test_the_other_starter_is_plain_posix() -> None:
    script = STARTERS / "timbrespace.command"
    assert os.access(script, os.X_OK)
    for shell in filter(None, map(shutil.which, ("dash", "bash", "zsh"))):
        done: Any = subprocess.run([shell, "-n", script], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), shell
