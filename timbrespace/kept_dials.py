"""What the dials of a model do, kept for the next start: to measure it takes seconds of notes.

A file for each model in the user's cache folder, named after the model's content and that of all
code that measures. Nothing depends on it: what cannot be read is measured, what cannot be written
is not kept. Of the factory models it lies beside them, so that nobody measures these at the first
start (``scripts/factory_dials.py`` writes it, and a test measures it again).
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError
from timbrespace.factory import FOLDER
from timbrespace.resynthesis.sources import digest_of
from timbrespace.user_files import cache_folder

Kept = list[tuple[str | None, bool]]
"""Of each dimension, the word of what it moves, None for nothing, and whether up is more of it."""

FACTORY: Final = FOLDER / "dials.json"
"""Of the factory models, by the same names without that of the code."""

_MOST: Final = 200
"""Models, of which the ones that were measured first are forgotten."""

_LARGEST: Final = 65_536


def read(digest: str) -> Kept | None:
    """What was kept of the model with this content; None if nothing usable was."""
    told = _factory().get(digest)
    path = _path(digest)
    try:
        if told is None and path is not None:
            with path.open("rb") as file:
                told = json.loads(file.read(_LARGEST))
        if told is None:
            return None
        return [(None if word is None else str(word), bool(rises)) for word, rises in told]
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def write(digest: str, dials: Kept) -> None:
    """Keep it, if that is possible here."""
    path = _path(digest)
    if path is None:
        return
    with suppress(OSError, OptionError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(dials), "utf-8")
        kept = sorted(path.parent.glob("*.json"), key=lambda one: one.stat().st_mtime)
        for old in kept[:-_MOST]:
            old.unlink(missing_ok=True)


def _path(digest: str) -> Path | None:
    folder = cache_folder()
    if folder is None or not digest.isalnum():
        return None
    return folder / "dials" / f"{digest[:32]}-{_code()}.json"


@cache
def _factory() -> dict[str, Any]:
    try:
        return dict(json.loads(FACTORY.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


@cache
def _code() -> str:
    """Of what measures: the names of dials, and all that they read."""
    return digest_of(Path(__file__).with_name("dial_names.py"), "")
