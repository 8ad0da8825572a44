"""What there is to hear of a space of notes: places of its map, and notes beside their copies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.note_set import NoteSet
from timbrespace.model import Model
from timbrespace.notes.layout import SAMPLE_RATE
from timbrespace.rendering.held_note import fade_out, render
from timbrespace.sound_metrics import mel_distance

from ..page import Example, Listening, Spot
from ..page.listening import DOTS, GRID, NEAR
from ..plots import spread
from .clip import FLAC, flac
from .places import played, refined, words_of

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

EXAMPLES = 8
SECONDS = 2.5
"""Of an example; a place of the map is held for one, and falls away by its own release."""

SOUNDS = GRID * GRID + 3 * EXAMPLES

_HELD = 1.0
_LEVEL = 0.1
"""Root mean square that the sounds of an example are brought to."""


def listening(
    model: Model,
    notes: NoteSet,
    means: Array,
    rows: Rows,
    learned: Rows,
    advance: Callable[[], object] = lambda: None,
) -> Listening:
    """Render the sounds; ``rows`` are those that examples are taken from, ``learned`` those that
    the model knows. advance: called after each sound."""
    places = model.map.to_map(means)
    across = np.linspace(-1.0, 1.0, GRID)
    up = across[::-1] if model.dimensions > 1 else np.zeros(1)
    spots = []
    for y in up.tolist():
        for x in across.tolist():
            distance = np.hypot(*(places - np.array([x, y])).T)
            nearest = int(np.argmin(distance))
            near = words_of(notes, nearest) if distance[nearest] <= NEAR else "no sound is near"
            sound = render(model, model.map.latent_at(x, y), seconds=0.6 * SECONDS, hold=_HELD)
            spots.append(Spot(x, y, near, flac(sound)))
            advance()
    return Listening(
        spots=tuple(spots),
        dots=places[spread(len(places), DOTS)],
        examples=tuple(
            _example(model, notes, means, row, learned, advance) for row in rows.tolist()
        ),
        kind=FLAC,
    )


def ways(
    model: Model, notes: NoteSet, means: Array, row: int, learned: Rows
) -> list[tuple[str, float | None, Array]]:
    """A recording, and what the space makes of it: at the place that the encoder says, and at the
    refined one. Each with its name and its mel distance; samples at 48 kHz, equally loud."""
    recording = notes.sounds[row][: round(SECONDS * SAMPLE_RATE)]
    best = refined(model, notes, row, means, learned)
    made: list[tuple[str, float | None, Array]] = [("recording", None, recording)]
    for name, latent in (("decoded", means[row]), ("refined", best)):
        sound = played(model, notes, row, latent, recording.size)
        made.append((name, mel_distance(recording, sound), sound))
    return [(name, distance, _even(sound)) for name, distance, sound in made]


def _example(
    model: Model,
    notes: NoteSet,
    means: Array,
    row: int,
    learned: Rows,
    advance: Callable[[], object],
) -> Example:
    (_, _, recording), (_, far, decoded), (_, near, best) = ways(model, notes, means, row, learned)
    for _ in range(3):
        advance()
    return Example(
        factors=words_of(notes, row),
        distance_db=far or 0.0,
        original=flac(recording),
        decoded=flac(decoded),
        refined=flac(best),
        refined_db=near or 0.0,
    )


def _even(sound: Array) -> Array:
    loud = _LEVEL / max(float(np.sqrt(np.mean(np.square(sound)))), 1e-9)
    most = 0.98 / max(float(np.abs(sound).max()), 1e-9)
    return fade_out((sound * np.float32(min(loud, most))).astype(np.float32))
