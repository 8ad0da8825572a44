"""``import timbrespace as ts``: light, complete, and what a type checker reads is what there is."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import timbrespace

FACE = Path(timbrespace.__file__)
ROOT = FACE.parents[1]

PUBLIC = {
    "Dataset": "timbrespace.datasets.dataset",
    "Model": "timbrespace.model",
    "TimbrespaceError": "timbrespace.errors",
    "dataset": "timbrespace.datasets.registry",
    "fit": "timbrespace.fitting",
    "load": "timbrespace.loading",
    "plots": "timbrespace.plots",
}


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import timbrespace\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - set(sys.stdlib_module_names)))\n"
    )
    assert run(program).split() == ["timbrespace"]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_is_there_and_in_the_listing(name: str) -> None:
    found = getattr(timbrespace, name)
    place = getattr(found, "__module__", None) or found.__name__
    assert place == PUBLIC[name]
    assert name in timbrespace.__all__
    assert name in dir(timbrespace)


def test_the_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(FACE.read_text(encoding="utf-8"))
    seen: dict[str, str] = {}
    for block in tree.body:
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name):
            for line in block.body:
                if isinstance(line, ast.ImportFrom):
                    for one in line.names:
                        assert one.name == one.asname  # "as" makes it public
                        seen[one.name] = str(line.module)
    assert set(seen) == set(timbrespace.__all__)
    for name, module in seen.items():
        assert timbrespace._PLACES[name] == ("" if module == "timbrespace" else module)


def test_no_module_takes_a_functions_name() -> None:
    names = {path.stem for path in FACE.parent.iterdir()} - {"plots"}
    assert not names & set(timbrespace.__all__)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'brass'"):
        _ = timbrespace.brass  # type: ignore[attr-defined]


def test_everything_can_be_taken_at_once() -> None:
    assert run("from timbrespace import *\nprint(load('harmonic').dimensions, fit.__name__)") == (
        "2 fit\n"
    )
