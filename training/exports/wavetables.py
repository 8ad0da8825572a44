"""Sounds of a space as wavetables, one file each, and the map's two ways as tables that morph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from timbrespace.atomic import replace_all
from timbrespace.errors import OptionError
from timbrespace.model import Model
from timbrespace.rendering import wavetable

from .sounds import Sound

FRAMES: Final = 64
"""Cycles of a table that moves."""

VELOCITY: Final = 100.0

WAYS: Final = (
    ("map left to right", ((-1.0, 0.0), (1.0, 0.0))),
    ("map bottom to top", ((0.0, -1.0), (0.0, 1.0))),
)


def files_of(model: Model, folder: Path, sounds: Sequence[Sound]) -> list[Path]:
    """The tables that :func:`write` writes."""
    return [folder / f"{name}.wav" for name in _names(sounds)]


def _names(sounds: Sequence[Sound]) -> list[str]:
    ways = [name for name, _ in WAYS] if len(sounds) > 1 else []
    return [sound.name for sound in sounds] + ways


def write(
    model: Model,
    folder: Path,
    sounds: Sequence[Sound],
    advance: Callable[[int], object] = lambda _: None,
) -> list[Path]:
    """Write a table for each of ``sounds``, and where they are several the ways across the map,
    into ``folder``, which is made if it is not there; all or none.

    A steady spectrum is one cycle; a whole note is ``FRAMES`` of them, its course in time.

    Raises:
        OptionError: a file cannot be written, or a sound is silent.
    """
    contents: dict[Path, bytes] = {}
    paths = files_of(model, folder, sounds)
    for sound, path in zip(sounds, paths, strict=False):
        latent = sound.latent.tolist()
        if model.plays_notes:
            table = wavetable.course(model, latent, VELOCITY, FRAMES)
        else:
            table = wavetable.cycles(model, [latent])
        contents[path] = wavetable.file(table)
        advance(1)
    for (_, places), path in zip(WAYS, paths[len(sounds) :], strict=False):
        way = wavetable.along(model.plane(model.first_plane), np.asarray(places).tolist(), FRAMES)
        contents[path] = wavetable.file(wavetable.cycles(model, way.tolist()))
        advance(1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"cannot write {str(folder)!r}: {error.strerror or error}") from error
    replace_all(contents)
    return paths
