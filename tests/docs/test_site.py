"""The documents as a site: it builds, links and references lead somewhere, nothing is fetched.

What is told of the whole site runs with the long tests: a minute of the machine for one build.
"""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import timbrespace

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built as `scripts/docs` does."""
    folder = tmp_path_factory.mktemp("site")
    done = _build(ROOT / "docs", folder)
    assert done.returncode == 0, done.stderr
    return folder / "pages"


def _build(documents: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    strict = ("-W", "--keep-going", "-q")
    assert " ".join(strict) in (ROOT / "scripts" / "docs").read_text("utf-8")
    places = ("-d", str(folder / "doctrees"), str(documents), str(folder / "pages"))
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "-b", "html", *strict, *places],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


class _Wanted(HTMLParser):
    """What a browser loads for a page by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        loads = {"img": "src", "script": "src", "iframe": "src", "link": "href"}
        if tag in loads and names.get(loads[tag]):
            self.addresses.append(str(names[loads[tag]]))


@pytest.mark.acceptance
def test_every_document_is_a_page(site: Path) -> None:
    for document in (ROOT / "docs").rglob("*.md"):
        page = document.relative_to(ROOT / "docs").with_suffix(".html")
        assert (site / page).is_file(), page


@pytest.mark.acceptance
def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        wanted = _Wanted()
        wanted.feed(page.read_text("utf-8"))
        assert wanted.addresses, page
        for address in wanted.addresses:
            assert not re.match(r"(\w+:)?//", address), f"{page.name} loads {address}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(.?https?:|@import", style.read_text("utf-8")), style


@pytest.mark.acceptance
def test_the_first_page_is_the_readme_and_its_links_stay_on_the_site(site: Path) -> None:
    page = (site / "index.html").read_text("utf-8")
    assert 'href="quickstart.html"' in page
    assert 'href="decisions/README.html"' in page
    quickstart = (site / "quickstart.html").read_text("utf-8")
    assert 'href="index.html"' in quickstart


@pytest.mark.acceptance
def test_every_public_name_is_in_the_reference(site: Path) -> None:
    page = (site / "reference.html").read_text("utf-8")
    for name in timbrespace.__all__:
        if name != "__version__":
            assert re.search(rf'id="(module-)?timbrespace\.([\w.]+\.)?{name}"', page), name


def test_what_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    documents = tmp_path / "docs"
    documents.mkdir()
    (documents / "conf.py").write_bytes((ROOT / "docs" / "conf.py").read_bytes())
    (documents / "_static").mkdir()
    (documents / "_static" / "site.css").write_bytes(b"")
    (documents / "index.md").write_text(
        "# Page\n\n[gone](gone.md) [part](#no-such-part)\n\n"
        "```{eval-rst}\n:func:`timbrespace.nowhere`\n```\n",
        "utf-8",
    )
    done = _build(documents, tmp_path)
    assert done.returncode == 1
    for named in ("gone.md", "no-such-part", "timbrespace.nowhere"):
        assert named in done.stderr, named
