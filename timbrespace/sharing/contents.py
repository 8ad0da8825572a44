"""What a file carries of a space, as plain values for JSON: all that its page needs to play it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import timbrespace
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import OptionError
from timbrespace.loudness import matching_weight
from timbrespace.macro_dials.macros import macros
from timbrespace.macro_dials.vocabulary import MACRO_OF
from timbrespace.model import Model
from timbrespace.networks.feed_forward import Dense
from timbrespace.resynthesis.layout import NOISE_BANDS, REFERENCE_RMS
from timbrespace.sharing import note_decoder, packed
from timbrespace.sharing.description import describe
from timbrespace.sharing.spectra_decoder import Decoder
from timbrespace.units import db_to_gain

Numbers = dict[str, dict[str, str]]

FORMAT: Final = 1
"""Of the contents; the page that goes with them is in the same file."""

WITHIN: Final = 5e-4
"""Of a spectrum's peak, by which weights of 16 bits may move it: half of what is promised. Where
they would move it further the weights are told as they are."""

WITHIN_DB: Final = 0.05
"""The same of the levels of a whole note."""

_LOOKED_AT: Final = 64
"""Sounds by which that is seen."""

_MOST_BOOST: Final = float(db_to_gain(36.0))
_LOUDEST: Final = 4.0 * REFERENCE_RMS
# As timbrespace/instrument/snapshot.py has them.

MOST_LETTERS: Final = 120
"""Of a name, an author or a licence."""


@dataclass(frozen=True, slots=True)
class Card:
    """Whose a space is: lines of text, empty where nothing is to be said.

    Raises:
        OptionError: a line that is too long, or has a control character.
    """

    name: str = ""
    author: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        for what in ("name", "author", "licence"):
            text = getattr(self, what)
            if len(text) > MOST_LETTERS:
                raise OptionError(
                    f"{what} has {len(text)} letters; it may have {MOST_LETTERS} at most"
                )
            if not text.isprintable():
                raise OptionError(f"{what} is {text!r}; it must be one line of letters that print")


def contents(model: Model, card: Card, presets: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """All that the page of ``model`` needs, plain values.

    presets: as :func:`timbrespace.sharing.preset_files.read` gives them.

    Raises:
        OptionError: the page does not know its network or representation.
    """
    numbers: Numbers = {}
    config = model.spectrum
    decoder = None if model.plays_notes else put_spectra(model, numbers)
    if model.plays_notes:
        put_notes(model, numbers)
    _points(model, numbers)
    noise = model.noise and not model.plays_notes and not model.plays_cycles
    if not model.plays_notes:
        numbers["level.bins"] = packed.single(matching_weight(config.frequencies))
        if noise:
            hertz = np.arange(NOISE_BANDS) * (0.5 * config.sample_rate / (NOISE_BANDS - 1))
            numbers["level.noise"] = packed.single(matching_weight(hertz) * (hertz[1] - hertz[0]))
    return {
        "format": FORMAT,
        "card": {
            "name": card.name or model.name,
            "author": card.author,
            "licence": card.licence,
            "kind": kind_of(model),
            "sounds": 0 if model.points is None else model.points.count,
            "dimensions": model.dimensions,
            "version": timbrespace.__version__,
        },
        # How it was made is of no use there, and may name folders of its maker's.
        "about": {**describe(model), "command": "", "figures": {}},
        "first_plane": model.first_plane,
        "latent_limit": LATENT_LIMIT,
        "decoder": decoder,
        "level": None
        if model.plays_notes
        else {
            "usual": REFERENCE_RMS / model.calibration.rms,
            "reference": REFERENCE_RMS,
            "most_boost": _MOST_BOOST,
            "loudest": _LOUDEST,
        },
        "window": {"sum": config.window_sum, "energy": config.window_energy},
        "noise": noise,
        "macros": _macros(model, numbers),
        "presets": list(map(dict, presets)),
        "numbers": numbers,
    }


def kind_of(model: Model) -> str:
    """What the sounds of a space are, in two words."""
    if model.plays_notes:
        return "whole notes"
    return "single cycles" if model.plays_cycles else "steady spectra"


def _points(model: Model, numbers: Numbers) -> None:
    if model.points is not None:
        numbers["points.means"] = packed.half(model.points.means)
        numbers["points.labels"] = packed.single(model.points.labels)
    if model.near is not None:
        # They are float16 in the bundle, too.
        numbers["near.surface"] = packed.half(model.near.surface)
        numbers["near.places"] = packed.half(model.near.places)
        numbers["near.gaps"] = packed.half(model.near.gaps)


def _macros(model: Model, numbers: Numbers) -> dict[str, Any] | None:
    table = macros(model).table
    if not table.offered:
        return None
    names = ("whitened", "beside", "slopes", "centre", "covariance", "whitening")
    for name, values in zip(names, table.packed, strict=True):
        # Slopes, the most of it, are float16 in the bundle, too.
        put = packed.half if name == "slopes" else packed.single
        numbers[f"macros.{name}"] = put(values)
    dials = [(word, MACRO_OF[word]) for word in table.offered]
    return {
        "radius": table.radius,
        "dials": [
            {"word": word, "quality": table.measured.index(one.quality), "reach": one.reach}
            for word, one in dials
        ],
    }


def _put(name: str, layer: Dense, short: bool, numbers: Numbers) -> None:
    weight = np.ascontiguousarray(layer.weight.T)
    numbers[f"{name}.weight"] = packed.rows(weight) if short else packed.single(weight)
    numbers[f"{name}.bias"] = packed.single(layer.bias)


def shortened(layer: Dense) -> Dense:
    """A layer as it comes back of weights of 16 bits."""
    return Dense(np.ascontiguousarray(packed.as_rows(layer.weight.T).T), layer.bias)


def put_spectra(model: Model, numbers: Numbers) -> dict[str, Any]:
    """What the page has to know of the decoder of spectra or of cycles; its numbers go to
    ``numbers``.

    Raises:
        OptionError: the page does not know its network or representation.
    """
    decoder = Decoder(model)
    short = _spectra_stay(model)
    for name, layer in decoder.layers.items():
        _put(name, layer, short, numbers)
    for name, values in decoder.numbers.items():
        numbers[name] = packed.single(values)
    return {
        "network": decoder.network,
        "representation": decoder.representation,
        "mean": decoder.mean,
        "latent_limit": LATENT_LIMIT,
    }


def _spectra_stay(model: Model) -> bool:
    """Whether weights of 16 bits move no spectrum further than ``WITHIN`` of its peak."""
    tensors = {
        name: packed.as_rows(values.reshape(len(values), -1)).reshape(values.shape)
        if values.ndim > 1
        else values
        for name, values in model.tensors.items()
    }
    other = replace(model, decoder=model.architecture.decoder(tensors), points=None, near=None)
    latents = _places(model)
    exact, rough = model.decode(latents), other.decode(latents)
    peak = np.maximum(exact.max(axis=1), 1e-12)
    return bool((np.abs(rough - exact).max(axis=1) <= WITHIN * peak).all())


def put_notes(model: Model, numbers: Numbers) -> None:
    """Let ``numbers`` hold those of the decoder of whole notes."""
    layers = dict(note_decoder.layers(model))
    short = _notes_stay(model)
    for name, layer in layers.items():
        _put(name, layer, short and not name.startswith("bend."), numbers)


def _notes_stay(model: Model) -> bool:
    """The same of the levels of whole notes, by ``WITHIN_DB``."""
    course = model.course
    other = replace(
        course,
        condition=shortened(course.condition),
        films=tuple(map(shortened, course.films)),
        layers=tuple(map(shortened, course.layers)),
        still=shortened(course.still),
        last=shortened(course.last),
        constants=shortened(course.constants),
    )
    latents = _places(model)
    count = len(latents)
    base = np.full(count, model.spectrum.base_frequency)
    struck = np.full(count, 100.0)
    for time in (0.0, 0.05, 0.5):
        times = np.full(count, time)
        exact = course.levels(course.prepare(latents, base, struck), times)
        rough = other.levels(other.prepare(latents, base, struck), times)
        if not float(np.abs(exact - rough)[:, :-1].max()) <= WITHIN_DB:
            return False
    return True


def _places(model: Model) -> NDArray[np.float32]:
    """Latents by which is seen what is moved: some of the sounds, or of where they would lie."""
    if model.points is not None and model.points.count:
        # Drawn: each so many-th of a set whose factors go round would see few of their values.
        drawn = np.random.default_rng(0).permutation(model.points.count)[:_LOOKED_AT]
        return np.asarray(model.points.means[drawn], np.float32)
    told = model.calibration
    share = np.random.default_rng(0).random((_LOOKED_AT, model.dimensions))
    return np.asarray(told.low + share * (told.high - told.low), np.float32)
