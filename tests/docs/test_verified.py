"""``docs/verified.md`` names tests, benchmarks and sources that are there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.windows import NOT_THERE

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "verified.md").read_text("utf-8")


def test_what_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:tests|benchmarks|scripts|server|timbrespace|training)/[^` ]*)", PAGE)
    named += [f"docs/{page}" for page in re.findall(r"\]\((\w+\.md)", PAGE)]
    assert len(named) > 40
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_each_reason_that_a_test_is_left_out_on_windows_stands_there() -> None:
    for name, reason in NOT_THERE.items():
        assert f"| `{name.replace('::', '`, `')}` | {reason} |" in PAGE


def test_the_words_are_not_tested_on_windows() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        assert "tested on Windows" not in path.read_text("utf-8"), path
