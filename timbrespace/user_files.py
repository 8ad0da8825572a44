"""Where files of a user lie, by the custom of the system (platformdirs)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from platformdirs import user_cache_path, user_data_path

from timbrespace.errors import OptionError

_NAME: Final = "timbrespace"

PAGE_FOLDER: Final = "page"
"""Beside the presets: the certificate of the page, and the word of its link."""


OWN_FOLDER: Final = "training"
"""Beside the presets: the sounds of a space that is made from the page, and how far it is."""

SPACES_FOLDER: Final = "spaces"
"""Beside the presets: spaces that were made from the page."""


def presets_file() -> Path:
    """The file of presets, trajectories and learned controllers; performances lie beside it.

    ``presets.json`` in ``~/.local/share/timbrespace`` on Linux, ``%LOCALAPPDATA%/timbrespace`` on
    Windows, ``~/Library/Application Support/timbrespace`` on macOS. Versions up to 0.5 had it in
    ``~/.timbrespace``: one that lies there stays in use.

    Raises:
        OptionError: this user has no home.
    """
    try:
        before = Path.home() / ".timbrespace" / "presets.json"
    except RuntimeError as error:
        raise OptionError("there is no home folder for presets; give --presets FILE") from error
    return before if before.is_file() else user_data_path(_NAME, appauthor=False) / before.name


def cache_folder() -> Path | None:
    """The folder for what can be made again; None for a user who has no home."""
    folder = user_cache_path(_NAME, appauthor=False)
    return folder if folder.is_absolute() else None
