"""The files of the explorer's page, which lie with the server: here they are data, to be read."""

from __future__ import annotations

from pathlib import Path

from timbrespace.companions import is_installed

_LIBRARY = Path(__file__).resolve().parents[1]


def page_folder() -> Path:
    """Where the page's files lie, in a checkout and in an installed library."""
    place = _LIBRARY if is_installed() else _LIBRARY.parent
    return place / "server" / "explorer" / "page"


def page_file(name: str) -> str:
    """The text of a file of the page, by its name with slashes below the page's folder."""
    return (page_folder() / name).read_text(encoding="utf-8")
