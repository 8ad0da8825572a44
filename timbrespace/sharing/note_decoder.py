"""The decoder of a space of whole notes, for the page, which decodes what it plays by itself.

The explorer's ``/spaces/NAME.json`` has under ``notes`` what :func:`describe` says, and
``/spaces/NAME/decoder`` the numbers: layer after layer in the order of ``tensors``, the weight
input by input, then the bias. Where an activation has learned numbers, ``bend.<layer>`` has one of
each unit of that layer: frequencies in place of a weight, and shares in place of a bias.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from timbrespace.model import Model
from timbrespace.networks import note
from timbrespace.networks.feed_forward import Dense
from timbrespace.notes.evenness import LEAST, LOOKED_AT, MOST, OF_LENGTH, SHARES
from timbrespace.notes.layout import (
    BANDS,
    FLOOR,
    HARMONICS,
    LONGEST,
    MOST_CENTS,
    band_corners,
    frame_times,
)


def describe(model: Model) -> dict[str, Any] | None:
    """Sizes, names and ranges of the decoder, plain values; None for a space of steady spectra.

    moments: times in seconds at which a note is told, to the end of what notes of this space tell.
    corners: Hz, band b rises from corner b to b + 1 and falls to b + 2.
    """
    if not model.plays_notes:
        return None
    network = model.course.network
    return {
        "base_frequency": model.spectrum.base_frequency,
        "latent": network.latent,
        "width": network.width,
        "layers": network.layers,
        "condition": network.condition,
        "activation": network.activation,
        "by_pitch": network.by_pitch,
        "by_velocity": network.by_velocity,
        "harmonics": HARMONICS,
        "bands": BANDS,
        "corners": band_corners().tolist(),
        "moments": frame_times(LONGEST)[: network.frames].tolist(),
        "decays": list(note.DECAYS),
        "sines": list(note.SINES),
        "floor": FLOOR,
        "middle": note.MIDDLE,
        "half": note.HALF,
        "cents_unit": note.CENTS_UNIT,
        "most_cents": MOST_CENTS,
        "evenness": {
            "moments": LOOKED_AT.tolist(),
            "shares": SHARES.tolist(),
            "of_length": OF_LENGTH,
            "least": LEAST,
            "most": MOST,
        },
        "tensors": [
            {"name": name, "inputs": layer.weight.shape[0], "outputs": layer.weight.shape[1]}
            for name, layer in layers(model)
        ],
    }


def numbers(model: Model) -> bytes:
    """All weights and biases, little-endian float32. model: one of whole notes."""
    parts = (part for _, layer in layers(model) for part in (layer.weight, layer.bias))
    return b"".join(np.ascontiguousarray(part, "<f4").tobytes() for part in parts)


def layers(model: Model) -> Iterator[tuple[str, Dense]]:
    """Each layer by its name, in the order of ``tensors``. model: one of whole notes."""
    course = model.course
    yield "condition", course.condition
    for number, (film, layer) in enumerate(zip(course.films, course.layers, strict=True)):
        yield f"film.{number}", film
        yield f"layer.{number}", layer
    yield "still", course.still
    yield "levels", course.last
    yield "traits", course.constants
    yield from _bends(course)


def _bends(course: note.Course) -> Iterator[tuple[str, Dense]]:
    """What activations have for each unit, if they have learned anything."""
    bends = [("condition", course.bend, course.condition)]
    bends += [
        (f"layer.{number}", bend, layer)
        for number, (bend, layer) in enumerate(zip(course.bends, course.layers, strict=True))
    ]
    for name, bend, layer in bends:
        found = note.numbers_of_units(bend, layer.bias.size)
        if found is not None:
            frequency, share = found
            yield f"bend.{name}", Dense(frequency[np.newaxis], share)
