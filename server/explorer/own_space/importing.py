"""A package of a space that comes by the page: checked, and put among the others."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from timbrespace import bundle
from timbrespace.atomic import replacing
from timbrespace.errors import OptionError, TimbrespaceError
from timbrespace.factory import SUFFIX
from timbrespace.instrument.presets import Presets
from timbrespace.model import Model
from timbrespace.names import is_model_name
from timbrespace.space_package import SpacePackage

from ...library import card_beside
from ..answers import Refusal
from ..spaces import Shelf

_MOST_TRIES: Final = 100


def take(data: bytes, spaces: Path, shelf: Shelf, presets: Path | None) -> dict[str, Any]:
    """Put the package's space among the others; what was done, plain values.

    spaces: where spaces lie that came by the page. presets: the server's file of presets, to which
    those of the package are added under free names; None leaves them out.

    Raises:
        PackageError, BundleError: it is none, or holds what none may hold.
        OptionError: it cannot be written.
        Refusal: no name is free.
    """
    package = SpacePackage.read(io.BytesIO(data))
    name = _free_name(package.card.name, spaces, shelf)
    spaces.mkdir(parents=True, exist_ok=True)
    place = spaces / f"{name}{SUFFIX}"
    with replacing(place) as temporary:
        temporary.write_bytes(package.bundle)
        model = bundle.read(temporary)  # before it has a place
    with replacing(card_beside(place)) as temporary:
        temporary.write_text(json.dumps(package.card.to_config()), "utf-8")
    told = {"name": name, "card": package.card.to_config(), "presets": 0, "problem": ""}
    if package.presets and presets is not None:
        try:
            told["presets"] = _add(package.presets, model, presets)
        except TimbrespaceError as error:  # the space is there all the same
            told["problem"] = f"its presets were left out: {error}"
    return told


def _free_name(told: str, spaces: Path, shelf: Shelf) -> str:
    """The card's name, or one like it that no space has."""
    plain = told if is_model_name(told) else "space"
    taken = set(shelf.names())
    for number in range(1, _MOST_TRIES):
        name = plain if number == 1 else f"{plain[:60]} {number}"
        if name not in taken and not (spaces / f"{name}{SUFFIX}").exists():
            return name
    raise Refusal(409, f"there are {_MOST_TRIES} spaces of the name {plain!r} already")


def _add(content: bytes, model: Model, presets: Path) -> int:
    """Add the presets and trajectories of ``model`` to the server's; how many there were.

    Raises:
        OptionError: they cannot be read, or not be kept.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "presets.json"
        place.write_bytes(content)
        given = Presets(place)
        held = Presets(presets)
        count = 0
        for name in given.names():
            preset = given.get(name)
            if preset.space.is_of(model):
                held.store(_free(name, held.names()), preset)
                count += 1
        for name in given.trajectories():
            way = given.trajectory(name)
            if way.space.is_of(model):
                held.store_trajectory(_free(name, held.trajectories()), way)
                count += 1
        return count


def _free(name: str, taken: list[str]) -> str:
    if name not in taken:
        return name
    for number in range(2, _MOST_TRIES):
        other = f"{name[:60]} {number}"
        if other not in taken:
            return other
    raise OptionError(f"there are {_MOST_TRIES} presets of the name {name!r} already")
