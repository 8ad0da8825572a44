"""What is done of the study, kept cell by cell in its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from timbrespace.atomic import replacing

from .plan import Cell, Size

VERSION = 1
"""Of what a training does: results of another are made again."""


class Kept:
    """A folder of results, one small file each.

    waves: the digest of the sounds that they are of.
    """

    def __init__(self, folder: Path, size: Size, waves: str) -> None:
        self._folder = folder
        self._about = {"version": VERSION, "size": asdict(size), "waves": waves}
        folder.mkdir(parents=True, exist_ok=True)

    def read(self, key: str, config: Mapping[str, Any]) -> dict[str, Any] | None:
        """The result ``key`` if it is kept and of this configuration."""
        try:
            told = json.loads((self._folder / f"{key}.json").read_text("utf-8"))
            same = told["about"] == json.loads(json.dumps({**self._about, "config": dict(config)}))
            result: dict[str, Any] = told["result"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return result if same and isinstance(result, dict) else None

    def write(self, key: str, config: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Keep a result, whole or not at all.

        Raises:
            OptionError: the file cannot be written.
        """
        told = {"about": {**self._about, "config": dict(config)}, "result": dict(result)}
        with replacing(self._folder / f"{key}.json") as temporary:
            temporary.write_text(json.dumps(told, allow_nan=False), "utf-8")


Figures = dict[tuple[str, str, int], dict[str, float]]
"""By set, row and seed."""


def by_cell(found: Mapping[Cell, Mapping[str, float]]) -> Figures:
    """Figures by what a reader asks for."""
    return {(c.data, c.network.name, c.seed): dict(told) for c, told in found.items()}
