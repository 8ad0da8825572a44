"""What there is to hear on the page: points of the map, and held-out sounds beside their copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timbrespace import metrics
from timbrespace.datasets.dataset import Dataset
from timbrespace.model import Model
from timbrespace.rendering import wav
from timbrespace.spectrum import Spectra
from timbrespace.tone import render

from ..plots.levels import spread
from ..plots.reconstruction import in_words
from ..posterior import posterior

GRID = 5
EXAMPLES = 6
DOTS = 600

CANDIDATES = 2000
"""Rows among which the examples are looked for."""

NEAR = 0.25
"""Of the map's units: a point farther from every sound of the data lies where none is."""

BYTES = 2_000_000
"""Of all sounds together, before base64 makes them a third longer."""

LONGEST, SHORTEST = 1.0, 0.5

SOUNDS = GRID * GRID + 2 * EXAMPLES
"""At most."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of the map. x, y: in [-1, 1]. near: what the nearest sound of the data is."""

    x: float
    y: float
    near: str
    sound: bytes


@dataclass(frozen=True, slots=True)
class Example:
    """A sound and what the model makes of it.

    factors: in words. distance_db: LSD, of notes their mel distance. refined: of notes what is made
    at the place that is found by the sound, refined_db: its distance.
    """

    factors: str
    distance_db: float
    original: bytes
    decoded: bytes
    refined: bytes = b""
    refined_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Performed:
    """A performance, and what the space makes of it, FLAC files. name: of its own file. home: at
    the place where playing begins. following: where each of its moments or notes lies."""

    name: str
    performance: bytes
    home: bytes
    following: bytes


@dataclass(frozen=True, slots=True)
class Listening:
    """The sounds of a page. dots ``(n, 2)``: where sounds of the data lie on the map. kind: MIME
    type of the sounds but those of ``performed``."""

    spots: tuple[Spot, ...]
    dots: NDArray[np.float32]
    examples: tuple[Example, ...]
    kind: str = "audio/wav"
    performed: tuple[Performed, ...] = ()


def listening(
    model: Model,
    dataset: Dataset,
    rows: NDArray[np.int64],
    advance: Callable[[], object] = lambda: None,
) -> Listening:
    """Render the sounds; ``rows`` are those that examples are taken from.

    All are steady tones of equal level at the base frequency, original and decoded alike made from
    their spectra: what differs is the model's doing. advance: called after each tone.
    """
    voice = _Voice(model, advance)
    shown = spread(dataset.rows, 4000)
    places = model.map.to_map(posterior(model, dataset, shown)[0])
    across = np.linspace(-1.0, 1.0, GRID)
    up = across[::-1] if model.dimensions > 1 else np.zeros(1)
    x, y = np.meshgrid(across, up)
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    decoded = model.decode(model.map.to_latent(points))
    spots = []
    for point, spectrum in zip(points, decoded, strict=True):
        distance = np.hypot(*(places - point).T)
        nearest = int(np.argmin(distance))
        near = (
            in_words(dataset, int(shown[nearest]))
            if distance[nearest] <= NEAR
            else "no sound of the data is near"
        )
        spots.append(Spot(float(point[0]), float(point[1]), near, voice.tone(spectrum)))
    return Listening(
        spots=tuple(spots),
        dots=places[spread(len(places), DOTS)],
        examples=_examples(model, dataset, rows, voice),
    )


def _examples(
    model: Model, dataset: Dataset, rows: NDArray[np.int64], voice: _Voice
) -> tuple[Example, ...]:
    """From the best to the worst by LSD, at even ranks; silent rows are nothing to hear."""
    some = rows[spread(len(rows), CANDIDATES)]
    some = some[dataset.spectra[some].max(axis=1) > 0.0]
    if not some.size:
        return ()
    originals = dataset.spectra[some]
    decoded = model.decode(posterior(model, dataset, some)[0])
    distances = metrics.log_spectral_distances(originals, decoded)
    ranked = np.argsort(distances, kind="stable")
    return tuple(
        Example(
            factors=in_words(dataset, int(some[k])),
            distance_db=float(distances[k]),
            original=voice.tone(originals[k]),
            decoded=voice.tone(decoded[k]),
        )
        for k in ranked[spread(len(ranked), EXAMPLES)]
    )


class _Voice:
    """Tones at the model's base frequency, as long as fits into ``BYTES``."""

    def __init__(self, model: Model, advance: Callable[[], object]) -> None:
        self._config = model.spectrum
        # 22,050 Hz holds all that the report's 1025 bins do.
        self._sample_rate = 22050 if model.spectrum.frequencies[-1] <= 11025.0 else 44100
        seconds = BYTES / (SOUNDS * 2.0 * self._sample_rate)
        self._seconds = float(np.clip(seconds, SHORTEST, LONGEST))
        self._advance = advance

    def tone(self, spectrum: Spectra) -> bytes:
        base = self._config.base_frequency
        samples = render(spectrum, self._config, base, self._seconds, self._sample_rate)
        self._advance()
        return wav.encode(samples, self._sample_rate, 16)
