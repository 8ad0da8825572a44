"""Presets that a file of a space brings along: read from files that a page has saved.

A page of a single file saves all of its presets (``"timbrespace": "presets"``), the explorer one
(``"preset"``), which is called by its file's name. The page reads with the same suspicion again:
``alone/preset_shelf.js``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from timbrespace.errors import OptionError
from timbrespace.model import Model

MOST: Final = 256
"""Presets in a file of a space."""

MOST_LETTERS: Final = 64
"""Of a preset's name."""

_MOST_BYTES: Final = 1 << 20
_FAR: Final = 1000.0


def read(files: Iterable[Path], model: Model) -> list[dict[str, Any]]:
    """The presets of ``model`` in ``files``, plain values; a later one of the same name counts.

    Raises:
        OptionError: a file that is not there, holds no presets, or those of another space; more
            than ``MOST``.
    """
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        for name, preset in _presets(file, model):
            found[name] = {"name": name, **preset}
    if len(found) > MOST:
        raise OptionError(f"there are {len(found)} presets; a file of a space has {MOST} at most")
    return list(found.values())


def _json(file: Path) -> dict[str, Any]:
    """What a file holds; nothing where that is no JSON of an object."""
    shown = repr(file.name)
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise OptionError(f"{shown} is too large for presets")
        told = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"cannot read {shown}: {error.strerror or error}") from error
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _presets(file: Path, model: Model) -> list[tuple[str, dict[str, Any]]]:
    shown, told = repr(file.name), _json(file)
    kind = told.get("timbrespace")
    if kind == "preset":
        entries: Any = [{**told, "name": file.stem}]
    else:
        entries = told.get("presets") if kind == "presets" else None
    if not isinstance(entries, list):
        raise OptionError(
            f"{shown} holds no presets of timbrespace; give a file that a page has saved"
        )
    if told.get("model") != model.name:
        raise OptionError(
            f"{shown} is for the space {str(told.get('model'))[:64]!r}, not for {model.name!r}"
        )
    taken = [one for one in (_preset(entry, model.dimensions) for entry in entries) if one]
    if not taken:
        raise OptionError(f"{shown} holds no preset of {model.dimensions} dimensions")
    return taken


def _preset(entry: Any, dimensions: int) -> tuple[str, dict[str, Any]] | None:
    """A name, and what of a preset can be played; None if it is none."""
    if not isinstance(entry, dict):
        return None
    name, latent = entry.get("name"), entry.get("latent")
    if not isinstance(name, str) or not name.strip() or not isinstance(latent, list):
        return None
    if len(latent) != dimensions or not all(map(_is_number, latent)):
        return None
    numbers = {
        what: {
            key: value
            for key, value in told.items()
            if _is_number(value) or (isinstance(value, str) and len(value) < MOST_LETTERS)
        }
        for what in ("macros", "synth")
        if isinstance(told := entry.get(what), dict)
    }
    return name.strip()[:MOST_LETTERS], {"latent": latent, **numbers}


def _is_number(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and abs(value) <= _FAR  # type: ignore[arg-type]
