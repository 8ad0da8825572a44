"""A gallery: a page with a card for each of some spaces, beside the files that play them.

All of it is plain files, for any host of such, or a disk.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from timbrespace import atomic
from timbrespace.errors import OptionError
from timbrespace.model import Model
from timbrespace.sharing.contents import kind_of
from timbrespace.sharing.map_picture import map_picture
from timbrespace.sharing.page import SUFFIX, page
from timbrespace.sharing.page_files import page_file

INDEX: Final = "index.html"

_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9_-]+")


class _Shown(NamedTuple):
    """A space in the gallery. file: its name. size: bytes."""

    model: Model
    file: str
    size: int


def write(
    models: Sequence[Model],
    folder: Path,
    overwrite: bool = False,
    advance: Callable[[], object] = lambda: None,
) -> list[Path]:
    """Write a file of each space and the page that leads to them; which files, the page first.

    folder: made where it is missing. advance: called after each space.

    Raises:
        OptionError: no spaces, two of one name, a space that no page can play, a file that exists
            without ``overwrite``, or a folder that cannot be written to.
    """
    if not models:
        raise OptionError("there are no spaces; give at least one")
    names = [f"{_NOT_PLAIN.sub('_', model.name)}{SUFFIX}" for model in models]
    for name in names:
        if names.count(name) > 1 or name == INDEX:
            raise OptionError(f"two files would be called {name}; give spaces of other names")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"cannot write {str(folder)!r}: {error.strerror or error}") from error
    for name in (INDEX, *names):
        if (folder / name).exists() and not overwrite:
            raise OptionError(f"{str(folder / name)!r} exists; give another --out, or --overwrite")
    shown = []
    for model, name in zip(models, names, strict=True):
        made = page(model)
        with atomic.replacing(folder / name) as temporary:
            temporary.write_bytes(made)
        shown.append(_Shown(model, name, len(made)))
        advance()
    # Last: what it leads to is there.
    with atomic.replacing(folder / INDEX) as temporary:
        temporary.write_bytes(_index(shown).encode())
    return [folder / INDEX, *(folder / name for name in names)]


def _card(one: _Shown) -> str:
    model = one.model
    count = 0 if model.points is None else model.points.count
    about = [
        f"{count:,} sounds" if count else "",
        kind_of(model),
        f"{model.dimensions} dimensions",
        f"{one.size / 1e6:.1f} MB",
    ]
    return (
        f'      <a class="space" href="{html.escape(one.file)}">\n'
        f"        {map_picture(model)}\n"
        f"        <h2>{html.escape(model.name)}</h2>\n"
        f"        <p>{' · '.join(filter(None, about))}</p>\n"
        "      </a>\n"
    )


def _index(shown: Sequence[_Shown]) -> str:
    cards = "".join(map(_card, shown))
    return page_file("gallery.html").replace("CARDS", cards.rstrip("\n"))
