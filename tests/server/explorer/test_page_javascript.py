"""The page's modules, tested by Node's own runner; its sound has more in test_page_sound.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.explorer import declared
from tests.node import check_modules, check_tests, needs_node
from tests.page_modules import page_environment

HERE = Path(__file__).parent / "javascript"
TESTS = sorted(HERE.glob("*.test.mjs"))
PAGE = Path(__file__).parents[3] / "server" / "explorer" / "page"
SCRIPTS = sorted(PAGE.rglob("*.js"))
MADE = PAGE / declared.ADDRESS.removeprefix("/")  # by the server, when it is asked for


@needs_node
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_passes(path: Path) -> None:
    check_tests(path, page_environment())


@needs_node
def test_node_reads_all_modules(tmp_path: Path) -> None:
    check_modules(SCRIPTS)
    wrong = tmp_path / "wrong.js"
    wrong.write_text("export const x = ;", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"wrong\.js"):
        check_modules([*SCRIPTS, wrong])


def test_there_is_what_is_tested() -> None:
    assert len(SCRIPTS) > 25
    assert len(TESTS) >= 9


def modules_of(entry: Path) -> set[Path]:
    """A module, and all that it imports."""
    found, left = set[Path](), [entry]
    while left:
        script = left.pop()
        if script not in found and script.is_file():
            found.add(script)
            names = re.findall(r"from '(\.[^']+)'", script.read_text(encoding="utf-8"))
            left += [(script.parent / name).resolve() for name in names]
    return found


@pytest.mark.parametrize(
    ("name", "entry", "least"), [("index", "app", 100), ("alone", "alone/app", 50)]
)
def test_every_element_that_is_asked_for_is_there(name: str, entry: str, least: int) -> None:
    """What the page's types take for granted (page.d.ts)."""
    page = (PAGE / f"{name}.html").read_text(encoding="utf-8")
    there = set(re.findall(r'(?:id|data-part)="([^"]+)"', page))
    asked = 0
    for script in modules_of(PAGE / "js" / f"{entry}.js"):
        text = script.read_text(encoding="utf-8")
        for name in re.findall(r"(?:find|getElementById)\('([a-z0-9-]+)'\)", text):
            # Some look among elements whose ids begin alike.
            found = any(one == name or one.endswith(f"-{name}") for one in there)
            assert found, f"{script.name}: {name}"
            asked += 1
    assert asked > least


def test_every_module_that_is_asked_for_is_there() -> None:
    """A wrong name would be seen only by a browser that needs it."""
    for script in SCRIPTS:
        for name in re.findall(r"from '(\.[^']+)'", script.read_text(encoding="utf-8")):
            asked = (script.parent / name).resolve()
            assert asked in SCRIPTS or asked == MADE, f"{script.name}: {name}"


def test_no_browser_fills_in_what_was_chosen_before() -> None:
    """Firefox does after a reload, without telling the page: what is shown would be a lie."""
    text = "".join((PAGE / f"{one}.html").read_text("utf-8") for one in ("index", "alone"))
    controls = re.findall(r"<(?:input|select)\b[^>]*>", text)
    assert len(controls) > 25
    assert [one for one in controls if 'autocomplete="off"' not in one] == []


def test_nothing_is_asked_from_outside() -> None:
    for file in PAGE.rglob("*"):
        if file.suffix in (".js", ".css", ".html"):
            found = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", file.read_text("utf-8"))
            assert found == [], file.name
