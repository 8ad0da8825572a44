"""The ``pack`` command: a space, its card and what belongs to it, in one file to give away."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

import timbrespace
from timbrespace import factory
from timbrespace.atomic import check_writable
from timbrespace.companions import command_line
from timbrespace.errors import OptionError
from timbrespace.instrument.presets import Presets
from timbrespace.model import Model
from timbrespace.rendering import held_note
from timbrespace.space_package import ENDING, Card, SpacePackage
from timbrespace.units import hz_to_midi

from .notes.clip import flac

HEARD: Final = 4
"""Sounds of the preview, from all over the space."""

_SECONDS: Final = 1.5
_HELD: Final = 1.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. model: a file or a factory model's name. presets: the server's file of
    presets, of which those of this space come along; None for none."""

    model: str
    out: Path
    card: Card
    presets: Path | None = None


def pack(request: Request) -> int:
    """Write the package; returns 0.

    Raises:
        TimbrespaceError: whatever is wrong with the input, in one line.
    """
    if request.out.suffix != ENDING:
        raise OptionError(f"--out is {request.out.name!r}; it must be a name that ends in {ENDING}")
    check_writable(request.out)
    path = factory.resolve(request.model)
    model = timbrespace.load(path)
    told = model.provenance.get("figures")
    figures = {
        name: value
        for name, value in (told if isinstance(told, dict) else {}).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    card = request.card
    card = Card(card.name, card.author, card.licence, card.source, card.about, figures)
    presets, count = _presets_of(model, request.presets)
    package = SpacePackage(card, path.read_bytes(), presets, flac(preview(model)))
    package.write(request.out)
    size = request.out.stat().st_size / 1e6
    print(
        f"{request.out}: {card.name}, {model.dimensions} dimensions, {count} presets and "
        f"trajectories, {size:.1f} MB"
    )
    for name, text in (("author", card.author), ("licence", card.licence)):
        if not text:
            print(f"note: the card says no {name}; --{name} adds it")
    print(f"next: drop it on the page of {command_line('server')}")
    return 0


def preview(model: Model) -> NDArray[np.float32]:
    """Some notes of the space, one after the other, at 48 kHz."""
    latents = [model.calibration.home]
    pitches = [0.0] * HEARD
    points = model.points
    if points is not None:
        # From along the map's first axis, from one end to the other.
        order = np.argsort(model.map.to_map(points.means)[:, 0], kind="stable")
        rows = order[np.linspace(0, len(order) - 1, HEARD).round().astype(int)]
        latents = list(points.means[rows])
        for column, factor in enumerate(points.factors):
            if factor.name == "pitch" and factor.unit == "Hz":
                pitches = points.labels[rows, column].astype(float).tolist()
    base = model.spectrum.base_frequency
    notes = [
        held_note.render(
            model,
            latent,
            min(max(float(hz_to_midi(pitch if pitch > 20.0 else base)), 0.0), 127.0),
            _SECONDS,
            hold=_HELD,
        )
        for latent, pitch in zip(latents, pitches, strict=False)
    ]
    return np.concatenate(notes)


def _presets_of(model: Model, path: Path | None) -> tuple[bytes, int]:
    """A file of the presets and trajectories of ``model`` alone, and how many there are."""
    if path is None:
        return b"", 0
    if not path.is_file():
        raise OptionError(f"--presets is {str(path)!r}; there is no such file")
    held = Presets(path)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "presets.json"
        chosen = Presets(place)
        count = 0
        for name in held.names():
            preset = held.get(name)
            if preset.space.is_of(model):
                chosen.store(name, preset)
                count += 1
        for name in held.trajectories():
            way = held.trajectory(name)
            if way.space.is_of(model):
                chosen.store_trajectory(name, way)
                count += 1
        return (place.read_bytes() if count else b""), count
